/** All that can be said against the text of a Score file before there is a version of it, with lines. */
import { Problem } from '../../core/problem.ts';
import type { KeptRecipe } from '../../core/recipes/recipe.ts';
import { parseScore } from '../../core/score/file/parse.ts';
import { formatPath, type ScoreError } from '../../core/score/file/score-faults.ts';
import { readYaml, type YamlFile } from '../../core/score/file/yaml.ts';
import type { ScoreWorkload } from '../../core/score/workload.ts';
import { externalImage } from '../../core/source/external-image.ts';
import { type MadeProblems, madeProblems } from '../recipes/made-problems.ts';

export interface ScoreFault extends ScoreError {
  code: string;
  hint: string;
}

/**
 * @param recipes those that it may ask for, by their types
 * @returns the faults in the order of the lines; none where a build takes the file
 */
export function checkScoreText(
  text: string,
  recipes: ReadonlyMap<string, KeptRecipe> = new Map(),
): ScoreFault[] {
  let workload: ScoreWorkload;
  try {
    workload = parseScore(text);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return faultsOf(error);
  }
  const file = readYaml(text);
  const { problems, made } = sourceProblems(workload, recipes);
  return problems
    .flatMap((problem) => faultsOf(problem).map((fault) => placed(file, workload, fault, made)))
    .toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

/** What is wrong with a workload of which there is no version yet: it may name an image that others keep. */
function sourceProblems(
  workload: ScoreWorkload,
  recipes: ReadonlyMap<string, KeptRecipe>,
): Pick<MadeProblems, 'problems' | 'made'> {
  try {
    return madeProblems(externalImage(workload).workload, '.', recipes);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const containers = Object.entries(workload.containers);
    const own = Object.fromEntries(containers.map(([name, each]) => [name, { ...each, image: '.' }]));
    const { problems, made } = madeProblems({ ...workload, containers: own }, '.', recipes);
    return { made, problems: [error, ...problems] };
  }
}

export function faultsOf({ code, hint, message, extra }: Problem): ScoreFault[] {
  const errors = (extra.errors ?? []) as ScoreError[];
  if (errors.length === 0) return [{ code, hint, path: '', message }];
  return errors.map((error) => ({ code, hint, ...error }));
}

const PATH = /\b(?:containers|resources|service|metadata)(?:\.[\w-]{1,80}|\[[^\]]{1,90}\])+/;

/** Where a problem is that names its place in words: a path, a container, a type. */
function placeOf({ containers, resources = {} }: ScoreWorkload, { path, message }: ScoreFault): string {
  const named = path || PATH.exec(message)?.[0];
  if (named) return named;
  const [, quoted = ''] = /"([^"]{1,80})"/.exec(message) ?? [];
  const resource = Object.keys(resources).find((name) => name === quoted || resources[name]?.type === quoted);
  if (resource !== undefined) return formatPath(['resources', resource, 'type']);
  return Object.hasOwn(containers, quoted) ? formatPath(['containers', quoted, 'image']) : '';
}

/** The parts of a path as `formatPath` writes it. */
export const partsOfPath = (path: string): (string | number)[] =>
  [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(([, quoted, index, name = '']) =>
    index === undefined ? (quoted ?? name) : Number(index),
  );

/** @param made what a recipe made is where the file asks for it */
function placed(
  file: YamlFile,
  workload: ScoreWorkload,
  fault: ScoreFault,
  made: ReadonlyMap<string, string>,
): ScoreFault {
  const found = placeOf(workload, fault);
  if (found === '') return fault;
  const parts = partsOfPath(found);
  const asked = parts[0] === 'resources' ? made.get(String(parts[1])) : undefined;
  const isElsewhere = asked !== undefined && !fault.path.startsWith(formatPath(['resources', asked]));
  const path = isElsewhere ? formatPath(['resources', asked]) : found;
  return { ...fault, path, ...file.locate({ path: isElsewhere ? ['resources', asked] : parts }) };
}
