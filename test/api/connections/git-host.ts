/**
 * A git provider that is played: it signs and words its messages as the provider does, and its API checks who asks and
 * what. The fields are facts of the providers' documentation; those of GitHub are compared with its published schemas
 * in test/core/git/github-schemas.test.ts. GitLab and Gitea publish none on npm.
 */
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { GitProvider } from '../../../functions/core/model/index.ts';
import type { Json } from '../../support/client.ts';
import type { PlayedApp } from './played-app.ts';

export const NONE = '0'.repeat(40);
export const TOKEN = 'token-of-the-provider';
export const NAME = 'octo/guestbook';

export interface Push {
  branch?: string;
  before?: string;
  after: string;
  message?: string;
  files?: string[];
  /** Seconds since the epoch: when it was pushed, and when its commit was made. */
  at?: number;
  repository?: string;
}

export interface PullRequest {
  action: 'opened' | 'synchronize' | 'reopened' | 'closed' | 'labeled';
  number?: number;
  commit: string;
  /** The repository of the head. */
  from?: string;
  at?: number;
  repository?: string;
}

export interface Delivered {
  headers: Record<string, string>;
  body: string;
}

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();

function githubPush({ branch = 'main', before = NONE, after, message = 'A change', ...push }: Push): Json {
  const { files = ['a.txt'], at = 1_700_000_000, repository = NAME } = push;
  const isDeleted = after === NONE;
  const commit = {
    id: after,
    message,
    timestamp: iso(at),
    author: { name: 'Ada', email: 'ada@example.com' },
    added: [],
    removed: [],
    modified: files,
  };
  return {
    ref: `refs/heads/${branch}`,
    before,
    after,
    created: before === NONE,
    deleted: isDeleted,
    forced: false,
    repository: { full_name: repository, pushed_at: at },
    commits: isDeleted ? [] : [commit],
    head_commit: isDeleted ? null : commit,
  };
}

const giteaPush = (push: Push): Json => {
  const { repository, ...payload } = githubPush(push);
  return {
    ...payload,
    repository: { full_name: repository.full_name },
    total_commits: payload.commits.length,
  };
};

function gitlabPush({ branch = 'main', before = NONE, after, message = 'A change', ...push }: Push): Json {
  const { files = ['a.txt'], at = 1_700_000_000, repository = NAME } = push;
  const commit = {
    id: after,
    message,
    timestamp: iso(at),
    author: { name: 'Ada' },
    added: [],
    removed: [],
    modified: files,
  };
  return {
    object_kind: 'push',
    ref: `refs/heads/${branch}`,
    before,
    after,
    checkout_sha: after === NONE ? null : after,
    project: { path_with_namespace: repository },
    commits: after === NONE ? [] : [commit],
    total_commits_count: after === NONE ? 0 : 1,
  };
}

function githubPull({ action, number = 7, commit, at = 1_700_000_000, ...pull }: PullRequest): Json {
  const { repository = NAME, from = repository } = pull;
  return {
    action,
    number,
    repository: { full_name: repository },
    pull_request: {
      title: 'Say *hello*',
      html_url: `https://git.example.com/${repository}/pull/${number}`,
      updated_at: iso(at),
      user: { login: 'ada' },
      head: { sha: commit, ref: 'hello', repo: { full_name: from } },
      base: { sha: 'b'.repeat(40), ref: 'main', repo: { full_name: repository } },
    },
  };
}

function gitlabPull({ action, number = 7, commit, at = 1_700_000_000, ...pull }: PullRequest): Json {
  const { repository = NAME, from = repository } = pull;
  const actions = {
    opened: 'open',
    synchronize: 'update',
    reopened: 'reopen',
    closed: 'close',
    labeled: 'update',
  };
  return {
    object_kind: 'merge_request',
    user: { username: 'ada' },
    project: { path_with_namespace: repository },
    object_attributes: {
      iid: number,
      action: actions[action],
      ...(action === 'synchronize' && { oldrev: 'c'.repeat(40) }),
      last_commit: { id: commit },
      source_branch: 'hello',
      target_branch: 'main',
      source_project_id: from === repository ? 1 : 2,
      target_project_id: 1,
      title: 'Say *hello*',
      url: `https://git.example.com/${repository}/-/merge_requests/${number}`,
      updated_at: iso(at).replace('T', ' ').replace('.000Z', ' UTC'),
    },
  };
}

