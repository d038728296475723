/** Plans that agents make before a change: each is good once, for a few minutes, for who made it and what it was about. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../core/canonical-json.ts';
import { agentPlanKey, RETENTION_QUEUE } from '../../core/keys.ts';
import type { Principal } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { StoreConflict } from '../../ports/store.ts';
import type { Change } from './tools.ts';

/** A plan is good for this long, milliseconds. */
const PLAN_MS = 5 * 60 * 1000;

interface AgentPlan {
  principal: string;
  change: Change;
  /** Hash of what the plan was about, as it was then. */
  seen: string;
  expiresAt: number;
}

/** Members that change by themselves, and say nothing of what is there. */
const restless = new Set([
  'lastActivityAt',
  'lastRequestAt',
  'hibernatesAt',
  'expiresAt',
  'size',
  'usage',
  'replicas',
  'checkedAt',
]);

function steady(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(steady);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !restless.has(name))
      .map(([name, inner]) => [name, steady(inner)]),
  );
}

export const seenOf = (basis: unknown): string =>
  createHash('sha256')
    .update(canonicalJson(steady(basis)))
    .digest('hex');

export async function keepPlan(
  { store, effects }: Ports,
  principal: Principal,
  change: Change,
  basis: unknown,
): Promise<{ plan: string; expiresAt: string }> {
  const plan = effects.id();
  const expiresAt = effects.now() + PLAN_MS;
  const data: AgentPlan = { principal: principal.id, change, seen: seenOf(basis), expiresAt };
  const due = { queue: RETENTION_QUEUE, at: expiresAt };
  await store.transact([{ put: { ...agentPlanKey(plan), data, due }, if: 'absent' }]);
  return { plan, expiresAt: new Date(expiresAt).toISOString() };
}

const noPlan = (why: string): Problem =>
  new Problem('conflict', `The change was not made: ${why}.`, {
    hint: 'Make a plan with plan_change, look at it, and apply it within 5 minutes.',
  });

/**
 * Uses a plan up: whatever comes after, it is good no more.
 * @param read what the plan was about, as it is now
 * @throws Problem conflict for one that there is none of, that is not the caller's, or that no longer fits
 */
export async function takePlan(
  { store, effects }: Ports,
  principal: Principal,
  plan: string,
  read: (change: Change) => Promise<unknown>,
): Promise<Change> {
  const key = agentPlanKey(plan);
  const item = await store.get<AgentPlan>(key);
  if (!item || item.data.principal !== principal.id) throw noPlan('there is no such plan of yours');
  try {
    await store.transact([{ delete: key, if: { version: item.version } }]);
  } catch (error) {
    if (error instanceof StoreConflict) throw noPlan('the plan was used already');
    throw error;
  }
  const { change, seen, expiresAt } = item.data;
  if (expiresAt <= effects.now()) throw noPlan('the plan is too old');
  if (seenOf(await read(change)) !== seen) throw noPlan('what the plan was about has changed since');
  return change;
}
