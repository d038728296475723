/** Runs a release command as a Job and says how it ended. */
import { TransientError } from '../../../core/problem.ts';
import type { ReleaseResult, WorkloadSpec } from '../../../ports/workloads.ts';
import { remove } from '../api/apply.ts';
import { objectPath } from '../api/object-paths.ts';
import { releaseJob } from '../manifests/command-manifest.ts';
import type { RenderImages } from '../manifests/pod-manifest.ts';
import { type Cluster, logTail, maskOf, namespaceOf } from '../shared-reads.ts';
import { endOfJob, startJob } from './command-job.ts';

const TAIL_LINES = 30;
/** What a shell says of a command that was stopped. */
const STOPPED = 137;

/**
 * A second run of the same operation finds the Job of the first, and tells how that ended: the command runs once.
 * When the signal aborts, the command is stopped,
 * but where the call only hands over.
 */
export async function runRelease(
  cluster: Cluster,
  spec: WorkloadSpec,
  command: readonly string[],
  images: RenderImages,
  signal: AbortSignal,
): Promise<ReleaseResult | undefined> {
  const job = releaseJob(spec, command);
  const words = {
    what: `The release command of ${spec.service}`,
    code: 'release_failed' as const,
    hint: 'Look at the log of the service, then deploy again.',
  };
  await startJob(cluster, spec, job, images, words);
  const ended = await endOfJob(cluster, spec, job, words, signal);
  if (!ended && signal.reason instanceof TransientError) return undefined;
  if (!ended) await remove(cluster.client, objectPath('Job', job.name, namespaceOf(cluster, spec)));
  if (!ended || ended === 'gone') return { exitCode: STOPPED, tail: [] };
  const mask = await maskOf(cluster, spec, spec.number);
  const { lines, unread } = await logTail(cluster, spec, { ...ended, previous: false }, mask, TAIL_LINES);
  return { exitCode: ended.exitCode, tail: unread === undefined ? lines : [unread] };
}