interface Dialect {
  push(push: Push): Json;
  pull(pull: PullRequest): Json;
  headers(kind: 'push' | 'pull' | 'other', id: string, body: string, secret: string): Record<string, string>;
  /** Whose request it is. */
  isKnown(headers: IncomingHttpHeaders): boolean;
  /** Where statuses of commits of a repository are sent to, before the commit. */
  statuses(name: string): string;
  states: Record<string, string>;
}

const hmac = (body: string, secret: string): string =>
  createHmac('sha256', secret).update(body).digest('hex');

const dialects: Record<GitProvider, Dialect> = {
  github: {
    push: githubPush,
    pull: githubPull,
    headers: (kind, id, body, secret) => ({
      'x-github-event': { push: 'push', pull: 'pull_request', other: 'star' }[kind],
      'x-github-delivery': id,
      'x-hub-signature-256': `sha256=${hmac(body, secret)}`,
    }),
    isKnown: ({ authorization }) => authorization === `Bearer ${TOKEN}`,
    statuses: (name) => `/repos/${name}/statuses/`,
    states: { pending: 'pending', success: 'success', failure: 'failure', error: 'superseded' },
  },
  gitlab: {
    push: gitlabPush,
    pull: gitlabPull,
    headers: (kind, id, _body, secret) => ({
      'x-gitlab-event': { push: 'Push Hook', pull: 'Merge Request Hook', other: 'Issue Hook' }[kind],
      'x-gitlab-event-uuid': 'shared-by-what-an-event-sets-off',
      'idempotency-key': id,
      'x-gitlab-token': secret,
    }),
    isKnown: (headers) => headers['private-token'] === TOKEN,
    statuses: (name) => `/projects/${encodeURIComponent(name)}/statuses/`,
    states: { pending: 'pending', success: 'success', failed: 'failure', canceled: 'superseded' },
  },
  gitea: {
    push: giteaPush,
    pull: (pull) => {
      const payload = githubPull(pull);
      return { ...payload, action: pull.action === 'synchronize' ? 'synchronized' : pull.action };
    },
    headers: (kind, id, body, secret) => ({
      'x-gitea-event': { push: 'push', pull: 'pull_request', other: 'issues' }[kind],
      'x-gitea-delivery': id,
      'x-gitea-signature': hmac(body, secret),
    }),
    isKnown: ({ authorization }) => authorization === `token ${TOKEN}`,
    statuses: (name) => `/repos/${name}/statuses/`,
    states: { pending: 'pending', success: 'success', failure: 'failure', error: 'superseded' },
  },
};

export interface GitHost {
  origin: string;
  /** What commits were told, in order. */
  statuses: {
    commit: string;
    state: string;
    context: string;
    description: string;
    url?: string;
    /** When it came, epoch milliseconds. */
    at: number;
  }[];
  /** Deployments of GitHub, in order, each with what it was told. */
  deployments: { id: number; made: Json; statuses: Json[] }[];
  /** Answers with this status whoever tells of deployments, while it is set. */
  denyDeployments(status: number | undefined): void;
  /** Comments by their ids, each with all that it said. */
  comments: Map<string, string[]>;
  /** The newest commit of each branch. */
  heads: Map<string, string>;
  /** Requests that the API did not take. */
  refused: string[];
  /** Answers with this status while it is set. */
  fail(status: number | undefined): void;
  push(push: Push, secret: string, id?: string): Delivered;
  pull(pull: PullRequest, secret: string, id?: string): Delivered;
  other(secret: string): Delivered;
  close(): void;
}

const isText = (value: unknown): boolean => value === undefined || typeof value === 'string';

/** Whether GitHub takes what it is told, by its documentation: deployments, and their statuses. */
function takesDeployment(url: string, told: Json): boolean {
  if (!url.endsWith('/statuses'))
    return (
      /^[0-9a-f]{40}$/.test(told.ref) &&
      Array.isArray(told.required_contexts) &&
      told.auto_merge === false &&
      typeof told.transient_environment === 'boolean' &&
      [told.task, told.environment, told.description].every((value) => typeof value === 'string')
    );
  const { state, description, environment_url: url_, log_url: log, ...rest } = told;
  return (
    ['in_progress', 'success', 'failure', 'inactive'].includes(state) &&
    isText(description) &&
    (description ?? '').length <= 140 &&
    [url_, log].every((link) => link === undefined || URL.canParse(link)) &&
    Object.keys(rest).length === 0
  );
}

