/** Sends the output of projects to their log drains again and again: what was printed meanwhile is one batch. */
import { createDrainer } from '../../drains/drainer.ts';
import type { Ports } from '../../ports/index.ts';
import type { LocalLog } from './terminal-log.ts';

/** How long lines are gathered at the most, milliseconds. */
export const GATHER_MS = 1_000;

/**
 * @param everyMs for how long lines are gathered
 * @returns stops it, and resolves when nothing is sent any more
 */
export function startDraining(
  ports: Ports,
  log: Pick<LocalLog, 'error'>,
  everyMs: number,
): () => Promise<void> {
  const drainer = createDrainer(ports, {
    onError: (drain, error) => log.error(`Sending to the log drain ${drain}`, error),
  });
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let pass: Promise<void> = Promise.resolve();
  const next = (): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      pass = drainer
        .pass()
        .catch((error: unknown) => log.error('Looking at log drains', error))
        .finally(next);
    }, everyMs);
  };
  next();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await pass;
    await drainer.close();
  };
}
