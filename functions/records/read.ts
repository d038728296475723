/** Reads of single records, with the error a caller should see when one is missing. */
import { deploymentKey, environmentKey, operationKey, projectKey, serviceKey } from '../core/keys.ts';
import type {
  Deployment,
  Environment,
  EnvironmentRef,
  InstanceRef,
  Operation,
  Project,
  Service,
} from '../core/model/index.ts';
import type { Problem } from '../core/problem.ts';
import type { Item, Store } from '../ports/store.ts';
import { missing, mustGet } from './commit.ts';

export const getProject = (store: Store, project: string): Promise<Item<Project>> =>
  mustGet(store, projectKey(project), ...projectWords(project));

const projectWords = (project: string) =>
  [`project "${project}"`, 'List the projects with GET /v1/projects.'] as const;

/** The error for a project that does not exist, or that the caller may not see. */
export const missingProject = (project: string): Problem => missing(...projectWords(project));

export const getService = (store: Store, ref: { project: string; service: string }): Promise<Item<Service>> =>
  mustGet(
    store,
    serviceKey(ref),
    `service "${ref.service}" in project "${ref.project}"`,
    `List the services with GET /v1/projects/${ref.project}/services.`,
  );

export const getEnvironment = (store: Store, ref: EnvironmentRef): Promise<Item<Environment>> =>
  mustGet(store, environmentKey(ref), ...environmentWords(ref));

const environmentWords = ({ project, environment }: EnvironmentRef) =>
  [
    `environment "${environment}" in project "${project}"`,
    `List the environments with GET /v1/projects/${project}/environments.`,
  ] as const;

/** The error for an environment that does not exist, or that the caller may not see. */
export const missingEnvironment = (ref: EnvironmentRef): Problem => missing(...environmentWords(ref));

export const getDeployment = (store: Store, ref: InstanceRef, number: number): Promise<Item<Deployment>> =>
  mustGet(
    store,
    deploymentKey(ref, number),
    `deployment ${number} of service "${ref.service}" in environment "${ref.environment}"`,
    `List its deployments with GET /v1/projects/${ref.project}/environments/${ref.environment}/services/${ref.service}/deployments.`,
  );

export const getOperation = (store: Store, operation: string): Promise<Item<Operation>> =>
  mustGet(
    store,
    operationKey(operation),
    `operation "${operation}"`,
    'Operations are kept for 30 days; events are kept longer.',
  );
