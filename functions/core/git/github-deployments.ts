/** GitHub's own deployments, which its pages show beside a commit and a pull request. */
import * as z from 'zod';
import { type Delivery, hasEnded } from '../model/index.ts';
import { type ApiPlace, type ApiRequest, encoded, encodedPath, jsonRequest } from './git-provider.ts';

export type DeploymentState = 'in_progress' | 'success' | 'failure' | 'inactive';

export interface ProviderDeployment {
  commit: string;
  /** The name of the environment at the provider: another one for each service, since what succeeds there ends what was there before. */
  environment: string;
  state: DeploymentState;
  description: string;
  /** The environment goes with the pull request. */
  transient: boolean;
  /** Where it answers, once it does. */
  url?: string;
  /** Where it is told how it went. */
  log?: string;
}

/** @throws ZodError */
export const readDeploymentId = (answer: unknown): string =>
  z
    .object({ id: z.number() })
    .transform(({ id }) => String(id))
    .parse(answer);

const headersOf = ({ token }: ApiPlace): Record<string, string> => ({
  accept: 'application/vnd.github+json',
  'x-github-api-version': '2022-11-28',
  authorization: `Bearer ${token}`,
});
const at = ({ api, repository }: ApiPlace): string => `${api}/repos/${encodedPath(repository)}/deployments`;

/** What waits for statuses of others, and what merges the default branch first, is switched off: Berth deploys what was pushed. */
export const deploymentRequest = (
  place: ApiPlace,
  { commit, environment, description, transient }: ProviderDeployment,
): ApiRequest =>
  jsonRequest('POST', at(place), headersOf(place), {
    ref: commit,
    task: 'deploy',
    auto_merge: false,
    required_contexts: [],
    environment,
    description: description.slice(0, 140),
    transient_environment: transient,
  });

export const deploymentStatusRequest = (
  place: ApiPlace,
  id: string,
  { state, description, url, log }: Omit<ProviderDeployment, 'commit' | 'environment' | 'transient'>,
): ApiRequest =>
  jsonRequest('POST', `${at(place)}/${encoded(id)}/statuses`, headersOf(place), {
    state,
    description: description.slice(0, 140),
    ...(url && { environment_url: url }),
    ...(log && { log_url: log }),
  });

const states: Readonly<Partial<Record<Delivery['state'], DeploymentState>>> = {
  waiting: 'in_progress',
  building: 'in_progress',
  deploying: 'in_progress',
  succeeded: 'success',
  failed: 'failure',
  // Of what nothing comes there is a deployment only where it had begun.
  superseded: 'inactive',
};

/**
 * The deployment that a delivery is; undefined for what deploys nothing.
 * @param description what its commit's status says
 * @param links where it answers, and where its operation is shown
 */
export function deploymentOf(
  delivery: Delivery,
  description: string,
  { url, origin }: { url?: string; origin?: string },
): ProviderDeployment | undefined {
  const { project, service, environment, commit, pullRequest, operation, build } = delivery;
  const state = states[delivery.state];
  if (commit === undefined || environment === undefined || state === undefined) return undefined;
  // The end of a pull request deploys nothing.
  if (pullRequest !== undefined && build === undefined && hasEnded(delivery) && state === 'success')
    return undefined;
  const shown = operation ?? build;
  return {
    commit,
    environment: `${project}/${service}/${pullRequest === undefined ? environment : `pr-${pullRequest}`}`,
    state,
    description,
    transient: pullRequest !== undefined,
    ...(url !== undefined && state === 'success' && { url }),
    ...(origin !== undefined &&
      shown !== undefined && { log: `${origin}/projects/${project}/operations/${shown}` }),
  };
}
