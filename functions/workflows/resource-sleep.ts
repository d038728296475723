/** Resources that sleep with their environment. */
import { environmentPartition, RESOURCE_PREFIX } from '../core/keys.ts';
import type { EnvironmentRef, Resource } from '../core/model/index.ts';
import type { Ports } from '../ports/index.ts';
import { readAll } from '../records/read-all.ts';
import { findResourceType } from '../resources/index.ts';
import { resourceRequest } from '../resources/owner.ts';

/** Each is tried, whatever becomes of the others. @returns what failed */
export async function changeSleep(
  ports: Ports,
  ref: EnvironmentRef,
  environmentId: string,
  change: 'sleep' | 'wake',
): Promise<unknown[]> {
  const resources = await readAll<Resource>(ports.store, environmentPartition(ref), RESOURCE_PREFIX);
  const failures: unknown[] = [];
  for (const { data } of resources) {
    const work = data.state === 'ready' ? findResourceType(data.type)?.[change] : undefined;
    await work?.(ports, resourceRequest(data, environmentId)).catch((error: unknown) => failures.push(error));
  }
  return failures;
}
