/** What is wrong with a workload wherever it is deployed: refused when a version is made, and told by a plan. */
import { limits } from '../../core/limits.ts';
import { Problem } from '../../core/problem.ts';
import { invalidScore } from '../../core/score/file/score-faults.ts';
import { placeholders, unresolved } from '../../core/score/placeholders.ts';
import { provisionOrder, references } from '../../core/score/references.ts';
import { resourceIdentity } from '../../core/score/resource-identity.ts';
import type { ScoreContainer, ScoreWorkload } from '../../core/score/workload.ts';
import type { Ports } from '../../ports/index.ts';
import { findResourceType, resourceType } from '../index.ts';
import { invalidParams } from '../outputs.ts';
import { invalidResource, noSuchClass } from '../owner.ts';

/** Linux takes no longer text as a variable or as a word of a command, in bytes with the name. */
const TEXT_MAX = limits.variableText.value;

/** What the work throws, if it is meant for users. */
function problemsOf(work: () => unknown): Problem[] {
  try {
    work();
    return [];
  } catch (error) {
    if (error instanceof Problem) return [error];
    throw error;
  }
}

/** What is kept of a version says its own image. @throws Problem image_unavailable for any other */
export function requireOwnImage(name: string, { image }: ScoreContainer, digest: string): void {
  if (image === '.' || image === digest) return;
  throw new Problem('image_unavailable', `Container "${name}" asks for the image "${image}".`, {
    hint: 'The image of a version is chosen when it is made: write image: . for what is built or named there, or let all containers of the Score file name one image of a registry, and make a version of that.',
  });
}

/** @throws Problem invalid_score naming the variable or word that no program can be started with */
export function requireStartable(
  name: string,
  { variables = {}, command = [], args = [] }: ScoreContainer,
): void {
  const faults = [
    ...Object.entries(variables).map(([key, value]) => ({
      path: ['variables', key],
      text: `${key}=${value}`,
    })),
    ...command.map((text, index) => ({ path: ['command', index], text })),
    ...args.map((text, index) => ({ path: ['args', index], text })),
  ].filter(({ text }) => Buffer.byteLength(text) > TEXT_MAX);
  if (faults.length === 0) return;
  const message = `must not be longer than ${TEXT_MAX} bytes with its name: put it into a file`;
  throw invalidScore(faults.map(({ path }) => ({ path: ['containers', name, ...path], message })));
}

/** @returns every problem that needs no environment to be seen; empty where there is none */
export function workloadProblems(workload: ScoreWorkload, digest: string): Problem[] {
  const found = Object.entries(workload.containers).flatMap(([name, container]) => [
    ...problemsOf(() => requireOwnImage(name, container, digest)),
    ...problemsOf(() => requireStartable(name, container)),
  ]);
  for (const name of Object.keys(workload.resources ?? {})) found.push(...resourceProblems(workload, name));
  // Where placeholders can not be read, nothing can be said of what they refer to.
  const lost = problemsOf(() => provisionOrder(workload));
  return [...found, ...(lost.length > 0 ? lost : outputProblems(workload))];
}

/** What no place of the installation has, whichever the workload goes to. */
export async function offerProblems(ports: Ports, workload: ScoreWorkload): Promise<Problem[]> {
  const found: Problem[] = [];
  for (const [name, declared] of Object.entries(workload.resources ?? {})) {
    const refused = await findResourceType(declared.type)?.refusal?.(ports);
    if (refused)
      found.push(
        invalidResource(resourceIdentity(workload.metadata.name, name, declared), refused.why, refused),
      );
  }
  return found;
}

function resourceProblems(workload: ScoreWorkload, name: string): Problem[] {
  const declared = workload.resources?.[name];
  if (!declared) return [];
  const unknown = problemsOf(() => resourceType(declared.type));
  const type = findResourceType(declared.type);
  if (!type) return unknown;
  const identity = resourceIdentity(workload.metadata.name, name, declared);
  const { classes = ['default'] } = type;
  if (!classes.includes(identity.class)) return [noSuchClass(identity, classes, name)];
  const params = declared.params ?? {};
  const issues = type.params.safeParse(params).error?.issues ?? [];
  const certain = issues.filter(({ path }) => !isOpen(params, path));
  if (certain.length > 0) return certain.map(({ path, message }) => invalidParams(type, name, path, message));
  return problemsOf(() => type.checkWorkload?.({ ...identity, workload, params }));
}

/** Whether the value there is not known yet, since a placeholder is in it. */
function isOpen(params: unknown, path: readonly PropertyKey[]): boolean {
  const value = path.reduce<unknown>(
    (inside, key) =>
      typeof inside === 'object' && inside !== null
        ? (inside as Record<PropertyKey, unknown>)[key]
        : undefined,
    params,
  );
  try {
    return typeof value === 'string' && placeholders(value).length > 0;
  } catch {
    // What is no placeholder at all is told where placeholders are read.
    return true;
  }
}

/** Outputs that a type never gives, and secret ones where a value is shown. */
function outputProblems(workload: ScoreWorkload): Problem[] {
  return references(workload).flatMap(({ where, part, path, refersTo, output: named }) => {
    const declared = refersTo === undefined ? undefined : workload.resources?.[refersTo];
    const type = declared && findResourceType(declared.type);
    if (!type) return [];
    const output = named ?? (part === 'volume' ? 'source' : '');
    const shown = `\${${path.join('.')}}`;
    const { outputs } = type;
    const known = typeof outputs === 'string' ? undefined : outputs;
    if (known && !Object.hasOwn(known, output)) {
      const hint = `The type ${type.type} offers: ${Object.keys(known).join(', ')}.`;
      return [unresolved(where, `${shown} is no output of its resource`, hint)];
    }
    const isSecret = known ? known[output]?.secret : output !== '';
    if (!isSecret && output !== '') return [];
    if (output === '')
      return [unresolved(where, `${shown} names no output of its resource`, 'Name one of its outputs.')];
    if (part === 'variable' || part === 'file') return [];
    const kind = part === 'volume' ? 'the source of a volume' : 'a param of a resource';
    return [
      unresolved(where, `${shown} is a secret, which can not be ${kind}`, 'Name an output that is none.'),
    ];
  });
}
