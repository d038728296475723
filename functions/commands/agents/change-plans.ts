/** Changes that were shown to a caller before they are made: kept for minutes, good for one time. */
import { changePlanKey, RETENTION_QUEUE } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { StoreConflict } from '../../ports/store.ts';

export interface ChangePlan {
  /** Who alone may ask for it: a hash of their credentials. */
  holder: string;
  /** The name of the change, and what it was asked for with: what it does follows from both. */
  change: string;
  with: Record<string, unknown>;
  /** A hash of what it showed: what has changed since then was never seen. */
  shown: string;
  /** ISO 8601. */
  expiresAt: string;
}

type ForPlans = Pick<Ports, 'store' | 'effects'>;

/** @returns the id by which it is asked for, and its end, ISO 8601 */
export async function keepChangePlan(
  { store, effects }: ForPlans,
  plan: Omit<ChangePlan, 'expiresAt'>,
): Promise<{ id: string; expiresAt: string }> {
  const id = effects.id();
  const at = effects.now() + limits.changePlanSeconds.value * 1000;
  const expiresAt = new Date(at).toISOString();
  const due = { queue: RETENTION_QUEUE, at };
  await store.transact([{ put: { ...changePlanKey(id), data: { ...plan, expiresAt }, due }, if: 'absent' }]);
  return { id, expiresAt };
}

const unknown = (): Problem =>
  new Problem('not_found', 'There is no such plan: it was used, has expired, or is somebody else’s.', {
    hint: 'Plan the change again with plan_change.',
  });

/** Uses a plan up. @throws Problem not_found */
export async function takeChangePlan(
  { store, effects }: ForPlans,
  id: string,
  holder: string,
): Promise<ChangePlan> {
  const key = changePlanKey(id);
  const item = await store.get<ChangePlan>(key);
  if (item?.data.holder !== holder || Date.parse(item.data.expiresAt) <= effects.now()) throw unknown();
  try {
    await store.transact([{ delete: key, if: { version: item.version } }]);
  } catch (error) {
    if (error instanceof StoreConflict) throw unknown();
    throw error;
  }
  return item.data;
}
