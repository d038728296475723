/** The record of a job, and when the sweep has to look at it. */
import { JOBS_QUEUE, jobKey } from '../../core/keys.ts';
import type { InstanceRef, Job } from '../../core/model/index.ts';
import { type Schedule, scheduleOf } from '../../core/schedule/schedule.ts';
import type { Due, Item, Store, Write } from '../../ports/store.ts';
import { mustGet } from '../../records/commit.ts';

function dueOf({ suspended, nextAt, retry }: Job): Due | undefined {
  const times = [nextAt, retry?.at].flatMap((at) => (at === undefined ? [] : [Date.parse(at)]));
  return suspended || times.length === 0 ? undefined : { queue: JOBS_QUEUE, at: Math.min(...times) };
}

/** The write that replaces a job's record, with its due time. */
export function jobWrite(job: Job, condition: 'absent' | { version: number }): Write {
  const due = dueOf(job);
  return { put: { ...jobKey(job, job.name), data: job, ...(due && { due }) }, if: condition };
}

/** @throws Problem not_found */
export const getJob = (store: Store, ref: InstanceRef, name: string): Promise<Item<Job>> =>
  mustGet<Job>(
    store,
    jobKey(ref, name),
    `job "${name}" of service "${ref.service}" in environment "${ref.environment}"`,
    `List its jobs with GET /v1/projects/${ref.project}/environments/${ref.environment}/services/${ref.service}/jobs.`,
  );

/** The time after `now` at which it is due; absent where none comes. */
export function nextOf(schedule: Schedule, now: number): Pick<Job, 'nextAt'> {
  const next = schedule.next(now);
  return next === undefined ? {} : { nextAt: new Date(next).toISOString() };
}

/** What a run of it is asked for with. */
export const requestOf = ({ command, timeoutSeconds, process }: Job) => ({
  command,
  timeoutSeconds,
  ...(process !== undefined && { process }),
});

export const scheduleOfJob = ({ schedule, timeZone }: Pick<Job, 'schedule' | 'timeZone'>): Schedule =>
  scheduleOf(schedule, timeZone);
