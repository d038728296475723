/** Runs a command that somebody asked for as a Job, and hands on its output as it comes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../../core/problem.ts';
import type { CommandRun, WorkloadSpec } from '../../../ports/workloads.ts';
import { hasNoLog, whyUnread } from '../api/api-errors.ts';
import { remove } from '../api/apply.ts';
import { objectPath } from '../api/object-paths.ts';
import { parseLine, shown } from '../logs/pod-output.ts';
import { commandName, runJob } from '../manifests/command-manifest.ts';
import type { RenderImages } from '../manifests/pod-manifest.ts';
import { type Cluster, maskOf, namespaceOf, podsPath, type StoredPod } from '../shared-reads.ts';
import { endOfJob, startJob } from './command-job.ts';

/** How long the rest of the output is waited for once the command has ended, milliseconds. */
const REST_MS = 15_000;
/** For the output until now, where a call ends before the command, milliseconds. */
const MOMENT_MS = 1_000;
/** Between two tries to read the output, milliseconds. */
const PAUSE_MS = 1_000;

/** @returns undefined when the signal aborts first; the Job goes on */
export async function runCommand(
  cluster: Cluster,
  spec: WorkloadSpec,
  run: CommandRun,
  images: RenderImages,
  signal: AbortSignal,
): Promise<{ exitCode: number } | undefined> {
  const job = runJob(spec, run);
  const words = {
    what: `The command of ${spec.service}`,
    code: 'run_failed' as const,
    hint: 'Mend what the cause names, then run it again.',
  };
  const isThere = await startJob(cluster, spec, job, images, words, run.since !== undefined);
  const stop = new AbortController();
  const state = { isOver: false };
  let copying: Promise<void> | undefined;
  try {
    const look = (pod: StoredPod): void => {
      if (hasBegun(pod)) copying ??= copyOutput(cluster, spec, pod, { ...run, state }, stop.signal);
    };
    const ended = isThere ? await endOfJob(cluster, spec, job, words, signal, look) : 'gone';
    if (ended === 'gone')
      throw new Problem(
        'run_interrupted',
        'The command was interrupted: its Job was removed from the cluster.',
        {
          hint: 'Look at its log for how far it came, then run it again if it can be.',
        },
      );
    if (!ended) {
      // A call that is late hands on what has come all the same.
      await Promise.race([copying, sleep(MOMENT_MS)]);
      return undefined;
    }
    state.isOver = true;
    const patience = sleep(REST_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    await Promise.race([copying, patience]);
    return { exitCode: ended.exitCode };
  } finally {
    stop.abort();
    await copying;
  }
}

const hasBegun = ({ status }: StoredPod): boolean => {
  const { running, terminated } = status?.containerStatuses?.[0]?.state ?? {};
  return running !== undefined || terminated !== undefined;
};

/** Reads on where a read ended before the output did; never rejects. */
async function copyOutput(
  cluster: Cluster,
  spec: WorkloadSpec,
  pod: StoredPod,
  { since, known = [], onLine, state }: CommandRun & { state: { isOver: boolean } },
  signal: AbortSignal,
): Promise<void> {
  const container = pod.spec?.containers[0]?.name ?? '';
  const path = `${podsPath(cluster, spec)}/${encodeURIComponent(pod.metadata.name)}/log`;
  let last = '';
  const come = [...known];
  let isRead = false;
  const say = (message: string): void =>
    onLine({ at: new Date().toISOString(), message, source: 'berth', missing: true });
  for (let told = ''; !isRead && !signal.aborted; ) {
    const before = last;
    try {
      const mask = await maskOf(cluster, spec, spec.number);
      const from = before === '' ? since : new Date(Date.parse(before)).toISOString();
      const query = { container, follow: true, timestamps: true, sinceTime: from };
      for await (const raw of cluster.client.lines(path, query, signal)) {
        const time = raw.slice(0, raw.indexOf(' '));
        // The API looks back by seconds, so that lines of the last one come again; their times have nanoseconds.
        if (time <= before) continue;
        const printed = parseLine(raw, pod, container);
        const line = printed && shown(printed, mask);
        if (!line || (since !== undefined && line.at < since)) continue;
        const at = line.at === since ? come.indexOf(line.message) : -1;
        if (at !== -1) {
          come.splice(at, 1);
          continue;
        }
        last = time;
        onLine(line);
      }
      isRead = true;
    } catch (error) {
      const why = hasNoLog(error) ? '' : `The output could not be read: ${whyUnread(error as Error)}.`;
      if (why !== '' && why !== told) say(why);
      told = why;
      // What can not be read of a command that has ended, will not be.
      if (state.isOver) return;
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Idempotent. */
export const endCommand = (
  cluster: Cluster,
  ref: Parameters<typeof namespaceOf>[1] & { service: string },
  operation: string,
): Promise<void> =>
  remove(cluster.client, objectPath('Job', commandName(ref, operation), namespaceOf(cluster, ref)));
