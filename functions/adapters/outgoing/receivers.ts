/** Sends to receivers with the client for addresses that users name. */

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { limits } from '../../core/limits.ts';
import type { Receivers } from '../../ports/receivers.ts';
import { type ConnectionOptions, checkUrl, createSending, ForbiddenAddress } from './outgoing.ts';
import { resolverLookup } from './resolver-lookup.ts';

/** Time of one message with the head of its answer, milliseconds. */
const TIMEOUT_MS = limits.webhookSeconds.value * 1000;

/** The longest answer that is read, bytes. */
const ANSWER_MAX_BYTES = limits.providerAnswer.value;

const NO_ADDRESS = 'its name has no public address';

export function createReceivers(options: ConnectionOptions = {}): Receivers {
  const { trusted = [], timeoutMs = TIMEOUT_MS } = options;
  const send = createSending({ lookup: resolverLookup(), ...options });
  const sendTo = (
    method: string,
    url: string,
    headers: Record<string, string>,
    body: string | undefined,
    signal: AbortSignal,
  ) =>
    send(new URL(url), {
      method,
      headers: {
        ...headers,
        ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
      },
      ...(body !== undefined && { body }),
      signal,
    });
  /** A fault in words is an outcome too. */
  const attempt = async <T>(
    run: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T | { fault: string }> => {
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      return await run(signal ? AbortSignal.any([signal, timeout]) : timeout);
    } catch (error) {
      if (timeout.aborted) return { fault: `no answer within ${timeoutMs / 1000} s` };
      return { fault: faultOf(error as NodeJS.ErrnoException) };
    }
  };
  return {
    refusal(text) {
      const url = URL.parse(text);
      if (!url) return 'be an https URL';
      if (url.username !== '' || url.password !== '') return 'hold no credentials';
      if (url.hash !== '') return 'have no fragment';
      if (trusted.includes(url.origin)) return undefined;
      try {
        checkUrl(url);
        return undefined;
      } catch {
        return url.protocol === 'https:' ? 'be a public address' : 'be an https URL';
      }
    },

    async post(text, { headers, body }, signal) {
      return attempt(async (within) => {
        const answer = await sendTo('POST', text, headers, body, within);
        answer.destroy();
        const retryAfterSeconds = pauseOf(answer.headers);
        return {
          status: answer.statusCode ?? 0,
          ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
        };
      }, signal);
    },

    async ask({ method, url, headers, body }, signal) {
      return attempt(async (within) => {
        const answer = await sendTo(method, url, headers, body, within);
        return { status: answer.statusCode ?? 0, text: await textOf(answer) };
      }, signal);
    },
  };
}

/** Of Retry-After: seconds, or a time, which counts from when the answer says that it was made. */
function pauseOf({ 'retry-after': asked, date }: IncomingHttpHeaders): number | undefined {
  if (asked === undefined || /^\d{1,9}$/.test(asked)) return asked === undefined ? undefined : Number(asked);
  const seconds = Math.ceil((Date.parse(asked) - Date.parse(date ?? '')) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    // What is longer is no answer that is read.
    if (size > ANSWER_MAX_BYTES) {
      answer.destroy();
      return '';
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** The words are the same for a name inside of a network and for one that is nowhere. */
function faultOf(error: NodeJS.ErrnoException): string {
  if (error instanceof ForbiddenAddress) return /redirect/.test(error.message) ? 'a redirect' : NO_ADDRESS;
  const { code = '', syscall = '' } = error;
  if (/^query|^getaddrinfo/.test(syscall)) return NO_ADDRESS;
  if (code.startsWith('HPE_')) return 'the answer is not valid HTTP/1.1';
  return /CERT|TLS|SSL|SIGNED|ALTNAME/.test(code) ? 'its certificate is not valid' : 'the connection failed';
}
