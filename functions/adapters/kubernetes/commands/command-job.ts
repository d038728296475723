/** A command that runs once, as a Job: it is made behind the fence, and its end is waited for. */
import type { V1Job } from '@kubernetes/client-node';
import { Problem, type ProblemCode } from '../../../core/problem.ts';
import type { WorkloadSpec } from '../../../ports/workloads.ts';
import { apply, create, remove, type Stored } from '../api/apply.ts';
import { watchChanges } from '../api/object-changes.ts';
import { collectionPath, objectPath } from '../api/object-paths.ts';
import { explainRefusal } from '../declare.ts';
import { fenced, readFence } from '../fence-object.ts';
import { type CommandJob, renderCommand } from '../manifests/command-manifest.ts';
import { OPERATION_ANNOTATION } from '../manifests/labels.ts';
import type { RenderImages } from '../manifests/pod-manifest.ts';
import { type Cluster, namespaceOf, podsPath, type StoredPod } from '../shared-reads.ts';
import { podTrouble } from '../trouble.ts';

type StoredJob = V1Job & Stored;

/** What is said where the command can not be run. */
export interface CommandWords {
  /** As the beginning of a sentence. */
  what: string;
  code: ProblemCode;
  hint: string;
}

export interface EndedCommand {
  exitCode: number;
  pod: string;
  container: string;
}

/**
 * A second start of the same operation's Job finds the first.
 * @param isBegun it has run already: what is not there any more is not made again
 * @returns whether it is there
 * @throws Problem fenced, and as `apply` does
 */
export async function startJob(
  cluster: Cluster,
  spec: WorkloadSpec,
  job: CommandJob,
  images: RenderImages,
  { what }: CommandWords,
  isBegun = false,
): Promise<boolean> {
  const { client } = cluster;
  const namespace = namespaceOf(cluster, spec);
  const path = objectPath('Job', job.name, namespace);
  const newest = await readFence(client, spec, namespace);
  if (newest > spec.fence) throw fenced(spec.service, spec.fence, newest);
  const present = await client.get<StoredJob>(path);
  // Of an environment's earlier life, or of a number that was given again.
  const isOther = present && present.metadata.annotations?.[OPERATION_ANNOTATION] !== spec.operation;
  if (isBegun && (!present || isOther)) return false;
  if (present && isOther) await remove(client, path, { uid: present.metadata.uid });
  try {
    for (const object of renderCommand(spec, job, images, cluster.render)) {
      if (object.kind === 'Job') await create(client, object);
      else await apply(client, object);
    }
  } catch (error) {
    explainRefusal(error, spec, what);
  }
  return true;
}

/**
 * Waits for the end of a Job.
 * @param look is called with the pod each time that something has changed
 * @returns undefined when the signal has aborted and it goes on, and `gone` where the Job is not there any more
 * @throws Problem of the words' code, where the command could not run
 */
export async function endOfJob(
  cluster: Cluster,
  spec: WorkloadSpec,
  { name }: Pick<CommandJob, 'name'>,
  words: CommandWords,
  signal: AbortSignal,
  look: (pod: StoredPod) => void = () => undefined,
): Promise<EndedCommand | 'gone' | undefined> {
  const { client } = cluster;
  const namespace = namespaceOf(cluster, spec);
  const path = objectPath('Job', name, namespace);
  const pods = podsPath(cluster, spec);
  const query = { labelSelector: `batch.kubernetes.io/job-name=${name}` };
  let changes: ReturnType<typeof watchChanges> | undefined;
  try {
    for (;;) {
      const job = await client.get<StoredJob>(path);
      if (!job) return 'gone';
      const { items, metadata } = await client.list<StoredPod>(pods, query);
      const [pod] = items;
      if (pod) look(pod);
      const ended = endOf(job, pod, words);
      if (ended || signal.aborted) return ended;
      changes ??= watchChanges(client, [
        {
          path: collectionPath('Job', namespace),
          query: { fieldSelector: `metadata.name=${name}` },
          resourceVersion: job.metadata.resourceVersion,
        },
        { path: pods, query, resourceVersion: metadata.resourceVersion },
      ]);
      await changes.next(signal);
    }
  } finally {
    changes?.close();
  }
}

function endOf(
  job: StoredJob,
  pod: StoredPod | undefined,
  { what, code, hint }: CommandWords,
): EndedCommand | undefined {
  const ended = pod?.status?.containerStatuses?.[0]?.state?.terminated;
  if (pod && ended) {
    const container = pod.spec?.containers[0]?.name ?? '';
    return { exitCode: ended.exitCode, pod: pod.metadata.name, container };
  }
  const isFailed = job.status?.conditions?.find(({ type, status }) => type === 'Failed' && status === 'True');
  const trouble = pod && podTrouble(pod);
  if (!isFailed && !trouble?.final) return undefined;
  const why = trouble?.why ?? isFailed?.message ?? 'the cluster gave no reason';
  throw new Problem(code, `${what} could not run: ${why}.`, { hint: trouble?.hint ?? hint });
}
