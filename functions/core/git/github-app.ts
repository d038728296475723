/** The GitHub App: what it is asked for, what it delivers beside pushes, and which project may use it where. Pure. */
import * as z from 'zod';
import { matchesWildcard } from '../wildcard.ts';
import { type ApiRequest, encoded, encodedPath, jsonRequest } from './git-provider.ts';
import { maybe, timeOf } from './hook-facts.ts';

/** Lets a project connect its services to repositories by the App. */
export interface AppRule {
  /** Name of a project. */
  project: string;
  /** A repository's full name, in which `*` stands for text without `/`: `octo/shop`, `octo/*`. */
  repository: string;
}

/** The owner is always written out: a name that anybody can take at GitHub is no rule. */
const RULE = /^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/(?!.*\*\*)[A-Za-z0-9._*-]{1,100}$/;
export const isAppRulePattern = (text: string): boolean => RULE.test(text);

/** A name that is one, and no path that leads to another repository. */
const FULL_NAME = /^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/;

/** @param repository its full name */
export const isAllowedByApp = (rules: readonly AppRule[], project: string, repository: string): boolean =>
  FULL_NAME.test(repository) &&
  rules.some(
    (rule) =>
      rule.project === project && matchesWildcard(rule.repository.toLowerCase(), repository.toLowerCase()),
  );

/** For what the App's token is used. */
export type AppPurpose = 'source' | 'telling';

/** The version of what a connection tells its provider with; those of the App are all alike. */
export const tellingToken = ({
  app,
  token,
}: {
  app?: true;
  token?: { version: string };
}): string | undefined => (app ? 'github-app' : token?.version);

/** The least that each needs. What GitHub adds by itself, such as reading metadata, is not named. */
const PERMISSIONS: Readonly<Record<AppPurpose, Record<string, 'read' | 'write'>>> = {
  source: { contents: 'read' },
  telling: { contents: 'read', statuses: 'write', pull_requests: 'write', deployments: 'write' },
};

/** Who asks: the App by a JWT that it signed. */
interface AppPlace {
  /** Without a slash at its end. */
  api: string;
  jwt: string;
}

const headersOf = ({ jwt }: AppPlace): Record<string, string> => ({
  authorization: `Bearer ${jwt}`,
  accept: 'application/vnd.github+json',
  'x-github-api-version': '2022-11-28',
});

/** @param repository its full name */
export const installationRequest = (place: AppPlace, repository: string): ApiRequest =>
  jsonRequest('GET', `${place.api}/repos/${encodedPath(repository)}/installation`, headersOf(place));

const installation = z.object({ id: z.number(), suspended_at: maybe(z.string()) });

/** @throws ZodError */
export const readInstallation = (answer: unknown): { id: number; isSuspended: boolean } => {
  const { id, suspended_at: suspended } = installation.parse(answer);
  return { id, isSuspended: suspended !== undefined };
};

/** A token for that repository alone, with no more than the purpose needs. */
export const tokenRequest = (
  place: AppPlace,
  id: number,
  repository: string,
  purpose: AppPurpose,
): ApiRequest =>
  jsonRequest(
    'POST',
    `${place.api}/app/installations/${encoded(String(id))}/access_tokens`,
    headersOf(place),
    { repositories: [repository.slice(repository.indexOf('/') + 1)], permissions: PERMISSIONS[purpose] },
  );

const token = z.object({
  token: z.string().regex(/^[\x21-\x7e]{1,1000}$/),
  expires_at: z.string(),
  repository_selection: maybe(z.string()),
  repositories: maybe(z.array(z.object({ full_name: z.string() }))),
});

/**
 * @returns the token; until when it is good, epoch milliseconds; and whether, by what GitHub says, it is for other repositories than
 * the one that it was asked for, which may have moved meanwhile. @throws ZodError
 */
export function readToken(
  answer: unknown,
  repository: string,
): { token: string; until: number; isForOthers: boolean } {
  const { token: value, expires_at: at, repositories, ...given } = token.parse(answer);
  const isForOthers = repositories
    ? repositories.some(({ full_name: name }) => name.toLowerCase() !== repository.toLowerCase())
    : given.repository_selection === 'all';
  return { token: value, until: timeOf(at) ?? 0, isForOthers };
}

/** Where people find repositories, by the address of the API: GitHub's own, that of a server, that of a data residency. */
export function originOfApi(api: string): string {
  const { protocol, host } = new URL(api);
  return `${protocol}//${host.replace(/^api\./, '')}`;
}

/** Whether the App still is where a connection's repository is, as GitHub told last. */
export type AppState = 'installed' | 'suspended' | 'removed';

/** What GitHub tells of the App itself. */
export interface InstallationFacts {
  /** The login of the account that it is about. */
  owner: string;
  /** The full names that changed; undefined: all of the owner's. */
  repositories?: { state: AppState; names: string[] }[];
  state: AppState;
  /** Epoch milliseconds; what is older than what is known changes nothing. */
  at: number | undefined;
}

const named = z.array(z.object({ full_name: z.string().max(200) }));
const installed = z.object({
  action: z.string(),
  installation: z.object({
    account: z.object({ login: maybe(z.string()), slug: maybe(z.string()) }),
    updated_at: maybe(z.union([z.string(), z.number()])),
  }),
  repositories_added: maybe(named),
  repositories_removed: maybe(named),
});

const states: Readonly<Record<string, AppState>> = {
  created: 'installed',
  unsuspend: 'installed',
  suspend: 'suspended',
  deleted: 'removed',
};

/** Undefined for what changes nothing here. @throws ZodError for what GitHub does not send */
export function readInstallationEvent(event: string, payload: unknown): InstallationFacts | undefined {
  if (event !== 'installation' && event !== 'installation_repositories') return undefined;
  const { action, installation: of, ...lists } = installed.parse(payload);
  const owner = of.account.login ?? of.account.slug;
  if (owner === undefined) return undefined;
  const facts = { owner, at: timeOf(of.updated_at) };
  if (event === 'installation') {
    const state = states[action];
    return state && { ...facts, state };
  }
  const namesOf = (list: z.output<typeof named> | undefined) =>
    (list ?? []).map(({ full_name: name }) => name);
  return {
    ...facts,
    state: 'installed',
    repositories: [
      { state: 'removed', names: namesOf(lists.repositories_removed) },
      { state: 'installed', names: namesOf(lists.repositories_added) },
    ],
  };
}

const ofRepository = z.object({ repository: maybe(z.object({ full_name: z.string().max(200) })) });

/** The full name of the repository that a message is of. @throws ZodError */
export const readRepository = (payload: unknown): string | undefined =>
  ofRepository.parse(payload).repository?.full_name;
