/** Writing objects: server-side apply, in which Berth owns only the fields that it declares. */
import type { V1ManagedFieldsEntry } from '@kubernetes/client-node';
import type { KubernetesObject } from '../manifests/objects.ts';
import { FIELD_MANAGER } from '../object-names.ts';
import { isAlreadyThere, isConflict, isImmutable, isInvalid, isNotFound } from './api-errors.ts';
import type { KubernetesClient } from './client.ts';
import { collectionPath, pathOf } from './object-paths.ts';
import { toWire } from './wire.ts';

/** What every stored object has. */
export interface Stored {
  metadata: {
    name: string;
    uid: string;
    resourceVersion: string;
    generation?: number;
    creationTimestamp?: string;
    deletionTimestamp?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    managedFields?: V1ManagedFieldsEntry[];
  };
}

/**
 * Server-side apply. `force` takes only fields that this object declares, so that a change made by hand to one
 * of ours is undone and everything else is left alone. With a `resourceVersion` in its metadata it is a
 * precondition: 409 if the object has changed since.
 */
export async function apply<T extends Stored>(
  client: KubernetesClient,
  object: KubernetesObject,
): Promise<T> {
  const send = (): Promise<T> =>
    client.call<T>('PATCH', pathOf(object), {
      query: { fieldManager: FIELD_MANAGER, force: true },
      contentType: 'application/apply-patch+yaml',
      body: toWire(object),
    });
  try {
    return await send();
  } catch (error) {
    // A Secret of a deployment never changes, but the same number comes again where an environment is made anew.
    if (object.kind !== 'Secret' || !isImmutable(error)) throw error;
    await remove(client, pathOf(object));
    return send();
  }
}

/**
 * Makes an object only if it is not there: an apply has no such precondition.
 * @returns undefined if it is there
 */
export async function create<T extends Stored>(
  client: KubernetesClient,
  object: KubernetesObject,
): Promise<T | undefined> {
  try {
    const made = await client.call<T>('POST', collectionPath(object.kind, object.metadata.namespace), {
      query: { fieldManager: FIELD_MANAGER },
      body: toWire(object),
    });
    await ownAsApplied(client, object, made);
    return made;
  } catch (error) {
    if (isAlreadyThere(error)) return undefined;
    throw error;
  }
}

const isCreated = ({ manager, operation, subresource }: V1ManagedFieldsEntry): boolean =>
  manager === FIELD_MANAGER && operation === 'Update' && !subresource;

/**
 * What was created counts as written by an update, and a later apply would not take away what it no longer
 * declares. So the entry is made one of an apply.
 * @returns whether there was anything to do: the object has another version then
 */
export async function ownAsApplied(
  client: KubernetesClient,
  object: KubernetesObject,
  stored: Stored,
): Promise<boolean> {
  const at = (stored.metadata.managedFields ?? []).findIndex(isCreated);
  if (at < 0) return false;
  const path = `/metadata/managedFields/${at}`;
  try {
    await client.call('PATCH', pathOf(object), {
      contentType: 'application/json-patch+json',
      body: [
        { op: 'test', path: `${path}/manager`, value: FIELD_MANAGER },
        { op: 'test', path: `${path}/operation`, value: 'Update' },
        { op: 'replace', path: `${path}/operation`, value: 'Apply' },
      ],
    });
  } catch (error) {
    // The entries have moved, or the object is gone: whoever applies next sees to it.
    if (!isConflict(error) && !isInvalid(error) && !isNotFound(error)) throw error;
  }
  return true;
}

/** With what it follows as the precondition; the uid, since an apply with a version alone makes what was removed. */
export const after = (
  object: KubernetesObject,
  { metadata: { uid, resourceVersion } }: Stored,
): KubernetesObject => ({ ...object, metadata: { ...object.metadata, uid, resourceVersion } });

/** Deletes; what is not there is fine. */
export async function remove(
  client: KubernetesClient,
  path: string,
  preconditions?: { uid: string; resourceVersion?: string },
): Promise<void> {
  await client
    .call('DELETE', path, {
      body: {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        propagationPolicy: 'Background',
        ...(preconditions && { preconditions }),
      },
    })
    .catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
}
