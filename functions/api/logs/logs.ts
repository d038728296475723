/** The routes of the output of services: of what runs, and of environments that are gone. */
import * as z from 'zod';

import { destroyedPartition, instanceName } from '../../core/keys.ts';
import type { DestroyedEnvironment, InstanceRef } from '../../core/model/index.ts';
import { processService } from '../../core/names.ts';
import type { LogStream } from '../../ports/logs.ts';
import { mergeLogs, type Part } from '../../ports/rules/merged-logs.ts';
import { outputOf, within } from '../../records/output-life.ts';
import { getProject } from '../../records/read.ts';
import { listReply, pageOf, pageQuery } from '../http/list-pages.ts';
import { route } from '../http/route-spec.ts';
import { nameSchema, timeSchema } from '../http/schemas.ts';
import { followLog, logAnswer, logQuery, logReply } from './log-stream.ts';
import { checkReach, environmentIdQuery } from './reach.ts';

const destroyedSchema = z
  .object({
    project: nameSchema.meta({ example: 'demo' }),
    name: nameSchema.meta({ example: 'pr-7' }),
    id: z.string().meta({ description: 'Its output is read by it, as `environmentId`.' }),
    services: z.array(nameSchema).meta({ description: 'All that were ever deployed to it.' }),
    createdAt: timeSchema,
    destroyedAt: timeSchema,
    keptUntil: timeSchema.meta({ description: 'Its output can be read until then.' }),
  })
  .meta({ id: 'DestroyedEnvironment' });

const query = logQuery.extend({ environmentId: environmentIdQuery });
const queryOfService = query.extend({
  process: nameSchema.optional().meta({
    description: 'Only lines of this process of the service, `web` among them; of all of them without it.',
    example: 'worker',
  }),
});

type Instance = Pick<InstanceRef, 'project' | 'environment' | 'service'>;

const streamOf = (instance: Instance, process: string): LogStream =>
  instanceName(
    process === 'web' ? instance : { ...instance, service: processService(instance.service, process) },
  );

/** The web of a service, and its processes. @param label of its lines */
const partsOf = (
  instance: Instance,
  processes: readonly string[] = [],
  label: Part['label'] = {},
): Part[] => [
  { service: instance.service, label, stream: instanceName(instance) },
  ...processes.map((process) => ({
    service: instance.service,
    label: { ...label, process },
    stream: streamOf(instance, process),
  })),
];

/** A name may be that of a member which all objects have. */
const processNamesOf = (
  processes: Readonly<Record<string, readonly string[]>>,
  service: string,
): readonly string[] | undefined => (Object.hasOwn(processes, service) ? processes[service] : undefined);

const description =
  'A list goes back from its newest line, page by page; `since` with `direction=forward` goes on from a time. ' +
  'Filters hold for lists and streams. Resume a stream with Last-Event-ID: no line is lost in silence, and a line may come twice. ' +
  'Output is kept for 30 days, also when its environment was destroyed: `environmentId` then says which one is meant.';

export const routes = [
  route({
    method: 'get',
    path: '/v1/projects/{project}/environments/{environment}/services/{service}/logs',
    policy: { action: 'log.read', scope: 'project' },
    operationId: 'getLogs',
    summary: 'Read or follow what a service prints in an environment',
    description,
    tag: 'Running services',
    query: queryOfService,
    answers: {
      200: logAnswer,
    },
    handle: async ({ ports, params, principal, query: asked, wantsStream, lastEventId, stream }) => {
      const { environmentId, process, ...filter } = asked;
      checkReach(principal, params, environmentId);
      const { services: _, processes, ...life } = await outputOf(ports.store, params, environmentId);
      const names = processNamesOf(processes, params.service) ?? [];
      const isKnown = process === undefined || process === 'web' || names.includes(process);
      // It ran before, or it is a container of what runs under the name of web: its lines say so.
      const only = isKnown ? {} : { container: filter.container ?? process };
      const lines = { ...within(filter, life), service: params.service, ...only };
      const parts = partsOf(params, isKnown ? names : [process]);
      const isWhole = (process === undefined || !isKnown) && parts.length > 1;
      const logs = isWhole ? mergeLogs(ports.logs, parts) : ports.logs;
      const name = isWhole ? '' : streamOf(params, process ?? 'web');
      if (!wantsStream) return logReply(logs, name, lines);
      return stream((signal) => followLog(logs, name, lines, lastEventId, signal));
    },
  }),
  route({
    method: 'get',
    path: '/v1/projects/{project}/environments/{environment}/logs',
    policy: { action: 'log.read', scope: 'project' },
    operationId: 'getEnvironmentLogs',
    summary: 'Read or follow what all services print in an environment',
    description: `${description} Each line has its \`service\`. A stream has the services that were deployed when it was opened.`,
    tag: 'Running services',
    query,
    answers: { 200: logAnswer },
    handle: async ({ ports, params, principal, query: asked, wantsStream, lastEventId, stream }) => {
      const { environmentId, ...filter } = asked;
      checkReach(principal, params, environmentId);
      const { services, processes, ...life } = await outputOf(ports.store, params, environmentId);
      const lines = within(filter, life);
      const parts = services.flatMap((service) =>
        partsOf({ ...params, service }, processNamesOf(processes, service), { service }),
      );
      const merged = mergeLogs(ports.logs, parts);
      if (!wantsStream) return logReply(merged, '', lines);
      return stream((signal) => followLog(merged, '', lines, lastEventId, signal));
    },
  }),
  route({
    method: 'get',
    path: '/v1/projects/{project}/destroyed-environments',
    policy: { action: 'log.read', scope: 'project' },
    operationId: 'listDestroyedEnvironments',
    summary: 'List the environments that were destroyed and whose output is kept',
    tag: 'Running services',
    query: pageQuery,
    answers: { 200: { summary: 'A page of them, the oldest first', schema: pageOf(destroyedSchema) } },
    handle: ({ ports, params, query }) =>
      listReply<DestroyedEnvironment>(
        ports.store,
        { pk: destroyedPartition(params.project) },
        query,
        ({ data }) => data,
        () => getProject(ports.store, params.project),
      ),
  }),
];
