/**
 * The client for addresses that users name. It connects to public addresses alone, as the connection itself resolves
 * them: a name that resolves to something else a moment later changes nothing. It follows no redirects.
 */
import { lookup as systemLookup } from 'node:dns';
import type { IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isPublicAddress } from '../../core/address.ts';

export interface ConnectionOptions {
  /** Origins, such as `http://127.0.0.1:8080`, that may have private addresses and plain http. */
  trusted?: readonly string[];
  /** Time of one request with its answer, milliseconds. Default: 5,000. */
  timeoutMs?: number;
  /** Resolves names; the system's resolver if not given. */
  lookup?: typeof systemLookup;
}

export interface OutgoingOptions extends ConnectionOptions {
  /** The largest answer, bytes. Default: 512 KiB. */
  maxBytes?: number;
}

export interface OutgoingRequest {
  method: string;
  headers: Record<string, string>;
  body?: string;
  signal?: AbortSignal;
}

/** An address that nothing is sent to. */
export class ForbiddenAddress extends Error {
  override name = 'ForbiddenAddress';
}

/** A `fetch` for GET requests. @throws ForbiddenAddress, or what the network throws */
export function createOutgoing(options: OutgoingOptions = {}): typeof globalThis.fetch {
  const { maxBytes = 512 * 1024 } = options;
  const send = createSending(options);
  return async (input, init = {}) => {
    const message = await send(new URL(input instanceof Request ? input.url : input), {
      method: 'GET',
      headers: { accept: 'application/json', ...Object.fromEntries(new Headers(init.headers)) },
      ...(init.signal && { signal: init.signal }),
    });
    return answerOf(message, maxBytes);
  };
}

/**
 * Sends one request, and resolves to the head of the answer: its body is to be read, or destroyed, by the caller.
 * @throws ForbiddenAddress, of a redirect as well, or what the network throws
 */
export function createSending(
  options: ConnectionOptions = {},
): (url: URL, request: OutgoingRequest) => Promise<IncomingMessage> {
  const { trusted = [], timeoutMs = 5_000, lookup = systemLookup } = options;

  /** The lookup fails as a whole when one of the addresses is not public: a name that has both is no accident. */
  const publicLookup: LookupFunction = (hostname, wanted, done) => {
    lookup(hostname, { ...wanted, all: true }, (error, addresses) => {
      if (error) return done(error, []);
      const found = addresses as { address: string; family: number }[];
      if (found.length === 0 || !found.every(({ address }) => isPublicAddress(address))) {
        return done(new ForbiddenAddress(`${hostname} has an address that is not public`), []);
      }
      const [first] = found;
      if (wanted.all) done(null, found);
      else done(null, first!.address, first!.family);
    });
  };

  return async (url, { method, headers, body, signal = AbortSignal.timeout(timeoutMs) }) => {
    const isTrusted = trusted.includes(url.origin);
    if (!isTrusted) checkUrl(url);
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      const call = send(url, {
        method,
        headers,
        signal,
        // Each request has a connection of its own: none that was opened for another name is used again.
        agent: false,
        ...(!isTrusted && { lookup: publicLookup }),
      });
      call.on('response', resolve).on('error', reject);
      call.on('close', () => reject(new Error('The connection was closed without an answer')));
      call.end(body);
    });
    const { statusCode = 0 } = message;
    if (statusCode < 300 || statusCode >= 400) return message;
    message.destroy();
    throw new ForbiddenAddress('The answer is a redirect');
  };
}

/** @throws ForbiddenAddress for what is not https to a name or a public address */
export function checkUrl(url: URL): void {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isNamed = isIP(host) === 0;
  if (url.protocol !== 'https:' || url.username !== '' || url.password !== '') {
    throw new ForbiddenAddress('Only https without credentials');
  }
  if (!isNamed && !isPublicAddress(host)) throw new ForbiddenAddress(`${host} is not public`);
}

async function answerOf(message: IncomingMessage, maxBytes: number): Promise<Response> {
  const status = message.statusCode ?? 0;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      message.destroy();
      throw new Error(`The answer is larger than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  const type = message.headers['content-type'];
  const body = status === 204 || status === 304 ? null : Buffer.concat(chunks);
  return new Response(body, { status, ...(type !== undefined && { headers: { 'content-type': type } }) });
}
