/**
 * A GitHub App as GitHub plays it: it takes the JWT that the App's key signed and no other, gives tokens for repositories of an
 * installation alone, with the rights that were asked for, and says what a token may do. By GitHub's documentation.
 */
import { generateKeyPairSync } from 'node:crypto';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { createGitHubApp, type GitHubAppOptions } from '../../../functions/adapters/outgoing/github-app.ts';
import type { GitHubApp } from '../../../functions/ports/github-app.ts';
import type { Json } from '../../support/client.ts';

export const APP_ID = '123456';
export const APP_SECRET = 'the-secret-of-the-webhook-of-the-app';
const INSTALLATION = 42;

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
/** As GitHub hands it out. */
export const APP_KEY = privateKey.export({ type: 'pkcs1', format: 'pem' }) as string;
export const OTHER_KEY = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
  type: 'pkcs1',
  format: 'pem',
}) as string;

export interface Given {
  token: string;
  repositories: string[];
  permissions: Record<string, string>;
}

interface Reply {
  status: number;
  content?: unknown;
}

export interface PlayedApp {
  /** Full names of the repositories that it is installed for, and the rights that it was given there. */
  installed: Set<string>;
  granted: Record<string, string>;
  suspended: boolean;
  /** The full names of which it says that its tokens are for them, where they are others than were asked for. */
  answersWith: string[] | undefined;
  /** All tokens, in order. */
  given: Given[];
  /** Makes a token worthless. */
  revoke(token: string): void;
  /** Undefined for what is no request of the App itself. */
  answer(method: string, url: string, authorization: string, body: string): Promise<Reply | undefined>;
  /** Whether a token may make the request for the repository. */
  mayAsk(method: string, url: string, authorization: string): boolean;
}

/** The right that a request needs, in GitHub's words. */
function rightFor(method: string, url: string): [string, string] {
  if (url.includes('/statuses/')) return ['statuses', 'write'];
  if (url.includes('/deployments')) return ['deployments', 'write'];
  if (url.includes('/issues/')) return ['pull_requests', method === 'GET' ? 'read' : 'write'];
  return ['contents', 'read'];
}

const covers = (has: string | undefined, needs: string): boolean => has === needs || has === 'write';

/** @param now epoch milliseconds */
export function playApp(now: () => number): PlayedApp {
  const worthless = new Set<string>();
  const ends = new Map<string, number>();

  async function isTheApp(authorization: string): Promise<boolean> {
    try {
      const jwt = authorization.replace(/^Bearer /, '');
      const { payload } = await jwtVerify(jwt, publicKey, { currentDate: new Date(now()), issuer: APP_ID });
      const { iat = Number.NaN, exp = Number.NaN } = payload;
      return decodeProtectedHeader(jwt).alg === 'RS256' && iat * 1000 <= now() && exp - iat <= 600;
    } catch {
      return false;
    }
  }

  const app: PlayedApp = {
    installed: new Set(),
    granted: { contents: 'read', statuses: 'write', pull_requests: 'write', deployments: 'write' },
    suspended: false,
    answersWith: undefined,
    given: [],
    revoke: (token) => worthless.add(token),
    async answer(method, url, authorization, body) {
      const name = /^\/repos\/([^/]+\/[^/]+)\/installation$/.exec(url)?.[1];
      const exchange = /^\/app\/installations\/(\d+)\/access_tokens$/.exec(url)?.[1];
      if (name === undefined && exchange === undefined) return undefined;
      if (!(await isTheApp(authorization))) return { status: 401 };
      const suspended = app.suspended ? '2026-01-01T00:00:00Z' : null;
      if (name !== undefined && method === 'GET')
        return app.installed.has(name)
          ? { status: 200, content: { id: INSTALLATION, suspended_at: suspended } }
          : { status: 404 };
      if (method !== 'POST' || Number(exchange) !== INSTALLATION) return { status: 404 };
      if (app.suspended) return { status: 403 };
      const { repositories, permissions, ...rest } = JSON.parse(body) as Json;
      // GitHub gives all that it can where nothing is said; here that is a fault.
      if (!Array.isArray(repositories) || repositories.length !== 1 || !permissions) return { status: 400 };
      if (Object.keys(rest).length > 0) return { status: 400 };
      const names = [...app.installed].filter((full) =>
        full.toLowerCase().endsWith(`/${repositories[0]}`.toLowerCase()),
      );
      const isThere = names.length > 0;
      const isGranted = Object.entries(permissions as Record<string, string>).every(([right, level]) =>
        covers(app.granted[right], level),
      );
      if (!isThere || !isGranted) return { status: 422 };
      const token = `ghs_${app.given.length}_${'t'.repeat(36)}`;
      app.given.push({ token, repositories, permissions });
      const end = now() + 3_600_000;
      ends.set(token, end);
      const content = {
        ...{ token, expires_at: new Date(end).toISOString(), permissions },
        repository_selection: 'selected',
        repositories: (app.answersWith ?? names).map((full) => ({ full_name: full })),
      };
      return { status: 201, content };
    },
    mayAsk(method, url, authorization) {
      const token = authorization.replace(/^Bearer /, '');
      const known = app.given.find((each) => each.token === token);
      if (!known || worthless.has(token) || (ends.get(token) ?? 0) <= now()) return false;
      const [right, level] = rightFor(method, url);
      const ofRepository = known.repositories.some((name) => url.split('/')[3] === name);
      return ofRepository && covers(known.permissions[right], level);
    },
  };
  return app;
}

/** The real App, which signs in to a played GitHub. */
export const realApp = (
  options: Pick<GitHubAppOptions, 'api' | 'ask' | 'now'> & Partial<GitHubAppOptions>,
): GitHubApp =>
  createGitHubApp({
    id: APP_ID,
    key: async () => APP_KEY,
    secrets: async () => [APP_SECRET],
    ...options,
  });
