/** What agents may ask for: each tool is one request of the API, made as whoever asks. */
import * as z from 'zod';

/** A request of the API. */
export interface Inner {
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  path: string;
  body?: unknown;
}

export interface ReadTool {
  description: string;
  input: z.ZodObject;
  request(input: Record<string, string>): Inner;
  /** The answer holds what programs or other people have written. */
  isForeign?: true;
}

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/);
const project = name.describe('Project');
const environment = name.describe('Environment');
const service = name.describe('Service');
const place = { project, environment, service };

/** A part of a path, so that no value leads elsewhere. */
const part = (text: string | undefined): string => encodeURIComponent(text ?? '');

const inProject = (input: Record<string, string>): string => `/v1/projects/${part(input.project)}`;
const inEnvironment = (input: Record<string, string>): string =>
  `${inProject(input)}/environments/${part(input.environment)}`;
const inService = (input: Record<string, string>): string =>
  `${inEnvironment(input)}/services/${part(input.service)}`;

const read = (
  description: string,
  shape: z.ZodRawShape,
  path: (input: Record<string, string>) => string,
  isForeign?: true,
): ReadTool => ({
  description,
  input: z.strictObject(shape),
  request: (input) => ({ method: 'GET', path: path(input) }),
  ...(isForeign && { isForeign }),
});

export const readTools: Readonly<Record<string, ReadTool>> = {
  list_projects: read('List the projects that you may see.', {}, () => '/v1/projects?limit=200'),
  get_overview: read('What runs where in a project.', { project }, (i) => `${inProject(i)}/overview`),
  get_environment: read('Read an environment.', { project, environment }, inEnvironment),
  get_service: read('How a service does in an environment.', place, inService),
  list_deployments: read(
    'Deployments of a service, newest first.',
    place,
    (i) => `${inService(i)}/deployments?limit=20`,
  ),
  list_versions: read(
    'Versions of a service that can be deployed, newest first.',
    { project, service },
    (i) => `${inProject(i)}/services/${part(i.service)}/versions?limit=20`,
  ),
  get_logs: read(
    'The last 200 lines that a service printed.',
    place,
    (i) => `${inService(i)}/logs?tail=200`,
    true,
  ),
  list_events: read(
    'What happened in a project, newest first.',
    { project },
    (i) => `${inProject(i)}/events?limit=50`,
    true,
  ),
  get_operation: read(
    'Read an operation: steps, result, error.',
    { operation: z.string().regex(/^[0-9A-Z]{26}$/) },
    ({ operation }) => `/v1/operations/${part(operation)}`,
  ),
  get_operation_logs: read(
    'The last 200 lines of a build or a release command.',
    { operation: z.string().regex(/^[0-9A-Z]{26}$/) },
    ({ operation }) => `/v1/operations/${part(operation)}/logs?tail=200`,
    true,
  ),
  list_previews: read(
    'Previews of pull requests.',
    { project },
    (i) => `${inProject(i)}/previews?limit=200`,
    true,
  ),
};

/** A change, and what is read beforehand to say what it does. */
export interface Change {
  request: Inner;
  /** What it changes and destroys: a read whose answer the plan shows, and is bound to. */
  basis: string;
  /** Where the protection of an environment asks for a person. */
  environment?: string;
  /** In a protected environment it waits for a second person by itself. */
  waitsForApproval?: true;
}

const text = z.string().min(1).max(200);
const on = <const Action extends string>(action: Action) => z.literal(action);

export const changeSchema = z.discriminatedUnion('action', [
  z.strictObject({ action: on('deploy'), ...place, version: text.describe('Id or tag') }),
  z.strictObject({ action: on('promote'), ...place, from: environment }),
  z.strictObject({ action: on('rollback'), ...place, to: z.int().positive().describe('Deployment') }),
  z.strictObject({ action: on('restart'), ...place }),
  z.strictObject({ action: on('stop'), ...place }),
  z.strictObject({ action: on('start'), ...place }),
  z.strictObject({ action: on('scale'), ...place, replicas: z.int().min(1).max(20) }),
  z.strictObject({
    action: on('create_environment'),
    project,
    environment,
    ttl: z
      .string()
      .regex(/^[1-9][0-9]{0,5}[smhd]$/)
      .describe('Such as 2d'),
  }),
  z.strictObject({ action: on('sleep'), project, environment }),
  z.strictObject({ action: on('wake'), project, environment }),
  z.strictObject({ action: on('destroy_environment'), project, environment }),
  z.strictObject({
    action: on('set_variable'),
    project,
    environment,
    name: text,
    value: z.string().max(10_000),
  }),
]);

export type ChangeInput = z.output<typeof changeSchema>;

const post = (path: string, body?: unknown): Inner => ({
  method: 'POST',
  path,
  ...(body !== undefined && { body }),
});

/** The request that makes a change, as declared for agents. */
export function changeOf(input: ChangeInput): Change {
  const names = input as unknown as Record<string, string>;
  const [at, here] = [inEnvironment(names), inService(names)];
  const deployment = (body: object, query: string): Change => ({
    request: post(`${here}/deployments`, body),
    basis: `${here}/plan?${query}`,
    environment: at,
    waitsForApproval: true,
  });
  const operate = (request: Inner): Change => ({
    request,
    basis: `${here}/deployments?limit=1`,
    environment: at,
  });
  switch (input.action) {
    case 'deploy':
      return deployment({ version: input.version }, `version=${part(input.version)}`);
    case 'promote':
      return deployment({ fromEnvironment: input.from }, `fromEnvironment=${part(input.from)}`);
    case 'rollback':
      return deployment({ rollbackTo: input.to }, `rollbackTo=${input.to}`);
    case 'restart':
    case 'stop':
    case 'start':
      return operate(post(`${here}/${input.action}`));
    case 'scale':
      return operate(post(`${here}/scale`, { replicas: input.replicas }));
    case 'create_environment': {
      const body = { name: input.environment, kind: 'ephemeral', ttl: input.ttl };
      return { request: post(`${inProject(names)}/environments`, body), basis: inProject(names) };
    }
    case 'sleep':
      return { request: post(`${at}/hibernate`), basis: at, environment: at };
    case 'wake':
      return { request: post(`${at}/wake`), basis: at, environment: at };
    case 'destroy_environment':
      return { request: { method: 'DELETE', path: at }, basis: `${at}/inventory`, environment: at };
    case 'set_variable':
      return {
        request: { method: 'PUT', path: `${at}/variables/${part(input.name)}`, body: { value: input.value } },
        basis: `${at}/variables`,
        environment: at,
      };
  }
}
