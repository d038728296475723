/** What work costs, whatever else the machine does meanwhile. */
import { expect } from 'vitest';

/** Processor time that the work takes on this thread, milliseconds. The clock would run on while others work. */
export function costOf(work: () => unknown): number {
  const before = process.threadCpuUsage();
  work();
  const after = process.threadCpuUsage();
  return (after.user + after.system - before.user - before.system) / 1000;
}

const TIMES = 8;
/** A garbage collection takes this long, so smaller amounts prove nothing. */
const NOTICED_MS = 100;

/**
 * Holds that the cost grows with the size: work that grows with its square takes 64 times as long for eight times as
 * much, and so fails.
 */
export function expectLinear(size: number, work: (size: number) => unknown): void {
  const few = () => costOf(() => work(size / TIMES));
  // The first run also compiles.
  const small = Math.min(few(), few());
  // A garbage collection may fall into one of them.
  const much = () => costOf(() => work(size));
  const large = Math.min(much(), much());
  if (large > NOTICED_MS) expect(large / small).toBeLessThan(TIMES * 3);
}
