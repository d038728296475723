/** What is around a simulated Berth: time, chance, faults, and a record of all that happened. */

import { TransientError } from '../../functions/core/problem.ts';
import type { Effects } from '../../functions/ports/effects.ts';
import { currentOwner, type Mortal, runAs, virtualNow } from './clock.ts';
import type { Random } from './random.ts';

/** What befalls one call of a port. */
export type Fault =
  /** It fails, and nothing was done. */
  | 'refused'
  /** It fails, although it was done. */
  | 'lost-answer'
  /** It takes many seconds. */
  | 'slow'
  /** It is done twice. */
  | 'twice'
  | 'crash-before'
  | 'crash-after';

export interface World {
  random: Random;
  effects: Effects;
  /** Whether faults happen at all. */
  faulty: boolean;
  /** How often a call meets a fault, 0 to 1. */
  rate: number;
  violations: string[];
  trace: string[];
  /** How often each fault befell each point. */
  reached: Map<string, number>;
  /** How many operations of each kind ended in each way: `deploy succeeded`. */
  operations: Map<string, number>;
  /** Ends the running Berth at once; it is started again later. */
  crash: () => void;
  /** Is told when a process has died, for what its connections held. */
  onDeath: ((process: Mortal) => void)[];
  /** One call of a port, as a process makes it. @param repeatable whether its network may deliver it twice */
  io<T>(point: string, effect: () => T | Promise<T>, repeatable?: boolean): Promise<T>;
  violate(what: string): void;
}

/** Never resolves: who asked is gone. */
const gone = (): Promise<never> => new Promise(() => undefined);

export function createWorld(random: Random, rate: number): World {
  let ids = 0;
  const world: World = {
    random,
    rate,
    faulty: true,
    violations: [],
    trace: [],
    reached: new Map(),
    operations: new Map(),
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
    async io(point, effect, repeatable = false) {
      const process = currentOwner();
      const act = (): ReturnType<typeof effect> => runAs(undefined, effect);
      const fault = world.faulty && random.chance(world.rate) ? choose(repeatable) : undefined;
      await pause(random.below(fault === 'slow' ? 40_000 : 8));
      if (process?.dead) return gone();
      if (fault) {
        world.trace.push(`${virtualNow()} ${fault} ${point}`);
        world.reached.set(`${point} ${fault}`, (world.reached.get(`${point} ${fault}`) ?? 0) + 1);
      }
      if (fault === 'refused') throw new TransientError(`${point} was refused`);
      if (fault === 'crash-before') {
        world.crash();
        return gone();
      }
      if (fault === 'twice') await Promise.resolve(act()).catch(() => undefined);
      const result = await act();
      if (fault === 'crash-after') world.crash();
      if (process?.dead) return gone();
      if (fault === 'lost-answer') throw new TransientError(`The answer of ${point} was lost`);
      return result;
    },
  };
  const choose = (repeatable: boolean): Fault => {
    const faults: Fault[] = [
      'refused',
      'refused',
      'lost-answer',
      'lost-answer',
      'slow',
      'crash-before',
      'crash-after',
    ];
    return random.pick(repeatable ? [...faults, 'twice'] : faults);
  };
  return world;
}

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => void setTimeout(resolve, milliseconds));
