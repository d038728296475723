/** Services of an environment: their standings are part of its record, so that one write changes both. */
import type { Environment, Instance, InstanceRef, Standing } from '../core/model/index.ts';
import { processService } from '../core/names.ts';
import { missing } from './commit.ts';

/** All services of an environment, by name; those that were removed from it are not among them. */
export const instancesOf = ({ project, name, services }: Environment): Instance[] =>
  Object.keys(services)
    .sort()
    .flatMap((service) => instanceIn({ project, name, services }, service) ?? []);

type Services = Pick<Environment, 'project' | 'name' | 'services'>;

/** One service of an environment; undefined where it was never deployed, or was removed. */
export function instanceIn(environment: Services, service: string): Instance | undefined {
  const instance = pastInstanceIn(environment, service);
  return instance?.state === 'removed' ? undefined : instance;
}

/** One service of an environment, also one that was removed from it; undefined where it was never deployed. */
export function pastInstanceIn({ project, name, services }: Services, service: string): Instance | undefined {
  const standing = Object.hasOwn(services, service) ? services[service] : undefined;
  return standing && { project, environment: name, service, ...standing };
}

/** All services that were ever deployed to an environment, by name. */
export const pastInstancesOf = (environment: Environment): Instance[] =>
  Object.keys(environment.services)
    .sort()
    .flatMap((service) => pastInstanceIn(environment, service) ?? []);

const notDeployed = (environment: Environment, service: string) =>
  missing(
    `deployment of service "${service}" in environment "${environment.name}"`,
    'Deploy a version of it there first.',
  );

/** @throws Problem not_found */
export function instanceOf(environment: Environment, service: string): Instance {
  const instance = instanceIn(environment, service);
  if (instance) return instance;
  throw notDeployed(environment, service);
}

/** A service whose history there is to read. @throws Problem not_found */
export function pastInstanceOf(environment: Environment, service: string): Instance {
  const instance = pastInstanceIn(environment, service);
  if (instance) return instance;
  throw notDeployed(environment, service);
}

/** Names of the processes that may run beside the web of each service; of those that have some. */
export const processNames = ({ services }: Pick<Environment, 'services'>): Record<string, string[]> =>
  Object.fromEntries(
    Object.entries(services).flatMap(([service, { processes }]) =>
      processes ? [[service, Object.keys(processes)]] : [],
    ),
  );

/** The service that runs under a name in its place: the one whose process has it, else the one of that name. */
export const serviceUnder = (environment: Pick<Environment, 'services'>, name: string): string =>
  Object.entries(processNames(environment)).find(([service, names]) =>
    names.some((process) => processService(service, process) === name),
  )?.[0] ?? name;

/** The environment with a changed standing of one service. */
export function withStanding(
  environment: Environment,
  { service }: Pick<InstanceRef, 'service'>,
  change: { [Field in keyof Standing]?: Standing[Field] | undefined },
): Environment {
  const {
    newest = 0,
    current,
    highest,
    state,
    replicas,
    processes,
  } = {
    ...pastInstanceIn(environment, service),
    ...change,
  };
  const standing = {
    newest,
    ...(current !== undefined && { current }),
    ...(highest !== undefined && { highest }),
    ...(state !== undefined && { state }),
    ...(replicas !== undefined && { replicas }),
    ...(processes !== undefined && Object.keys(processes).length > 0 && { processes }),
  };
  return { ...environment, services: { ...environment.services, [service]: standing } };
}
