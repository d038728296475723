/** Workloads that take all variables and secrets of their environment, as `berth.dev/variables: all` asks. */
import { forbiddenKeys } from './file/score-limits.ts';
import { readSettings } from './settings.ts';
import type { ScoreWorkload } from './workload.ts';

/** The type of resources whose outputs are the variables and secrets of the environment. */
export const ENVIRONMENT_TYPE = 'environment';

/** The variable that says where to listen for a service port, by its place in the file and its name. */
export const portVariable = (index: number, name: string): string =>
  index === 0 ? 'PORT' : `PORT_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;

export const takesAll = ({ metadata }: Pick<ScoreWorkload, 'metadata'>): boolean =>
  readSettings(metadata.annotations).settings.variables === 'all';

/** Those names that a place gives a value of its own: where to listen for the ports of the workload. */
const givenNames = ({ service }: Pick<ScoreWorkload, 'service'>): string[] =>
  Object.keys(service?.ports ?? {}).map((name, index) => portVariable(index, name));

/**
 * The names that a workload takes of those that its environment has, sorted: without those of its ports, and those that
 * no placeholder may name.
 */
export function takenNames(workload: Pick<ScoreWorkload, 'service'>, names: Iterable<string>): string[] {
  const left = new Set([...givenNames(workload), ...forbiddenKeys]);
  return [...new Set(names)].filter((name) => !left.has(name)).sort();
}

/** A name that needs no escape in a placeholder. */
const PLAIN = /^[A-Za-z0-9_-]+$/;

/** The workload's name for its environment, and a free one where it has none. */
function environmentName({ resources = {} }: ScoreWorkload): string {
  const declared = Object.entries(resources).find(
    ([name, { type, class: className = 'default' }]) =>
      type === ENVIRONMENT_TYPE && className === 'default' && PLAIN.test(name),
  );
  if (declared) return declared[0];
  let name = 'env';
  for (let count = 2; Object.hasOwn(resources, name); count++) name = `env-${count}`;
  return name;
}

/**
 * The workload with a placeholder for each of these variables and secrets in each of its containers. A variable that a
 * container has itself stays as it is.
 * @param names of variables and secrets of the environment
 */
export function withVariables(workload: ScoreWorkload, names: readonly string[]): ScoreWorkload {
  if (names.length === 0) return workload;
  const resource = environmentName(workload);
  const taken = names.map((name) => [name, `\${resources.${resource}.${name}}`] as const);
  return {
    ...workload,
    containers: Object.fromEntries(
      Object.entries(workload.containers).map(([name, container]) => [
        name,
        { ...container, variables: { ...Object.fromEntries(taken), ...container.variables } },
      ]),
    ),
    resources: {
      ...workload.resources,
      [resource]: workload.resources?.[resource] ?? { type: ENVIRONMENT_TYPE },
    },
  };
}
