/** What the parts of the adapter share: the client, and reads that several of them make. */

import { stripVTControlCharacters } from 'node:util';
import type { V1Deployment, V1Pod, V1Secret } from '@kubernetes/client-node';
import type { EnvironmentRef, InstanceRef } from '../../core/model/index.ts';
import { cut } from '../../ports/rules/log-lines.ts';
import { hasNoLog, whyUnread } from './api/api-errors.ts';
import type { Stored } from './api/apply.ts';
import type { KubernetesClient } from './api/client.ts';
import { collectionPath, objectPath } from './api/object-paths.ts';
import {
  DEPLOYMENT_LABEL,
  NUMBER_ANNOTATION,
  SERVICE_LABEL,
  selector,
  selectorLabels,
} from './manifests/labels.ts';
import type { RenderOptions } from './manifests/options.ts';
import { namespaceName, serviceName } from './object-names.ts';
import { type Mask, maskSecrets } from './pod-mask.ts';

export interface Cluster {
  client: KubernetesClient;
  render: RenderOptions;
}

export type StoredDeployment = V1Deployment & Stored;
export type StoredPod = V1Pod & Stored;

export const namespaceOf = ({ render }: Cluster, environment: EnvironmentRef): string =>
  namespaceName(render.namespacePrefix, environment);

export const deploymentPath = (cluster: Cluster, ref: InstanceRef): string =>
  objectPath('Deployment', serviceName(ref), namespaceOf(cluster, ref));

export const podsPath = (cluster: Cluster, ref: EnvironmentRef): string =>
  collectionPath('Pod', namespaceOf(cluster, ref));

export const podsQuery = (ref: InstanceRef): { labelSelector: string } => ({
  labelSelector: selector(selectorLabels(ref)),
});

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
