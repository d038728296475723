/** A copy of Berth in which a program may change what it likes. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Copies what git knows, with the packages of the original, into a new temporary directory.
 * @param purpose a word for the directory's name
 * @returns its path; the caller removes it
 */
export function copyOfBerth(purpose: string): string {
  const root = join(import.meta.dirname, '..');
  const copy = mkdtempSync(join(tmpdir(), `berth-${purpose}-`));
  const { stdout } = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of stdout.split('\0').filter(Boolean)) cpSync(join(root, file), join(copy, file));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}
