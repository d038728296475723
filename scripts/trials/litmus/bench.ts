/** What the points of the litmus test are tried with: a fresh project, its developer, and a service of a few lines. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packDirectory } from '../../../functions/hosts/machine/demo/demo-source.ts';
import { type ApiClient, apiClient, type Json } from '../../../test/support/client.ts';
import { askWorkload } from '../../../test/support/workload.ts';

/** Prints a line for each request, with a secret that nobody may see. */
const server = (text: string): string => `
const { createServer } = require('node:http');
createServer((request, response) => {
  console.log('litmus saw ' + request.url + ' with ' + process.env.LITMUS_KEY);
  response.end(${JSON.stringify(text)});
}).listen(process.env.PORT);
`;
const PACKAGE = JSON.stringify({
  name: 'web',
  version: '1.0.0',
  private: true,
  scripts: { start: 'node server.js' },
});

/** The source of a service: two files, and none of them is about a platform. */
async function sourceOf(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const directory = mkdtempSync(join(tmpdir(), 'berth-litmus-'));
  try {
    writeFileSync(join(directory, 'package.json'), PACKAGE);
    writeFileSync(join(directory, 'server.js'), server(text));
    return await packDirectory(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Fails the point, with what was seen in place of what was expected. */
export function must(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise);
}

export interface Bench {
  project: string;
  path: string;
  /** As who runs the installation. */
  operator: ApiClient;
  /** As a developer of the project. */
  developer: ApiClient;
  as(token: string): ApiClient;
  secret: string;
  /** @returns the result of an operation that succeeded */
  done(work: Promise<Json>): Promise<Json>;
  build(service: string, source: Uint8Array<ArrayBuffer> | string): Promise<string>;
  deploy(service: string, how: object): Promise<Json>;
  ask(service: string, path?: string, init?: object): Promise<{ status: number; text: string }>;
  /** What a path of the API answers, as who runs the installation. */
  text(path: string): Promise<string>;
  seconds(from: number): number;
}

/** Makes the project, and a token for its developer. */
export async function openBench(url: string, token: string): Promise<Bench> {
  const as = (one: string) => apiClient(() => ({ url, token: one }));
  const operator = as(token);
  const project = `litmus-${randomBytes(3).toString('hex')}`;
  const path = `/v1/projects/${project}`;
  const made = await operator.api('POST', '/v1/projects', { name: project });
  must(made.status === 201, `The project was not made: ${JSON.stringify(made.body)}`);
  const given = await operator.api('POST', `${path}/tokens`, { name: 'developer', role: 'developer' });
  must(given.status === 201, `The developer got no token: ${JSON.stringify(given.body)}`);
  const developer = as(String(given.body.token));
  const done = async (work: Promise<Json>): Promise<Json> => {
    const operation = await work;
    const { cause } = (operation.error ?? {}) as { cause?: string };
    must(operation.status === 'succeeded', `The ${operation.kind} ${operation.status}: ${cause}`);
    return operation.result ?? {};
  };
  return {
    ...{ project, path, operator, developer, as, done },
    secret: randomBytes(12).toString('hex'),
    text: async (at) => (await fetch(url + at, { headers: { authorization: `Bearer ${token}` } })).text(),
    seconds: (from) => Math.round((performance.now() - from) / 100) / 10,
    async build(service, source) {
      const archive = typeof source === 'string' ? await sourceOf(source) : source;
      const work = developer.operation('POST', `${path}/services/${service}/builds`, archive);
      return String((await done(work)).version);
    },
    deploy: (service, how) =>
      done(developer.operation('POST', `${path}/environments/dev/services/${service}/deployments`, how)),
    ask: (service, at, init) =>
      askWorkload(new URL(url).port, `${service}.dev.${project}.localhost`, at, init ?? {}),
  };
}
