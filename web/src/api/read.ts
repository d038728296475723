/** What pages read, each by the path that it is kept under. */

import type {
  Deployment,
  DeploymentDiff,
  Domain,
  Environment,
  InstanceDetail,
  Metrics,
  Overview,
  Plan,
  Resource,
  Rollout,
  Secret,
  Version,
} from '../../../client/types.generated.ts';
import { all, api, body } from './client.ts';
import { type Reading, useQuery } from './query.ts';

interface InEnvironment {
  project: string;
  environment: string;
}

interface InService extends InEnvironment {
  service: string;
}

export const apiPath = ({ project, environment, service }: InEnvironment & { service?: string }): string =>
  `/v1/projects/${project}/environments/${environment}${service === undefined ? '' : `/services/${service}`}`;

/** @param project undefined: nothing is read */
export const useOverview = (project: string | undefined): Reading<Overview> =>
  useQuery(project && `/v1/projects/${project}/overview`, (signal) =>
    body(
      api.GET('/v1/projects/{project}/overview', { params: { path: { project: project ?? '' } }, signal }),
    ),
  );

export const useEnvironment = (path: InEnvironment): Reading<Environment> =>
  useQuery(apiPath(path), (signal) =>
    body(api.GET('/v1/projects/{project}/environments/{environment}', { params: { path }, signal })),
  );

export const useResources = (path: InEnvironment): Reading<Resource[]> =>
  useQuery(`${apiPath(path)}/resources`, (signal) =>
    all((query) =>
      api.GET('/v1/projects/{project}/environments/{environment}/resources', {
        params: { path, query },
        signal,
      }),
    ),
  );

export const useDomains = (path: InEnvironment): Reading<Domain[]> =>
  useQuery(`${apiPath(path)}/domains`, async (signal) => {
    const { items } = await body(
      api.GET('/v1/projects/{project}/environments/{environment}/domains', { params: { path }, signal }),
    );
    return items;
  });

export const useSecrets = (path: InEnvironment): Reading<Secret[]> =>
  useQuery(`${apiPath(path)}/secrets`, (signal) =>
    all((query) =>
      api.GET('/v1/projects/{project}/environments/{environment}/secrets', {
        params: { path, query },
        signal,
      }),
    ),
  );

/** @param isMeant false: nothing is read */
export const useInstance = (path: InService, isMeant = true): Reading<InstanceDetail> =>
  useQuery(isMeant ? apiPath(path) : undefined, (signal) =>
    body(
      api.GET('/v1/projects/{project}/environments/{environment}/services/{service}', {
        params: { path },
        signal,
      }),
    ),
  );

/** How a service does over time. @param window such as "1h"; undefined: nothing is read */
export const useMetrics = (path: InService, window: string | undefined): Reading<Metrics> =>
  useQuery(window && `${apiPath(path)}/metrics?window=${window}`, (signal) =>
    body(
      api.GET('/v1/projects/{project}/environments/{environment}/services/{service}/metrics', {
        params: { path, query: { window: window ?? '' } },
        signal,
      }),
    ),
  );

/** The newest deployments, as many as asked for. @param path undefined: nothing is read */
export const useDeployments = (
  path: InService | undefined,
  limit: number,
): Reading<{ items: Deployment[]; nextCursor?: string }> =>
  useQuery(path && `${apiPath(path)}/deployments?limit=${limit}`, (signal) =>
    body(
      api.GET('/v1/projects/{project}/environments/{environment}/services/{service}/deployments', {
        params: {
          path: path ?? { project: '', environment: '', service: '' },
          query: { limit: String(limit) },
        },
        signal,
      }),
    ),
  );

/** The newest versions of a service. @param service undefined: nothing is read */
export const useVersions = (
  project: string,
  service: string | undefined,
): Reading<{ items: Version[]; nextCursor?: string }> =>
  useQuery(service && `/v1/projects/${project}/services/${service}/versions`, (signal) =>
    body(
      api.GET('/v1/projects/{project}/services/{service}/versions', {
        params: { path: { project, service: service ?? '' }, query: { limit: '50' } },
        signal,
      }),
    ),
  );

/** What would be deployed: one of the three. */
export interface DeploymentChoice {
  version?: string;
  fromEnvironment?: string;
  rollbackTo?: number;
}

/** What a deployment would change. @param choice undefined: nothing is read */
export const usePlan = (path: InService, choice: DeploymentChoice | undefined): Reading<Plan> =>
  useQuery(choice && `${apiPath(path)}/plan?${JSON.stringify(choice)}`, (signal) =>
    body(
      api.GET('/v1/projects/{project}/environments/{environment}/services/{service}/plan', {
        params: {
          path,
          query: {
            ...(choice?.version !== undefined && { version: choice.version }),
            ...(choice?.fromEnvironment !== undefined && { fromEnvironment: choice.fromEnvironment }),
            ...(choice?.rollbackTo !== undefined && { rollbackTo: String(choice.rollbackTo) }),
          },
        },
        signal,
      }),
    ),
  );

/** How a deployment does that takes over step by step. @param number undefined: nothing is read */
export const useRollout = (
  path: InService,
  number: number | undefined,
): Reading<Rollout> & { reload(): Promise<void> } =>
  useQuery(number === undefined ? undefined : `${apiPath(path)}/deployments/${number}/rollout`, (signal) =>
    body(
      api.GET(
        '/v1/projects/{project}/environments/{environment}/services/{service}/deployments/{number}/rollout',
        { params: { path: { ...path, number: String(number) } }, signal },
      ),
    ),
  );

/** What differs between two deployments. */
export const useDiff = (
  path: InService,
  pair: { from: number; to: number } | undefined,
): Reading<DeploymentDiff> =>
  useQuery(pair && `${apiPath(path)}/deployments/${pair.to}/diff?from=${pair.from}`, (signal) =>
    body(
      api.GET(
        '/v1/projects/{project}/environments/{environment}/services/{service}/deployments/{number}/diff',
        {
          params: {
            path: { ...path, number: String(pair?.to) },
            query: { from: String(pair?.from) },
          },
          signal,
        },
      ),
    ),
  );
