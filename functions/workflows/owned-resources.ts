/** Code that the workflows which make, rotate and remove resources share. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  backupPlanKey,
  backupPrefix,
  environmentKey,
  environmentPartition,
  operationLog,
  resourceKey,
} from '../core/keys.ts';
import { type Environment, type EnvironmentRef, type Resource, SYSTEM_ACTOR } from '../core/model/index.ts';
import { Problem } from '../core/problem.ts';
import type { Ports } from '../ports/index.ts';
import type { Item, Store } from '../ports/store.ts';
import { commit } from '../records/commit.ts';
import { readAll } from '../records/read-all.ts';
import { resourceType } from '../resources/index.ts';
import { resourceBeingRemoved, resourceRequest } from '../resources/owner.ts';
import { type ResourceIdentity, ResourcePending } from '../resources/type.ts';
import { StillProgressing } from './step.ts';

/** How long to wait before a pending resource is looked at again, milliseconds. */
const PENDING_MS = 5_000;

/** Asks again while the resource is pending; near the end of the step's time it hands over to the next invocation. */
export async function untilSettled<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ResourcePending)) throw error;
    }
    await sleep(PENDING_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) throw new StillProgressing();
  }
}

export const notEmpty = (left: readonly string[]): Problem =>
  new Problem('not_empty', `Not everything could be removed: ${left.slice(0, 5).join(', ')}.`, {
    hint: 'It is tried again by itself; the environment lists what is left.',
  });

/**
 * Removes what a resource stands for, then its owner record. The record goes last: a resource that is left over must
 * not be without an owner (I4).
 * @throws Problem not_empty | StillProgressing
 */
export async function removeResource(
  ports: Ports,
  { operation, environmentId }: { operation: string; environmentId: string },
  resource: Resource,
  signal: AbortSignal,
): Promise<void> {
  const { project, environment, uid } = resource;
  const ref = { project, environment };
  const type = resourceType(resource.type);
  const request = resourceRequest(resource, environmentId);
  await untilSettled(signal, () => type.deprovision(ports, request));
  const left = await type.inventory(ports, request);
  if (left.length > 0) throw notEmpty(left);
  for (const message of (await type.kept?.(ports, request)) ?? [])
    ports.logs.append(operationLog(operation), {
      at: new Date(ports.effects.now()).toISOString(),
      message: `Kept of ${uid}: ${message}`,
      source: 'berth',
    });
  // What they hold is gone with the resource.
  const backups = await readAll(ports.store, environmentPartition(ref), backupPrefix(uid));
  await commit(
    ports,
    { actor: SYSTEM_ACTOR },
    {
      writes: [
        { delete: resourceKey(ref, uid) },
        { delete: backupPlanKey(ref, uid) },
        ...backups.map(({ pk, sk }) => ({ delete: { pk, sk } })),
      ],
      events: [{ ...ref, operation, type: 'resource.removed', data: { uid } }],
    },
  );
}

type Owned = Pick<ResourceIdentity, 'project' | 'environment' | 'environmentId' | 'uid'>;

/**
 * Whether what is made for a resource has an owner still, who removes it.
 * @throws Problem environment_gone | operation_in_progress for a resource that is removed, or was
 */
export async function checkOwner(store: Store, request: Owned): Promise<void> {
  await ownEnvironment(store, request);
  const item = await store.get<Resource>(resourceKey(request, request.uid));
  if (!item || item.data.state === 'removing') throw resourceBeingRemoved(request);
}

/** @throws Problem environment_gone */
export async function ownEnvironment(store: Store, request: Omit<Owned, 'uid'>): Promise<Item<Environment>> {
  const item = await store.get<Environment>(environmentKey(request));
  if (item?.data.id !== request.environmentId || item.data.state === 'destroying') throw gone(request);
  return item;
}

export const gone = ({ environment }: EnvironmentRef): Problem =>
  new Problem('environment_gone', `Environment "${environment}" is being destroyed.`, {
    hint: 'Create another environment and deploy there.',
  });
