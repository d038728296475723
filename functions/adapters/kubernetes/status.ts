/** What runs of a service, and how much it uses. */
import type { InstanceRef } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { MetricSample, ReplicaStatus, WorkloadStatus } from '../../ports/workloads.ts';
import { isNotFound, whyUnread } from './api/api-errors.ts';
import type { Stored } from './api/apply.ts';
import { collectionPath } from './api/object-paths.ts';
import {
  type Cluster,
  deploymentPath,
  getDeployment,
  namespaceOf,
  numberOf,
  podNumber,
  podsPath,
  podsQuery,
  type StoredDeployment,
  type StoredPod,
} from './shared-reads.ts';
import { isRolledOut, podTrouble } from './trouble.ts';

const isReady = (pod: StoredPod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

const isOver = ({ status }: StoredPod): boolean => ['Succeeded', 'Failed'].includes(status?.phase ?? '');

function stateOf(pod: StoredPod): ReplicaStatus['state'] {
  if (pod.metadata.deletionTimestamp) return 'stopping';
  if (isOver(pod)) return 'stopped';
  if (isReady(pod)) return 'ready';
  const containers = pod.status?.containerStatuses ?? [];
  if (containers.some(({ restartCount, state }) => restartCount > 0 && !state?.running)) return 'restarting';
  return containers.some(({ state }) => state?.running) ? 'running' : 'starting';
}

function replicaOf(pod: StoredPod): ReplicaStatus {
  const state = stateOf(pod);
  const trouble = state === 'ready' || state === 'stopping' ? undefined : podTrouble(pod);
  const startedAt = pod.status?.startTime && new Date(pod.status.startTime).toISOString();
  return {
    id: pod.metadata.name,
    deployment: podNumber(pod),
    state,
    restarts: (pod.status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0),
    ...(startedAt && { startedAt }),
    ...(trouble && { reason: trouble.why }),
  };
}

/** While a rollout is under way, what was there before it; the declared one once that is over. */
function servingOf(deployment: StoredDeployment, ready: readonly StoredPod[]): number | undefined {
  const declared = numberOf(deployment);
  if (isRolledOut(deployment)) return declared;
  const others = ready.map(podNumber).filter((number) => number !== declared);
  if (others.length > 0) return Math.max(...others);
  return ready.length > 0 ? declared : undefined;
}

export async function readStatus(cluster: Cluster, ref: InstanceRef): Promise<WorkloadStatus | undefined> {
  const deployment = await getDeployment(cluster, deploymentPath(cluster, ref));
  if (!deployment || deployment.metadata.deletionTimestamp) return undefined;
  const { items } = await cluster.client.list<StoredPod>(podsPath(cluster, ref), podsQuery(ref));
  const pods = items.filter((pod) => !isOver(pod));
  const ready = pods.filter((pod) => isReady(pod) && !pod.metadata.deletionTimestamp);
  const serving = servingOf(deployment, ready);
  return {
    ...(serving !== undefined && { serving }),
    desiredReplicas: deployment.spec?.replicas ?? 1,
    readyReplicas: ready.length,
    replicas: pods.map(replicaOf),
  };
}

/** Deletes a pod without the grace that it has otherwise; the Deployment makes another one. */
export async function killPod(cluster: Cluster, ref: InstanceRef, pod: string): Promise<void> {
  const { items } = await cluster.client.list<StoredPod>(podsPath(cluster, ref), podsQuery(ref));
  const found = items.find(({ metadata }) => metadata.name === pod);
  if (!found) return;
  await cluster.client
    .call('DELETE', `${podsPath(cluster, ref)}/${encodeURIComponent(pod)}`, {
      body: {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        gracePeriodSeconds: 0,
        preconditions: { uid: found.metadata.uid },
      },
    })
    .catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
}

interface PodMetrics extends Stored {
  timestamp: string;
  containers: { usage: { cpu: string; memory: string } }[];
}

const factors: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** A quantity of Kubernetes as a number: `250m` is 0.25. NaN where it is none. */
export function parseQuantity(text: string): number {
  const [, digits, unit] = /^([0-9.]+)([a-zA-Z]*)$/.exec(text) ?? [];
  return Number(digits) * (factors[unit ?? ''] ?? Number.NaN);
}

const unmeasured = (why: string, cause?: Error): Problem =>
  new Problem('unavailable', `Processor time and memory can not be read: ${why}.`, {
    hint: 'Have the platform team look at the metrics server of the cluster.',
    cause,
  });

/** The one sample that the metrics server keeps. @throws Problem unavailable where it can not be read */
export async function readMetrics(
  cluster: Cluster,
  ref: InstanceRef,
  since: number,
): Promise<MetricSample[]> {
  const path = collectionPath('PodMetrics', namespaceOf(cluster, ref));
  const read = cluster.client.get<{ items: PodMetrics[] }>(path, { query: podsQuery(ref) });
  const list = await read.catch((error: Error) => {
    throw unmeasured(whyUnread(error), error);
  });
  if (!list) throw unmeasured('the cluster has no metrics server');
  const { items } = list;
  const at = items
    .map(({ timestamp }) => Date.parse(timestamp))
    .reduce((newest, time) => Math.max(newest, time), 0);
  if (at === 0 || at < since) return [];
  const usage = items.flatMap(({ containers }) => containers.map((container) => container.usage));
  const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
  return [
    {
      at: new Date(at).toISOString(),
      cpu: sum(usage.map(({ cpu }) => parseQuantity(cpu))),
      memoryBytes: Math.round(sum(usage.map(({ memory }) => parseQuantity(memory)))),
    },
  ];
}
