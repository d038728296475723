/** Routes of jobs: commands that run by a schedule. */
import * as z from 'zod';
import { getJob } from '../../commands/jobs/job-record.ts';
import { changeJob, deleteJob, listJobs, runJob } from '../../commands/jobs/jobs.ts';
import type { Job, JobSettings } from '../../core/model/index.ts';
import { ScheduleError, scheduleOf } from '../../core/schedule/schedule.ts';
import type { Item } from '../../ports/store.ts';
import type { Reply } from '../../records/commit.ts';
import { missing } from '../../records/commit.ts';
import { etagOf } from '../../records/etag.ts';
import { invalidRequest } from '../http/problems.ts';
import { noContent } from '../http/respond.ts';
import { route } from '../http/route-spec.ts';
import { acceptedAnswer, acceptedReply } from '../operations/operation-view.ts';
import { DEFAULT_SECONDS } from '../runs/command-schema.ts';
import { jobSchema, jobView, settingFields } from './job-view.ts';

const { schedule, command, ...others } = settingFields;
const settable = z.object({ ...others, schedule, command }).partial();
const putBody = z.strictObject({ schedule, command, ...z.object(others).partial().shape });
const patchBody = z.strictObject({
  ...settable.shape,
  process: settingFields.process.nullable().meta({ description: 'null for `web`.', example: 'worker' }),
});

type Settable = z.output<typeof patchBody>;

const shown = (item: Item<Job>): Reply => ({ status: 200, body: jobView(item.data), etag: etagOf(item) });

const defaults = {
  timeZone: 'UTC',
  timeoutSeconds: DEFAULT_SECONDS,
  overlap: 'forbid' as const,
  retries: 0,
  suspended: false,
  wakes: false,
};

/** @throws Problem invalid_request for a schedule that can not be read, or is never due */
function settingsOf(
  { timeout, process: asked, ...set }: Settable,
  before: Pick<JobSettings, 'schedule' | 'command'> & Partial<JobSettings>,
): JobSettings {
  const { process: former, ...kept } = before;
  const process = asked === undefined ? former : asked;
  const settings: JobSettings = {
    ...defaults,
    ...kept,
    ...(typeof process === 'string' && { process }),
    ...Object.fromEntries(Object.entries(set).filter(([, value]) => value !== undefined)),
    ...(timeout !== undefined && { timeoutSeconds: timeout }),
  };
  const fail = (message: string) => invalidRequest([{ path: 'schedule', message }]);
  try {
    if (scheduleOf(settings.schedule, settings.timeZone).next(0) === undefined)
      throw fail('is never due: no such day comes');
  } catch (error) {
    if (error instanceof ScheduleError) throw fail(error.message);
    throw error;
  }
  return settings;
}

const PATH = '/v1/projects/{project}/environments/{environment}/services/{service}/jobs';
const problems = ['environment_not_ready', 'operation_in_progress', 'conflict'] as const;

export const routes = [
  route({
    method: 'get',
    path: PATH,
    policy: { action: 'job.read', scope: 'project' },
    operationId: 'listJobs',
    summary: 'List the jobs of a service in an environment',
    description: 'All of them, by name.',
    tag: 'Running services',
    answers: {
      200: { summary: 'All jobs', schema: z.object({ items: z.array(jobSchema) }).meta({ id: 'Jobs' }) },
    },
    handle: async ({ ports, params }) => ({
      status: 200,
      body: { items: (await listJobs(ports, params)).map(({ data }) => jobView(data)) },
    }),
  }),
  route({
    method: 'get',
    path: `${PATH}/{job}`,
    policy: { action: 'job.read', scope: 'project' },
    operationId: 'getJob',
    summary: 'Read a job',
    tag: 'Running services',
    answers: { 200: { summary: 'The job', schema: jobSchema, etag: true } },
    handle: async ({ ports, params }) => shown(await getJob(ports.store, params, params.job)),
  }),
  route({
    method: 'put',
    path: `${PATH}/{job}`,
    policy: { action: 'job.write', scope: 'project' },
    operationId: 'putJob',
    summary: 'Set a job: a command that runs by a schedule',
    description:
      'Each time it is due it is a run, with what serves then. What is left out is as by default. When Berth did not run at the ' +
      'time, it runs up to five minutes late; what is later, or can not run, is an event `job.missed`, and a run that failed ' +
      'without a retry left is `job.failed`. Jobs go with their service and with their environment.',
    tag: 'Running services',
    body: putBody,
    bodyExamples: {
      nightly: {
        schedule: '30 2 * * *',
        timeZone: 'Europe/Berlin',
        command: ['node', 'report.js'],
        retries: 2,
      },
    },
    conditional: true,
    answers: { 200: { summary: 'The job', schema: jobSchema, etag: true } },
    problems,
    handle: ({ ports, params, body, precondition, change }) =>
      change(shown, (caller) =>
        changeJob(
          ports,
          caller,
          params,
          params.job,
          () => settingsOf(body, { schedule: body.schedule, command: body.command }),
          precondition,
        ),
      ),
  }),
  route({
    method: 'patch',
    path: `${PATH}/{job}`,
    policy: { action: 'job.write', scope: 'project' },
    operationId: 'changeJob',
    summary: 'Change a job, suspend or resume it',
    description: 'What is left out stays as it is.',
    tag: 'Running services',
    body: patchBody,
    bodyExamples: { suspend: { suspended: true } },
    conditional: true,
    answers: { 200: { summary: 'The job', schema: jobSchema, etag: true } },
    problems,
    handle: ({ ports, params, body, precondition, change }) =>
      change(shown, (caller) =>
        changeJob(
          ports,
          caller,
          params,
          params.job,
          (before) => {
            if (before) return settingsOf(body, before);
            throw missing(
              `job "${params.job}"`,
              `List those that there are with GET …/jobs, or set it with PUT …/jobs/${params.job}.`,
            );
          },
          precondition,
        ),
      ),
  }),
  route({
    method: 'delete',
    path: `${PATH}/{job}`,
    policy: { action: 'job.write', scope: 'project' },
    operationId: 'deleteJob',
    summary: 'Delete a job',
    description: 'A run of it that is under way goes on to its end.',
    tag: 'Running services',
    conditional: true,
    answers: { 204: { summary: 'Deleted' } },
    problems: ['conflict'],
    handle: ({ ports, params, precondition, change }) =>
      change(noContent, (caller) => deleteJob(ports, caller, params, params.job, precondition)),
  }),
  route({
    method: 'post',
    path: `${PATH}/{job}/runs`,
    policy: { action: 'run.create', scope: 'project' },
    operationId: 'runJob',
    summary: 'Run a job now',
    description:
      'Beside its schedule, which stays as it is; also where it is suspended. It is not tried again.',
    tag: 'Running services',
    answers: { 202: acceptedAnswer('Accepted') },
    problems: [...problems, 'too_many_requests'],
    handle: ({ ports, params, change }) =>
      change(acceptedReply, (caller) => runJob(ports, caller, params, params.job)),
  }),
];
