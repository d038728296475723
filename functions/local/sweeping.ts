/** Runs the sweep again and again. */
import type { Ports } from '../ports/index.ts';
import { sweep } from '../steps/sweep.ts';
import type { LocalLog } from './log.ts';

/** @returns stops it, and resolves when the pass that is under way has ended */
export function startSweeping(ports: Ports, everyMs: number, log: LocalLog): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let pass: Promise<void> = Promise.resolve();

  const next = (): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      pass = once().finally(next);
    }, everyMs);
  };
  const once = async (): Promise<void> => {
    try {
      const report = await sweep(ports);
      for (const { what, error } of report.errors) log.error(`The sweep of ${what}`, error);
    } catch (error) {
      log.error('The sweep', error);
    }
  };
  next();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await pass;
  };
}
