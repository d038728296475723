/** How the things made for a resource are named, and how they are told apart from things that are not Berth's. */
import type { EnvironmentRef, Resource } from '../core/model/index.ts';
import { shortHash } from '../core/names.ts';
import { Problem, type ProblemOptions } from '../core/problem.ts';
import { formatPath } from '../core/score/file/score-faults.ts';
import type { ResourceRequest } from './type.ts';

/**
 * The tag that is written on everything made for a resource. An earlier environment of the same name has another id.
 */
export const ownerTag = ({ environmentId, uid }: Pick<ResourceRequest, 'environmentId' | 'uid'>): string =>
  `berth:${environmentId}:${uid}`;

/**
 * A label of at most `max` characters, different for each uid of an environment: the readable part of it, and
 * a hash of all of it.
 */
export function resourceLabel({ id, uid }: Pick<ResourceRequest, 'id' | 'uid'>, max: number): string {
  const hash = shortHash(uid);
  const readable = id
    .toLowerCase()
    .slice(0, max)
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, max - hash.length - 1)
    .replace(/-$/, '');
  return readable === '' ? hash : `${readable}-${hash}`;
}

/**
 * The name of a server for one resource: letters, digits and single hyphens, a letter first, at most 63, as RDS takes
 * it. The hash tells apart names that read alike.
 */
export function serverName(
  prefix: string,
  { project, environment, uid }: EnvironmentRef & { uid: string },
): string {
  const readable = `${project}-${environment}`.replaceAll(/-+/g, '-').slice(0, 40).replace(/-$/, '');
  return `${prefix}-${readable}-${shortHash([project, environment, uid].join('\u001f'), 12)}`;
}

/** The path of a resource's secret outputs in the Secrets port. */
export function resourceSecretPath(request: EnvironmentRef & { uid: string }, output: string): string {
  const { project, environment, uid } = request;
  // A slash in a part would reach into other resources' or environments' secrets.
  if ([project, environment, uid].some((part) => !/^[a-zA-Z0-9][a-zA-Z0-9._#-]*$/.test(part))) {
    throw invalidResource(request, 'its name holds characters that are not allowed', {
      hint: 'Use letters, digits, hyphens and dots in the resource’s name and id.',
    });
  }
  return `${project}/${environment}/resources/${uid}/${output}`;
}

/** Below it are the URLs of the databases that are being imported into a resource. */
export const importsPath = (request: EnvironmentRef & { uid: string }): string =>
  resourceSecretPath(request, 'import');

export const invalidResource = ({ uid }: { uid: string }, why: string, options: ProblemOptions): Problem =>
  new Problem('invalid_resource', `The resource ${uid.slice(0, 120)} can not be provided: ${why}.`, options);

export const resourceBeingRemoved = ({ uid }: { uid: string }): Problem =>
  new Problem('operation_in_progress', `The resource "${uid}" is being removed.`, {
    hint: 'Deploy again in a moment. If it stays, a removal failed: remove that service once more, then deploy.',
  });

/** Refuses any class but `default` for types without variants. Score takes that class when none is given. */
export function requireDefaultClass(request: ResourceRequest): void {
  if (request.class !== 'default') throw noSuchClass(request, ['default']);
}

/** @param name the workload's name for the resource, where it is known */
export function noSuchClass(
  request: Pick<ResourceRequest, 'uid' | 'class'>,
  classes: readonly string[],
  name?: string,
): Problem {
  const why = `there is no class "${request.class.slice(0, 80)}" of its type`;
  const place = name !== undefined && formatPath(['resources', name, 'class']);
  return invalidResource(request, why, {
    hint: `Leave out the class, or write ${classes.map((one) => `"${one}"`).join(' or ')}.`,
    ...(place && { extra: { errors: [{ path: place, message: why }] } }),
  });
}

/** The request to a resource type, made from the owner record. */
export const resourceRequest = (resource: Resource, environmentId: string) => ({
  project: resource.project,
  environment: resource.environment,
  environmentId,
  service: resource.services[0] ?? '',
  uid: resource.uid,
  class: resource.class,
  id: resource.id,
  operation: resource.operation,
});
