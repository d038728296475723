/** What the parts of the adapter share: the client, and reads that several of them make. */

import { stripVTControlCharacters } from 'node:util';
import type { V1Deployment, V1Pod, V1Secret } from '@kubernetes/client-node';
import type { EnvironmentRef, InstanceRef } from '../../core/model/index.ts';
import { cut } from '../../ports/rules/log-lines.ts';
import { hasNoLog, whyUnread } from './api/api-errors.ts';
import type { Stored } from './api/apply.ts';
import type { KubernetesClient } from './api/client.ts';
import { collectionPath, objectPath } from './api/object-paths.ts';
import { readTracks } from './fence-object.ts';
import {
  COMPONENT_LABEL,
  DEPLOYMENT_LABEL,
  MANAGED_BY,
  NUMBER_ANNOTATION,
  otherTrack,
  podSelector,
  SERVICE_LABEL,
  selector,
  type Track,
} from './manifests/labels.ts';
import type { RenderOptions } from './manifests/options.ts';
import { deploymentName, namespaceName } from './object-names.ts';
import { type Mask, maskSecrets } from './pod-mask.ts';
import type { TrackState } from './tracks/track-state.ts';

export interface Cluster {
  client: KubernetesClient;
  render: RenderOptions;
  /** Two deployments of a workload may be served side by side. */
  hasTracks?: boolean;
}

export type StoredDeployment = V1Deployment & Stored;
export type StoredPod = V1Pod & Stored;

export const namespaceOf = ({ render }: Cluster, environment: EnvironmentRef): string =>
  namespaceName(render.namespacePrefix, environment);

export function deploymentPath(cluster: Cluster, ref: InstanceRef, track: Track): string {
  const namespace = namespaceOf(cluster, ref);
  return objectPath('Deployment', deploymentName(ref, namespace, track), namespace);
}

export const podsPath = (cluster: Cluster, ref: EnvironmentRef): string =>
  collectionPath('Pod', namespaceOf(cluster, ref));

export const podsQuery = (ref: InstanceRef): { labelSelector: string } => ({
  labelSelector: podSelector(ref),
});

/** All objects of a service. */
export const ofService = (ref: InstanceRef): { labelSelector: string } => ({
  labelSelector: selector({ [MANAGED_BY]: 'berth', [SERVICE_LABEL]: ref.service }),
});

/** What is declared of a workload, and where. */
export interface Declared {
  state: TrackState;
  serving: StoredDeployment | undefined;
  beside: StoredDeployment | undefined;
  /** Of the list that it was read by. */
  resourceVersion: string;
}

/** The state is read last: whoever changes something by what was read before is refused where that is not new any more. */
export async function readDeclared(cluster: Cluster, ref: InstanceRef): Promise<Declared> {
  const namespace = namespaceOf(cluster, ref);
  const { items, metadata } = await cluster.client.list<StoredDeployment>(
    collectionPath('Deployment', namespace),
    ofService(ref),
  );
  const state = await readTracks(cluster.client, ref, namespace);
  const on = (track: Track): StoredDeployment | undefined =>
    items.find(
      ({ metadata: { name, deletionTimestamp } }) =>
        name === deploymentName(ref, namespace, track) && !deletionTimestamp,
    );
  const { track } = state.serving;
  return {
    state,
    serving: on(track),
    beside: on(otherTrack(track)),
    resourceVersion: metadata.resourceVersion,
  };
}

/** Whether a pod is of the track of a Deployment. */
export const isOfTrack = ({ metadata }: StoredPod, { spec }: StoredDeployment): boolean =>
  metadata.labels?.[COMPONENT_LABEL] === spec?.selector.matchLabels?.[COMPONENT_LABEL];

/** The number that the pods of a Deployment carry: where it was taken back, not its own. */
export const startedAs = (deployment: StoredDeployment): number =>
  Number(deployment.spec?.template.metadata?.labels?.[DEPLOYMENT_LABEL]);

export const getDeployment = ({ client }: Cluster, path: string): Promise<StoredDeployment | undefined> =>
  client.get<StoredDeployment>(path);

export const numberOf = (object: Stored): number => Number(object.metadata.annotations?.[NUMBER_ANNOTATION]);

export const podNumber = (pod: Stored): number => Number(pod.metadata.labels?.[DEPLOYMENT_LABEL]);

/** Hides what the Secrets of a service's deployments hold; of one deployment, where a number is given. */
export async function maskOf(cluster: Cluster, ref: InstanceRef, number?: number): Promise<Mask> {
  const labels = {
    [SERVICE_LABEL]: ref.service,
    ...(number !== undefined && { [DEPLOYMENT_LABEL]: String(number) }),
  };
  const { items } = await cluster.client.list<V1Secret>(collectionPath('Secret', namespaceOf(cluster, ref)), {
    labelSelector: selector(labels),
  });
  return maskSecrets(items);
}

const TAIL_LINES = 30;
const TAIL_BYTES = 300;

export interface Tail {
  lines: string[];
  /** That it could not be read, and why, as a sentence. */
  unread?: string;
}

/** The last lines of a container's output: masked, without colours and control characters. */
export async function logTail(
  cluster: Cluster,
  ref: EnvironmentRef,
  at: { pod: string; container: string; previous: boolean },
  mask: Mask,
  lines = TAIL_LINES,
): Promise<Tail> {
  const path = `${podsPath(cluster, ref)}/${encodeURIComponent(at.pod)}/log`;
  let unread: string | undefined;
  // A log that can not be read explains nothing, and keeps no explanation back.
  const text = await cluster.client
    .text(path, { container: at.container, previous: at.previous, tailLines: lines * 4, limitBytes: 262_144 })
    .catch((error: Error) => {
      if (!hasNoLog(error)) unread = `Its output could not be read: ${whyUnread(error)}.`;
      return undefined;
    });
  if (unread !== undefined) return { lines: [], unread };
  const shown = (text ?? '')
    .split(/\r?\n/)
    .map((line) =>
      cut(
        stripVTControlCharacters(mask(line)).replace(/[\u0000-\u001f\u007f-\u009f]/g, ' '),
        TAIL_BYTES,
      ).trim(),
    )
    .filter(Boolean)
    .slice(-lines);
  return { lines: shown };
}
