/** Secrets of an installation in files of their own, which nobody else can read. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { ConfigError } from './config/config.ts';

const SECRET_MIN = 16;

/** A file with mode 0600 that is made once and then read; an empty one, which a full disk leaves, is made anew. */
export function secretFile(path: string, make: () => string): string {
  const present = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
  if (present.length >= SECRET_MIN) return present;
  if (present) throw new ConfigError(`${path} can not be used: it has less than ${SECRET_MIN} characters.`);
  writeFileSync(path, `${make()}\n`, { mode: 0o600, flush: true });
  return readFileSync(path, 'utf8').trim();
}
