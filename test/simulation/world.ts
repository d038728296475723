/** What is around a simulated Berth: time, chance, faults, and a record of all that happened. */

import { Problem, TransientError } from '../../functions/core/problem.ts';
import type { Effects } from '../../functions/ports/effects.ts';
import { currentOwner, type Mortal, runAs, setClockWrong, virtualNow } from './clock.ts';
import { ANYWHERE, type Fates, type Fault, type Planned } from './faults.ts';
import type { Random } from './random.ts';

export interface World {
  random: Random;
  /** Steps hold something scarce while they wait, as they do on AWS. */
  pauses: boolean;
  effects: Effects;
  /** Whether faults happen at all. */
  faulty: boolean;
  violations: string[];
  trace: string[];
  /** Grows with each call that may have changed something. */
  changes: number;
  fates: Fates;
  /** How many operations of each kind ended in each way: `deploy succeeded`. */
  operations: Map<string, number>;
  /** Ends the running Berth at once; it is started again later. */
  crash: () => void;
  /** Is told when a process has died, for what its connections held. */
  onDeath: ((process: Mortal) => void)[];
  /**
   * One call of a port, as a process makes it.
   * @param repeatable whether its network may deliver it twice
   */
  io<T>(point: string, effect: () => T | Promise<T>, repeatable?: boolean, more?: IoOptions<T>): Promise<T>;
  /** What a call of a port meets, for what can not go through `io`. */
  fate(point: string, possible: readonly Fault[]): Planned | undefined;
  violate(what: string): void;
  /** Something that lasts keeps Berth from what it would do. */
  isHindered(): boolean;
  /** Ends all faults that last. */
  heal(): void;
  /** When that was; before, the clock may have been wrong. */
  healedAt: number;
}

export interface IoOptions<T> {
  /** The same read, of records as they were. */
  stale?: (lag: () => number) => T | Promise<T>;
  /** It writes to the disk of Berth. */
  writes?: boolean;
  /** The place that it goes to, which the installation can be cut off from. */
  place?: string;
}

/** A fault that lasts, and whom it concerns: a port, or all that write. */
interface Outage {
  kind: 'throttled' | 'cut' | 'full' | 'parted';
  port: string;
}

/** Never resolves: who asked is gone. */
const gone = (): Promise<never> => new Promise(() => undefined);
const MINUTE = 60_000;
const STALE_MS = 10_000;
/** A call to a place that does not answer is given up after this time, milliseconds. */
const PLACE_CALL_MS = 5_000;
const READS =
  /\.(?:check|pin|read|get|getMany|query|due|list|status|select|resolve|describe|inventory|lastRequests|awaitRollout)$/;
const portOf = (point: string): string => point.split('.')[0] ?? point;

export function createWorld(random: Random, fates: Fates, pauses = false): World {
  let ids = 0;
  const outages = new Set<Outage>();

  function last(outage: Outage, milliseconds: number): void {
    outages.add(outage);
    runAs(undefined, () => setTimeout(() => outages.delete(outage), milliseconds));
  }

  /** What goes on, whatever this call meets. */
  async function meetOutages(point: string, { writes = false }: IoOptions<never>): Promise<void> {
    for (const { kind, port } of outages) {
      if (kind === 'full' && writes)
        throw new Problem('storage_full', 'The disk is full.', { hint: 'Make room.' });
      if (kind === 'full' || kind === 'parted' || port !== portOf(point)) continue;
      if (kind === 'cut') await pause(5_000 + random.below(10_000));
      throw new TransientError(`${point} is ${kind}`);
    }
  }

  function begin({ fault, point, amount }: Planned): void {
    if (fault === 'throttled') last({ kind: fault, port: portOf(point) }, amount * MINUTE);
    if (fault === 'cut') last({ kind: fault, port: portOf(point) }, amount * 10 * MINUTE);
    if (fault === 'parted') last({ kind: fault, port: portOf(point) }, amount * 40 * MINUTE);
    if (fault === 'full') last({ kind: fault, port: '' }, amount * 10 * MINUTE);
    if (fault !== 'jump') return;
    setClockWrong(Math.round((amount - 0.5) * 6 * 60 * MINUTE));
    runAs(undefined, () => setTimeout(() => setClockWrong(0), amount * 30 * MINUTE));
  }

  const isParted = (place: string | undefined): boolean =>
    place !== undefined && [...outages].some(({ kind, port }) => kind === 'parted' && port === place);

  /** A call to a place that is cut off: it is refused, or nobody answers, whether or not it came through. */
  async function callInVain(point: string, act: () => unknown): Promise<never> {
    const how = random.pick(['refused', 'lost', 'done'] as const);
    if (how === 'done') void (async () => act())().catch(() => undefined);
    if (how !== 'refused') await pause(PLACE_CALL_MS);
    throw new TransientError(`${point}: the place does not answer`);
  }

  const world: World = {
    random,
    pauses,
    faulty: true,
    violations: [],
    trace: [],
    changes: 0,
    operations: new Map(),
    healedAt: 0,
    fates,
    crash: () => undefined,
    onDeath: [],
    effects: {
      now: virtualNow,
      id: () =>
        virtualNow()
          .toString(32)
          .toUpperCase()
          .padStart(10, '0')
          .slice(-10)
          .replace(/[ILOU]/g, 'Z') + String(++ids).padStart(16, '0'),
      token: (bytes) =>
        Buffer.from(Array.from({ length: bytes }, () => random.below(256))).toString('base64url'),
    },
    violate(what) {
      world.violations.push(what);
      world.trace.push(`${virtualNow()} VIOLATION ${what}`);
    },
    fate(point, possible) {
      const fate = world.faulty ? fates.next(point, possible) : undefined;
      if (!fate) return undefined;
      world.trace.push(`${virtualNow()} ${fate.fault} ${point}`);
      begin(fate);
      return fate;
    },
    isHindered: () => outages.size > 0,
    heal() {
      world.faulty = false;
      outages.clear();
      setClockWrong(0);
      world.healedAt = virtualNow();
    },
    async io(point, effect, repeatable = false, more = {}) {
      const process = currentOwner();
      const act = (): ReturnType<typeof effect> => {
        if (!READS.test(point)) world.changes++;
        return runAs(undefined, effect);
      };
      const possible = [...ANYWHERE];
      if (repeatable) possible.push('twice');
      if (more.stale) possible.push('stale');
      if (more.writes) possible.push('full');
      if (more.place !== undefined) possible.push('parted');
      const { fault, amount = 0 } = world.fate(point, possible) ?? {};
      const takes = fault === 'slow' ? amount * 40_000 : random.below(14) - 6;
      // Half of the calls are answered at once: a timer for each would be half of a schedule's work.
      if (takes > 0) await pause(takes);
      if (process?.dead) return gone();
      await meetOutages(point, more as IoOptions<never>);
      if (process?.dead) return gone();
      if (isParted(more.place)) return callInVain(point, act);
      if (fault === 'refused') throw new TransientError(`${point} was refused`);
      if (fault === 'crash-before') {
        world.crash();
        return gone();
      }
      if (fault === 'stale' && more.stale) return more.stale(() => random.below(amount * STALE_MS));
      if (fault === 'twice') await Promise.resolve(act()).catch(() => undefined);
      const result = await act();
      if (fault === 'crash-after') world.crash();
      if (process?.dead) return gone();
      if (isParted(more.place)) throw new TransientError(`${point}: the place does not answer`);
      if (fault === 'lost-answer') throw new TransientError(`The answer of ${point} was lost`);
      return result;
    },
  };
  return world;
}

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => void setTimeout(resolve, milliseconds));
