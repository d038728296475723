/** What a git provider does in its own way: how it signs, what it sends, and what it is asked. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { HookFacts } from './hook-facts.ts';

/** The largest message that is taken is bounded by a limit; what is asked of a header is its text. */
export type Header = (name: string) => string | undefined;

/** How a commit is doing, in words that each provider has its own for. */
export type CommitState = 'pending' | 'success' | 'failure' | 'skipped' | 'superseded';

export interface CommitStatus {
  commit: string;
  state: CommitState;
  /** Tells the status from others of the same commit. */
  context: string;
  description: string;
  url?: string;
}

export interface ApiRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  url: string;
  headers: Record<string, string>;
  body?: string;
}

/** Where the API is asked, and as whom. */
export interface ApiPlace {
  /** Without a slash at its end. */
  api: string;
  /** The repository's full name. */
  repository: string;
  token: string;
}

export interface Provider {
  /** The name of the event. */
  event(header: Header): string;
  /** The same for each attempt to hand over one message. */
  deliveryId(header: Header, body: Uint8Array): string;
  /** Whether a message comes from who has one of the secrets, in constant time. */
  isGenuine(header: Header, body: Uint8Array, secrets: readonly string[]): boolean;
  /** Whether the signature covers the body, so that the same body is the same message. */
  signsBody: boolean;
  /** @throws ZodError for what the provider does not send */
  read(event: string, payload: unknown): HookFacts;
  /** The API of the provider at a host. */
  apiOf(origin: string): string;
  /** The name that git signs in with, beside the token. */
  user: string;
  statusRequest(place: ApiPlace, status: CommitStatus): ApiRequest;
  /** Lists the comments of a pull request, of which the newest may be left out. */
  commentsRequest(place: ApiPlace, pullRequest: number): ApiRequest;
  /** @param comment the id of the one that is changed; a new one without */
  commentRequest(place: ApiPlace, pullRequest: number, text: string, comment: string | undefined): ApiRequest;
  /** It has deployments of its own, which tell of those of Berth. */
  hasDeployments?: true;
  headRequest(place: ApiPlace, branch: string): ApiRequest;
  /** @throws ZodError */
  readHead(answer: unknown): string;
}

const digest = (text: string | Uint8Array): Buffer => createHash('sha256').update(text).digest();

export const bodyHash = (body: Uint8Array): string => digest(body).toString('hex');

/** Compares secrets without telling by its time how much of one is right. */
export const isOneOf = (given: string, secrets: readonly string[]): boolean =>
  secrets.map((secret) => timingSafeEqual(digest(given), digest(secret))).includes(true);

/** Whether a text is the HMAC of the body with one of the secrets, in hex. */
export const isSignature = (given: string, body: Uint8Array, secrets: readonly string[]): boolean =>
  isOneOf(
    given,
    secrets.map((secret) => createHmac('sha256', secret).update(body).digest('hex')),
  );

/** A request with a body in JSON. */
export const jsonRequest = (
  method: ApiRequest['method'],
  url: string,
  headers: Record<string, string>,
  body?: unknown,
): ApiRequest => ({
  method,
  url,
  headers: {
    'user-agent': 'Berth',
    accept: 'application/json',
    ...headers,
    ...(body !== undefined && { 'content-type': 'application/json' }),
  },
  ...(body !== undefined && { body: JSON.stringify(body) }),
});

export const encoded = encodeURIComponent;
/** The parts of a path, each encoded. */
export const encodedPath = (path: string): string => path.split('/').map(encoded).join('/');

/** The full name of a repository, from what git clones. */
export const fullNameOf = (repository: string): string => {
  const path = repository.includes('://') ? new URL(repository).pathname : repository;
  return decodeURIComponent(path.replace(/^\/+|\/+$/g, '').replace(/\.git$/, ''));
};
