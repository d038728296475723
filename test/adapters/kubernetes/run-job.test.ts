/** A run in a cluster: its Job, its output and its end, against a client that keeps objects in memory. */
import { beforeEach, describe, expect, it } from 'vitest';
import { KubernetesError } from '../../../functions/adapters/kubernetes/api/api-errors.ts';
import type { KubernetesClient } from '../../../functions/adapters/kubernetes/api/client.ts';
import { endCommand, runCommand } from '../../../functions/adapters/kubernetes/commands/run-job.ts';
import { defaultRenderOptions } from '../../../functions/adapters/kubernetes/manifests/index.ts';
import type { LogLine } from '../../../functions/ports/logs.ts';
import { containerSpec, variable, workloadSpec } from '../../contracts/workloads/workloads-spec.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const images = { [digest]: { reference: `registry.test/web@${digest}`, entrypoint: ['node'], cmd: [] } };
const container = containerSpec(digest, { variables: [variable('KEY', 'hunter2-horse', true)] });
const spec = {
  ...workloadSpec({ project: 'demo', environment: 'dev' }, 3, container),
  operation: '01KAV6M2J8Y0T5W3Q9R7C4X1ZB',
};
const stamp = (nanos: number, text: string): string =>
  `2026-01-01T00:00:00.${String(nanos).padStart(9, '0')}Z ${text}`;

let objects: Map<string, any>;
let made: string[];
/** What the container's log holds; a read that is told to breaks off in front of a line. */
let output: string[];
let breaksBefore: number | undefined;
let pod: { state: object } | undefined;

const absent = () => new KubernetesError(404, {}, 'it');
const client: KubernetesClient = {
  get: async (path) => objects.get(path),
  async list<T>(path: string) {
    if (path.endsWith('/pods'))
      return {
        metadata: { resourceVersion: '1' },
        items: (pod
          ? [
              {
                metadata: { name: 'web-run', labels: { 'berth.dev/deployment': '3' } },
                spec: { containers: [{ name: 'main' }] },
                status: { containerStatuses: [{ name: 'main', state: pod.state }] },
              },
            ]
          : []) as T[],
      };
    const items = [...objects].flatMap(([key, object]) => (key.startsWith(`${path}/`) ? [object] : []));
    return { metadata: { resourceVersion: '1' }, items: items as T[] };
  },
  async call<T>(method: string, path: string, options: { body?: any } = {}) {
    if (method === 'DELETE') {
      if (!objects.delete(path)) throw absent();
      return {} as T;
    }
    const { body } = options;
    const key = method === 'POST' ? `${path}/${body.metadata.name}` : path;
    if (method === 'POST' && objects.has(key))
      throw new KubernetesError(409, { reason: 'AlreadyExists' }, 'it');
    if (method === 'POST') made.push(key);
    if (!Array.isArray(body))
      objects.set(key, { ...body, metadata: { resourceVersion: '1', uid: key, ...body.metadata } });
    return objects.get(key) as T;
  },
  status: async () => 200,
  text: async () => '',
  async *lines(_path, query) {
    expect(query).toMatchObject({ container: 'main', follow: true, timestamps: true });
    for (const [at, line] of output.entries()) {
      if (at === breaksBefore) {
        breaksBefore = undefined;
        throw new KubernetesError(500, {}, 'lost');
      }
      yield line;
    }
  },
  async *watch(_path, _query, signal) {
    await new Promise((resolve) => setTimeout(resolve, 20, undefined));
    if (signal.aborted) return;
  },
  address: async () => ({ url: '' }),
  close: () => undefined,
};
const cluster = { client, render: { ...defaultRenderOptions, domain: 'apps.example.com' } };

let lines: LogLine[];
const asked = (more = {}) => ({
  command: ['node', 'report.js'],
  timeoutSeconds: 60,
  again: false,
  onLine: (line: LogLine) => void lines.push(line),
  ...more,
});
const run = (more = {}, signal = AbortSignal.timeout(10_000)) =>
  runCommand(cluster, spec, asked(more), images, signal);
const jobs = () => [...objects.keys()].filter((key) => key.includes('/jobs/'));
const messages = () => lines.map(({ message }) => message);

beforeEach(() => {
  objects = new Map();
  made = [];
  lines = [];
  output = [stamp(1, 'one'), stamp(2, 'it is hunter2-horse'), stamp(3, 'three')];
  breaksBefore = undefined;
  pod = { state: { terminated: { exitCode: 4 } } };
});

describe('A run in a cluster', () => {
  it('is a Job of its own that ends by itself; its output is masked and its exit code told', async () => {
    expect(await run()).toEqual({ exitCode: 4 });
    expect(messages()).toEqual(['one', 'it is ••••', 'three']);
    const [key = ''] = jobs();
    const job = objects.get(key);
    expect(key).toMatch(/\/web-run-01kav6m2j8y0t5w3q9r7c4x1zb$/);
    expect(job.spec).toMatchObject({ backoffLimit: 0, activeDeadlineSeconds: 180 });
    // A step comes again for longer than a run may take: what is not there was never begun.
    expect(job.spec.ttlSecondsAfterFinished).toBeGreaterThan(15_300);
    expect(job.spec.template.metadata.labels['app.kubernetes.io/component']).toBe('run');
    await endCommand(cluster, spec, spec.operation);
    await endCommand(cluster, spec, spec.operation);
    expect(jobs()).toEqual([]);
  });

  it('is made once, however often it is asked for, and goes on where nobody waits for it', async () => {
    pod = { state: { running: {} } };
    output = [stamp(1, 'one')];
    const wait = new AbortController();
    const waiting = run({}, wait.signal);
    while (lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    wait.abort();
    expect(await waiting).toBeUndefined();
    expect(jobs()).toHaveLength(1);
    pod = { state: { terminated: { exitCode: 0 } } };
    output = [stamp(1, 'one'), stamp(5_000_000, 'two')];
    expect(await run({ again: true, since: '2026-01-01T00:00:00.005Z' })).toEqual({ exitCode: 0 });
    expect(messages()).toEqual(['one', 'two']);
    expect(made.filter((key) => key.includes('/jobs/'))).toHaveLength(1);
  });

  it('loses no line and repeats none where a read of its output breaks off, and says so', async () => {
    breaksBefore = 2;
    pod = { state: { running: {} } };
    setTimeout(() => {
      pod = { state: { terminated: { exitCode: 0 } } };
    }, 1_500);
    await run();
    expect(messages()).toEqual(['one', 'it is ••••', 'The output could not be read: lost: 500.', 'three']);
    expect(lines[2]).toMatchObject({ source: 'berth', missing: true });
  });

  it('is interrupted where its Job was removed', async () => {
    pod = { state: { running: {} } };
    const waiting = run();
    waiting.catch(() => undefined);
    while (jobs().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await endCommand(cluster, spec, spec.operation);
    await expect(waiting).rejects.toMatchObject({ code: 'run_interrupted' });
  });

  it('that can not start says why', async () => {
    pod = {
      state: { waiting: { reason: 'ImagePullBackOff', message: 'manifest unknown' } },
    };
    await expect(run()).rejects.toMatchObject({
      code: 'run_failed',
      message: expect.stringContaining('manifest'),
    });
  });
});
