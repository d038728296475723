/** The Docker Engine API, as Docker and Podman serve it: plain HTTP over a socket. */
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface EngineRequest {
  query?: Record<string, string | number | boolean>;
  /** Sent as JSON. */
  body?: object;
  /** Sent instead, as it comes. */
  tar?: Readable;
  /** Headers beside those of the body, by their names in small letters. */
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
  /** How long the engine may be silent, milliseconds; a minute if not given, 0 for as long as it takes. */
  timeoutMs?: number;
}

export interface Engine {
  /** Parses the JSON that is answered; undefined where nothing is. @throws EngineError */
  call<T = undefined>(method: string, path: string, options?: EngineRequest): Promise<T>;
  /** The body of an answer, as it comes. @throws EngineError */
  stream(method: string, path: string, options?: EngineRequest): Promise<IncomingMessage>;
  /** Takes over the connection, for what a program prints and is told. @throws EngineError */
  attach(path: string, options?: Pick<EngineRequest, 'query' | 'body'>): Promise<Socket>;
}

/** The engine has refused, or can not be reached (status 0). */
export class EngineError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Whether what was named is not there. */
export const isGone = (error: unknown): boolean => error instanceof EngineError && error.status === 404;

const SILENCE_MS = 60_000;
const MESSAGE_MAX = 2000;

/** @param address `unix:///run/podman/podman.sock` or `tcp://127.0.0.1:2375` @returns undefined for any other */
export function createEngine(address: string): Engine | undefined {
  const place = placeOf(address);
  if (!place) return undefined;

  function send(method: string, path: string, options: EngineRequest, upgrade = false) {
    const { query = {}, body, tar, signal } = options;
    const text = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
    const sent = request({
      ...place,
      method,
      path: text.length > 0 ? `${path}?${text.join('&')}` : path,
      agent: false,
      ...(signal && { signal }),
      headers: {
        ...options.headers,
        host: 'docker',
        ...((tar ?? body) && { 'content-type': tar ? 'application/x-tar' : 'application/json' }),
        ...(upgrade && { connection: 'Upgrade', upgrade: 'tcp' }),
      },
    });
    const timeoutMs = options.timeoutMs ?? SILENCE_MS;
    sent.setTimeout(timeoutMs, () => sent.destroy(new Error(`it was silent for ${timeoutMs / 1000} s`)));
    if (tar) pipeline(tar, sent).catch((error: Error) => sent.destroy(error));
    else sent.end(body ? JSON.stringify(body) : undefined);
    return sent;
  }

  const unreachable = (error: Error): EngineError =>
    new EngineError(0, `the container engine can not be reached: ${error.message}`);

  const stream: Engine['stream'] = (method, path, options = {}) =>
    new Promise((resolve, reject) => {
      const sent = send(method, path, options);
      sent.on('error', (error) => reject(unreachable(error)));
      sent.on('response', (response) => {
        const { statusCode = 0 } = response;
        if (statusCode < 300 || statusCode === 304) return resolve(response);
        textOf(response).then((text) => reject(new EngineError(statusCode, messageOf(text))), reject);
      });
    });

  return {
    stream,
    async call<T>(method: string, path: string, options: EngineRequest = {}): Promise<T> {
      const text = await textOf(await stream(method, path, options)).catch((error: Error) => {
        throw unreachable(error);
      });
      return (text.trim() === '' ? undefined : JSON.parse(text)) as T;
    },
    attach: (path, options) =>
      new Promise((resolve, reject) => {
        const sent = send('POST', path, { ...options, timeoutMs: 0 }, true);
        sent.on('error', (error) => reject(unreachable(error)));
        sent.on('upgrade', (_, socket: Socket, head: Buffer) => {
          if (head.length > 0) socket.unshift(head);
          resolve(socket);
        });
        sent.on('response', (response) => {
          textOf(response).then(
            (text) => reject(new EngineError(response.statusCode ?? 0, messageOf(text))),
            reject,
          );
        });
      }),
  };
}

function placeOf(address: string): Pick<RequestOptions, 'socketPath' | 'host' | 'port'> | undefined {
  if (address.startsWith('unix://')) return { socketPath: address.slice('unix://'.length) };
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== 'tcp:') return undefined;
  return { host: url.hostname, port: Number(url.port || 2375) };
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** Engines answer `{"message": "..."}`, Podman with a cause beside it. */
function messageOf(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === 'string') return message.slice(0, MESSAGE_MAX);
  } catch {
    // It answers in plain text then.
  }
  return text.trim().slice(0, MESSAGE_MAX) || 'the container engine gave no reason';
}
