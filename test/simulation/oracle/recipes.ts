/**
 * What must hold of recipes: a deployment is made by the newest version, or by that of what it brings back; what runs is made by the
 * version that its deployment has pinned; versions stay as they were; and none is deleted by which something serves.
 */
import { RECIPES, recipeVersionsPartition } from '../../../functions/core/keys.ts';
import type { RecipeVersion } from '../../../functions/core/model/index.ts';
import { type Deployment, type Environment, isSameAgain } from '../../../functions/core/model/index.ts';
import type { WorkloadSpec } from '../../../functions/ports/workloads.ts';
import { instancesOf } from '../../../functions/records/instances.ts';
import { monotonicNow } from '../clock.ts';
import type { Changed } from '../ports/records.ts';
import { RECIPE } from '../setting.ts';
import type { World } from '../world.ts';
import { deploymentName, type Ledger } from './ledger.ts';

/** What a request has read is this old at the most when it is written, milliseconds. */
const READ_MS = 240_000;

const pinOf = (deployment: Deployment | undefined): number | undefined => deployment?.recipes?.db?.version;

export function createRecipeOracle(world: World, { deployments, environments }: Ledger) {
  /** What the versions say of themselves, by their numbers. */
  const marks = new Map<number, string>();
  /** Which was the newest until when, monotonic milliseconds. */
  const past: { version: number | undefined; until: number }[] = [];
  let newest: number | undefined;
  /** Since when deployments serve by the recipe, monotonic milliseconds. */
  const since = new Map<string, number>();

  function noteNewest({ after }: Changed): void {
    past.push({ version: newest, until: monotonicNow() });
    newest = after === undefined ? undefined : (JSON.parse(after) as RecipeVersion).version;
    if (newest !== undefined) return;
    for (const [name, from] of users())
      if (monotonicNow() - (since.get(name) ?? monotonicNow()) > READ_MS)
        world.violate(`The recipe is deleted, and ${name} serves by version ${from} of it`);
  }

  function noteVersion({ before, after }: Changed): void {
    if (before !== undefined || after === undefined) {
      world.violate(`A version of the recipe is not what it was: ${before}`);
      return;
    }
    const { version, recipe } = JSON.parse(after) as RecipeVersion;
    marks.set(version, recipe.outputs.mark ?? '');
  }

  /** What serves by the recipe, with the version. */
  function users(): Map<string, number> {
    const found = new Map<string, number>();
    for (const environment of environments.values())
      for (const instance of instancesOf(environment)) {
        const { current } = instance;
        const name = current && deploymentName({ ...instance, number: current });
        const version = name ? pinOf(deployments.get(name)) : undefined;
        if (name && version !== undefined) found.set(name, version);
      }
    return found;
  }

  function checkPin(deployment: Deployment): void {
    const { project, environment, service, kind, rollbackTo } = deployment;
    const name = deploymentName(deployment);
    const pin = pinOf(deployment);
    const current = environments.get(`${project}/${environment}`)?.services[service]?.current;
    const again = rollbackTo ?? (isSameAgain(kind) ? current : undefined);
    if (again !== undefined) {
      const before = pinOf(deployments.get(deploymentName({ ...deployment, number: again })));
      if (pin !== before)
        world.violate(`${name} brings back #${again} of version ${before} of the recipe, and has ${pin}`);
    } else if (pin !== undefined && (kind === 'deploy' || kind === 'promote')) {
      const wasNewest = past.some(
        ({ version, until }) => version === pin && monotonicNow() - until < READ_MS,
      );
      if (pin !== newest && !wasNewest)
        world.violate(`${name} is made by version ${pin} of the recipe, and the newest is ${newest}`);
    }
  }

  return {
    users(): ReadonlyMap<string, number> {
      const all = users();
      const isKnown = (name: string): boolean =>
        monotonicNow() - (since.get(name) ?? monotonicNow()) > READ_MS;
      return new Map([...all].filter(([name]) => isKnown(name)));
    },
    note(changed: readonly Changed[]): void {
      for (const one of changed) {
        const { pk, sk, before, after } = one;
        if (pk === RECIPES && sk === RECIPE) noteNewest(one);
        else if (pk === recipeVersionsPartition(RECIPE)) noteVersion(one);
        else if (pk.startsWith('deployments#') && before === undefined && after !== undefined)
          checkPin(JSON.parse(after) as Deployment);
        else if (sk.startsWith('environment#')) {
          const all = users();
          for (const name of since.keys()) if (!all.has(name)) since.delete(name);
          for (const name of all.keys()) if (!since.has(name)) since.set(name, monotonicNow());
        }
      }
    },
    /** What serves is what the version makes that its deployment has pinned. */
    look({ id }: Environment, spec: WorkloadSpec): void {
      const deployment = deployments.get(deploymentName(spec));
      if (spec.processOf !== undefined || !deployment || deployment.environmentId !== id) return;
      const pin = pinOf(deployment);
      const mark = spec.containers[0]?.variables.find(({ name }) => name === 'MARK')?.value;
      if (mark !== (pin === undefined ? undefined : marks.get(pin)))
        world.violate(
          `${deploymentName(spec)} has pinned version ${pin} of the recipe, and runs with ${mark}`,
        );
    },
  };
}
