/**
 * Puts each mutation of test/mutations into a copy of Berth and runs the tests that should notice it:
 * `npm run mutate`, or `npm run mutate -- fence` for those with that word in their name. Fails when one survives.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Mutation, mutations } from '../test/mutations/mutations.ts';

const root = resolve(import.meta.dirname, '..');

/** A copy of what git knows, with the packages of the original. */
function copyOfBerth(): string {
  const copy = mkdtempSync(join(tmpdir(), 'berth-mutate-'));
  const { stdout } = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of stdout.split('\0').filter(Boolean)) cpSync(join(root, file), join(copy, file));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

/** Whether a test failed. @throws when the text to change is not there exactly once */
function isNoticed(copy: string, { file, from, to, tests }: Mutation): boolean {
  const path = join(copy, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${file} does not hold exactly once: ${from}`);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--bail=1', '--reporter=dot', ...tests];
  const { status } = spawnSync(process.execPath, args, { cwd: copy, stdio: 'ignore' });
  writeFileSync(path, text);
  return status !== 0;
}

const wanted = process.argv.slice(2).join(' ');
const copy = copyOfBerth();
const survivors: string[] = [];
try {
  for (const mutation of mutations.filter(({ name, file }) => `${name} ${file}`.includes(wanted))) {
    const noticed = isNoticed(copy, mutation);
    if (!noticed) survivors.push(mutation.name);
    console.log(`${noticed ? 'noticed ' : 'SURVIVED'}  ${mutation.name}`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(`${survivors.length} survived`);
if (survivors.length > 0) process.exitCode = 1;
