/**
 * Has it tried, from pods, whether environments are apart: once a day, when the rules change, and each hour while it is not
 * known to be so. Each pass takes the trial a step further; none waits for it.
 */
import { TransientError } from '../core/problem.ts';
import type { Ports } from '../ports/index.ts';
import type { IsolationOutcome } from '../ports/isolation.ts';
import { StoreConflict } from '../ports/store.ts';
import { CLOCK_KEY, type SeenClock, type SeenIsolation } from '../records/clock.ts';

const DAY_MS = 24 * 60 * 60_000;
const HOUR_MS = 60 * 60_000;
/** By then a trial has ended, or never will. */
const LONGEST_MS = 15 * 60_000;

/** What the log says; the record of health has it without the reason. */
export class IsolationError extends Error {
  override name = 'Berth.Isolation';
}

/**
 * @param seen as the pass has just read it
 * @throws IsolationError once for each trial that does not end well; what `advance` throws
 */
export async function tryIsolation(ports: Ports, seen: SeenIsolation = {}): Promise<void> {
  const { isolation, effects } = ports;
  if (!isolation) return;
  const now = effects.now();
  const rules = await isolation.rules();
  if (!seen.trial && !isDue(seen.last, rules, now)) return;
  const trial = seen.trial ?? { id: effects.id().toLowerCase(), startedAt: new Date(now).toISOString() };
  if (!seen.trial && !(await keep(ports, undefined, { ...seen, trial }))) return;
  const isLate = now - Date.parse(trial.startedAt) > LONGEST_MS;
  const late: IsolationOutcome = { state: 'unknown', why: 'The trial did not end in time.' };
  const outcome = await isolation.advance(trial.id).catch((error: unknown) => {
    if (error instanceof TransientError && !isLate) return undefined;
    if (!isLate) throw error;
    return { ...late, why: error instanceof Error ? error.message : late.why };
  });
  if (!outcome && !isLate) return;
  const ended = outcome ?? late;
  const last = { at: new Date(now).toISOString(), rules, outcome: ended };
  if (!(await keep(ports, trial.id, { last }))) return;
  await isolation.end();
  if (ended.state !== 'in_force') throw new IsolationError(sentenceOf(ended));
}

function isDue(last: SeenIsolation['last'], rules: string, now: number): boolean {
  if (!last || last.rules !== rules) return true;
  return now - Date.parse(last.at) >= (last.outcome.state === 'in_force' ? DAY_MS : HOUR_MS);
}

const sentenceOf = (outcome: Exclude<IsolationOutcome, { state: 'in_force' }>): string =>
  outcome.state === 'unknown'
    ? `It is not known whether environments are apart. ${outcome.why}`
    : [
        ...(outcome.open.length > 0
          ? [`Workloads reach what they must not: ${outcome.open.join(', ')}.`]
          : []),
        ...(outcome.shut.length > 0
          ? [`They do not reach what they have to: ${outcome.shut.join(', ')}.`]
          : []),
      ].join(' ');

/**
 * @param before the trial that is to be under way by the record
 * @returns false where another process has written meanwhile: it goes on with it
 */
async function keep(
  { store }: Ports,
  before: string | undefined,
  isolation: SeenIsolation,
): Promise<boolean> {
  const item = await store.get<SeenClock>(CLOCK_KEY);
  if (!item || item.data.isolation?.trial?.id !== before) return false;
  const write = { put: { ...CLOCK_KEY, data: { ...item.data, isolation } }, if: { version: item.version } };
  return store.transact([write]).then(
    () => true,
    (error: unknown) => {
      if (error instanceof StoreConflict) return false;
      throw error;
    },
  );
}
