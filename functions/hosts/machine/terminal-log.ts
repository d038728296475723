/** The log of Berth itself on one machine, for people who read it in a terminal. */
import { join, relative } from 'node:path';
import type { LocalConfig } from './config/config.ts';

export interface LocalLog {
  info(message: string): void;
  error(what: string, error: unknown): void;
  banner(url: string, config: LocalConfig): void;
  /** Prints text for the reader, without a time. */
  hint(text: string): void;
  /** A path in the form in which the reader would type it here. */
  path(absolute: string): string;
}

/** Logs to standard output and standard error, with times. */
export function createLocalLog(): LocalLog {
  const at = (): string => new Date().toISOString();
  return {
    info: (message) => console.log(`${at()} ${message}`),
    error: (what, error) => console.error(`${at()} ${what}:`, error),
    hint: (text) => console.log(text),
    path: shortest,
    banner(url, { dataDirectory }) {
      const token = shortest(join(dataDirectory, 'admin-token'));
      console.log(`
  Berth is ready.

  Console         ${url}/
  API reference   ${url}/docs
  Administrator   the token is in ${token}
`);
    },
  };
}

/** A relative path where that is within the current directory. */
function shortest(absolute: string): string {
  const path = relative('.', absolute);
  return path.startsWith('..') ? absolute : path;
}

/** Logs nothing: for tests and measurements. */
export const silentLog: LocalLog = {
  info: () => undefined,
  error: () => undefined,
  banner: () => undefined,
  hint: () => undefined,
  path: shortest,
};
