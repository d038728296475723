/** What the end of a run changes in the job that asked for it. */
import type { TypedData } from '../../core/events/event-types.ts';
import { jobKey } from '../../core/keys.ts';
import type { Job, Operation, RunStatus } from '../../core/model/index.ts';
import type { ProblemDetail } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Write } from '../../ports/store.ts';
import { jobWrite } from './job-record.ts';

/** A job is tried again after so long, twice as long each time, milliseconds. */
const RETRY_MS = 10_000;
const RETRY_LONGEST_MS = 5 * 60 * 1000;

export interface RunEnd {
  status: RunStatus;
  exitCode?: number;
  error?: ProblemDetail;
}

/** The write of the job, with its next try, and what is told where no try is left. */
export async function jobEnd(
  ports: Ports,
  { id, project, environment, environmentId, service, input }: Operation<'run'>,
  { status, exitCode, error }: RunEnd,
): Promise<{ writes: Write[]; events: TypedData[] }> {
  if (!input.job) return { writes: [], events: [] };
  const { name, attempt, retries, scheduledFor } = input.job;
  const item = await ports.store.get<Job>(jobKey({ project, environment, service }, name));
  const isOurs = item?.data.environmentId === environmentId && item.data.running.includes(id);
  const now = ports.effects.now();
  const at = now + Math.min(RETRY_LONGEST_MS, RETRY_MS * 2 ** (attempt - 1));
  const next = item?.data.nextAt;
  const triesAgain =
    isOurs &&
    status === 'failed' &&
    scheduledFor !== undefined &&
    attempt <= retries &&
    !item.data.suspended &&
    (next === undefined || at < Date.parse(next));
  const failed: TypedData[] =
    error && status === 'failed' && scheduledFor !== undefined && !triesAgain
      ? [
          {
            type: 'job.failed',
            data: { job: name, attempts: attempt, code: error.code, cause: error.cause },
          },
        ]
      : [];
  if (!isOurs) return { writes: [], events: failed };
  const job: Job = {
    ...item.data,
    running: item.data.running.filter((running) => running !== id),
    last: {
      operation: id,
      status,
      ...(exitCode !== undefined && { exitCode }),
      endedAt: new Date(now).toISOString(),
    },
    ...(triesAgain && { retry: { at: new Date(at).toISOString(), attempt: attempt + 1, scheduledFor } }),
  };
  return { writes: [jobWrite(job, { version: item.version })], events: failed };
}