/**
 * @param name the repository's full name
 * @param app the App whose tokens are taken, in place of the one of a person
 */
export async function openGitHost(provider: GitProvider, name = NAME, app?: PlayedApp): Promise<GitHost> {
  const dialect = dialects[provider];
  const statusesAt = dialect.statuses(name);
  const statuses: GitHost['statuses'] = [];
  const comments: GitHost['comments'] = new Map();
  const refused: string[] = [];
  const heads = new Map<string, string>();
  const deployments: GitHost['deployments'] = [];
  let denied: number | undefined;
  let failing: number | undefined;
  let made = 0;
  const commentsOf = /\/(?:issues|merge_requests)\/(\d+)\/(?:comments|notes)(?:\?.*)?$/;
  const commentAt = /\/(?:issues\/comments|merge_requests\/\d+\/notes)\/(\d+)$/;

  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    const body = await text(request);
    const answer = (status: number, content: unknown = {}): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
    const refuse = (status: number): void => {
      refused.push(`${method} ${url} ${body}`);
      answer(status);
    };
    if (failing !== undefined) return answer(failing);
    const { authorization = '' } = headers;
    const ofApp = await app?.answer(method, url, authorization, body);
    if (ofApp) return answer(ofApp.status, ofApp.content);
    if (!(app ? app.mayAsk(method, url, authorization) : dialect.isKnown(headers))) return refuse(401);
    if (provider === 'github' && url.startsWith(`/repos/${name}/deployments`)) {
      if (denied !== undefined) return answer(denied);
      const told = JSON.parse(body) as Json;
      const wrong = method !== 'POST' || !takesDeployment(url, told);
      if (wrong) return refuse(422);
      const of = deployments.find(({ id }) => url.endsWith(`/deployments/${id}/statuses`));
      if (of) of.statuses.push(told);
      else deployments.push({ id: deployments.length + 1, made: told, statuses: [] });
      return answer(201, { id: deployments.length });
    }
    const commit = url.startsWith(statusesAt) ? url.slice(statusesAt.length) : undefined;
    const changed = commentAt.exec(url)?.[1];
    if (commit !== undefined && /^[0-9a-f]{40}$/.test(commit) && method === 'POST') {
      const { state, context, name, description, target_url: link } = JSON.parse(body) as Json;
      const known = dialect.states[state];
      if (known === undefined || typeof (context ?? name) !== 'string') return refuse(422);
      statuses.push({
        commit,
        state: known,
        context: context ?? name,
        description,
        ...(link && { url: link }),
        at: Date.now(),
      });
      return answer(201, { id: 1 });
    }
    if (changed !== undefined && (method === 'PATCH' || method === 'PUT')) {
      if (!comments.has(changed)) return answer(404);
      comments.get(changed)?.push(JSON.parse(body).body);
      return answer(200, { id: Number(changed) });
    }
    const branch = /\/branches\/([^/]+)$/.exec(url)?.[1];
    if (branch !== undefined) {
      const head = heads.get(branch);
      return head === undefined
        ? answer(404)
        : answer(200, { name: branch, commit: { sha: head, id: head } });
    }
    if (!commentsOf.test(url)) return refuse(404);
    if (method === 'GET')
      return answer(
        200,
        [...comments].map(([id, said]) => ({ id: Number(id), body: said.at(-1) })),
      );
    const id = String(++made);
    comments.set(id, [JSON.parse(body).body]);
    return answer(201, { id: made });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  let sent = 0;
  const deliver = (
    kind: 'push' | 'pull' | 'other',
    payload: Json,
    secret: string,
    id?: string,
  ): Delivered => {
    const body = JSON.stringify(payload);
    const message = id ?? `${provider}-${++sent}`;
    return {
      body,
      headers: { 'content-type': 'application/json', ...dialect.headers(kind, message, body, secret) },
    };
  };
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    statuses,
    deployments,
    denyDeployments: (status) => {
      denied = status;
    },
    comments,
    refused,
    heads,
    fail: (status) => {
      failing = status;
    },
    push: (push, secret, id) => deliver('push', dialect.push(push), secret, id),
    pull: (pull, secret, id) => deliver('pull', dialect.pull(pull), secret, id),
    other: (secret) => deliver('other', {}, secret),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
