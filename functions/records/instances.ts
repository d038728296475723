/** Services of an environment: their standings are part of its record, so that one write changes both. */
import type { Environment, Instance, InstanceRef } from '../core/model/index.ts';
import { missing } from './commit.ts';

/** All services of an environment, by name. */
export const instancesOf = ({ project, name, services }: Environment): Instance[] =>
  Object.keys(services)
    .sort()
    .flatMap((service) => instanceIn({ project, name, services }, service) ?? []);

/** One service of an environment; undefined where it was never deployed. */
export function instanceIn(
  { project, name, services }: Pick<Environment, 'project' | 'name' | 'services'>,
  service: string,
): Instance | undefined {
  const standing = Object.hasOwn(services, service) ? services[service] : undefined;
  return standing && { project, environment: name, service, ...standing };
}

/** @throws Problem not_found */
export function instanceOf(environment: Environment, service: string): Instance {
  const instance = instanceIn(environment, service);
  if (instance) return instance;
  throw missing(
    `deployment of service "${service}" in environment "${environment.name}"`,
    'Deploy a version of it there first.',
  );
}

/** The environment with a changed standing of one service. */
export function withStanding(
  environment: Environment,
  { service }: Pick<InstanceRef, 'service'>,
  change: Partial<Instance>,
): Environment {
  const { newest = 0, current, highest } = { ...instanceIn(environment, service), ...change };
  const standing = {
    newest,
    ...(current !== undefined && { current }),
    ...(highest !== undefined && { highest }),
  };
  return { ...environment, services: { ...environment.services, [service]: standing } };
}
