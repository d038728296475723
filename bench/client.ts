/** The client of the API and the router that the measurements use. */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { createClient, type DemoClient } from '../functions/hosts/machine/demo/demo-client.ts';
import type { BerthProcess } from './server.ts';

export async function clientOf(berth: BerthProcess): Promise<DemoClient> {
  const { authorization } = await berth.headers();
  return createClient({ url: berth.url, token: authorization!.replace('Bearer ', '') });
}

export async function getJson(berth: BerthProcess, path: string): Promise<Record<string, unknown>> {
  const response = await fetch(berth.url + path, { headers: await berth.headers() });
  if (!response.ok) throw new Error(`GET ${path}: ${response.status}`);
  return (await response.json()) as Record<string, unknown>;
}

/** The status of a workload, by its host. */
export function workloadStatus(port: number, host: string): Promise<number> {
  return new Promise((resolve) => {
    const sent = request({ host: '127.0.0.1', port, path: '/', headers: { host } }, async (response) => {
      await text(response);
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', () => resolve(0));
    sent.end();
  });
}

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

export const p99 = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * 0.99))]!;
