/** Changes of an environment's record, which every deployment into the environment writes. */
import { environmentPartition } from '../core/keys.ts';
import type { Environment, EnvironmentRef } from '../core/model/index.ts';
import type { Store } from '../ports/store.ts';
import { retryOnConflict } from './commit.ts';
import { inTurn } from './turns.ts';

/** Tells an operation's environment from another one that has its name. */
export const isAcceptedIn = (
  { id }: Pick<Environment, 'id'>,
  { environmentId = id }: { environmentId?: string },
): boolean => environmentId === id;

/**
 * Runs a read-decide-write of an environment's record, or of something that depends on the record's version.
 * @throws Problem conflict when other processes were faster 25 times, and whatever `attempt` throws
 */
export const changingEnvironment = <T>(
  store: Store,
  ref: EnvironmentRef,
  attempt: () => Promise<T>,
): Promise<T> => inTurn(store, environmentPartition(ref), () => retryOnConflict(attempt));
