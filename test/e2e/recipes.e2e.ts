/** The recipes of CONTRIBUTING.md are followed to the letter in one copy, and checked as they say. */
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyOfBerth } from '../../scripts/copy-of-berth.ts';
import { readDoc, section } from '../docs/markdown.ts';
import { followStep, type RecipeStep, recipeSteps } from '../docs/recipe.ts';

/**
 * How many files each makes beside its tests, and how many lines it adds to files that are there; the state of a step in
 * its ASL file is not counted. One file and one line are the aim. A kind of operation and its steps need more: they are
 * declared apart from their code, since the stacks read the declarations alone; and the list of kinds is in the order of
 * the API document, with names that are no identifiers, so that a kind has an import and an entry there.
 */
const shapes: Readonly<Record<string, { files: number; lines: number }>> = {
  'How to add a resource type': { files: 1, lines: 1 },
  'How to add a route': { files: 1, lines: 1 },
  'How to add a workflow': { files: 4, lines: 3 },
  'How to add a workflow step': { files: 1, lines: 2 },
  'How to add an adapter': { files: 1, lines: 0 },
  'How to add a console page': { files: 1, lines: 1 },
};

const stepsOf = (title: string): RecipeStep[] => recipeSteps(section(readDoc('CONTRIBUTING.md'), title));

const recipes = Object.keys(shapes).map((title) => ({ title, steps: stepsOf(title) }));

const isTest = ({ path }: RecipeStep): boolean => path.startsWith('test/');

const newTests = recipes.flatMap(({ steps }) => steps.filter(isTest).map(({ path }) => path));

let copy = '';
beforeAll(() => {
  copy = copyOfBerth('recipes');
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

/** Runs a program of the packages in the copy. @throws with all that it printed, and the recipes that it is about */
const run = (...args: string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    execFile('node_modules/.bin/node', args, { cwd: copy, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (!error) return resolve();
      const printed = stdout + stderr;
      const named = recipes.filter(({ steps }) =>
        steps.some(({ does, path }) => does !== 'add' && printed.includes(path)),
      );
      const titles = named.map(({ title }) => title).join(', ') || 'no recipe by itself';
      reject(new Error(`${args.join(' ')} fails, which names ${titles}:\n${printed}`));
    });
  });

describe('The recipes of CONTRIBUTING', () => {
  it.each(recipes)('$title: as few files and lines as it takes', ({ title, steps }) => {
    const product = steps.filter((step) => !isTest(step));
    const lines = product
      .filter(({ does, path }) => does === 'add' && !path.endsWith('.asl.json'))
      .flatMap(({ code }) => code.trimEnd().split('\n'));
    const files = product.filter(({ does }) => does !== 'add').length;
    expect({ files, lines: lines.length }).toEqual(shapes[title]);
    for (const step of steps) followStep(step, copy);
  });

  it('then everything is generated and formatted, and types, lint and tests pass', async () => {
    await run('scripts/generate.ts');
    await run('node_modules/.bin/biome', 'check', '--write', '.');
    const checks = await Promise.allSettled([
      run('node_modules/.bin/tsc', '--noEmit'),
      run('node_modules/.bin/tsc', '--noEmit', '-p', 'web'),
      run(
        'node_modules/vitest/vitest.mjs',
        'run',
        '--reporter=dot',
        ...newTests,
        'test/architecture',
        'test/state-machines',
        'test/api/http/table.test.ts',
        'test/docs/generated.test.ts',
      ),
    ]);
    const faults = checks.flatMap((check) => (check.status === 'rejected' ? [String(check.reason)] : []));
    if (faults.length > 0) throw new Error(faults.join('\n'));
    // As patient as a machine with other work needs; it takes half a minute by itself.
  }, 600_000);
});
