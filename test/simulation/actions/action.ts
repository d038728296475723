/** What an action is, and what most of them choose. */
import type { Role } from '../../../functions/core/authorization/roles.ts';
import type { Client } from '../clients.ts';
import type { createRecipeOracle } from '../oracle/recipes.ts';
import type { SimulatedGitHost } from '../ports/git-host.ts';
import type { SimulatedKeeper } from '../ports/keeper.ts';
import type { SimulatedRegistry } from '../ports/registry.ts';
import { ENVIRONMENTS, PROJECTS, projectPath } from '../setting.ts';
import type { World } from '../world.ts';

export interface Actor {
  world: World;
  client: Client;
  git: SimulatedGitHost;
  keeper: SimulatedKeeper;
  registry: SimulatedRegistry;
  recipes: Pick<ReturnType<typeof createRecipeOracle>, 'users'>;
  /** A request from outside comes for an environment. */
  touch(project: string, environment: string): void;
}

/** How often it is done, against the others, and what is done. */
export type Action = [weight: number, act: (actor: Actor) => Promise<unknown>];

export interface Target {
  project: string;
  environment: string;
  service: string;
  /** Paths of the API. */
  in: string;
  at: string;
  of: string;
}

/** A service in an environment of a project in which the actor has at least a role. */
export function choose({ world: { random }, client }: Actor, least: Role = 'developer'): Target {
  const project = random.pick(client.projects(least));
  const environment = random.pick(ENVIRONMENTS);
  const service = random.pick(PROJECTS.find(({ name }) => name === project)?.services ?? []);
  const path = projectPath(project);
  const at = `${path}/environments/${environment}`;
  return { project, environment, service, in: path, at, of: `${at}/services/${service}` };
}

export const newValue = ({ world: { random } }: Actor): string =>
  `value-${random.below(1e9)}-${random.below(1e9)}`;

/** The items of a list, where there was an answer. */
export async function list<Item>({ client }: Actor, path: string): Promise<Item[]> {
  const told = await client.ask('GET', path);
  return (told?.body.items ?? []) as Item[];
}
