/** A client in a storm: it repeats what got no answer with the same key, and remembers what it was promised. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '../support/client.ts';
import { askWorkload } from '../support/workload.ts';
import type { Installation } from './installation.ts';

export interface Told {
  status: number;
  body: Json;
  etag?: string;
}

/** What was promised: it has to be there when all has come to rest. */
export interface Promised {
  /** Operations that were accepted, by id, with what each was asked for. */
  operations: Map<string, string>;
  /** The newest value of each variable that was acknowledged, by environment and name; undefined where nobody can tell. */
  variables: Map<string, Kept<string> | undefined>;
  /** Secrets that were put, by environment and name. */
  secrets: Map<string, Kept<string>>;
  /** What guestbooks have taken. */
  entries: Kept<{ id: number; message: string }>[];
}

export interface Kept<T> {
  environment: string;
  /** When it was acknowledged: of an environment that was made later it says nothing. */
  at: number;
  what: T;
}

export interface Client {
  /** Of one client at a time. */
  name: string;
  promised: Promised;
  /**
   * One request, repeated until it is answered.
   * @returns undefined where it never was
   */
  ask(
    method: string,
    path: string,
    body?: unknown,
    options?: { seconds?: number; key?: string; headers?: Record<string, string> },
  ): Promise<Told | undefined>;
  /** Asks a guestbook, once. */
  visit(environment: string, init?: { method: string; body: string }): Promise<Told | undefined>;
}

/** Answers that ask for the request again: a frozen Berth has not read it in time, or there are too many. */
const AGAIN: ReadonlySet<number> = new Set([408, 429]);
/** Answers of a Berth to which something is being done. Any other of 500 and more is a fault. */
const PASSING: ReadonlySet<number> = new Set([502, 503, 504, 507]);
export const PROJECT = '/v1/projects/shop';
const REQUEST_MS = 45_000;

export const createPromised = (): Promised => ({
  operations: new Map(),
  variables: new Map(),
  secrets: new Map(),
  entries: [],
});

export function createClient(installation: Installation, name: string, promised: Promised): Client {
  const run = crypto.randomUUID();
  let keys = 0;

  async function once(
    method: string,
    path: string,
    sent: unknown,
    headers: Record<string, string>,
  ): Promise<Told | undefined> {
    const isBytes = sent instanceof Uint8Array;
    const type = isBytes ? 'application/gzip' : 'application/json';
    try {
      const answer = await fetch(`http://127.0.0.1:${installation.port}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${installation.token()}`,
          ...(sent !== undefined && { 'content-type': type }),
          ...headers,
        },
        ...(sent !== undefined && {
          body: isBytes ? (sent as Uint8Array<ArrayBuffer>) : JSON.stringify(sent),
        }),
        signal: AbortSignal.timeout(REQUEST_MS),
      });
      const text = await answer.text();
      const etag = answer.headers.get('etag');
      const body = text === '' ? {} : JSON.parse(text);
      const told = { status: answer.status, body, ...(etag !== null && { etag }) };
      if (told.status >= 500 && !PASSING.has(told.status))
        installation.violate(`${method} ${path} was answered ${told.status}: ${text.slice(0, 300)}`);
      return told;
    } catch {
      return undefined;
    }
  }

  return {
    name,
    promised,
    async ask(method, path, body, { seconds = 90, key = `${run}-${keys++}`, headers = {} } = {}) {
      const deadline = Date.now() + seconds * 1_000;
      const sent = { ...(method !== 'GET' && { 'idempotency-key': key }), ...headers };
      do {
        const told = await once(method, path, body, sent);
        if (told && told.status < 500 && !AGAIN.has(told.status)) {
          if (told.status === 202) promised.operations.set(told.body.id, `${method} ${path}`);
          return told;
        }
        await sleep(300);
      } while (Date.now() < deadline);
      return undefined;
    },
    async visit(environment, init) {
      const host = `guestbook.${environment}.shop.localhost`;
      const headers = { accept: 'application/json', 'content-type': 'application/json' };
      const answer = await Promise.race([
        askWorkload(installation.port, host, '/entries?limit=100', { headers, ...init }).catch(
          () => undefined,
        ),
        sleep(REQUEST_MS, undefined),
      ]);
      if (!answer) return undefined;
      try {
        return { status: answer.status, body: JSON.parse(answer.text) };
      } catch {
        return undefined;
      }
    },
  };
}
