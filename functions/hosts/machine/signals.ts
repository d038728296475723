/** Stops Berth when it is told to: by Ctrl-C, or by whatever started it. */
import type { LocalLog } from './terminal-log.ts';

/**
 * npm passes the Ctrl-C of a terminal on to what it started, which has had it from the terminal already. Two signals so
 * close together, milliseconds, are one.
 */
const TOGETHER_MS = 500;

/** The part of `process` that is needed. */
interface Host {
  on(signal: 'SIGINT' | 'SIGTERM', listener: (signal: NodeJS.Signals) => void): unknown;
  exit(code: number): void;
}

/**
 * The first signal stops Berth in order; a second one does not wait for that, and the next start ends what was left.
 * @param close stops all, and resolves when nothing is left to do
 */
export function stopOnSignals(
  close: () => Promise<void>,
  log: Pick<LocalLog, 'info' | 'error'>,
  host: Host = process,
  now: () => number = () => performance.now(),
): void {
  let since: number | undefined;
  const stop = (signal: NodeJS.Signals): void => {
    if (since !== undefined) {
      if (now() - since >= TOGETHER_MS) host.exit(1);
      return;
    }
    since = now();
    log.info(`${signal}: stopping; a second one does not wait`);
    close().then(
      () => host.exit(0),
      (error: unknown) => {
        log.error('Stopping failed', error);
        host.exit(1);
      },
    );
  };
  host.on('SIGTERM', stop);
  host.on('SIGINT', stop);
}
