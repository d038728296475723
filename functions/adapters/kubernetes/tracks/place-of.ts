/** On which track a deployment goes, and what that makes of what is there. */
import { isDeepStrictEqual } from 'node:util';
import type { V1Secret } from '@kubernetes/client-node';
import type { WorkloadSpec } from '../../../ports/workloads.ts';
import type { Stored } from '../api/apply.ts';
import { pathOf } from '../api/object-paths.ts';
import { type Placement, type RenderImages, renderManifests } from '../manifests/index.ts';
import { CONTENT_ANNOTATION } from '../manifests/labels.ts';
import { type Cluster, type Declared, numberOf, type StoredDeployment, startedAs } from '../shared-reads.ts';
import { isRolledOut } from '../trouble.ts';
import { nextPlace, type TrackState, withoutCandidate } from './track-state.ts';

export interface Place {
  placement: Placement;
  next: TrackState;
  /** It is there, and only has to be led to. */
  isTakenBack: boolean;
}

/** Whether what runs is good enough to have requests at once. */
const isWell = (deployment: StoredDeployment): boolean =>
  isRolledOut(deployment) && (deployment.spec?.replicas ?? 1) > 0;

export async function placeOf(
  cluster: Cluster,
  spec: WorkloadSpec,
  images: RenderImages,
  { state, serving, beside }: Declared,
  now: number,
): Promise<Place> {
  const { number } = spec;
  const on = state.beside;
  if (serving && numberOf(serving) === number) {
    const placement = { ...state.serving, startedAs: startedAs(serving) };
    return { placement, next: withoutCandidate(state), isTakenBack: false };
  }
  if (on && beside && on.role !== 'failed') {
    const { track, since } = on;
    const placement = { track, since, startedAs: startedAs(beside) };
    if (on.role === 'candidate') {
      if (on.number === number) return { placement, next: state, isTakenBack: false };
    } else if (
      (on.number === number || spec.reuse) &&
      (await isSame(cluster, spec, images, beside, placement))
    ) {
      const until = now + (spec.warmSeconds ?? 0) * 1000;
      // What is put back takes the place of something that failed.
      const isKept = serving && isWell(serving) && spec.fence === number && until > now;
      return {
        placement,
        next: {
          serving: { track, since },
          ...(isKept && { beside: { ...state.serving, number: numberOf(serving), role: 'warm', until } }),
        },
        isTakenBack: true,
      };
    }
  }
  if (!serving) return inPlace({ serving: { track: state.serving.track, since: number } });
  // Nobody waits for what is put back, so that nobody would lead to it once it is ready.
  const isWaitedFor = spec.fence === number;
  const isTried = spec.trial || ((spec.warmSeconds ?? 0) > 0 && spec.ports.length > 0);
  const isBeside = cluster.hasTracks && isWaitedFor && isTried && spec.strategy !== 'recreate';
  if (!isBeside || serving.spec?.replicas === 0) return inPlace({ serving: state.serving });
  const placed = nextPlace(state, number);
  const { trial = false, warmSeconds = 0, keepFailedSeconds = 0 } = spec;
  return {
    placement: placed,
    next: {
      serving: state.serving,
      beside: {
        ...placed,
        number,
        role: 'candidate',
        isTrial: trial,
        percent: 0,
        warmSeconds,
        keepFailedSeconds,
      },
    },
    isTakenBack: false,
  };
}

const inPlace = (next: TrackState): Place => ({ placement: next.serving, next, isTakenBack: false });

/** Whether what is warm is well, scaled as it is wanted, and the same as a spec in all but its number. */
async function isSame(
  cluster: Cluster,
  spec: WorkloadSpec,
  images: RenderImages,
  warm: StoredDeployment,
  placement: Placement,
): Promise<boolean> {
  const { replicas, maxReplicas = replicas } = spec;
  const scaled = warm.spec?.replicas ?? 1;
  if (!isWell(warm) || scaled < replicas || scaled > Math.max(replicas, maxReplicas)) return false;
  const objects = renderManifests(spec, images, cluster.render, placement);
  const contentOf = ({ metadata }: { metadata: { annotations?: Record<string, string> } }) =>
    metadata.annotations?.[CONTENT_ANNOTATION];
  const same = objects.some(
    (object) => object.kind === 'Deployment' && contentOf(object) === contentOf(warm),
  );
  if (!same) return false;
  // Credentials that were rotated meanwhile are in Secrets alone.
  const secrets = await Promise.all(
    objects
      .filter((object) => object.kind === 'Secret')
      .map(async (object) => {
        const stored = await cluster.client.get<V1Secret & Stored>(pathOf(object));
        return isDeepStrictEqual(stored?.data, object.data);
      }),
  );
  return secrets.every(Boolean);
}
