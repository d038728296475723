/**
 * The fence in the cluster (I5): the highest number that was ever let in for a service, in an object of its own
 * so that it outlives the workload, and beside it which deployment is on which track. Both are written only if nobody
 * else has written since, so that who comes late changes nothing.
 */
import { isDeepStrictEqual } from 'node:util';
import type { InstanceRef } from '../../core/model/index.ts';
import { Problem, TransientError } from '../../core/problem.ts';
import { isConflict } from './api/api-errors.ts';
import { create, type Stored } from './api/apply.ts';
import type { KubernetesClient } from './api/client.ts';
import { objectPath } from './api/object-paths.ts';
import { FENCE_ANNOTATION, instanceLabels } from './manifests/labels.ts';
import type { ConfigMapObject } from './manifests/objects.ts';
import { fenceName } from './object-names.ts';
import { parseTracks, type TrackState } from './tracks/track-state.ts';

const TRIES = 20;

/** Where the object has the tracks. */
const TRACKS = 'tracks';

type StoredFence = Stored & { data?: Record<string, string> };

export const fenced = (service: string, fence: number, newest: number): Problem =>
  new Problem('fenced', `Deployment ${fence} of ${service} is not let in: ${newest} has taken over.`, {
    hint: `Follow deployment ${newest} instead.`,
  });

/** The fence that an object carries; 0 where it has none. */
export const fenceOf = (object: Stored | undefined): number =>
  Number(object?.metadata.annotations?.[FENCE_ANNOTATION] ?? 0);

export async function readFence(
  client: KubernetesClient,
  ref: InstanceRef,
  namespace: string,
): Promise<number> {
  return fenceOf(await client.get<Stored>(objectPath('ConfigMap', fenceName(ref), namespace)));
}

/** Lets `fence` in. @throws Problem fenced if a higher one was let in before */
export async function raiseFence(
  client: KubernetesClient,
  ref: InstanceRef,
  namespace: string,
  fence: number,
): Promise<void> {
  await write(client, ref, namespace, (newest, state) => {
    if (newest > fence) throw fenced(ref.service, fence, newest);
    return { fence, state };
  });
}

export async function readTracks(
  client: KubernetesClient,
  ref: InstanceRef,
  namespace: string,
): Promise<TrackState> {
  const stored = await client.get<StoredFence>(objectPath('ConfigMap', fenceName(ref), namespace));
  return parseTracks(stored?.data?.[TRACKS]);
}

/**
 * Changes which deployment is where, of the very state that `change` was shown.
 * @param change throws what keeps it from that; undefined as its result forgets all
 * @param fence as in WorkloadSpec; absent where what was shown says enough
 * @throws Problem fenced
 */
export async function changeTracks(
  client: KubernetesClient,
  ref: InstanceRef,
  namespace: string,
  change: (state: TrackState) => TrackState | undefined,
  fence?: number,
): Promise<void> {
  await write(client, ref, namespace, (newest, state) => {
    if (fence !== undefined && newest > fence) throw fenced(ref.service, fence, newest);
    return { fence: newest, state: change(state) };
  });
}

async function write(
  client: KubernetesClient,
  ref: InstanceRef,
  namespace: string,
  change: (newest: number, state: TrackState) => { fence: number; state: TrackState | undefined },
): Promise<void> {
  const path = objectPath('ConfigMap', fenceName(ref), namespace);
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const present = await client.get<StoredFence>(path);
    const before = { fence: fenceOf(present), state: parseTracks(present?.data?.[TRACKS]) };
    const { fence, state } = change(before.fence, before.state);
    if (present && isDeepStrictEqual({ fence, state }, before)) return;
    const object: ConfigMapObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: fenceName(ref),
        namespace,
        labels: instanceLabels(ref),
        annotations: { [FENCE_ANNOTATION]: String(fence) },
      },
      ...(state && { data: { [TRACKS]: JSON.stringify(state) } }),
    };
    if (!present) {
      if (await create(client, object)) return;
      continue;
    }
    try {
      const { resourceVersion } = present.metadata;
      await client.call('PUT', path, {
        body: { ...object, metadata: { ...object.metadata, resourceVersion } },
      });
      return;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
  throw new TransientError(`The fence of ${ref.service} is written by many at once.`);
}
