/** What agents may ask to be changed. Each is one request to the API, and reads that show beforehand what it does. */
import * as z from 'zod';
import { environment, environmentPath, instance, instancePath, type Names, queryOf } from './reads.ts';

/** A request to the API, as it will be sent. */
export interface PlannedRequest {
  method: 'POST' | 'PUT' | 'DELETE';
  path: string;
  body?: unknown;
}

export interface Change {
  description: string;
  input: z.ZodRawShape;
  /** What it takes away for good, in words. */
  destroys?: string;
  /** Paths of the API whose answers show what it does. */
  shows(names: Names): string[];
  request(names: Names): PlannedRequest;
}

const post = (path: string, body?: unknown): PlannedRequest => ({
  method: 'POST',
  path,
  ...(body !== undefined && { body }),
});

/** Exactly one of what a deployment can be made of. */
const picked = (names: Names): Names =>
  Object.fromEntries(
    ['version', 'fromEnvironment', 'rollbackTo'].flatMap((field) =>
      names[field] === undefined ? [] : [[field, names[field]]],
    ),
  );

const verb = (name: 'restart' | 'start' | 'stop', description: string): Change => ({
  description,
  input: instance,
  shows: (names) => [instancePath(names)],
  request: (names) => post(`${instancePath(names)}/${name}`),
});

const transition = (name: 'hibernate' | 'wake', description: string): Change => ({
  description,
  input: environment,
  shows: (names) => [environmentPath(names)],
  request: (names) => post(`${environmentPath(names)}/${name}`),
});

const duration = z.string().regex(/^\d{1,6}[smhd]$/);

export const changes = {
  deploy: {
    description:
      'Deploys a `version`, what serves in `fromEnvironment`, or the deployment number `rollbackTo`: one of them.',
    input: {
      ...instance,
      version: z.string().max(128).optional(),
      fromEnvironment: environment.environment.optional(),
      rollbackTo: z.number().int().min(1).optional(),
    },
    shows: (names) => [
      `${instancePath(names)}/plan${queryOf(names, 'version', 'fromEnvironment', 'rollbackTo')}`,
    ],
    request: (names) => post(`${instancePath(names)}/deployments`, picked(names)),
  },
  scale: {
    description: 'Sets how many replicas a service has.',
    input: { ...instance, replicas: z.number().int().min(1).max(20) },
    shows: (names) => [instancePath(names)],
    request: (names) => ({
      method: 'PUT',
      path: `${instancePath(names)}/scale`,
      body: { replicas: names.replicas },
    }),
  },
  restart: verb('restart', 'Starts all replicas anew, without a lost request.'),
  stop: verb('stop', 'Stops a service until it is started.'),
  start: verb('start', 'Starts a service that was stopped.'),
  cancel: {
    description: 'Cancels a deployment that goes on.',
    input: { ...instance, number: z.number().int().min(1) },
    shows: (names) => [`${instancePath(names)}/deployments/${names.number}`],
    request: (names) => post(`${instancePath(names)}/deployments/${names.number}/cancel`),
  },
  hibernate: transition('hibernate', 'Puts an environment to sleep; data stays.'),
  wake: transition('wake', 'Wakes an environment.'),
  extend: {
    description: 'Puts off the end of an environment, such as by "24h".',
    input: { ...environment, by: duration },
    shows: (names) => [environmentPath(names)],
    request: (names) => post(`${environmentPath(names)}/extend`, { by: names.by }),
  },
  create_environment: {
    description: 'Makes an environment. It ends by itself after `ttl`.',
    input: { ...environment, ttl: duration },
    shows: ({ project }) => [`/v1/projects/${project}/environments?limit=100`],
    request: ({ project, environment: name, ttl }) =>
      post(`/v1/projects/${project}/environments`, { name, kind: 'ephemeral', ttl }),
  },
  destroy_environment: {
    description: 'Destroys an environment.',
    input: environment,
    destroys: 'The environment with its databases, volumes, secrets and their data.',
    shows: (names) => [environmentPath(names), `${environmentPath(names)}/inventory`],
    request: (names) => ({ method: 'DELETE', path: environmentPath(names) }),
  },
} satisfies Record<string, Change>;

export type ChangeName = keyof typeof changes;
export const changeNames = Object.keys(changes) as [ChangeName, ...ChangeName[]];
