/** What only a pod that runs can show of a workload: its end, its limits, its user, its files, its output. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InstanceRef } from '../../../functions/core/model/index.ts';
import type { ContainerSpec, WorkloadSpec } from '../../../functions/ports/workloads.ts';
import {
  containerSpec,
  eventually,
  port,
  variable,
  workloadSpec,
} from '../../contracts/workloads/workloads-spec.ts';
import { programOf } from '../support/node/images.ts';
import { type RealPlace, startPlace, whyNoPlace } from './place.ts';
import { makeRealSubject, type RealSubject } from './subject.ts';

const why = await whyNoPlace();
if (why) console.log(`Skipped: pods on a real node, since ${why}.`);

const programs = {
  /** Takes more memory than any limit here, and holds it. */
  greedy: `
    const held = [];
    setInterval(() => held.push(Buffer.alloc(16 * 1024 * 1024, 1)), 20);
  `,
  /** Says what it is and sees. */
  introspective: `
    import { createServer } from 'node:http';
    import { existsSync, readFileSync, writeFileSync } from 'node:fs';
    const attempt = (path) => {
      try { writeFileSync(path, 'x'); return 'written'; } catch (error) { return error.code; }
    };
    const status = readFileSync('/proc/self/status', 'utf8');
    const told = {
      uid: process.getuid(),
      gid: process.getgid(),
      capabilities: status.match(/^CapEff:\\s*(\\S+)/m)[1],
      newPrivileges: status.match(/^NoNewPrivs:\\s*(\\S+)/m)[1],
      seccomp: status.match(/^Seccomp:\\s*(\\S+)/m)[1],
      token: existsSync('/var/run/secrets/kubernetes.io'),
      app: attempt('/app/mark'),
      etc: attempt('/etc/mark'),
      tmp: attempt('/tmp/mark'),
      env: process.env,
      argv: process.argv.slice(2),
    };
    createServer((_, response) => response.end(JSON.stringify(told))).listen(process.env.PORT);
  `,
  /** Marks when it was told to end, and ends then. */
  polite: `
    import { createServer } from 'node:http';
    import { existsSync, readFileSync, writeFileSync } from 'node:fs';
    const server = createServer((request, response) => {
      if (request.url === '/ended') return response.end(existsSync('/data/ended') ? readFileSync('/data/ended') : '');
      response.end(process.env.ANSWER);
    }).listen(process.env.PORT);
    process.on('SIGTERM', () => {
      writeFileSync('/data/ended', process.env.ANSWER + ' ' + Date.now());
      console.log('told to end');
      server.close(() => process.exit(0));
      server.closeAllConnections();
    });
  `,
  /** Ends at its second request. */
  fickle: `
    import { createServer } from 'node:http';
    let requests = 0;
    createServer((_, response) => {
      if (++requests > 1) process.exit(7);
      response.end('once');
    }).listen(process.env.PORT);
  `,
  /** Works without pause for as long as it is told to. */
  busy: `
    import { createServer } from 'node:http';
    let until = 0;
    const work = () => {
      const end = Math.min(until, Date.now() + 50);
      while (Date.now() < end);
      setTimeout(work, Date.now() < until ? 0 : 100);
    };
    work();
    createServer((request, response) => {
      const seconds = Number(new URL(request.url, 'http://host').searchParams.get('seconds'));
      if (seconds > 0) until = Date.now() + seconds * 1000;
      response.end('ok');
    }).listen(process.env.PORT);
  `,
  /** Serves in its second life. */
  second: `
    import { createServer } from 'node:http';
    import { existsSync, writeFileSync } from 'node:fs';
    if (!existsSync('/data/lived')) {
      writeFileSync('/data/lived', '');
      console.error('first life: no anchor');
      process.exit(9);
    }
    console.log('second life');
    createServer((_, response) => response.end('up')).listen(process.env.PORT);
  `,
};

let counter = 0;

