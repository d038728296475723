/** Which services of all projects have resources by a recipe, and what another version of it would change of them. */
import type { Change } from '../../core/diff/change.ts';
import { diffWorkloads } from '../../core/diff/workload-diff.ts';
import {
  deploymentKey,
  ENVIRONMENT_PREFIX,
  environmentPartition,
  PROJECTS,
  projectPartition,
  RESOURCE_PREFIX,
} from '../../core/keys.ts';
import {
  type Deployment,
  type Environment,
  isTerminal,
  type Project,
  type Resource,
} from '../../core/model/index.ts';
import { Problem, type ProblemDetail } from '../../core/problem.ts';
import type { KeptRecipe } from '../../core/recipes/recipe.ts';
import type { ScoreWorkload } from '../../core/score/workload.ts';
import type { Ports } from '../../ports/index.ts';
import type { Store } from '../../ports/store.ts';
import { instancesOf } from '../../records/instances.ts';
import { readAll, readMany } from '../../records/read-all.ts';
import { recipesAt } from '../../records/recipes/recipes.ts';
import { workloadOf, workloadOfVersion } from '../../records/workloads.ts';
import { madeProblems } from '../../resources/recipes/made-problems.ts';
import { type PlannedResource, plannedResources } from '../deployments/planned-resources.ts';

/** A deployment that serves, or is under way, with what its environment is. */
export interface RecipeUser {
  deployment: Deployment;
  environment: Environment;
  serves: boolean;
  stopped: boolean;
}

export interface RecipeUse extends RecipeUser {
  /** The version by which it was made. */
  version: number;
  changes: Change[];
  /** Resources whose data the service would lose by that. */
  losses: PlannedResource[];
  /** Why its next deployment would be refused. */
  problems: ProblemDetail[];
}

/** How many projects are read at the same time. */
const AT_ONCE = 10;

const uses = ({ recipes = {} }: Deployment, type: string): boolean =>
  Object.values(recipes).some((pin) => pin.type === type);

/** What serves by a recipe, or is on its way there, in the order of the projects. It reads all environments: nothing points from a recipe to them. */
export async function usersOf(store: Store, type: string): Promise<RecipeUser[]> {
  const projects = (await readAll<Project>(store, PROJECTS)).map(({ data }) => data.name);
  const found: RecipeUser[] = [];
  for (let at = 0; at < projects.length; at += AT_ONCE) {
    const some = projects.slice(at, at + AT_ONCE).map((project) => usersIn(store, project, type));
    found.push(...(await Promise.all(some)).flat());
  }
  return found;
}

async function usersIn(store: Store, project: string, type: string): Promise<RecipeUser[]> {
  const environments = await readAll<Environment>(store, projectPartition(project), ENVIRONMENT_PREFIX);
  const asked = environments.flatMap(({ data: environment }) =>
    instancesOf(environment).flatMap((instance) => {
      const stopped = instance.state === 'stopped';
      const numbers = [...new Set([instance.current, instance.newest])];
      return numbers.flatMap((number) =>
        number === undefined || number === 0
          ? []
          : [
              {
                key: deploymentKey(instance, number),
                environment,
                serves: number === instance.current,
                stopped,
              },
            ],
      );
    }),
  );
  const items = await readMany<Deployment>(
    store,
    asked.map(({ key }) => key),
  );
  return asked.flatMap(({ key: _, ...of }, at) => {
    const deployment = items[at]?.data;
    const counts = deployment && uses(deployment, type) && (of.serves || !isTerminal(deployment.status));
    return counts ? [{ ...of, deployment }] : [];
  });
}

/**
 * What serves by a recipe, and what its next deployment would change if the recipe were this one.
 * @param next with the number that it has, or would get
 */
export async function recipeUses(ports: Ports, next: KeptRecipe): Promise<RecipeUse[]> {
  const found: RecipeUse[] = [];
  for (const user of await usersOf(ports.store, next.recipe.type)) {
    if (!user.serves) continue;
    const use = await oneUse(ports.store, user, next).catch((error: unknown) => {
      // Its version was deleted meanwhile, with its service.
      if (error instanceof Problem && error.code === 'not_found') return undefined;
      throw error;
    });
    if (use) found.push(use);
  }
  return found;
}

async function oneUse(store: Store, user: RecipeUser, next: KeptRecipe): Promise<RecipeUse> {
  const { deployment } = user;
  const { type } = next.recipe;
  const pins = deployment.recipes ?? {};
  const version = Object.values(pins).find((pin) => pin.type === type)?.version ?? 0;
  const before = await workloadOf(store, deployment);
  const recipes = new Map([...(await recipesAt(store, pins)), [type, next] as const]);
  const ofVersion = await workloadOfVersion(store, deployment);
  const after = madeProblems(ofVersion, deployment.digest, recipes);
  const scale = { before: deployment.replicas, after: deployment.replicas };
  const changes = after.problems.length > 0 ? [] : diffWorkloads(before, after.workload, scale);
  return {
    ...user,
    version,
    changes,
    losses: changes.length > 0 ? await lossesOf(store, deployment, after.workload) : [],
    problems: after.problems.map((problem) => problem.toDetail()),
  };
}

async function lossesOf(
  store: Store,
  deployment: Deployment,
  workload: ScoreWorkload,
): Promise<PlannedResource[]> {
  const items = await readAll<Resource>(store, environmentPartition(deployment), RESOURCE_PREFIX);
  const records = new Map(items.map(({ data }) => [data.uid, data]));
  return plannedResources(deployment.service, workload, records).filter(({ data }) => data !== undefined);
}
