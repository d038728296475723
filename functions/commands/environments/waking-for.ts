/** Wakes an environment because something is deployed into it. */
import { limits } from '../../core/limits.ts';
import type { Environment, EventFields, Operation } from '../../core/model/index.ts';
import { broughtBack } from '../../core/schedule/expiry-steps.ts';
import { heldAwake } from '../../core/schedule/office-hours.ts';
import type { Ports } from '../../ports/index.ts';
import type { Write } from '../../ports/store.ts';
import type { Caller } from '../../records/commit.ts';
import { acceptWrites, newOperation } from '../operations/operations.ts';

export interface Waking {
  /** As the record has to be written. */
  environment: Environment;
  /** The writes beside that of the environment, which belong into the same transaction. */
  writes: Write[];
  events: EventFields[];
  /** To be started once the transaction is committed. */
  operation?: Operation<'wake'>;
}

/**
 * What a deployment into an environment adds where that one sleeps, which is woken.
 * @param isUse people want it to be there: one whose time was over is brought back
 */
export function wakingFor(ports: Ports, caller: Caller, before: Environment, isUse = true): Waking {
  const now = ports.effects.now();
  const sleeps = before.state === 'hibernated';
  const back = isUse ? broughtBack(before, now) : before;
  const seconds = isUse ? limits.heldAwakeSeconds.value : limits.heldByJobSeconds.value;
  const environment = isUse || sleeps ? heldAwake(back, now, seconds) : back;
  if (!sleeps) return { environment, writes: [], events: [] };
  const ref = { project: environment.project, environment: environment.name };
  const generation = environment.generation + 1;
  const operation = newOperation(ports, caller.actor, {
    kind: 'wake',
    ...ref,
    environmentId: environment.id,
    generation,
  });
  return {
    environment: { ...environment, state: 'waking', generation, operation: operation.id },
    writes: acceptWrites(ports, operation),
    events: [{ ...ref, operation: operation.id, type: 'environment.waking' }],
    operation,
  };
}
