/**
 * The meter of what is being done now. Adapters count what AWS charges for, or would charge for, without knowing who
 * pays. Whoever begins something that is paid for, a step or a request, runs it with a meter of its own.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { FUNCTION_MB } from '../core/function-memory.ts';
import { addUnits, laterUnits, type Unit, type Units } from '../core/units.ts';

export interface Meter {
  add(unit: Unit, amount: number): void;
  /** The counts begin with these, where they are more than those that it began with itself. */
  startFrom(before: Units): void;
  /** All that was counted so far, with the time of the function that it runs in. */
  read(): Units;
}

const current = new AsyncLocalStorage<Meter>();

/** Adds to the meter of what is being done, if it has one. */
export const count = (unit: Unit, amount: number): void => current.getStore()?.add(unit, amount);

export const currentMeter = (): Meter | undefined => current.getStore();

/** Runs a function: what it awaits or starts counts on this meter. */
export const withMeter = <T>(meter: Meter, run: () => T): T => current.run(meter, run);

/**
 * @param options.before what was used before, by the same operation
 * @param options.runsIn a function on AWS whose call and time count; none where it is nobody's own
 * @param options.now epoch milliseconds
 */
export function createMeter(options: {
  before?: Units;
  runsIn?: keyof typeof FUNCTION_MB;
  now(): number;
}): Meter {
  const { runsIn, now } = options;
  let before = options.before ?? {};
  const startedAt = now();
  const used: Units = runsIn ? { 'lambda.request': 1 } : {};
  return {
    add(unit, amount) {
      used[unit] = (used[unit] ?? 0) + amount;
    },
    startFrom(units) {
      before = laterUnits(before, units);
    },
    read() {
      const sum = addUnits(before, used);
      if (!runsIn) return sum;
      // AWS charges for each millisecond that was begun.
      const seconds = (Math.max(0, now() - startedAt) + 1) / 1000;
      return addUnits(sum, { 'lambda.gbSecondArm': (seconds * FUNCTION_MB[runsIn]) / 1024 });
    },
  };
}
