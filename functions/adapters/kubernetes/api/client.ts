/**
 * The calls that Berth makes to an API server, and no more. The official client would cost 0.8 s and 88 MB at
 * import; its types are used, its code is not.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { createInterface } from 'node:readline';
import { TransientError } from '../../../core/problem.ts';
import { answerError, connectionError, isNotFound, KubernetesError, type StatusBody } from './api-errors.ts';
import type { Connection } from './kubeconfig.ts';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface CallOptions {
  query?: Query;
  body?: unknown;
  contentType?: string;
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
}

export interface List<T> {
  metadata: { resourceVersion: string };
  items: T[];
}

export interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: T;
}

export interface KubernetesClient {
  /** The object, or undefined where there is none. */
  get<T>(path: string, options?: CallOptions): Promise<T | undefined>;
  /** All items, read by pages. */
  list<T>(path: string, query?: Query, signal?: AbortSignal): Promise<List<T>>;
  /** @throws KubernetesError | TransientError | Problem unavailable */
  call<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, options?: CallOptions): Promise<T>;
  /** Plain text: a log. Undefined where there is none. */
  text(path: string, query?: Query, signal?: AbortSignal): Promise<string | undefined>;
  /** The status that a GET is answered with, whatever it is; no more is read. @param headers beside Berth's own */
  status(path: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<number>;
  /** Lines of a log as they come, until it ends or the signal aborts. */
  lines(path: string, query: Query, signal: AbortSignal): AsyncIterable<string>;
  /** Changes after a resource version, until the server ends it or the signal aborts. A version too old ends it at once. */
  watch<T>(path: string, query: Query, signal: AbortSignal): AsyncIterable<WatchEvent<T>>;
  /**
   * Where the cluster is and with what it is called, for who speaks another protocol to it.
   * @param refused the token that it did not take, if one was refused
   */
  address(path: string, refused?: string): Promise<Address>;
  close(): void;
}

export interface Address extends Pick<Connection, 'ca' | 'cert' | 'key' | 'tlsServerName'> {
  url: string;
  token?: string;
}

export interface ClientOptions {
  /** Time of one call, milliseconds; watches may be silent for longer. */
  timeoutMs?: number;
}

const TIMEOUT_MS = 15_000;
const PAGE = 500;
/** No object of ours comes near this size, and a list comes by pages. */
const BODY_MAX = 64 * 1024 * 1024;
/** The server ends a watch after this; a connection that died in silence is noticed then. */
const WATCH_SECONDS = 240;