describe.skipIf(why)('Pods on a real node', { timeout: 240_000 }, () => {
  let place: RealPlace;
  let subject: RealSubject;
  beforeAll(async () => {
    place = await startPlace();
    subject = await makeRealSubject(place);
  }, 2_400_000);
  afterAll(async () => {
    await subject?.close();
    await place?.stop();
  });

  async function environment() {
    const ref = { project: 'demo', environment: `pods-${++counter}`, service: 'web' };
    await subject.workloads.ensureEnvironment(ref, { operation: 'op' });
    return ref;
  }
  async function deploy(spec: WorkloadSpec) {
    await subject.workloads.apply(spec);
    const result = await subject.workloads.awaitRollout(spec, spec.number, AbortSignal.timeout(120_000));
    // What a cluster has told its nodes, they know a moment later.
    const isReached = (): Promise<boolean> =>
      get(spec).then(
        () => true,
        () => false,
      );
    if (result.state === 'ready') await eventually(isReached, (is) => is, 60_000);
    return result;
  }
  async function failure(spec: WorkloadSpec) {
    const result = await deploy(spec);
    if (result.state !== 'failed') throw new Error(`Expected a failure, got ${JSON.stringify(result)}`);
    return result.error;
  }
  async function get(ref: InstanceRef, path = '/'): Promise<string> {
    const at = await subject.reach?.(ref, await subject.workloads.endpoint(ref, port));
    const response = await fetch(`http://${at?.hostname}:${at?.port}${path}`, {
      headers: { connection: 'close' },
    });
    return response.text();
  }
  const container = async (source: string, extra: Partial<ContainerSpec> = {}): Promise<ContainerSpec> =>
    containerSpec(await subject.image(source), extra);

  describe.concurrent('each by itself', () => {
    it('more memory than the limit: it is ended, and the cause says by what', async () => {
      const ref = await environment();
      const limits = { memoryBytes: 64 * 1024 ** 2 };
      const error = await failure(workloadSpec(ref, 1, await container(programs.greedy, { limits })));
      expect(error.code).toBe('workload_crashed');
      expect(error.cause).toContain('it used more memory than its limit');
      expect(error.hint).toContain('resources.limits.memory');
    });

    it('it runs as a user without any right, whichever the image names, and without a token', async () => {
      const ref = await environment();
      const image = programOf(programs.introspective, { User: '0' });
      const literal = 'pa$$word $(PORT) $$(PORT)';
      const main = containerSpec(await subject.push(image), {
        variables: [variable('PLAIN', literal), variable('HIDDEN', literal, true)],
      });
      expect(await deploy(workloadSpec(ref, 1, main))).toEqual({ state: 'ready' });
      const told = JSON.parse(await get(ref));
      expect(told).toMatchObject({
        uid: 1000,
        gid: 1000,
        capabilities: '0000000000000000',
        newPrivileges: '1',
        seccomp: '2',
        token: false,
        app: 'EACCES',
        etc: 'EACCES',
        tmp: 'written',
        env: { PLAIN: literal, HIDDEN: literal, PORT: '8080' },
      });
    });

    it('a request of memory above the default limit is given, without a limit of its own', async () => {
      const ref = await environment();
      const main = await container(programs.introspective, { requests: { memoryBytes: 1024 ** 3 } });
      expect(await deploy(workloadSpec(ref, 1, main))).toEqual({ state: 'ready' });
    });

    it('SIGTERM comes when it has drained and not before, and the next one finds the volume as it was left', async () => {
      const ref = await environment();
      const source = await subject.workloads.ensureVolume(ref, 'data', 1);
      const volumes = [{ source, target: '/data', readOnly: false }];
      const answering = (text: string) =>
        container(programs.polite, { volumes, variables: [variable('ANSWER', text)] });
      const drainSeconds = 6;
      await deploy(workloadSpec(ref, 1, await answering('one'), { drainSeconds }));
      expect(await deploy(workloadSpec(ref, 2, await answering('two'), { drainSeconds }))).toEqual({
        state: 'ready',
      });
      const replaced = Date.now();
      const ended = await eventually(
        () => get(ref, '/ended').catch(() => ''),
        (text) => text.startsWith('one '),
      );
      expect(Number(ended.split(' ')[1]) - replaced).toBeGreaterThan((drainSeconds - 2) * 1000);
      await eventually(
        () => get(ref),
        (text) => text === 'two',
      );
    });

    it('a check that every request ends is no success', async () => {
      const ref = await environment();
      const httpGet = { path: '/', port: port.targetPort, scheme: 'HTTP' as const, headers: [] };
      const main = await container(programs.fickle, { readinessProbe: { httpGet } });
      const error = await failure(workloadSpec(ref, 1, main, { minReadySeconds: 5 }));
      expect(error).toMatchObject({ code: 'workload_crashed', cause: expect.stringContaining('code 7') });
    });

    it('a check that is a command runs in the container', async () => {
      const ref = await environment();
      const check = (code: number) => ({ exec: { command: ['node', '-e', `process.exit(${code})`] } });
      const good = await container(programs.introspective, { readinessProbe: check(0) });
      expect(await deploy(workloadSpec(ref, 1, good))).toEqual({ state: 'ready' });
      const bad = await container(programs.introspective, { readinessProbe: check(1) });
      const error = await failure(workloadSpec(ref, 2, bad, { progressDeadlineSeconds: 15 }));
      expect(error.code).toBe('workload_not_ready');
      expect(error.cause).toContain('its check "node -e process.exit(1)"');
    });

    it('replicas are added while there is work, measured on the node, and taken away after it', async () => {
      const ref = await environment();
      const main = await container(programs.busy, { requests: { cpu: 0.05 } });
      await deploy(workloadSpec(ref, 1, main, { maxReplicas: 2, drainSeconds: 1 }));
      await get(ref, '/?seconds=60');
      const desired = async (): Promise<number> =>
        (await subject.workloads.status(ref))?.desiredReplicas ?? 0;
      await eventually(desired, (replicas) => replicas === 2, 90_000);
      await eventually(desired, (replicas) => replicas === 1, 120_000);
    });

    it('what it printed before it crashed is in its log after it has started again', async () => {
      const ref = await environment();
      const source = await subject.workloads.ensureVolume(ref, 'data', 1);
      const main = await container(programs.second, {
        volumes: [{ source, target: '/data', readOnly: false }],
      });
      expect(await deploy(workloadSpec(ref, 1, main))).toEqual({ state: 'ready' });
      const messages = (await subject.logs(ref)).map(({ message }) => message);
      expect(messages).toEqual(['first life: no anchor', 'second life']);
    });
  });
});

// A file without a test is an error.
it.runIf(why)('is skipped where there is no real node', () => undefined);
