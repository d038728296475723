/** What runs of a service, and how much it uses. */
import type { InstanceRef } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { CandidateStatus, MetricSample, ReplicaStatus, WorkloadStatus } from '../../ports/workloads.ts';
import { isNotFound, whyUnread } from './api/api-errors.ts';
import type { Stored } from './api/apply.ts';
import { collectionPath } from './api/object-paths.ts';
import {
  type Cluster,
  isOfTrack,
  namespaceOf,
  numberOf,
  podNumber,
  podsPath,
  podsQuery,
  readDeclared,
  type StoredDeployment,
  type StoredPod,
  startedAs,
} from './shared-reads.ts';
import { besideOf } from './tracks/backends.ts';
import type { Candidate } from './tracks/track-state.ts';
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

const restartsOf = ({ status }: StoredPod): number =>
  (status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);

function replicaOf(pod: StoredPod, number: number): ReplicaStatus {
  const state = stateOf(pod);
  const trouble = state === 'ready' || state === 'stopping' ? undefined : podTrouble(pod);
  const startedAt = pod.status?.startTime && new Date(pod.status.startTime).toISOString();
  return {
    id: pod.metadata.name,
    deployment: number,
    state,
    restarts: restartsOf(pod),
    ...(startedAt && { startedAt }),
    ...(trouble && { reason: trouble.why }),
  };
}

/** Pods of what serves that take requests, and the name of the first container that was declared: others may add some before it. */
export async function readyPods(
  cluster: Cluster,
  ref: InstanceRef,
): Promise<{ pods: StoredPod[]; container: string }> {
  const [{ serving: deployment }, { items }] = await Promise.all([
    readDeclared(cluster, ref),
    cluster.client.list<StoredPod>(podsPath(cluster, ref), podsQuery(ref)),
  ]);
  const container = deployment?.spec?.template.spec?.containers[0]?.name;
  if (!deployment || container === undefined) return { pods: [], container: '' };
  const ready = items.filter((pod) => isOfTrack(pod, deployment) && stateOf(pod) === 'ready');
  const serving = servingOf(deployment, ready);
  return { pods: ready.filter((pod) => numberIn(deployment, pod) === serving), container };
}

/** While a rollout is under way, what was there before it; the declared one once that is over. */
function servingOf(deployment: StoredDeployment, ready: readonly StoredPod[]): number | undefined {
  const declared = numberOf(deployment);
  if (isRolledOut(deployment)) return declared;
  const others = ready.map((pod) => numberIn(deployment, pod)).filter((number) => number !== declared);
  if (others.length > 0) return Math.max(...others);
  return ready.length > 0 ? declared : undefined;
}

export async function readStatus(cluster: Cluster, ref: InstanceRef): Promise<WorkloadStatus | undefined> {
  const [declared, { items }] = await Promise.all([
    readDeclared(cluster, ref),
    cluster.client.list<StoredPod>(podsPath(cluster, ref), podsQuery(ref)),
  ]);
  const { serving: deployment, beside } = declared;
  if (!deployment) return undefined;
  const pods = items.filter((pod) => !isOver(pod));
  const readyOf = (of: StoredDeployment): StoredPod[] =>
    pods.filter((pod) => isOfTrack(pod, of) && isReady(pod) && !pod.metadata.deletionTimestamp);
  const ready = readyOf(deployment);
  const serving = servingOf(deployment, ready);
  const other = besideOf(declared);
  return {
    ...(serving !== undefined && { serving }),
    desiredReplicas: deployment.spec?.replicas ?? 1,
    readyReplicas: ready.length,
    replicas: pods.map((pod) => {
      const of = [deployment, beside].find((each) => each && isOfTrack(pod, each));
      return replicaOf(pod, of ? numberIn(of, pod) : podNumber(pod));
    }),
    ...(beside && other?.role === 'candidate' && other.isTrial && { candidate: tried(other, beside, pods) }),
    ...(beside &&
      other &&
      other.role !== 'candidate' && {
        standby: {
          deployment: other.number,
          why: other.role,
          until: new Date(other.until).toISOString(),
          replicas: readyOf(beside).length,
        },
      }),
  };
}

/** Of what was taken back pods carry an earlier number. */
const numberIn = (deployment: StoredDeployment, pod: StoredPod): number =>
  podNumber(pod) === startedAs(deployment) ? numberOf(deployment) : podNumber(pod);

function tried(
  { number, percent }: Candidate,
  deployment: StoredDeployment,
  all: readonly StoredPod[],
): CandidateStatus {
  const pods = all.filter(
    (pod) =>
      isOfTrack(pod, deployment) && numberIn(deployment, pod) === number && !pod.metadata.deletionTimestamp,
  );
  const desiredReplicas = deployment.spec?.replicas ?? 1;
  const readyReplicas = pods.filter(isReady).length;
  const reason = pods.map((pod) => (isReady(pod) ? undefined : podTrouble(pod)?.why)).find(Boolean);
  return {
    deployment: number,
    percent,
    desiredReplicas,
    readyReplicas,
    restarts: pods.reduce((sum, pod) => sum + restartsOf(pod), 0),
    ...(reason !== undefined && { reason }),
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
