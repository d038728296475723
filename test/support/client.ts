/** The API as tests call it, of a Berth in this process or in another one. */
import { setTimeout as sleep } from 'node:timers/promises';

export type Json = Record<string, any>;

export interface Answer {
  status: number;
  headers: Headers;
  body: Json;
}

export interface ApiClient {
  /** Calls the API. A body that is bytes goes as a tar.gz, any other as JSON. */
  api(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Calls the API and waits for the operation it answers with. */
  operation(method: string, path: string, body?: unknown): Promise<Json>;
  waitFor(operation: string): Promise<Json>;
}

/** @param target asked for each call: both change when a Berth is started again */
export function apiClient(target: () => { url: string; token: string }): ApiClient {
  const client: ApiClient = {
    async api(method, path, body, headers = {}) {
      const { url, token } = target();
      const isBytes = body instanceof Uint8Array;
      const type = isBytes ? 'application/gzip' : 'application/json';
      const response = await fetch(url + path, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'content-type': type }),
          ...headers,
        },
        ...(body !== undefined && {
          body: isBytes ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body),
        }),
      });
      const answer = await response.text();
      return { status: response.status, headers: response.headers, body: answer ? JSON.parse(answer) : {} };
    },
    async operation(method, path, body) {
      const answer = await client.api(method, path, body);
      if (answer.status !== 202)
        throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return client.waitFor(answer.body.operation?.id ?? answer.body.id);
    },
    async waitFor(operation) {
      for (;;) {
        const { body } = await client.api('GET', `/v1/operations/${operation}`);
        if (!['queued', 'running'].includes(body.status)) return body;
        await sleep(20);
      }
    },
  };
  return client;
}
