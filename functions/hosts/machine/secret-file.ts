/** Secrets of an installation in files of their own, which nobody else can read. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { ConfigError } from './config/config.ts';

/**
 * A file with mode 0600 that is made once and then read; an empty one, which a full disk leaves, is made anew.
 * @throws ConfigError where it is shorter than one that is made, since it was cut short, or holds other than visible ASCII
 */
export function secretFile(path: string, make: () => string): string {
  const present = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
  const made = make();
  if (/[^\x21-\x7e]/.test(present))
    throw new ConfigError(
      `${path} can not be used: it holds bytes that are no printable ASCII characters. Put it back, or delete it to have a new one made.`,
    );
  if (present.length >= made.length) return present;
  if (present)
    throw new ConfigError(
      `${path} can not be used: it has ${present.length} of ${made.length} characters. Put it back, or delete it to have a new one made.`,
    );
  writeFileSync(path, `${made}\n`, { mode: 0o600, flush: true });
  return readFileSync(path, 'utf8').trim();
}
