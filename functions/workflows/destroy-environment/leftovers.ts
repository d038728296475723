/** What still exists of an environment. */
import { environmentName, environmentPartition, RESOURCE_PREFIX } from '../../core/keys.ts';
import type { EnvironmentRef, Resource } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import { getEnvironment } from '../../records/read.ts';
import { readAll } from '../../records/read-all.ts';
import { resourceType } from '../../resources/index.ts';
import { resourceRequest } from '../../resources/owner.ts';

/** Leftovers are tried again after this time, milliseconds. */
export const LEFTOVER_RETRY_MS = 60_000;

export const resourcesOf = (ports: Ports, ref: EnvironmentRef) =>
  readAll<Resource>(ports.store, environmentPartition(ref), RESOURCE_PREFIX);

export const secretsPrefix = (ref: EnvironmentRef): string => `${environmentName(ref)}/`;

/** The names of everything that is left, in words. */
export async function leftovers(ports: Ports, ref: EnvironmentRef): Promise<string[]> {
  const { data: environment } = await getEnvironment(ports.store, ref);
  const resources = await resourcesOf(ports, ref);
  const ofResources = await Promise.all(
    resources.map(({ data }) =>
      resourceType(data.type).inventory(ports, resourceRequest(data, environment.id)),
    ),
  );
  const secrets = await ports.secrets.list(secretsPrefix(ref));
  return [
    ...(await ports.workloads.inventory(ref)),
    ...resources.map(({ data }) => `resource ${data.uid}`),
    ...ofResources.flat(),
    ...secrets.map((path) => `secret ${path}`),
  ];
}
