/** What is wrong with a recipe that its form does not show: types, classes, outputs and params that Berth's types do not have. */

import { expandRecipes } from '../../core/recipes/expand-recipes.ts';
import { namesOfValues, type ParamValue, type Recipe } from '../../core/recipes/recipe.ts';
import { formatPath, type ScoreError } from '../../core/score/file/score-faults.ts';
import type { ScoreWorkload } from '../../core/score/workload.ts';
import type { Ports } from '../../ports/index.ts';
import { findResourceType, resourceTypes } from '../index.ts';
import { faultsOf, partsOfPath } from '../score/check-score.ts';
import { offerProblems, workloadProblems } from '../score/workload-problems.ts';

/** The name of what the sample asks for; no recipe's resource has such a long one. */
const SAMPLE = 'sample-of-what-a-score-file-asks-for';

/** Text that is not known before, as a placeholder of a Score file is. */
const OPEN = '${metadata.name}';

/** A workload that asks for the recipe, and takes each of its outputs. */
function sampleOf(recipe: Recipe, params: Readonly<Record<string, unknown>>): ScoreWorkload {
  const names = Object.keys(recipe.outputs);
  return {
    apiVersion: 'score.dev/v1b1',
    metadata: { name: 'sample' },
    containers: {
      main: {
        image: '.',
        variables: Object.fromEntries(
          names.filter((name) => name !== 'source').map((name) => [name, `\${resources.${SAMPLE}.${name}}`]),
        ),
        ...(names.includes('source') && { volumes: { '/data': { source: `\${resources.${SAMPLE}}` } } }),
      },
    },
    resources: { [SAMPLE]: { type: recipe.type, params: { ...params } } },
  };
}

/** Each value of each listed parameter once, beside the defaults of the others. */
function samples({ params = {} }: Recipe): Record<string, ParamValue>[] {
  const base: Record<string, ParamValue> = {};
  for (const [name, param] of Object.entries(params)) {
    if (param.default !== undefined) continue;
    if (param.kind === 'string') base[name] = OPEN;
    else if (param.kind === 'boolean') base[name] = true;
    else if (param.kind === 'number') base[name] = param.minimum ?? param.maximum ?? 1;
    else base[name] = namesOfValues(param.values)[0] ?? '';
  }
  const others = Object.entries(params).flatMap(([name, param]) =>
    param.kind === 'enum'
      ? namesOfValues(param.values)
          .filter((value) => value !== (base[name] ?? param.default))
          .map((value) => ({ ...base, [name]: value }))
      : [],
  );
  return [base, ...others];
}

/** Whether the port that a route leads to is there shows with the workload that asks for it. */
function withPorts(workload: ScoreWorkload): ScoreWorkload {
  const ports = Object.values(workload.resources ?? {}).flatMap(({ type, params }, index) => {
    const port = findResourceType(type)?.route && Number(params?.port);
    return port ? [[`port-${index}`, { port }] as const] : [];
  });
  return { ...workload, service: { ports: Object.fromEntries(ports) } };
}

/** Where in the recipe it is that a fault of the sample names. */
function inRecipe(recipe: Recipe, fault: ScoreError): ScoreError {
  const path =
    fault.path || /\bresources\.[\w-]+(?:\.[\w-]+|\[[^\]]{1,90}\])*/.exec(fault.message)?.[0] || '';
  const [root, name = '', ...rest] = partsOfPath(path);
  const message = fault.message.replaceAll(`${SAMPLE}-`, '').replaceAll(SAMPLE, 'main');
  if (root === 'containers') {
    const output = rest[0] === 'volumes' ? 'source' : String(rest[1] ?? '');
    return { path: formatPath(['outputs', output]), message };
  }
  if (root !== 'resources') return { path: '', message };
  const inner = Object.keys(recipe.resources).find(
    (one) => name === (one === 'main' ? SAMPLE : `${SAMPLE}-${one}`),
  );
  return { path: formatPath(inner === undefined ? ['resources'] : ['resources', inner, ...rest]), message };
}

/** Every fault once. What no place of the installation offers is among them. */
export async function recipeProblems(ports: Ports, recipe: Recipe): Promise<ScoreError[]> {
  if (findResourceType(recipe.type))
    return [{ path: 'type', message: `is the name of a type that Berth has itself: choose another one` }];
  const foreign = Object.entries(recipe.resources).filter(([, { type }]) => !findResourceType(type));
  if (foreign.length > 0)
    return foreign.map(([inner, { type }]) => ({
      path: formatPath(['resources', inner, 'type']),
      message: `${
        type === recipe.type ? 'is the recipe itself' : 'is none of Berth’s own types'
      }: a recipe is made of these alone: ${resourceTypes.map((one) => one.type).join(', ')}`,
    }));
  const faults = new Map<string, ScoreError>();
  for (const params of samples(recipe)) {
    const expanded = expandRecipes(
      sampleOf(recipe, params),
      new Map([[recipe.type, { version: 1, recipe }]]),
    );
    const found =
      expanded.problems.length > 0 ? expanded.problems : workloadProblems(withPorts(expanded.workload), '.');
    const problems = found.length > 0 ? found : await offerProblems(ports, expanded.workload);
    for (const { path, message } of problems.flatMap(faultsOf).map((fault) => inRecipe(recipe, fault)))
      faults.set(`${path} ${message}`, { path, message });
  }
  return [...faults.values()];
}
