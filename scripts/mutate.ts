/**
 * Puts each mutation of test/mutations into a copy of Berth and runs the tests that should notice it:
 * `npm run mutate`, or `npm run mutate -- fence` for those with that word in their name. Fails when one survives.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Mutation, mutations } from '../test/mutations/mutations.ts';
import { copyOfBerth } from './copy-of-berth.ts';

function passes(copy: string, tests: readonly string[], retries = 0): boolean {
  const options = ['--bail=1', '--reporter=dot', `--retry=${retries}`];
  const args = ['node_modules/vitest/vitest.mjs', 'run', ...options, ...tests];
  return spawnSync(process.execPath, args, { cwd: copy, stdio: 'ignore' }).status === 0;
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
  const noticed = !passes(copy, tests);
  writeFileSync(path, text);
  return noticed;
}

/** A test that fails without a mutation, or is not there, would seem to notice everything. @throws Error */
function requirePassing(copy: string, chosen: readonly Mutation[]): void {
  const tests = [...new Set(chosen.flatMap((mutation) => mutation.tests))];
  const missing = tests.find((test) => !existsSync(join(copy, test)));
  if (missing) throw new Error(`There is no ${missing}`);
  // On a busy machine a test may run out of time, which says nothing about the mutations.
  if (!passes(copy, tests, 2))
    throw new Error(`Without a mutation a test fails: npx vitest run ${tests.join(' ')}`);
}

const wanted = process.argv.slice(2).join(' ');
const chosen = mutations.filter(({ name, file }) => `${name} ${file}`.includes(wanted));
if (chosen.length === 0) throw new Error(`No mutation has "${wanted}" in its name`);
const copy = copyOfBerth('mutate');
const survivors: string[] = [];
try {
  requirePassing(copy, chosen);
  for (const mutation of chosen) {
    const noticed = isNoticed(copy, mutation);
    if (!noticed) survivors.push(mutation.name);
    console.log(`${noticed ? 'noticed ' : 'SURVIVED'}  ${mutation.name}`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(`${survivors.length} survived`);
if (survivors.length > 0) process.exitCode = 1;
