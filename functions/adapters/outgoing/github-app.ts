/** Signs in to GitHub as an App: by a JWT it finds the installation of a repository, and gets a token for that repository. */
import { createPrivateKey } from 'node:crypto';
import { SignJWT } from 'jose';
import type { ApiRequest } from '../../core/git/git-provider.ts';
import {
  type AppPurpose,
  installationRequest,
  originOfApi,
  readInstallation,
  readToken,
  tokenRequest,
} from '../../core/git/github-app.ts';
import { limits } from '../../core/limits.ts';
import type { AppToken, GitHubApp } from '../../ports/github-app.ts';
import type { Receivers } from '../../ports/receivers.ts';

export interface GitHubAppOptions {
  /** The App's id, or its client id. */
  id: string;
  /** Its private key, in PEM. Read when it is needed. */
  key(): Promise<string>;
  /** What its webhook signs with. */
  secrets(): Promise<string[]>;
  /** Where the API is, without a slash at its end. */
  api: string;
  /** By default told by the address of the API. */
  origin?: string;
  ask: Receivers['ask'];
  /** Epoch milliseconds. */
  now(): number;
}

/** A clock of GitHub may be behind by this, seconds. */
const BEHIND_S = 60;
/** GitHub takes JWTs that end within ten minutes, seconds. */
const JWT_S = 9 * 60;
/** A token is used until this long before its end, milliseconds: a fetch by git takes its time. */
const BEFORE_END_MS = 10 * 60 * 1000;
const KEPT = limits.appTokens.value;

/** Why there is no token, in words. */
class Fault extends Error {}

export function createGitHubApp(options: GitHubAppOptions): GitHubApp {
  const { id, api, ask, now } = options;
  const kept = new Map<string, { of: string; until: number; answer: Promise<AppToken> }>();

  async function sign(): Promise<string> {
    const seconds = Math.floor(now() / 1000);
    return new SignJWT()
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuer(id)
      .setIssuedAt(seconds - BEHIND_S)
      .setExpirationTime(seconds + JWT_S)
      .sign(createPrivateKey(await options.key()));
  }

  async function send<T>(
    request: ApiRequest,
    words: Readonly<Record<number, string>>,
    read: (answer: unknown) => T,
  ): Promise<T> {
    const answer = await ask(request);
    if ('fault' in answer) throw new Fault(`it can not be asked, ${answer.fault}`);
    const { status, text } = answer;
    if (status === 401) throw new Fault('it does not know the App by its id and key (status 401)');
    if (status < 200 || status > 299)
      throw new Fault(`${words[status] ?? 'its answer is of no use'} (status ${status})`);
    try {
      return read(JSON.parse(text));
    } catch {
      throw new Fault('its answer can not be read');
    }
  }

  async function getToken(repository: string, purpose: AppPurpose) {
    const place = { api, jwt: await sign() };
    const { id: installation, isSuspended } = await send(
      installationRequest(place, repository),
      {
        301: `${repository} has another name now`,
        404: `the App is not installed for ${repository}, or there is no such repository`,
      },
      readInstallation,
    );
    if (isSuspended) throw new Fault('the installation of the App is suspended');
    const { isForOthers, ...given } = await send(
      tokenRequest(place, installation, repository, purpose),
      {
        403: 'the installation of the App is suspended',
        422: `the installation of the App has not been given the rights that Berth needs, or not for ${repository}`,
      },
      (answer) => readToken(answer, repository),
    );
    // The rules of the operator allow none of those.
    if (isForOthers) throw new Fault(`its answer is for other repositories than ${repository}`);
    return given;
  }

  function forgetOldest(): void {
    const [oldest] = kept.keys();
    if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
  }

  function forgetWhere(isMeant: (of: string) => boolean): void {
    for (const [key, { of }] of kept) if (isMeant(of)) kept.delete(key);
  }

  return {
    origin: options.origin ?? originOfApi(api),
    api,
    secrets: () => options.secrets(),
    async token(repository, purpose) {
      const of = repository.toLowerCase();
      const key = `${of} ${purpose}`;
      const known = kept.get(key);
      if (known && known.until > now()) return known.answer;
      // Those who come meanwhile wait for the same answer; a fault is kept for none that comes later.
      const entry = {
        of,
        until: Number.POSITIVE_INFINITY,
        answer: undefined as unknown as Promise<AppToken>,
      };
      const drop = (): void => {
        if (kept.get(key) === entry) kept.delete(key);
      };
      entry.answer = getToken(repository, purpose).then(
        ({ token, until }) => {
          entry.until = until - BEFORE_END_MS;
          return { token };
        },
        (error: unknown) => {
          drop();
          if (error instanceof Fault) return { fault: error.message };
          return { fault: 'the private key of the App can not be read or used' };
        },
      );
      kept.delete(key);
      kept.set(key, entry);
      forgetOldest();
      return entry.answer;
    },
    forget: (repository) => forgetWhere((of) => of === repository.toLowerCase()),
    forgetOwner: (owner) => forgetWhere((of) => of.startsWith(`${owner.toLowerCase()}/`)),
  };
}
