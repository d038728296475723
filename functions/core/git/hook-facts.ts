/** What Berth reads of a provider's message, in one form for all of them. All of it is hostile. */
import * as z from 'zod';

export interface PushFacts {
  kind: 'push';
  /** The repository's full name. */
  repository: string;
  /** The full ref. */
  ref: string;
  /** Commits; undefined where the branch was made, or deleted. */
  before?: string;
  after?: string;
  /** All lines of the newest commit's message. */
  message: string;
  author?: string;
  /** When the provider took the push, epoch milliseconds, where it says so. */
  at?: number;
  /** When the commit was made, as its author's clock has it. */
  committedAt?: number;
  /** The paths that changed; undefined where not all of them are told. */
  paths?: string[];
}

export interface PullRequestFacts {
  kind: 'pull-request';
  /** The one that the change would go to. */
  repository: string;
  number: number;
  action: 'opened' | 'reopened' | 'updated' | 'closed' | 'other';
  /** The head. */
  commit: string;
  branch: string;
  /** The branch that the change would go to. */
  target: string;
  /** The commit is of another repository. */
  isFork: boolean;
  title: string;
  url?: string;
  author?: string;
  at?: number;
}

/** A message that asks for nothing, as of another event. */
export interface OtherFacts {
  kind: 'other';
  event: string;
}

export type HookFacts = PushFacts | PullRequestFacts | OtherFacts;

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const NO_COMMIT = /^0+$/;

export const commitSchema = z.string().regex(COMMIT);
export const textSchema = z.string().transform((text) => firstLine(text));
/** A message as it is: what it says to skip may stand in any line. */
export const messageSchema = z.string().transform((text) => text.slice(0, 10_000));
/** An address that a browser opens as a page; nothing else is one. */
export const pageSchema = z
  .string()
  .max(2000)
  .transform((text) => (/^https?:\/\/[^\s]+$/i.test(text) ? text : undefined));
/** What may be left out, or be null. */
export const maybe = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => value ?? undefined);

/** The first line of a text, without what controls a terminal or turns the direction of text. */
export const firstLine = (text: string, max = 200): string =>
  (text.split(/\r?\n/, 1)[0] ?? '').replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, ' ').slice(0, max);

/** A commit's id; undefined for the zeros that stand for none. */
export const commitOf = (id: string | undefined): string | undefined =>
  id === undefined || NO_COMMIT.test(id) ? undefined : id;

/** A time in ISO 8601, or in seconds, as epoch milliseconds. */
export function timeOf(time: string | number | undefined): number | undefined {
  const at = typeof time === 'number' ? time * 1000 : Date.parse(time ?? '');
  return Number.isFinite(at) ? at : undefined;
}

const changesSchema = z.object({
  added: maybe(z.array(z.string())),
  modified: maybe(z.array(z.string())),
  removed: maybe(z.array(z.string())),
});
export const commitsSchema = maybe(z.array(changesSchema));

/**
 * The paths that the commits of a push change.
 * @param listed as many as the message has
 * @param total as many as were pushed; a message lists only so many
 */
export function pathsOf(
  listed: z.output<typeof commitsSchema>,
  total: number | undefined,
  most: number,
): string[] | undefined {
  if (!listed || listed.length === 0 || (total ?? listed.length) > listed.length || listed.length >= most)
    return undefined;
  return [
    ...new Set(
      listed.flatMap(({ added = [], modified = [], removed = [] }) => [...added, ...modified, ...removed]),
    ),
  ];
}
