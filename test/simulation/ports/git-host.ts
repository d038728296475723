/** A git provider with one repository: it signs what it tells as GitHub does, and remembers what its commits were told. */
import { createHash, createHmac } from 'node:crypto';
import type { Answered, Receivers } from '../../../functions/ports/receivers.ts';

type Asked = Parameters<Receivers['ask']>[0];

export interface Message {
  headers: Record<string, string>;
  body: Record<string, unknown>;
}

export interface SimulatedGitHost {
  /** Where its messages go to, and what it signs them with; there are none before that. */
  connect(hook: { id: string; secret: string }): void;
  hook(): { id: string } | undefined;
  /** Somebody pushes to the branch that is deployed; undefined while no service is connected. */
  push(): Message | undefined;
  /** Somebody opens a pull request, goes on with it, or closes it. @param number one of a few */
  pull(number: number, close: boolean): Message | undefined;
  /** Answers its API. */
  answer(asked: Asked): Answered;
  /** Commits of the branch, the oldest first. */
  commits(): readonly string[];
  /** When a commit was pushed, epoch seconds. */
  pushedAt(commit: string): number;
  /** A message was taken. */
  taken(message: Message): void;
  /** The numbers of the pull requests that are closed, where that was taken. */
  closed(): number[];
  /** Commits of which the last word is that something still goes on. */
  pending(): string[];
}

const REPOSITORY = 'team/mill';
export const CONNECTION = {
  provider: 'github',
  repository: `https://git.example.com/${REPOSITORY}`,
  api: 'https://git.example.com/api',
  token: 'token-of-the-provider',
  rules: [{ branch: 'main', environment: 'dev' }],
  previews: { base: 'dev', ttl: '1d', idleAfter: '30m', withData: true },
};

const NONE = '0'.repeat(40);
const shaOf = (name: string): string => createHash('sha1').update(name).digest('hex');

export function createSimulatedGitHost(now: () => number): SimulatedGitHost {
  let hook: { id: string; secret: string } | undefined;
  let sent = 0;
  const commits: string[] = [];
  const pushedAt = new Map<string, number>();
  const pulls = new Map<number, { commits: number; open: boolean; at: number; last: string }>();
  const closing = new Map<Message, number>();
  const closed = new Set<number>();
  const told = new Map<string, string>();
  const comments = new Map<number, string>();
  const repository = { full_name: REPOSITORY };

  function sign(event: string, body: Record<string, unknown>): Message | undefined {
    if (!hook) return undefined;
    const signature = createHmac('sha256', hook.secret).update(JSON.stringify(body)).digest('hex');
    return {
      body,
      headers: {
        'x-github-event': event,
        'x-github-delivery': `message-${++sent}`,
        'x-hub-signature-256': `sha256=${signature}`,
      },
    };
  }

  return {
    connect: (given) => {
      hook = given;
    },
    hook: () => hook,
    push() {
      const before = commits.at(-1) ?? NONE;
      const after = shaOf(`main ${commits.length}`);
      commits.push(after);
      // The provider notes whole seconds, so that two pushes may have the same.
      const pushed = { ...repository, pushed_at: Math.floor(now() / 1000) };
      pushedAt.set(after, pushed.pushed_at);
      return sign('push', { ref: 'refs/heads/main', before, after, repository: pushed, commits: [] });
    },
    pull(number, close) {
      const pull = pulls.get(number) ?? { commits: 0, open: false, at: 0, last: '' };
      pulls.set(number, pull);
      const action = close ? 'closed' : pull.open ? 'synchronize' : pull.commits > 0 ? 'reopened' : 'opened';
      pull.open = !close;
      // Of what is closed first, the message of its opening was lost.
      if (!close || pull.commits === 0) pull.commits++;
      // No message says whether it was opened again before or after it was closed, if that was at the same moment.
      pull.at = Math.max(now(), pull.at + (action === 'closed' && pull.last !== 'reopened' ? 0 : 1));
      pull.last = action;
      const side = (ref: string, sha: string) => ({ ref, sha, repo: repository });
      const message = sign('pull_request', {
        action,
        number,
        repository,
        pull_request: {
          head: side(`change-${number}`, shaOf(`change ${number} ${pull.commits}`)),
          base: side('main', commits.at(-1) ?? NONE),
          title: 'A change',
          updated_at: new Date(pull.at).toISOString(),
        },
      });
      if (message && close) closing.set(message, number);
      else closed.delete(number);
      return message;
    },
    answer({ method, url, body = '{}' }) {
      const path = url.slice(CONNECTION.api.length);
      const as = (status: number, answer: unknown): Answered => ({ status, text: JSON.stringify(answer) });
      const [, commit] = /\/statuses\/([0-9a-f]{40})$/.exec(path) ?? [];
      if (commit !== undefined) {
        told.set(commit, String(JSON.parse(body).state));
        return as(201, {});
      }
      if (path.includes('/branches/')) {
        const newest = commits.at(-1);
        return newest === undefined ? as(404, {}) : as(200, { commit: { sha: newest } });
      }
      if (method === 'GET')
        return as(
          200,
          [...comments].map(([id, said]) => ({ id, body: said })),
        );
      const id = Number(/comments\/(\d+)$/.exec(path)?.[1] ?? comments.size + 1);
      comments.set(id, String(JSON.parse(body).body));
      return as(method === 'POST' ? 201 : 200, { id });
    },
    commits: () => commits,
    pushedAt: (commit) => pushedAt.get(commit) ?? 0,
    taken(message) {
      const number = closing.get(message);
      if (number !== undefined && pulls.get(number)?.open === false) closed.add(number);
    },
    closed: () => [...closed],
    pending: () => [...told].flatMap(([commit, state]) => (state === 'pending' ? [commit] : [])),
  };
}
