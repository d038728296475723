/** The tools that change nothing: each is one read of the API. */
import * as z from 'zod';

const name = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/);
const number = z.number().int().min(1);
export const project = { project: name };
export const environment = { ...project, environment: name };
export const instance = { ...environment, service: name };
const since = { since: z.iso.datetime().optional(), tail: z.number().int().min(1).max(500).optional() };
const id = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/);

export type Names = Record<string, unknown>;

export const environmentPath = ({ project, environment }: Names): string =>
  `/v1/projects/${project}/environments/${environment}`;
export const instancePath = (names: Names): string => `${environmentPath(names)}/services/${names.service}`;

/** The given fields as a query. */
export function queryOf(names: Names, ...fields: string[]): string {
  const query = new URLSearchParams();
  for (const field of fields) if (names[field] !== undefined) query.set(field, String(names[field]));
  return query.size > 0 ? `?${query}` : '';
}

export interface ReadTool {
  name: string;
  description: string;
  input: z.ZodRawShape;
  path(names: Names): string;
}

export const reads: readonly ReadTool[] = [
  {
    name: 'list_projects',
    description: 'Projects that this token sees.',
    input: {},
    path: () => '/v1/projects?limit=100',
  },
  {
    name: 'project_overview',
    description:
      'Every service in every environment of a project: what is current, what failed, what sleeps.',
    input: project,
    path: ({ project }) => `/v1/projects/${project}/overview`,
  },
  {
    name: 'list_versions',
    description: 'Versions of a service that can be deployed, newest first, with their commits and tags.',
    input: { ...project, service: name },
    path: ({ project, service }) => `/v1/projects/${project}/services/${service}/versions?limit=20`,
  },
  {
    name: 'get_environment',
    description: 'An environment: state, protection, end of life, what it costs, its services.',
    input: environment,
    path: environmentPath,
  },
  {
    name: 'list_resources',
    description: 'Databases, volumes and other resources of an environment.',
    input: environment,
    path: (names) => `${environmentPath(names)}/resources`,
  },
  {
    name: 'get_service',
    description: 'A service in an environment: what serves, its replicas, its address, why it does not run.',
    input: instance,
    path: instancePath,
  },
  {
    name: 'list_deployments',
    description: 'Deployments of a service in an environment, newest first, with the cause where one failed.',
    input: instance,
    path: (names) => `${instancePath(names)}/deployments?limit=20`,
  },
  {
    name: 'compare_deployments',
    description: 'What differs between a deployment and an earlier one (the one before by default).',
    input: { ...instance, number, from: number.optional() },
    path: (names) => `${instancePath(names)}/deployments/${names.number}/diff${queryOf(names, 'from')}`,
  },
  {
    name: 'get_operation',
    description: 'How far an operation is: its steps, its error with cause and hint.',
    input: { operation: id },
    path: ({ operation }) => `/v1/operations/${operation}`,
  },
  {
    name: 'list_operations',
    description: 'What happened in a project lately, newest first.',
    input: project,
    path: ({ project }) => `/v1/projects/${project}/operations?limit=20`,
  },
  {
    name: 'read_logs',
    description: 'The last lines that a service printed; `search` keeps lines with that text.',
    input: { ...instance, ...since, search: z.string().min(1).max(200).optional() },
    path: (names) => `${instancePath(names)}/logs${queryOf(names, 'tail', 'since', 'search')}`,
  },
  {
    name: 'read_operation_log',
    description: 'The last lines that an operation printed, such as a build.',
    input: { operation: id, ...since },
    path: (names) => `/v1/operations/${names.operation}/logs${queryOf(names, 'tail', 'since')}`,
  },
];
