/** What the sweep does with a job that is due: it runs it, or says that it was missed. */
import { environmentKey, jobKey } from '../../core/keys.ts';
import {
  type Environment,
  type EventFields,
  type Job,
  type MissReason,
  SYSTEM_ACTOR,
} from '../../core/model/index.ts';
import type { JobRun } from '../../core/operations/kinds/run.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item } from '../../ports/store.ts';
import { commit } from '../../records/commit.ts';
import { instanceIn } from '../../records/instances.ts';
import { hasProcess } from '../environments/process-of.ts';
import { isCrowded, startRun } from '../runs/runs.ts';
import { getJob, jobWrite, nextOf, requestOf, scheduleOfJob } from './job-record.ts';

const system = { actor: SYSTEM_ACTOR };

/** What is due and was not begun for so long is not begun any more, milliseconds. */
export const LATE_MS = 5 * 60 * 1000;
/** An environment that is going to sleep is looked at again after this time, milliseconds. */
const LOOK_AGAIN_MS = 5_000;
/** Times that were missed are counted so far. */
const COUNTED = 1_000;

/** One time at which a job is due. */
interface DueTime {
  at: number;
  run: JobRun;
  /** Times of the schedule until now; none where a run is tried again. */
  times: number;
  /** The first of these, where it is too late for that one. */
  lateSince?: string;
}

/**
 * Runs a job that is due. One transaction decides and takes it off the queue, so that no time has two runs.
 * @returns what became of it; undefined where nothing was to be done
 */
export async function startDueJob(ports: Ports, item: Item<Job>): Promise<'started' | 'missed' | undefined> {
  const { data: job, version } = item;
  const environment = await ports.store.get<Environment>(environmentKey(job));
  if (!environment || environment.data.id !== job.environmentId) {
    await ports.store.transact([{ delete: jobKey(job, job.name), if: { version } }]);
    return undefined;
  }
  const { state, destroyAt } = environment.data;
  if (state === 'hibernating' && job.wakes) {
    const write = jobWrite(job, { version });
    const at = ports.effects.now() + LOOK_AGAIN_MS;
    if ('put' in write && write.put.due)
      await ports.store.transact([{ ...write, put: { ...write.put, due: { ...write.put.due, at } } }]);
    return undefined;
  }
  const due = dueTime(job, ports.effects.now());
  const wakes = job.wakes && destroyAt === undefined;
  const isAwake = state === 'ready' || state === 'waking' || (state === 'hibernated' && wakes);
  if (!due || !isAwake) {
    await ports.store.transact([jobWrite(advanced(job, ports.effects.now()), { version })]);
    return undefined;
  }
  const reason = await missReason(ports, job, environment.data, due);
  if (reason) {
    await miss(ports, item, due, reason);
    return 'missed';
  }
  await begin(ports, item, due);
  return 'started';
}

/** What is due of a job now. A time of the schedule takes the place of a run that was to be tried again. */
function dueTime(job: Job, now: number): DueTime | undefined {
  const { name, nextAt, retry, retries } = job;
  if (nextAt !== undefined && Date.parse(nextAt) <= now) {
    const schedule = scheduleOfJob(job);
    const first = Date.parse(nextAt);
    // The schedule may have been another one when that time was found.
    const at = Math.max(first, schedule.last(now) ?? first);
    let times = 0;
    for (let time: number | undefined = first; time !== undefined && time <= now && times < COUNTED; times++)
      time = schedule.next(time);
    return {
      at,
      times,
      run: { name, scheduledFor: new Date(at).toISOString(), attempt: 1, retries },
      ...(now - first > LATE_MS && { lateSince: nextAt }),
    };
  }
  if (!retry || Date.parse(retry.at) > now) return undefined;
  const { attempt, scheduledFor } = retry;
  return { at: Date.parse(retry.at), times: 0, run: { name, scheduledFor, attempt, retries } };
}

/** The job when what is due now is done with. */
function advanced({ retry: _done, nextAt, ...job }: Job, now: number): Job {
  const isPast = nextAt !== undefined && Date.parse(nextAt) <= now;
  return {
    ...job,
    ...(isPast ? nextOf(scheduleOfJob(job), now) : nextAt !== undefined && { nextAt }),
  };
}

async function missReason(
  { store, effects }: Ports,
  job: Job,
  environment: Environment,
  { at }: DueTime,
): Promise<MissReason | undefined> {
  if (effects.now() - at > LATE_MS) return 'late';
  if (job.overlap === 'forbid' && job.running.length > 0) return 'overlap';
  const instance = instanceIn(environment, job.service);
  if (instance?.current === undefined || instance.state === 'removing') return 'not_deployed';
  if (!(await hasProcess(store, instance, job.process))) return 'no_process';
  return isCrowded(environment) ? 'too_many_runs' : undefined;
}

const missed = (job: Job, scheduledFor: string, reason: MissReason): EventFields => ({
  project: job.project,
  environment: job.environment,
  service: job.service,
  type: 'job.missed',
  data: { job: job.name, scheduledFor, reason },
});

async function miss(
  ports: Ports,
  { data: job, version }: Item<Job>,
  { run, times }: DueTime,
  reason: MissReason,
): Promise<void> {
  const now = ports.effects.now();
  const scheduledFor = run.scheduledFor ?? new Date(now).toISOString();
  const count = (job.missed?.count ?? 0) + Math.max(1, times);
  const after = {
    ...advanced(job, now),
    missed: { count, since: job.missed?.since ?? scheduledFor, reason },
  };
  await commit(ports, system, {
    writes: [jobWrite(after, { version })],
    // A job that is due each minute does not say each minute that it can not run.
    events: job.missed?.reason === reason ? [] : [missed(job, scheduledFor, reason)],
  });
}

async function begin(ports: Ports, item: Item<Job>, { run, lateSince }: DueTime): Promise<void> {
  const { data: job } = item;
  await startRun(ports, system, job, { ...requestOf(job), job: run }, async ({ id }) => {
    const { data: now, version } = await getJob(ports.store, job, job.name);
    // Somebody has changed it, or another process was faster: it is due anew, or not any more.
    if (version !== item.version)
      throw new Problem('conflict', `Job "${job.name}" was changed meanwhile.`, {
        hint: 'Look at it again.',
      });
    const { missed: _before, ...after } = advanced(now, ports.effects.now());
    return {
      writes: [jobWrite({ ...after, running: [...after.running, id] }, { version })],
      events: lateSince === undefined ? [] : [missed(job, lateSince, 'late')],
    };
  });
}
