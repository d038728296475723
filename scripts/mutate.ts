/**
 * Puts each mutation of test/mutations into a copy of Berth and runs the tests that should notice it:
 * `npm run mutate`, or `npm run mutate -- fence` for those with that word in their name. With `--simulation` it puts in
 * the faults that schedules have to find. Fails when one survives.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { parseArgs } from 'node:util';
import { firstSeedThatFinds } from '../test/mutations/find-planted.ts';
import { type Mutation, mutations } from '../test/mutations/mutations.ts';
import { plantedFaults } from '../test/mutations/planted.ts';
import { heavier } from '../vitest.e2e.config.ts';
import { copyOfBerth } from './copy-of-berth.ts';

/** Each with the configuration that has it: with another one it would not be found, and seem to fail. */
function passes(copy: string, tests: readonly string[], retries = 0): boolean {
  const heavy = new Set(tests.filter((test) => heavier.some((glob) => matchesGlob(test, glob))));
  const light = tests.filter((test) => !heavy.has(test));
  return (
    (light.length === 0 || run(copy, [...light], retries)) &&
    (heavy.size === 0 || run(copy, ['--config', 'vitest.e2e.config.ts', ...heavy], retries))
  );
}

function run(copy: string, what: readonly string[], retries: number): boolean {
  const options = ['--bail=1', '--reporter=dot', `--retry=${retries}`];
  const args = ['node_modules/vitest/vitest.mjs', 'run', ...options, ...what];
  const env = { ...process.env, BERTH_EVERY_MOMENT: '1' };
  return spawnSync(process.execPath, args, { cwd: copy, env, stdio: 'ignore' }).status === 0;
}

/** Runs something while a fault is in the copy. @throws when the text to change is not there exactly once */
function withFault<T>(copy: string, { file, from, to }: Omit<Mutation, 'tests'>, run: () => T): T {
  const path = join(copy, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${file} does not hold exactly once: ${from}`);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  try {
    return run();
  } finally {
    writeFileSync(path, text);
  }
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

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    simulation: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '500' },
  },
});
const wanted = positionals.join(' ');
const chosenOf = <T extends Omit<Mutation, 'tests'>>(all: readonly T[]): T[] => {
  const found = all.filter(({ name, file }) => `${name} ${file}`.includes(wanted));
  if (found.length === 0) throw new Error(`No mutation has "${wanted}" in its name`);
  return found;
};

function noticedByTests(copy: string): string[] {
  const chosen = chosenOf(mutations);
  requirePassing(copy, chosen);
  return chosen.flatMap((mutation) => {
    const noticed = withFault(copy, mutation, () => !passes(copy, mutation.tests));
    console.log(`${noticed ? 'noticed ' : 'SURVIVED'}  ${mutation.name}`);
    return noticed ? [] : [mutation.name];
  });
}

function foundBySchedules(copy: string): string[] {
  const first = Number(values.seed);
  return chosenOf(plantedFaults).flatMap((fault) => {
    const found = firstSeedThatFinds(copy, { first, runs: Number(values.runs) }, (run) =>
      withFault(copy, fault, run),
    );
    if (!found) console.log(`SURVIVED  ${fault.name}`);
    else console.log(`found by ${found.seed - first + 1}  ${fault.name}\n          ${found.violation}`);
    return found ? [] : [fault.name];
  });
}

const copy = copyOfBerth('mutate');
try {
  const survivors = values.simulation ? foundBySchedules(copy) : noticedByTests(copy);
  console.log(`${survivors.length} survived`);
  if (survivors.length > 0) process.exitCode = 1;
} finally {
  rmSync(copy, { recursive: true, force: true });
}