export function createKubernetesClient(
  connection: Connection,
  { timeoutMs = TIMEOUT_MS }: ClientOptions = {},
): KubernetesClient {
  const secure = connection.server.startsWith('https:');
  const { ca, cert, key, tlsServerName } = connection;
  const agent = secure
    ? new Agent({ keepAlive: true, ca, cert, key, ...(tlsServerName && { servername: tlsServerName }) })
    : new HttpAgent({ keepAlive: true });

  async function open(method: string, path: string, options: CallOptions, signal: AbortSignal) {
    const url = new URL(connection.server + path);
    for (const [name, value] of Object.entries(options.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const body = options.body === undefined ? undefined : Buffer.from(JSON.stringify(options.body));
    const attempt = async (refused?: string): Promise<{ response: IncomingMessage; token?: string }> => {
      const token = await connection.token?.(refused);
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const send = secure ? httpsRequest : httpRequest;
        const request = send(
          url,
          {
            method,
            agent,
            signal,
            // The certificate is the API server's, whichever host is asked for behind it.
            ...(options.headers && {
              servername: tlsServerName ?? (isIP(url.hostname) === 0 ? url.hostname : ''),
            }),
            headers: {
              accept: 'application/json',
              'user-agent': 'berth',
              ...(token && { authorization: `Bearer ${token}` }),
              ...(body && {
                'content-type': options.contentType ?? 'application/json',
                'content-length': body.length,
              }),
              ...options.headers,
            },
          },
          resolve,
        );
        request.on('error', reject);
        // Without a listener Node closes the connection after a 101, and says nothing to whoever waits.
        request.on('upgrade', (_, socket) => {
          socket.destroy();
          reject(new TransientError('The cluster answered 101, which it had not been asked for.'));
        });
        // Whatever else ends the connection ends the wait as well; after an answer or an error this changes nothing.
        request.on('close', () => reject(new TransientError('The connection to the cluster was lost.')));
        request.end(body);
      });
      return { response, ...(token && { token }) };
    };
    const first = await attempt();
    if (first.response.statusCode !== 401 || !first.token) return first.response;
    // The token may have run out since it was made: the call is sent once more with a new one.
    first.response.resume();
    return (await attempt(first.token)).response;
  }

  async function send(method: string, path: string, options: CallOptions): Promise<string> {
    const deadline = AbortSignal.timeout(timeoutMs);
    const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
    const what = `${method} ${path}`;
    try {
      const response = await open(method, path, options, signal);
      const text = await readAll(response);
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) return text;
      throw answerError(status, parseStatus(text), what);
    } catch (error) {
      if (deadline.aborted && !options.signal?.aborted)
        throw new TransientError(`The cluster did not answer ${what} within ${timeoutMs / 1000} s.`);
      if (error instanceof KubernetesError) throw error;
      throw connectionError(error as NodeJS.ErrnoException, connection.server);
    }
  }

  /** A read that fell on a connection which the server had just closed is read again. */
  const read = (path: string, options: CallOptions): Promise<string> =>
    send('GET', path, options).catch((error: unknown) => {
      if (error instanceof TransientError && /lost/.test(error.message)) return send('GET', path, options);
      throw error;
    });

  async function* lines(path: string, query: Query, signal: AbortSignal): AsyncIterable<string> {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), timeoutMs);
    try {
      const response = await open('GET', path, { query }, AbortSignal.any([signal, patience.signal]));
      const status = response.statusCode ?? 0;
      if (status < 200 || status >= 300)
        throw answerError(status, parseStatus(await readAll(response)), `GET ${path}`);
      clearTimeout(timer);
      for await (const line of createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY }))
        yield line;
    } catch (error) {
      if (signal.aborted) return;
      if (patience.signal.aborted) throw new TransientError(`The cluster did not answer GET ${path}.`);
      if (error instanceof KubernetesError) throw error;
      throw connectionError(error as NodeJS.ErrnoException, connection.server);
    } finally {
      clearTimeout(timer);
    }
  }

  const absent = (error: unknown): undefined => {
    if (isNotFound(error)) return undefined;
    throw error;
  };

  return {
    get: <T>(path: string, options: CallOptions = {}) =>
      read(path, options).then((text) => parseObject<T>(text, path), absent),
    async list<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<List<T>> {
      const items: T[] = [];
      for (let next: string | undefined; ; ) {
        const text = await read(path, {
          query: { ...query, limit: PAGE, continue: next },
          ...(signal && { signal }),
        });
        const page = parseObject<List<T> & { metadata: { continue?: string } }>(text, path);
        if (!Array.isArray(page.items) || !page.metadata) throw notOfApi(path);
        for (const item of page.items) items.push(item);
        next = page.metadata.continue || undefined;
        if (!next) return { metadata: page.metadata, items };
      }
    },
    call: async <T>(method: string, path: string, options: CallOptions = {}) =>
      parseObject<T>(await send(method, path, options), path),
    text: (path, query = {}, signal) => read(path, { query, ...(signal && { signal }) }).catch(absent),
    async status(path, headers, signal) {
      try {
        const response = await open('GET', path, { headers }, signal);
        response.destroy();
        return response.statusCode ?? 0;
      } catch (error) {
        throw connectionError(error as NodeJS.ErrnoException, connection.server);
      }
    },
    lines,
    async *watch<T>(path: string, query: Query, signal: AbortSignal): AsyncIterable<WatchEvent<T>> {
      const watching = { ...query, watch: true, allowWatchBookmarks: true, timeoutSeconds: WATCH_SECONDS };
      for await (const line of lines(path, watching, signal)) {
        const event = parseEvent<T>(line);
        // The server has forgotten that version, or the line was cut off: the caller reads anew.
        if (!event || event.type === 'ERROR') return;
        if (event.type !== 'BOOKMARK') yield event;
      }
    },
    async address(path, refused) {
      const token = await connection.token?.(refused);
      return {
        url: connection.server + path,
        ...(ca !== undefined && { ca }),
        ...(cert !== undefined && { cert }),
        ...(key !== undefined && { key }),
        ...(tlsServerName !== undefined && { tlsServerName }),
        ...(token !== undefined && { token }),
      };
    },
    close: () => agent.destroy(),
  };
}

function parseEvent<T>(line: string): WatchEvent<T> | undefined {
  const event = parseJson(line) as WatchEvent<T> | undefined;
  return event?.object ? event : undefined;
}

/** Something between Berth and the cluster answered, or the answer was cut; it may hold secrets and is not quoted. */
const notOfApi = (path: string): TransientError =>
  new TransientError(`The cluster answered ${path} with what is no object of its API.`);

/** @throws TransientError */
function parseObject<T>(text: string, path: string): T {
  const value = parseJson(text);
  if (value === undefined || value === null || typeof value !== 'object') throw notOfApi(path);
  return value as T;
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_MAX) {
      response.destroy();
      throw new TransientError('The cluster answered more than 64 MiB.');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseStatus(text: string): StatusBody {
  const value = parseJson(text);
  return value !== null && typeof value === 'object' ? value : {};
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
