/** A whole Berth on one machine for a test: its own directory, a free port, everything real. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packDirectory } from '../../functions/local/demo-source.ts';
import { silentLog } from '../../functions/local/log.ts';
import { type LocalBerth, startLocal } from '../../functions/local.ts';
import { askWorkload, type WorkloadAnswer, type WorkloadRequest } from './workload.ts';

export type Json = Record<string, any>;

export interface Answer {
  status: number;
  headers: Headers;
  body: Json;
}

export interface TestBerth {
  url: string;
  token: string;
  directory: string;
  berth: LocalBerth;
  /** Calls the API. A body that is bytes goes as a tar.gz, any other as JSON. */
  api(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Calls the API and waits for the operation it answers with. */
  operation(method: string, path: string, body?: unknown): Promise<Json>;
  waitFor(operation: string): Promise<Json>;
  /** Asks a workload through the router by its host. */
  workload(host: string, path?: string, init?: WorkloadRequest): Promise<WorkloadAnswer>;
  /** Stops and starts again on the same directory. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** @param options.parent where its directory is made; the system's place for temporary files unless given */
export async function startBerth(
  options: { sweepSeconds?: number; parent?: string } = {},
): Promise<TestBerth> {
  const directory = await mkdtemp(join(options.parent ?? tmpdir(), 'berth-test-'));
  const config = {
    port: 0,
    host: '127.0.0.1',
    dataDirectory: directory,
    demo: false,
    sweepSeconds: options.sweepSeconds ?? 0.2,
  };
  let berth = await startLocal(config, silentLog);
  await berth.resumed;

  const subject: TestBerth = {
    get url() {
      return berth.url.replace('localhost', '127.0.0.1');
    },
    get token() {
      return berth.token;
    },
    directory,
    get berth() {
      return berth;
    },
    api: (method, path, body, headers = {}) => callApi(subject, method, path, body, headers),
    async operation(method, path, body) {
      const answer = await subject.api(method, path, body);
      if (answer.status !== 202)
        throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return subject.waitFor(answer.body.operation?.id ?? answer.body.id);
    },
    async waitFor(operation) {
      for (;;) {
        const { body } = await subject.api('GET', `/v1/operations/${operation}`);
        if (!['queued', 'running'].includes(body.status)) return body;
        await sleep(20);
      }
    },
    workload: (host, path = '/', init = {}) => askWorkload(new URL(berth.url).port, host, path, init),
    async restart() {
      await berth.close();
      berth = await startLocal(config, silentLog);
      await berth.resumed;
    },
    async close() {
      await berth.close();
      await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
  return subject;
}

async function callApi(
  { url, token }: TestBerth,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Answer> {
  const isBytes = body instanceof Uint8Array;
  const response = await fetch(url + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': isBytes ? 'application/gzip' : 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: isBytes ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body) }),
  });
  const answer = await response.text();
  return { status: response.status, headers: response.headers, body: answer ? JSON.parse(answer) : {} };
}

export const exampleDirectory = (name: string): string => join(import.meta.dirname, '../../examples', name);

export const packExample = (name: string, change?: (file: string, text: string) => string) =>
  packDirectory(exampleDirectory(name), change);
