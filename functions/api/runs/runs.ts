/** Routes of runs: a command beside a service. A run is an operation; it is read, followed and canceled as one. */
import * as z from 'zod';
import { startRun } from '../../commands/runs/runs.ts';
import { runsPartition } from '../../core/keys.ts';
import { pastInstanceOf } from '../../records/instances.ts';
import { getEnvironment } from '../../records/read.ts';
import { pageOf, pageQuery } from '../http/list-pages.ts';
import { route } from '../http/route-spec.ts';
import { nameSchema } from '../http/schemas.ts';
import { operationsReply, SHORT_PAGES, statusQuery, summarySchema } from '../operations/operation-lists.ts';
import { acceptedAnswer, acceptedReply } from '../operations/operation-view.ts';
import { commandSchema, DEFAULT_SECONDS, processField, timeoutSchema } from './command-schema.ts';

export const routes = [
  route({
    method: 'post',
    path: '/v1/projects/{project}/environments/{environment}/services/{service}/runs',
    policy: { action: 'run.create', scope: 'project' },
    operationId: 'createRun',
    summary: 'Run a command beside a service',
    description:
      'It has the image, variables, secrets, files and volumes of the first container of what serves, or of the process that is named, ' +
      'in a container of its own, and no request reaches it. A process that the service does not have is `not_found`, with those ' +
      'that it has. Its output is the log of the operation; its exit code is `result.exitCode`, and one that is not 0 ' +
      'fails the operation with `run_failed`. Cancel the operation to end it. An environment that sleeps is woken, and ' +
      'does not go to sleep before the run has ended; deployments leave it alone. It is never begun twice.',
    tag: 'Running services',
    body: z.strictObject({
      command: commandSchema,
      timeout: timeoutSchema.optional(),
      process: processField.meta({
        description: 'With the variables of this process; with those of `web` without it.',
        example: 'worker',
      }),
    }),
    bodyExamples: { report: { command: ['node', 'report.js'], timeout: '10m' } },
    answers: { 202: acceptedAnswer('Accepted') },
    problems: ['environment_not_ready', 'operation_in_progress', 'too_many_requests', 'conflict'],
    handle: ({ ports, params, body: { command, timeout = DEFAULT_SECONDS, process }, change }) =>
      change(acceptedReply, (caller) =>
        startRun(ports, caller, params, {
          command,
          timeoutSeconds: timeout,
          ...(process !== undefined && { process }),
        }),
      ),
  }),
  route({
    method: 'get',
    path: '/v1/projects/{project}/environments/{environment}/services/{service}/runs',
    policy: { action: 'operation.read', scope: 'project' },
    operationId: 'listRuns',
    summary: 'List the runs of a service in an environment',
    description: `Those of the last 30 days, with exit codes. ${SHORT_PAGES}`,
    tag: 'Running services',
    query: pageQuery.extend({
      status: statusQuery,
      job: nameSchema
        .optional()
        .meta({ description: 'Only those that this job asked for.', example: 'nightly' }),
    }),
    answers: { 200: { summary: 'A page of runs, newest first', schema: pageOf(summarySchema) } },
    handle: async ({ ports, params, query }) => {
      const { data: environment } = await getEnvironment(ports.store, params);
      pastInstanceOf(environment, params.service);
      const partition = runsPartition({ ...params, environmentId: environment.id });
      return operationsReply(ports, { project: params.project, partition }, query);
    },
  }),
];
