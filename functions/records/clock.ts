/**
 * The clock as the sweep sees it. What is due by age goes for good, so a clock that jumps must not decide that alone:
 * for an hour after a jump nothing is destroyed or forgotten for its age.
 */

import type { Ports } from '../ports/index.ts';
import type { IsolationOutcome } from '../ports/isolation.ts';
import { StoreConflict } from '../ports/store.ts';

/** Where is kept what the sweep sees of Berth itself: the clock, and whether environments are apart. */
export const CLOCK_KEY = { pk: 'health', sk: 'health' };

export interface SeenClock {
  /** ISO 8601. */
  at: string;
  /** When the clock was seen to have jumped, while that holds things up. */
  jumpedAt?: string;
  isolation?: SeenIsolation;
}

export interface SeenIsolation {
  /** How the last trial ended, and under which rules. */
  last?: { at: string; rules: string; outcome: IsolationOutcome };
  /** One that is under way. */
  trial?: { id: string; startedAt: string };
}

/** Much more than lies between two sweeps on either host. */
const GAP_MAX_MS = 10 * 60_000;
/** Clocks that are set by the network go back by less. */
const BACK_MAX_MS = 10_000;
export const HOLD_MS = 60 * 60_000;
/** How often the time is written, milliseconds. */
const KEEP_MS = 60_000;

/** @param last what the sweep before saw; undefined for the first one, which has nothing to compare with */
export function seeClock(last: SeenClock | undefined, now: number): SeenClock {
  const at = new Date(now).toISOString();
  if (!last) return { at };
  const { isolation } = last;
  const seen = { at, ...(isolation && { isolation }) };
  const passed = now - Date.parse(last.at);
  if (passed > GAP_MAX_MS || passed < -BACK_MAX_MS) return { ...seen, jumpedAt: at };
  const isOver = last.jumpedAt !== undefined && now - Date.parse(last.jumpedAt) >= HOLD_MS;
  return { ...seen, ...(last.jumpedAt !== undefined && !isOver && { jumpedAt: last.jumpedAt }) };
}

/**
 * Whether the clock may have jumped within the last hour, also where no sweep has seen it yet. Before the first sweep
 * nobody can tell. Changes nothing.
 */
export async function mayClockHaveJumped({
  store,
  effects,
}: Pick<Ports, 'store' | 'effects'>): Promise<boolean> {
  const last = await store.get<SeenClock>(CLOCK_KEY);
  return !last || seeClock(last.data, effects.now()).jumpedAt !== undefined;
}

/** Looks at the clock, and keeps what it saw. */
export async function lookAtClock({ store, effects }: Ports): Promise<SeenClock & { isNew: boolean }> {
  const item = await store.get<SeenClock>(CLOCK_KEY);
  const last = item?.data;
  const seen = seeClock(last, effects.now());
  const isNew = seen.jumpedAt !== undefined && seen.jumpedAt !== last?.jumpedAt;
  const isDue = !last || Math.abs(Date.parse(seen.at) - Date.parse(last.at)) >= KEEP_MS;
  if (isDue || seen.jumpedAt !== last?.jumpedAt) {
    const write = {
      put: { ...CLOCK_KEY, data: seen },
      if: item ? { version: item.version } : 'absent',
    } as const;
    await store.transact([write]).catch((error: unknown) => {
      // Another process has looked at the same moment.
      if (!(error instanceof StoreConflict)) throw error;
    });
  }
  return { ...seen, isNew };
}
