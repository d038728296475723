/** Why a request to a workload has got no answer that can be passed on. */
import type { IncomingMessage } from 'node:http';
import { limits } from '../../core/limits.ts';
import type { ProblemCode } from '../../core/problem.ts';

export interface Failure {
  code: ProblemCode;
  /** A clause: "it closed the connection". */
  why: string;
  hint: string;
}

export const CLOSED: Failure = {
  code: 'upstream_unavailable',
  why: 'it closed the connection',
  hint: 'Look at its log; it may have crashed.',
};

export const UNTAKEN: Failure = {
  code: 'upstream_unavailable',
  why: 'it took no connection',
  hint: 'Look at its log; it may have crashed.',
};

export const silent = (silenceMs: number): Failure => ({
  code: 'deadline_exceeded',
  why: `it was silent for ${silenceMs / 1000} s`,
  hint: 'Look at its log.',
});

export const INTERIM: Failure = {
  code: 'upstream_unavailable',
  why: 'it sent more interim answers (1xx) than a request may have, and no other',
  hint: 'Have it answer the request.',
};

export const UNASKED: Failure = {
  code: 'upstream_unavailable',
  why: 'it answered 101 and switched protocols, which the request had not asked for',
  hint: 'Answer 101 to requests with an Upgrade field alone.',
};

const malformed = (what: string): Failure => ({
  code: 'upstream_unavailable',
  why: `what it sent is not valid HTTP/1.1 (${what})`,
  hint: 'Correct its answer; a library for HTTP makes valid ones.',
});

const OVERSIZED: Failure = {
  code: 'upstream_unavailable',
  why: `the header of its answer is larger than ${limits.header.value / 1024} KiB`,
  hint: 'Answer with fewer or shorter header fields; cookies are often the longest.',
};

/** The failure for an error of the connection, or of Node's HTTP parser. */
export function failureOf(error: NodeJS.ErrnoException): Failure {
  if (error.code === 'HPE_HEADER_OVERFLOW') return OVERSIZED;
  if (error.code?.startsWith('HPE_')) return malformed(error.message.replace(/^Parse Error: /, ''));
  return CLOSED;
}

const FIRST_FINAL_STATUS = 200;

/** What Node's parser takes and its server does not send; undefined where an answer can be passed on. */
export function oddityOf({ statusCode = 0, statusMessage = '' }: IncomingMessage): Failure | undefined {
  if (statusCode < FIRST_FINAL_STATUS) return malformed(`the status ${statusCode} is not one of an answer`);
  if (/[^\t\x20-\x7e\x80-\xff]/.test(statusMessage))
    return malformed('a control character in the status line');
  return undefined;
}
