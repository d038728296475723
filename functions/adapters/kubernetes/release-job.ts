/** Runs a release command as a Job and says how it ended. */
import type { V1Job } from '@kubernetes/client-node';
import { Problem } from '../../core/problem.ts';
import type { ReleaseResult, WorkloadSpec } from '../../ports/workloads.ts';
import { apply, create, remove, type Stored } from './api/apply.ts';
import { watchChanges } from './api/object-changes.ts';
import { collectionPath, objectPath } from './api/object-paths.ts';
import { explainRefusal } from './declare.ts';
import { fenced, readFence } from './fence-object.ts';
import { type RenderImages, renderRelease } from './manifests/index.ts';
import { OPERATION_ANNOTATION } from './manifests/labels.ts';
import { releaseName } from './manifests/release-manifest.ts';
import { type Cluster, logTail, maskOf, namespaceOf, podsPath, type StoredPod } from './shared-reads.ts';
import { podTrouble } from './trouble.ts';

type StoredJob = V1Job & Stored;

const TAIL_LINES = 30;
/** What a shell says of a command that was stopped. */
const STOPPED = 137;

/**
 * A second run of the same operation finds the Job of the first, and tells how that ended: the command runs once.
 * When the signal aborts, the command is stopped.
 */
export async function runRelease(
  cluster: Cluster,
  spec: WorkloadSpec,
  command: readonly string[],
  images: RenderImages,
  signal: AbortSignal,
): Promise<ReleaseResult> {
  const namespace = namespaceOf(cluster, spec);
  const path = objectPath('Job', releaseName(spec), namespace);
  const newest = await readFence(cluster.client, spec, namespace);
  if (newest > spec.fence) throw fenced(spec.service, spec.fence, newest);
  const present = await cluster.client.get<StoredJob>(path);
  // Of an environment's earlier life, or of a number that was given again.
  const isOther = present && present.metadata.annotations?.[OPERATION_ANNOTATION] !== spec.operation;
  if (present && isOther) await remove(cluster.client, path, { uid: present.metadata.uid });
  try {
    for (const object of renderRelease(spec, command, images, cluster.render)) {
      if (object.kind === 'Job') await create(cluster.client, object);
      else await apply(cluster.client, object);
    }
  } catch (error) {
    explainRefusal(error, spec, `The release command of ${spec.service}`);
  }
  return waitForJob(cluster, spec, path, signal);
}

async function waitForJob(
  cluster: Cluster,
  spec: WorkloadSpec,
  path: string,
  signal: AbortSignal,
): Promise<ReleaseResult> {
  const pods = podsPath(cluster, spec);
  const query = { labelSelector: `batch.kubernetes.io/job-name=${releaseName(spec)}` };
  let changes: ReturnType<typeof watchChanges> | undefined;
  try {
    while (!signal.aborted) {
      const job = await cluster.client.get<StoredJob>(path);
      if (!job) return { exitCode: STOPPED, tail: [] };
      const { items, metadata } = await cluster.client.list<StoredPod>(pods, query);
      const result = await resultOf(cluster, spec, job, items);
      if (result) return result;
      changes ??= watchChanges(cluster.client, [
        {
          path: collectionPath('Job', namespaceOf(cluster, spec)),
          query: { fieldSelector: `metadata.name=${releaseName(spec)}` },
          resourceVersion: job.metadata.resourceVersion,
        },
        { path: pods, query, resourceVersion: metadata.resourceVersion },
      ]);
      await changes.next(signal);
    }
    await remove(cluster.client, path);
    return { exitCode: STOPPED, tail: [] };
  } finally {
    changes?.close();
  }
}

async function resultOf(
  cluster: Cluster,
  spec: WorkloadSpec,
  job: StoredJob,
  pods: readonly StoredPod[],
): Promise<ReleaseResult | undefined> {
  const [pod] = pods;
  const ended = pod?.status?.containerStatuses?.[0]?.state?.terminated;
  if (pod && ended) {
    const container = pod.spec?.containers[0]?.name ?? '';
    const at = { pod: pod.metadata.name, container, previous: false };
    const mask = await maskOf(cluster, spec, spec.number);
    const { lines, unread } = await logTail(cluster, spec, at, mask, TAIL_LINES);
    return { exitCode: ended.exitCode, tail: unread === undefined ? lines : [unread] };
  }
  const isFailed = job.status?.conditions?.find(({ type, status }) => type === 'Failed' && status === 'True');
  const trouble = pod && podTrouble(pod);
  if (!isFailed && !trouble?.final) return undefined;
  const why = trouble?.why ?? isFailed?.message ?? 'the cluster gave no reason';
  throw new Problem('release_failed', `The release command of ${spec.service} could not run: ${why}.`, {
    hint: trouble?.hint ?? 'Look at the log of the service, then deploy again.',
  });
}
