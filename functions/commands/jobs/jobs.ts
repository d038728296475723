/** Sets, changes and deletes jobs, and runs one beside its schedule. */
import { changesOf } from '../../core/field-changes.ts';
import { environmentKey, environmentPartition, jobKey, jobPrefix } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { InstanceRef, Job, JobSettings, Operation } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item } from '../../ports/store.ts';
import { type Caller, checkIfMatch, commit } from '../../records/commit.ts';
import { changingEnvironment } from '../../records/environment-changes.ts';
import { instanceOf } from '../../records/instances.ts';
import { getEnvironment } from '../../records/read.ts';
import { readAll } from '../../records/read-all.ts';
import { beingRemoved } from '../deployments/deployment-fence.ts';
import { notReady } from '../environments/environments.ts';
import { processOf } from '../environments/process-of.ts';
import { startRun } from '../runs/runs.ts';
import { getJob, jobWrite, nextOf, requestOf, scheduleOfJob } from './job-record.ts';

/** All jobs of a service in an environment, by name. */
export async function listJobs(ports: Ports, ref: InstanceRef): Promise<Item<Job>[]> {
  const { data: environment } = await getEnvironment(ports.store, ref);
  instanceOf(environment, ref.service);
  return readAll<Job>(ports.store, environmentPartition(ref), jobPrefix(ref.service));
}

const settingsOf = (job: Job): JobSettings => {
  const { schedule, timeZone, command, timeoutSeconds, overlap, retries, suspended, wakes, process } = job;
  const set = { schedule, timeZone, command, timeoutSeconds, overlap, retries, suspended, wakes };
  return { ...set, ...(process !== undefined && { process }) };
};

/** Names and environments: what makes a job this one. */
const identityOf = ({ project, environment, service }: InstanceRef, environmentId: string, name: string) => ({
  project,
  environment,
  environmentId,
  service,
  name,
});

/**
 * Sets a job, or changes one.
 * @param settings of the job, made from those that it has, if it is there
 * @throws Problem not_found (also where what serves has no such process) | environment_not_ready | operation_in_progress |
 * conflict (too many) | precondition_failed
 */
export function changeJob(
  ports: Ports,
  caller: Caller,
  ref: InstanceRef,
  name: string,
  settings: (before: JobSettings | undefined) => JobSettings,
  { ifMatch }: { ifMatch?: string } = {},
): Promise<Item<Job>> {
  return changingEnvironment(ports.store, ref, async () => {
    const parent = await getEnvironment(ports.store, ref);
    if (parent.data.state === 'destroying') throw notReady(parent.data, ['ready', 'hibernated']);
    const instance = instanceOf(parent.data, ref.service);
    if (instance.state === 'removing') throw beingRemoved(ref);
    const key = jobKey(ref, name);
    const item = await ports.store.get<Job>(key);
    checkIfMatch(item, ifMatch);
    if (!item) await refuseMore(ports, ref);
    const set = settings(item && settingsOf(item.data));
    // Before anything is deployed nobody knows which processes there will be; and one that has gone since keeps nobody from suspending its job.
    const isNew = set.process !== undefined && set.process !== item?.data.process;
    if (isNew && instance.current !== undefined) await processOf(ports.store, instance, set.process);
    const now = ports.effects.now();
    const at = new Date(now).toISOString();
    const { running, last, missed, createdAt, createdBy } = item?.data ?? {
      running: [],
      createdAt: at,
      createdBy: caller.actor,
    };
    const job: Job = {
      ...identityOf(ref, parent.data.id, name),
      ...set,
      running,
      ...(last && { last }),
      ...(missed && { missed }),
      createdAt,
      createdBy,
      updatedAt: at,
      ...(!set.suspended && nextOf(scheduleOfJob(set), now)),
    };
    const result = { ...key, data: job, version: (item?.version ?? 0) + 1 };
    const about = { project: ref.project, environment: ref.environment, service: ref.service };
    await commit(ports, caller, {
      writes: [
        jobWrite(job, item ? { version: item.version } : 'absent'),
        { check: environmentKey(ref), if: { version: parent.version } },
      ],
      events: [
        item
          ? {
              ...about,
              type: 'job.changed',
              data: { job: name, changes: changesOf(settingsOf(item.data), set) },
            }
          : { ...about, type: 'job.created', data: { job: name } },
      ],
      result,
    });
    return result;
  });
}

async function refuseMore(ports: Ports, ref: InstanceRef): Promise<void> {
  if ((await listJobs(ports, ref)).length < limits.jobs.value) return;
  throw new Problem(
    'conflict',
    `Service "${ref.service}" has ${limits.jobs.value} jobs in environment "${ref.environment}", which is as many as it may have.`,
    { hint: 'Delete one that is not needed first.' },
  );
}

/** What runs of it goes on. @throws Problem not_found | precondition_failed */
export async function deleteJob(
  ports: Ports,
  caller: Caller,
  ref: InstanceRef,
  name: string,
  { ifMatch }: { ifMatch?: string } = {},
): Promise<void> {
  await changingEnvironment(ports.store, ref, async () => {
    const item = await getJob(ports.store, ref, name);
    checkIfMatch(item, ifMatch);
    const { project, environment, service } = ref;
    await commit(ports, caller, {
      writes: [{ delete: jobKey(ref, name), if: { version: item.version } }],
      events: [{ project, environment, service, type: 'job.deleted', data: { job: name } }],
    });
  });
}

/**
 * Runs a job now, whether it is suspended or not; the schedule stays as it is.
 * @throws Problem as a run, and operation_in_progress where it must not run twice at once
 */
export function runJob(
  ports: Ports,
  caller: Caller,
  ref: InstanceRef,
  name: string,
): Promise<Operation<'run'>> {
  return getJob(ports.store, ref, name).then(({ data }) =>
    startRun(
      ports,
      caller,
      ref,
      { ...requestOf(data), job: { name, attempt: 1, retries: 0 } },
      async ({ id }) => {
        const { data: job, version } = await getJob(ports.store, ref, name);
        const [running] = job.running;
        if (job.overlap === 'forbid' && running !== undefined)
          throw new Problem('operation_in_progress', `Job "${name}" runs already.`, {
            hint: `Wait until operation ${running} has ended, or cancel it.`,
          });
        return { writes: [jobWrite({ ...job, running: [...job.running, id] }, { version })] };
      },
    ),
  );
}
