/** GitLab, by its own names: projects, merge requests, notes. */
import * as z from 'zod';
import { type ApiPlace, bodyHash, encoded, isOneOf, jsonRequest, type Provider } from './git-provider.ts';
import {
  commitOf,
  commitSchema,
  commitsSchema,
  maybe,
  messageSchema,
  pageSchema,
  pathsOf,
  textSchema,
  timeOf,
} from './hook-facts.ts';

const project = z.object({ path_with_namespace: z.string() });
const described = z.object({
  id: commitSchema,
  message: maybe(messageSchema),
  timestamp: maybe(z.string()),
  author: maybe(z.object({ name: maybe(textSchema) })),
});
const push = z.object({
  ref: z.string().max(1000),
  before: commitSchema,
  after: commitSchema,
  project,
  commits: commitsSchema,
  total_commits_count: maybe(z.number()),
});
/** The commits once more, for what they say of themselves. */
const pushed = z.object({ commits: maybe(z.array(described)) });
const mergeRequest = z.object({
  project,
  user: maybe(z.object({ username: maybe(z.string()) })),
  object_attributes: z.object({
    iid: z.int().positive().max(999_999_999),
    action: maybe(z.string()),
    oldrev: maybe(z.string()),
    last_commit: z.object({ id: commitSchema }),
    source_branch: z.string().max(1000),
    target_branch: z.string().max(1000),
    source_project_id: maybe(z.number()),
    target_project_id: z.number(),
    title: textSchema,
    url: maybe(pageSchema),
    updated_at: maybe(z.string()),
  }),
});

/** GitLab lists this many commits of a push at most. */
const LISTED_COMMITS = 20;

const states = {
  pending: 'pending',
  success: 'success',
  failure: 'failed',
  skipped: 'success',
  superseded: 'canceled',
};

function actionOf(action: string | undefined, hasNewCommits: boolean) {
  if (action === 'open') return 'opened' as const;
  if (action === 'reopen') return 'reopened' as const;
  if (action === 'close' || action === 'merge') return 'closed' as const;
  return action === 'update' && hasNewCommits ? ('updated' as const) : ('other' as const);
}

/** Older releases write `2026-01-15 09:30:00 UTC`. */
const timeIn = (text: string | undefined): number | undefined =>
  timeOf(text?.replace(/^(\S+) (\S+) UTC$/, '$1T$2Z'));

const at = ({ api, repository }: ApiPlace, path: string): string =>
  `${api}/projects/${encoded(repository)}/${path}`;
const headers = ({ token }: ApiPlace): Record<string, string> => ({ 'private-token': token });

export const gitlab: Provider = {
  event: (header) => header('x-gitlab-event') ?? '',
  // The id of an event is shared by the hooks that it sets off; the key is the same for each try of one message.
  deliveryId: (header, body) =>
    header('idempotency-key') ?? `${header('x-gitlab-event-uuid') ?? ''} ${bodyHash(body)}`,
  isGenuine: (header, _body, secrets) => isOneOf(header('x-gitlab-token') ?? '', secrets),
  signsBody: false,
  read(event, payload) {
    if (event === 'Push Hook') {
      const { ref, before, after, project: where, commits, total_commits_count: total } = push.parse(payload);
      const [from, to] = [commitOf(before), commitOf(after)];
      const head = pushed.parse(payload).commits?.find(({ id }) => id === to);
      const paths = from === undefined ? undefined : pathsOf(commits, total, LISTED_COMMITS + 1);
      const committedAt = timeOf(head?.timestamp);
      return {
        kind: 'push',
        repository: where.path_with_namespace,
        ref,
        message: head?.message ?? '',
        ...(from && { before: from }),
        ...(to && { after: to }),
        ...(head?.author?.name && { author: head.author.name }),
        ...(committedAt !== undefined && { committedAt }),
        ...(paths && { paths }),
      };
    }
    if (event !== 'Merge Request Hook') return { kind: 'other', event };
    const { project: where, user, object_attributes: merge } = mergeRequest.parse(payload);
    const updatedAt = timeIn(merge.updated_at);
    return {
      kind: 'pull-request',
      repository: where.path_with_namespace,
      number: merge.iid,
      action: actionOf(merge.action, merge.oldrev !== undefined),
      commit: merge.last_commit.id,
      branch: merge.source_branch,
      target: merge.target_branch,
      isFork: merge.source_project_id !== merge.target_project_id,
      title: merge.title,
      ...(merge.url && { url: merge.url }),
      ...(user?.username && { author: user.username }),
      ...(updatedAt !== undefined && { at: updatedAt }),
    };
  },
  apiOf: (origin) => `${origin}/api/v4`,
  user: 'oauth2',
  statusRequest: (place, { commit, state, context, description, url }) =>
    jsonRequest('POST', at(place, `statuses/${encoded(commit)}`), headers(place), {
      state: states[state],
      name: context,
      description: description.slice(0, 255),
      ...(url && { target_url: url }),
    }),
  commentsRequest: (place, number) =>
    jsonRequest('GET', at(place, `merge_requests/${number}/notes?per_page=100&sort=asc`), headers(place)),
  commentRequest: (place, number, body, note) =>
    note === undefined
      ? jsonRequest('POST', at(place, `merge_requests/${number}/notes`), headers(place), { body })
      : jsonRequest('PUT', at(place, `merge_requests/${number}/notes/${encoded(note)}`), headers(place), {
          body,
        }),
  headRequest: (place, branch) =>
    jsonRequest('GET', at(place, `repository/branches/${encoded(branch)}`), headers(place)),
  readHead: (answer) => z.object({ commit: z.object({ id: commitSchema }) }).parse(answer).commit.id,
};
