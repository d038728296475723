/**
 * Reads the recipes of CONTRIBUTING.md. A step is a paragraph that starts with a bold number, and the code below it:
 * `**1.** Create [`path`]:` makes a file of the code, or by running it where it is `sh`; `**2.** In `path`, below `text`,
 * add:` adds it below the first line that holds that text, `above` and `in place of` likewise. A step has to have code.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeBlocks } from './markdown.ts';

type Place = 'below' | 'above' | 'in place of';

export type RecipeStep = { path: string; code: string } & (
  | { does: 'create' | 'run' }
  | { does: 'add'; place: Place; line: string }
);

/** @param recipe Markdown of one section @throws when a step does not say what to do */
export const recipeSteps = (recipe: string): RecipeStep[] =>
  recipe
    .split(/^(?=\*\*\d+\.\*\* )/m)
    .slice(1)
    .map(readStep);

function readStep(text: string): RecipeStep {
  const [block] = codeBlocks(text);
  const words = text.slice(0, text.indexOf('```')).replaceAll(/\s+/g, ' ');
  const [, created] = /^\S+ Create \[?`([^`]+)`/.exec(words) ?? [];
  const [, path, place, line] =
    /^\S+ In \[?`([^`]+)`\S*, (below|above|in place of) `([^`]+)`/.exec(words) ?? [];
  if (block && created)
    return { path: created, code: block.text, does: block.language === 'sh' ? 'run' : 'create' };
  if (block && path && line) return { path, code: block.text, does: 'add', place: place as Place, line };
  throw new Error(`A step does not say what to do: ${words}`);
}

/** @throws when what a step makes is there already, or what it names is not */
export function followStep(step: RecipeStep, directory: string): void {
  const { path, code } = step;
  const file = join(directory, path);
  if (step.does === 'add') {
    const lines = readFileSync(file, 'utf8').split('\n');
    const found = lines.findIndex((line) => line.includes(step.line));
    if (found === -1) throw new Error(`${path} has no line with: ${step.line}`);
    const at = step.place === 'below' ? found + 1 : found;
    lines.splice(at, step.place === 'in place of' ? 1 : 0, code.trimEnd());
    writeFileSync(file, lines.join('\n'));
    return;
  }
  if (existsSync(file)) throw new Error(`${path} is there already`);
  mkdirSync(dirname(file), { recursive: true });
  if (step.does === 'create') {
    writeFileSync(file, code);
    return;
  }
  const { status, stderr } = spawnSync('sh', ['-e', '-c', code], { cwd: directory, encoding: 'utf8' });
  if (status !== 0 || !existsSync(file)) throw new Error(`${path} was not made: ${stderr}`);
}
