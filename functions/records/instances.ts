/** Reads all services of an environment. */
import { environmentPartition, INSTANCE_PREFIX } from '../core/keys.ts';
import type { EnvironmentRef, Instance } from '../core/model/index.ts';
import type { Store } from '../ports/store.ts';
import { readAll } from './read-all.ts';

export const instancesOf = async (store: Store, ref: EnvironmentRef): Promise<Instance[]> =>
  (await readAll<Instance>(store, environmentPartition(ref), INSTANCE_PREFIX)).map((item) => item.data);
