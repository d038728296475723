/** GitHub, and GitHub Enterprise Server. */
import * as z from 'zod';
import {
  type ApiPlace,
  bodyHash,
  encoded,
  encodedPath,
  isSignature,
  jsonRequest,
  type Provider,
} from './git-provider.ts';
import {
  commitOf,
  commitSchema,
  commitsSchema,
  maybe,
  messageSchema,
  type PullRequestFacts,
  pageSchema,
  pathsOf,
  textSchema,
  timeOf,
} from './hook-facts.ts';

/** Events and the API of Gitea are made after those of GitHub: what both share. */
const repository = z.object({
  full_name: z.string(),
  pushed_at: maybe(z.union([z.number(), z.string()])),
});
const person = z.object({ login: maybe(z.string()), username: maybe(z.string()) });
const push = z.object({
  ref: z.string().max(1000),
  before: commitSchema,
  after: commitSchema,
  repository,
  forced: maybe(z.boolean()),
  commits: commitsSchema,
  total_commits: maybe(z.number()),
  head_commit: maybe(
    z.object({
      message: messageSchema,
      timestamp: maybe(z.string()),
      author: maybe(z.object({ name: maybe(textSchema) })),
    }),
  ),
});
const side = z.object({ sha: commitSchema, ref: z.string().max(1000), repo: maybe(repository) });
const pullRequest = z.object({
  action: z.string(),
  number: z.int().positive().max(999_999_999),
  repository,
  pull_request: z.object({
    head: side,
    base: side,
    title: textSchema,
    html_url: maybe(pageSchema),
    updated_at: maybe(z.string()),
    user: maybe(person),
  }),
});

/** GitHub lists this many commits of a push at most. */
const LISTED_COMMITS = 2048;

const actions: Readonly<Record<string, Exclude<PullRequestFacts['action'], 'other'>>> = {
  opened: 'opened',
  reopened: 'reopened',
  synchronize: 'updated',
  synchronized: 'updated',
  closed: 'closed',
};

/** @param most the commits of a push that a message lists */
export const readLikeGitHub =
  (most: number): Provider['read'] =>
  (event, payload) => {
    if (event === 'push') {
      const { ref, before, after, repository: where, forced, ...pushed } = push.parse(payload);
      const { head_commit: head } = pushed;
      const known = commitOf(before) === undefined || forced ? undefined : pushed.commits;
      const paths = pathsOf(known, pushed.total_commits, most);
      const [from, to] = [commitOf(before), commitOf(after)];
      const [at, committedAt] = [timeOf(where.pushed_at), timeOf(head?.timestamp)];
      return {
        kind: 'push',
        repository: where.full_name,
        ref,
        message: head?.message ?? '',
        ...(from && { before: from }),
        ...(to && { after: to }),
        ...(head?.author?.name && { author: head.author.name }),
        ...(at !== undefined && { at }),
        ...(committedAt !== undefined && { committedAt }),
        ...(paths && { paths }),
      };
    }
    if (event !== 'pull_request') return { kind: 'other', event };
    const { action, number, repository: where, pull_request: pull } = pullRequest.parse(payload);
    const at = timeOf(pull.updated_at);
    const author = pull.user?.login ?? pull.user?.username;
    return {
      kind: 'pull-request',
      repository: where.full_name,
      number,
      action: actions[action] ?? 'other',
      commit: pull.head.sha,
      branch: pull.head.ref,
      target: pull.base.ref,
      // A repository that is gone is another one.
      isFork: pull.head.repo?.full_name.toLowerCase() !== where.full_name.toLowerCase(),
      title: pull.title,
      ...(pull.html_url && { url: pull.html_url }),
      ...(author && { author }),
      ...(at !== undefined && { at }),
    };
  };

/** The requests that GitHub and Gitea take in the same form. */
export function requestsLikeGitHub(
  headers: (token: string) => Record<string, string>,
  states: Readonly<Record<string, string>>,
): Pick<Provider, 'statusRequest' | 'commentsRequest' | 'commentRequest' | 'headRequest' | 'readHead'> {
  const at = ({ api, repository: name }: ApiPlace, path: string): string =>
    `${api}/repos/${encodedPath(name)}/${path}`;
  return {
    statusRequest: (place, { commit, state, context, description, url }) =>
      jsonRequest('POST', at(place, `statuses/${encoded(commit)}`), headers(place.token), {
        state: states[state],
        context,
        description: description.slice(0, 140),
        ...(url && { target_url: url }),
      }),
    commentsRequest: (place, number) =>
      jsonRequest('GET', at(place, `issues/${number}/comments?per_page=100`), headers(place.token)),
    commentRequest: (place, number, body, comment) =>
      comment === undefined
        ? jsonRequest('POST', at(place, `issues/${number}/comments`), headers(place.token), { body })
        : jsonRequest('PATCH', at(place, `issues/comments/${encoded(comment)}`), headers(place.token), {
            body,
          }),
    headRequest: (place, branch) =>
      jsonRequest('GET', at(place, `branches/${encodedPath(branch)}`), headers(place.token)),
    readHead: (answer) =>
      z
        .object({ commit: z.object({ sha: maybe(commitSchema), id: maybe(commitSchema) }) })
        .transform(({ commit }) => commit.sha ?? commit.id)
        .pipe(commitSchema)
        .parse(answer),
  };
}

export const github: Provider = {
  event: (header) => header('x-github-event') ?? '',
  deliveryId: (header, body) => header('x-github-delivery') ?? bodyHash(body),
  isGenuine: (header, body, secrets) =>
    isSignature((header('x-hub-signature-256') ?? '').replace(/^sha256=/, ''), body, secrets),
  signsBody: true,
  read: readLikeGitHub(LISTED_COMMITS),
  apiOf: (origin) => (origin === 'https://github.com' ? 'https://api.github.com' : `${origin}/api/v3`),
  user: 'x-access-token',
  hasDeployments: true,
  ...requestsLikeGitHub(
    (token) => ({
      authorization: `Bearer ${token}`,
      accept: 'application/vnd.github+json',
      'x-github-api-version': '2022-11-28',
    }),
    // There is no word for what was passed over: a check that is required must not wait for it.
    {
      pending: 'pending',
      success: 'success',
      failure: 'failure',
      skipped: 'success',
      superseded: 'error',
    },
  ),
};
