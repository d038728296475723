/** Lists of operations: of a project, of an environment, and the builds of a service. */
import * as z from 'zod';
import { buildsPartition, operationsPartition } from '../../core/keys.ts';
import { kindNames } from '../../core/operations/index.ts';
import type { Ports } from '../../ports/index.ts';
import type { Reply } from '../../records/commit.ts';
import {
  listOperations,
  type OperationFilter,
  type OperationSummary,
} from '../../records/operation-summaries.ts';
import { getEnvironment, getProject, getService } from '../../records/read.ts';
import { listOf } from '../http/filters.ts';
import {
  decodeCursor,
  invalidCursor,
  LIMIT_DEFAULT,
  type PageQuery,
  pageOf,
  pageQuery,
  pageReply,
} from '../http/list-pages.ts';
import { ULID_PATTERN } from '../http/params.ts';
import { route } from '../http/route-spec.ts';
import { compact, nameSchema } from '../http/schemas.ts';
import { durationOf, statusSchema, subjectFields, timeFields } from './operation-view.ts';

export const summarySchema = z
  .object({
    ...subjectFields,
    errorCode: z.string().optional().meta({
      description: 'Code of its error; the operation itself has cause and hint.',
      example: 'build_failed',
    }),
    ref: z
      .string()
      .optional()
      .meta({ description: 'Of a build from git: branch, tag or commit.', example: 'main' }),
    tag: z.string().optional().meta({ description: 'Of a build: asked for with it.', example: 'v1.4.0' }),
    version: z.string().optional().meta({ description: 'What a build made.', example: '3f2a9c01b7de' }),
    job: z
      .string()
      .optional()
      .meta({ description: 'Of a run: the job that asked for it.', example: 'nightly' }),
    exitCode: z.int().optional().meta({ description: 'Of a run whose command came to its end.', example: 0 }),
    command: z
      .string()
      .optional()
      .meta({ description: 'Of a run: its words; the first 60 characters.', example: 'node report.js' }),
    ...timeFields,
  })
  .meta({ id: 'OperationSummary' });

const view = (summary: OperationSummary): z.infer<typeof summarySchema> =>
  compact({ ...summary, durationMs: durationOf(summary) });

export const statusQuery = listOf(
  statusSchema.options,
  'Statuses, separated by commas.',
  'failed,canceled',
).optional();
const kindQuery = listOf(kindNames, 'Kinds, separated by commas.', 'build,deploy').optional();

interface ListQuery extends PageQuery {
  kind?: OperationFilter['kinds'] | undefined;
  status?: OperationFilter['statuses'] | undefined;
  environment?: string | undefined;
  service?: string | undefined;
  job?: string | undefined;
}

/** @param of the partition of lines that is read: of a project, of builds or of runs */
export async function operationsReply(
  ports: Ports,
  of: { project: string; partition: string },
  { limit, cursor, kind: kinds, status: statuses, environment, service, job }: ListQuery,
): Promise<Reply> {
  const after = cursor === undefined ? undefined : decodeCursor(cursor, '');
  if (after !== undefined && !ULID_PATTERN.test(after)) throw invalidCursor();
  const filter = compact({ kinds, statuses, environment, service, job });
  const page = compact({ limit: limit ?? LIMIT_DEFAULT, after });
  const { items, next } = await listOperations(ports, of, filter, page);
  return pageReply(items.map(view), next);
}

export const SHORT_PAGES =
  'With a filter a page may hold fewer than the limit while there are more: follow `nextCursor`.';

export const routes = [
  route({
    method: 'get',
    path: '/v1/projects/{project}/operations',
    policy: { action: 'operation.read', scope: 'project' },
    operationId: 'listOperations',
    summary: 'List the operations of a project',
    description: `Those of the last 30 days. ${SHORT_PAGES}`,
    tag: 'Operations',
    query: pageQuery.extend({
      kind: kindQuery,
      status: statusQuery,
      environment: nameSchema.optional().meta({ example: 'dev' }),
      service: nameSchema.optional(),
    }),
    answers: { 200: { summary: 'A page of operations, newest first', schema: pageOf(summarySchema) } },
    handle: async ({ ports, params, query }) => {
      await getProject(ports.store, params.project);
      const { project } = params;
      return operationsReply(ports, { project, partition: operationsPartition(project) }, query);
    },
  }),
  route({
    method: 'get',
    path: '/v1/projects/{project}/environments/{environment}/operations',
    policy: { action: 'operation.read', scope: 'project' },
    operationId: 'listEnvironmentOperations',
    summary: 'List the operations of an environment',
    description: SHORT_PAGES,
    tag: 'Operations',
    query: pageQuery.extend({ kind: kindQuery, status: statusQuery }),
    answers: { 200: { summary: 'A page of operations, newest first', schema: pageOf(summarySchema) } },
    handle: async ({ ports, params, query }) => {
      await getEnvironment(ports.store, params);
      const { project, environment } = params;
      const of = { project, partition: operationsPartition(project) };
      return operationsReply(ports, of, { ...query, environment });
    },
  }),
  route({
    method: 'get',
    path: '/v1/projects/{project}/services/{service}/builds',
    policy: { action: 'operation.read', scope: 'project' },
    operationId: 'listBuilds',
    summary: 'List the builds of a service',
    description: `Those of the last 30 days. ${SHORT_PAGES}`,
    tag: 'Services',
    query: pageQuery.extend({ status: statusQuery }),
    answers: { 200: { summary: 'A page of builds, newest first', schema: pageOf(summarySchema) } },
    handle: async ({ ports, params, query }) => {
      await getService(ports.store, params);
      return operationsReply(ports, { project: params.project, partition: buildsPartition(params) }, query);
    },
  }),
];
