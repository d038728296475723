/** Whether a connection may use the GitHub App, and what it asks its provider with. */
import { fullNameOf } from '../../core/git/git-provider.ts';
import { type AppPurpose, isAllowedByApp } from '../../core/git/github-app.ts';
import {
  appConnectionKey,
  appConnectionPrefix,
  appConnectionsPartition,
  gitTokenPath,
} from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { AppConnection, Connection } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { GitHubApp } from '../../ports/github-app.ts';
import type { Ports } from '../../ports/index.ts';
import type { Write } from '../../ports/store.ts';
import { readAll } from '../../records/read-all.ts';
import { readAppRules } from './app-rules.ts';

type Of = Pick<Connection, 'project' | 'repository' | 'api'>;

export const noAppHere = (): Problem =>
  new Problem('not_supported', 'No GitHub App is registered with this Berth.', {
    hint: 'Ask the platform team to register one (BERTH_GITHUB_APP_ID), or connect with a token.',
  });

/** The sentence that the platform team needs. */
const askFor = ({ project, repository }: Of): string =>
  `Ask the platform team: berth github-app allow ${fullNameOf(repository)} --project ${project}`;

/** Why a connection may not use the App now, as a clause; undefined where it may. */
export async function appRefusal({ store, githubApp }: Ports, of: Of): Promise<string | undefined> {
  if (!githubApp) return 'no GitHub App is registered with this Berth';
  // A token goes to who gave it: the App's own GitHub.
  if (of.api !== githubApp.api) return `the GitHub App is one of ${githubApp.origin}`;
  const name = fullNameOf(of.repository);
  const { rules } = (await readAppRules(store)).data;
  if (isAllowedByApp(rules, of.project, name)) return undefined;
  return `the platform team has no rule that lets "${of.project}" use ${name} by the GitHub App`;
}

/**
 * Checks that a service may be connected by the App.
 * @throws Problem not_supported | invalid_request (of another host) | forbidden (no rule)
 */
export async function requireApp(ports: Ports, of: Of): Promise<GitHubApp> {
  const { githubApp } = ports;
  if (!githubApp) throw noAppHere();
  const why = await appRefusal(ports, of);
  if (why === undefined) return githubApp;
  throw new Problem('forbidden', `The service can not be connected by the GitHub App: ${why}.`, {
    hint: askFor(of),
  });
}

export type ProviderToken = { token: string } | { fault: string };

/** What the provider is asked with. A reason is given in words. */
export async function providerToken(ports: Ports, connection: Connection): Promise<ProviderToken> {
  if (connection.app) return appToken(ports, connection, 'telling');
  const { project, id, token } = connection;
  const value = await ports.secrets.get(gitTokenPath(project, id), token?.version);
  return value === undefined ? { fault: 'its token is not there' } : { token: value };
}

/** A token of the App, under the rules as they are now. */
export async function appToken(
  ports: Ports,
  connection: Connection,
  purpose: AppPurpose,
): Promise<ProviderToken> {
  const { githubApp } = ports;
  const why = await appRefusal(ports, connection);
  if (!githubApp || why !== undefined) return { fault: why ?? '' };
  const given = await githubApp.token(fullNameOf(connection.repository), purpose);
  return 'token' in given ? given : { fault: `GitHub gives no token for it: ${given.fault}` };
}

/** A token of the App that was refused is asked for anew the next time. */
export function refusedToken({ githubApp }: Ports, { app, repository }: Connection, status?: number): void {
  if (app && status === 401) githubApp?.forget(fullNameOf(repository));
}

/** What is said of the App beside a connection: why it does not work now, in words. */
export async function appTrouble(ports: Ports, connection: Connection): Promise<string | undefined> {
  if (!connection.app) return undefined;
  const why = await appRefusal(ports, connection);
  if (why !== undefined) return why;
  const { repository, id } = connection;
  const state = (await ports.store.get<AppConnection>(appConnectionKey(fullNameOf(repository), id)))?.data
    .state;
  if (state === 'suspended') return 'the installation of the GitHub App is suspended at GitHub';
  if (state === 'removed') return `the GitHub App was removed from ${fullNameOf(repository)} at GitHub`;
  return undefined;
}

/**
 * The writes by which deliveries to the App find a connection.
 * @throws Problem conflict (too many connections of the repository)
 */
export async function appConnectionWrites(
  { store }: Ports,
  before: Connection | undefined,
  after: Connection,
): Promise<Write[]> {
  const keyOf = ({ app, repository, id }: Connection) =>
    app ? appConnectionKey(fullNameOf(repository), id) : undefined;
  const [was, is] = [before && keyOf(before), keyOf(after)];
  if (was?.pk === is?.pk && was?.sk === is?.sk) return [];
  const { project, service, repository } = after;
  if (is) {
    const others = await readAll(store, is.pk, appConnectionPrefix(fullNameOf(repository)));
    if (others.length >= limits.appConnections.value)
      throw new Problem(
        'conflict',
        `${others.length} services are connected to ${fullNameOf(repository)} by the GitHub App, which are the most.`,
        {
          hint: 'Disconnect one of them, or connect this one with a token.',
        },
      );
  }
  const data: AppConnection = { project, service };
  return [...(was ? [{ delete: was }] : []), ...(is ? [{ put: { ...is, data } }] : [])];
}

/** The connections of a repository by the App; of all of an owner's where no repository is named. */
export const appConnections = ({ store }: Ports, owner: string, repository?: string) =>
  readAll<AppConnection>(
    store,
    appConnectionsPartition(owner),
    repository === undefined ? undefined : appConnectionPrefix(repository),
  );
