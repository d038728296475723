/** What only this adapter promises: about processes, their environment, and files on this machine. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InstanceRef } from '../../../functions/core/model/index.ts';
import type { Probe } from '../../../functions/ports/workloads.ts';
import { programs } from '../../contracts/workloads/workload-programs.ts';
import {
  codeOf,
  containerSpec,
  eventually,
  port,
  variable,
  workloadSpec,
} from '../../contracts/workloads/workloads-spec.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';
import { type LocalSubject, makeLocalSubject } from './subject.ts';

const temporary = temporaryDirectories();
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !/^\S+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
};

describe('processes', () => {
  const directory = temporary();
  let subject: LocalSubject;
  let server: string;
  let count = 0;
  beforeAll(async () => {
    subject = await makeLocalSubject(directory);
    server = await subject.image(programs.server);
  });
  afterAll(() => subject.close());

  async function place(): Promise<InstanceRef> {
    const ref = { project: 'demo', environment: `p-${++count}`, service: 'web' };
    await subject.workloads.ensureEnvironment(ref, { operation: 'op' });
    return ref;
  }
  const rollout = (ref: InstanceRef, number = 1) =>
    subject.workloads.awaitRollout(ref, number, AbortSignal.timeout(60_000));
  async function get(ref: InstanceRef, path = '/', which = port): Promise<string> {
    const endpoint = await subject.workloads.endpoint(ref, which);
    return (
      await fetch(`http://127.0.0.1:${endpoint.port}${path}`, { headers: { connection: 'close' } })
    ).text();
  }

  it('see what is declared and documented, and nothing of Berth’s own environment', async () => {
    const ref = await place();
    process.env.BERTH_TEST_PRIVATE = 'private';
    const digest = await subject.image(programs.server, {
      env: { FROM_IMAGE: 'i', PATH: '/usr/bin:/nowhere', HOME: '/root' },
    });
    const variables = [
      variable('DECLARED', 'd'),
      variable('BERTH_WORKLOAD', 'forged'),
      variable('BERTH_ROOT', '/'),
      variable('PORT', '1'),
      variable('FROM_IMAGE', 'replaced'),
    ];
    const admin = { name: 'admin-api', port: 9000, targetPort: 9000, protocol: 'TCP' as const };
    await subject.workloads.apply(
      workloadSpec(ref, 1, containerSpec(digest, { variables }), { ports: [port, admin] }),
    );
    expect(await rollout(ref)).toEqual({ state: 'ready' });
    const env = JSON.parse(await get(ref, '/env')) as Record<string, string>;
    expect(Object.keys(env).sort()).toEqual(
      [
        'BERTH_ROOT',
        'BERTH_WORKLOAD',
        'DECLARED',
        'FROM_IMAGE',
        'HOME',
        'PATH',
        'PORT',
        'PORT_ADMIN_API',
        'TMPDIR',
      ].sort(),
    );
    expect(env).toMatchObject({ DECLARED: 'd', FROM_IMAGE: 'replaced', HOME: '/root' });
    expect(env.BERTH_WORKLOAD).toMatch(/^test-.*\/demo\/p-\d+\/web\/1$/);
    expect(env.BERTH_ROOT?.startsWith(directory)).toBe(true);
    expect(Number(env.PORT)).toBeGreaterThan(1023);
    expect(env.PORT_ADMIN_API).not.toBe(env.PORT);
    expect(env.PATH?.split(':')[0]).toBe(`${env.BERTH_ROOT}/app/node_modules/.bin`);
    expect((await stat(env.TMPDIR ?? '')).isDirectory()).toBe(true);
    delete process.env.BERTH_TEST_PRIVATE;
    await subject.workloads.removeEnvironment(ref);
  });

  it('have their image unpacked once for all replicas of a deployment, also for those that come later', async () => {
    const ref = await place();
    const spec = workloadSpec(ref, 1, containerSpec(await subject.image(programs.server)));
    const before = subject.unpacked();
    await subject.workloads.apply({ ...spec, replicas: 3 });
    expect(await rollout(ref)).toEqual({ state: 'ready' });
    await subject.workloads.scale(ref, 4, spec.fence);
    expect(await rollout(ref)).toEqual({ state: 'ready' });
    expect(subject.unpacked() - before).toBe(1);
    await subject.workloads.removeEnvironment(ref);
    expect(await subject.workloads.inventory(ref)).toEqual([]);
  });

  it('get their words: the image’s, or their own with variables expanded, paths of the container translated', async () => {
    const ref = await place();
    const program = 'console.log(JSON.stringify(process.argv.slice(2))); setInterval(() => {}, 1000)';
    const digest = await subject.image(program, { cmd: ['/app/main.mjs', 'of-the-image'] });
    const said = async (number: number, extra: object) => {
      await subject.workloads.apply(workloadSpec(ref, number, containerSpec(digest, extra), { ports: [] }));
      expect(await rollout(ref, number)).toEqual({ state: 'ready' });
      const line = await eventually(
        () =>
          subject
            .logs(ref)
            .findLast(({ source, deployment }) => source === 'stdout' && deployment === number),
        (found) => found !== undefined,
      );
      return JSON.parse(line?.message ?? 'null') as string[];
    };
    expect(await said(1, {})).toEqual(['of-the-image']);
    expect(
      await said(2, { args: ['main.mjs', '$(A)', '$$(A)', '$(NONE)'], variables: [variable('A', 'x y')] }),
    ).toEqual(['x y', '$(A)', '$(NONE)']);
    expect(await said(3, { command: ['node', 'main.mjs', '; touch /tmp/x'] })).toEqual(['; touch /tmp/x']);
    await subject.workloads.removeEnvironment(ref);
  });

  it('find their files with content and mode, and volumes that outlive deployments', async () => {
    const ref = await place();
    const source = await subject.workloads.ensureVolume(ref, 'data', 1);
    const container = containerSpec(server, {
      files: [{ target: '/etc/app/config.bin', content: Uint8Array.of(0, 255, 10), mode: 0o640 }],
      volumes: [{ source, target: '/data', path: 'sub/dir', readOnly: false }],
    });
    await subject.workloads.apply(workloadSpec(ref, 1, container));
    await rollout(ref);
    const { BERTH_ROOT: root = '' } = JSON.parse(await get(ref, '/env')) as Record<string, string>;
    expect([...(await readFile(join(root, 'etc/app/config.bin')))]).toEqual([0, 255, 10]);
    expect((await stat(join(root, 'etc/app/config.bin'))).mode & 0o777).toBe(0o640);
    await writeFile(join(root, 'data/kept'), 'kept');
    await subject.workloads.apply(workloadSpec(ref, 2, container));
    await rollout(ref, 2);
    const next = JSON.parse(await get(ref, '/env')) as Record<string, string>;
    expect(await readFile(join(next.BERTH_ROOT ?? '', 'data/kept'), 'utf8')).toBe('kept');
    await subject.workloads.removeEnvironment(ref);
  });

  it('can not be given files or volumes outside their root', async () => {
    const ref = await place();
    const outside = temporary();
    await writeFile(join(outside, 'victim'), 'untouched');
    const digest = await subject.image(`${programs.server}//links`);
    const image = join(directory, 'images', digest.slice(7));
    await symlink(outside, join(image, 'link'));
    await symlink(join(outside, 'victim'), join(image, 'direct'));
    const content = Buffer.from('evil');
    for (const target of [
      '/../../evil',
      '/app/../../evil',
      '/link/victim',
      '/link/new',
      'relative',
      '/',
      '/a\0b',
      '/app/main.mjs/x',
    ]) {
      const container = containerSpec(digest, { files: [{ target, content, mode: 0o600 }] });
      expect([target, await codeOf(subject.workloads.apply(workloadSpec(ref, 1, container)))]).toEqual([
        target,
        'invalid_score',
      ]);
    }
    for (const mount of [
      { source: '../../..', target: '/data' },
      { source: '/etc', target: '/data' },
      { source: 'unknown', target: '/data' },
      { source: 'data', target: '/link/x' },
      { source: 'data', target: '/data', path: '../..' },
    ]) {
      await subject.workloads.ensureVolume(ref, 'data', 1);
      const container = containerSpec(digest, { volumes: [{ readOnly: false, ...mount }] });
      expect([mount, await codeOf(subject.workloads.apply(workloadSpec(ref, 1, container)))]).toEqual([
        mount,
        expect.stringMatching(/^invalid_/),
      ]);
    }
    // A link itself is replaced, not followed.
    const direct = containerSpec(digest, { files: [{ target: '/direct', content, mode: 0o600 }] });
    expect(await codeOf(subject.workloads.apply(workloadSpec(ref, 1, direct)))).toBe('nothing was thrown');
    expect(await readFile(join(outside, 'victim'), 'utf8')).toBe('untouched');
    expect(await readdir(outside)).toEqual(['victim']);
    await subject.workloads.removeEnvironment(ref);
  });

  it('are refused a working directory that leads out', async () => {
    const ref = await place();
    for (const workingDir of ['../../..', '/app/../../..']) {
      const digest = await subject.image(programs.server, { workingDir });
      expect(await codeOf(subject.workloads.apply(workloadSpec(ref, 1, containerSpec(digest))))).toBe(
        'invalid_score',
      );
    }
    expect(
      await codeOf(
        subject.workloads.ensureEnvironment({ project: '..', environment: 'x' }, { operation: 'op' }),
      ),
    ).toBe('invalid_request');
    await subject.workloads.removeEnvironment(ref);
  });

  it('are ended when they use more memory than their limit, and the cause has both figures', async () => {
    const ref = await place();
    const hog = await subject.image('globalThis.kept = Buffer.alloc(150e6, 1); setInterval(() => {}, 1000);');
    const spec = workloadSpec(ref, 1, containerSpec(hog, { limits: { memoryBytes: 100 * 2 ** 20 } }));
    await subject.workloads.apply(spec);
    const result = await rollout(ref);
    expect(result).toMatchObject({ state: 'failed', error: { code: 'workload_crashed' } });
    expect(JSON.stringify(result)).toMatch(/out of memory: used 1\d\d(\.\d)? MiB of 100 MiB/);
    await subject.workloads.removeEnvironment(ref);
  });

  it('that print without end are held back, and Berth’s memory stays', async () => {
    const ref = await place();
    const program = `${programs.server}; const line = 'x'.repeat(200) + '\\n'; const spam = () => { while (process.stdout.write(line.repeat(100))); process.stdout.once('drain', spam); }; spam();`;
    await subject.workloads.apply(workloadSpec(ref, 1, containerSpec(await subject.image(program))));
    const before = process.memoryUsage().rss;
    await rollout(ref);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(process.memoryUsage().rss - before).toBeLessThan(150e6);
    await subject.workloads.removeEnvironment(ref);
    expect(await subject.workloads.inventory(ref)).toEqual([]);
  });

  it('that ignore SIGTERM are killed when their grace is over', async () => {
    const stubborn = await makeLocalSubject(temporary(), undefined, { graceMs: 300 });
    const ref = { project: 'demo', environment: 'dev', service: 'web' };
    await stubborn.workloads.ensureEnvironment(ref, { operation: 'op' });
    const program = `process.on('SIGTERM', () => console.log('not now')); console.log('up ' + process.pid); setInterval(() => {}, 1000);`;
    await stubborn.workloads.apply(
      workloadSpec(ref, 1, containerSpec(await stubborn.image(program)), { ports: [] }),
    );
    await stubborn.workloads.awaitRollout(ref, 1, AbortSignal.timeout(60_000));
    const up = await eventually(
      () => stubborn.logs(ref).find((line) => line.message.startsWith('up ')),
      Boolean,
    );
    const pid = Number(up?.message.slice(3));
    expect(alive(pid)).toBe(true);
    await stubborn.workloads.close();
    expect(alive(pid)).toBe(false);
  });

  // These and the next wait for their deadlines, and so together.
  it.concurrent.each<[string, Probe, RegExp]>([
    [
      'exec',
      { exec: { command: ['node', '-e', 'process.exit(require("fs").existsSync("main.mjs") ? 7 : 0)'] } },
      /command "node" ended with code 7/,
    ],
    [
      'exec without a program',
      { exec: { command: ['no-such-probe'] } },
      /"no-such-probe" could not be started \(ENOENT\)/,
    ],
    [
      'http on a port where nobody listens',
      { httpGet: { path: '/', port: 1, scheme: 'HTTP', headers: [] } },
      /GET \/ on port 1 found nothing listening/,
    ],
    [
      'http with a header that HTTP does not allow',
      { httpGet: { path: '/', port: 8080, scheme: 'HTTP', headers: [{ name: 'a b', value: '\n' }] } },
      /failed/,
    ],
    [
      'https to a plain server',
      { httpGet: { path: '/', port: 8080, scheme: 'HTTPS', headers: [] } },
      /GET \/ on port 8080 failed/,
    ],
  ])('a readiness probe that fails is explained: %s', async (_, readinessProbe, cause) => {
    const ref = await place();
    await subject.workloads.apply(
      // Long enough for a program to start: the one that is to be reached, or the probe's own.
      workloadSpec(ref, 1, containerSpec(server, { readinessProbe }), {
        progressDeadlineSeconds:
          readinessProbe.httpGet?.port === 8080 || readinessProbe.exec?.command[0] === 'node' ? 5 : 0.4,
      }),
    );
    const result = await rollout(ref);
    expect(result).toMatchObject({
      state: 'failed',
      error: { code: 'workload_not_ready', cause: expect.stringMatching(cause) },
    });
    await subject.workloads.removeEnvironment(ref);
  });

  it.concurrent('that listen on a port of their own choice are told which', async () => {
    const ref = await place();
    const program = `import { createServer } from 'node:http'; const s = createServer().listen(0, () => console.log('port ' + s.address().port));`;
    const spec = workloadSpec(ref, 1, containerSpec(await subject.image(program)), {
      progressDeadlineSeconds: 5,
    });
    await subject.workloads.apply(spec);
    const result = await rollout(ref);
    const own = subject
      .logs(ref)
      .find(({ message }) => message.startsWith('port '))
      ?.message.slice(5);
    expect(JSON.stringify(result)).toContain(`it listens on ${own} instead`);
    await subject.workloads.removeEnvironment(ref);
  });

  it('one whose readiness probe fails later gets no requests until it is well', async () => {
    const ref = await place();
    const httpGet = {
      path: '/alive',
      port: 8080,
      scheme: 'HTTP' as const,
      headers: [{ name: 'X-Probe', value: 'yes' }],
    };
    await subject.workloads.apply(
      workloadSpec(ref, 1, containerSpec(server, { readinessProbe: { httpGet } })),
    );
    expect(await rollout(ref)).toEqual({ state: 'ready' });
    await get(ref, '/sicken');
    const sick = await eventually(
      () => subject.workloads.status(ref),
      (status) => status?.readyReplicas === 0,
    );
    expect(sick?.replicas[0]).toMatchObject({
      state: 'running',
      restarts: 0,
      reason: expect.stringContaining('500'),
    });
    await subject.workloads.removeEnvironment(ref);
  });

  it('are spoken of without a secret that their liveness probe holds (I7)', async () => {
    const ref = await place();
    const secret = 'hunter2-correct-horse';
    const httpGet = { path: `/sick?key=${secret}`, port: 8080, scheme: 'HTTP' as const, headers: [] };
    const sick = `import { createServer } from 'node:http'; createServer((_, response) => response.writeHead(500).end()).listen(process.env.PORT);`;
    const container = containerSpec(await subject.image(sick), {
      variables: [variable('SECRET', secret, true)],
      livenessProbe: { httpGet },
    });
    await subject.workloads.apply(workloadSpec(ref, 1, container));
    const said = await eventually(
      () => subject.logs(ref).filter(({ source }) => source === 'berth'),
      (lines) => lines.some(({ message }) => message.includes('starts again')),
    );
    const messages = said.map(({ message }) => message).join('\n');
    expect(messages).toMatch(/is stopped because the liveness probe failed 3 times: GET \/sick\?key=••••/);
    expect(messages).not.toContain(secret);
    await subject.workloads.removeEnvironment(ref);
  });

  it('are spoken of without a secret that names a release command (I7)', async () => {
    const ref = await place();
    const secret = 'hunter2-correct-horse';
    const spec = workloadSpec(
      ref,
      1,
      containerSpec(server, { variables: [variable('SECRET', secret, true)] }),
    );
    const result = await subject.workloads.runRelease(spec, [secret], AbortSignal.timeout(10_000));
    expect(result?.tail).toEqual([expect.stringContaining('there is no program "••••"')]);
    expect(JSON.stringify([result, subject.logs(ref)])).not.toContain(secret);
    await subject.workloads.removeEnvironment(ref);
  });

  it('take their children with them when they crash, are replaced or scaled to 0', async () => {
    const ref = await place();
    const digest = await subject.image(programs.family);
    const family = async () => JSON.parse(await get(ref)) as number[];
    await subject.workloads.apply(workloadSpec(ref, 1, containerSpec(digest)));
    await rollout(ref);
    const [leader, child, bare, stray] = await family();
    await get(ref, '/crash').catch(() => undefined);
    await eventually(
      () => subject.workloads.status(ref),
      (status) => status?.replicas[0]?.restarts === 1 && status.readyReplicas === 1,
    );
    expect([leader, child, bare].map((pid) => alive(pid ?? 0))).toEqual([false, false, false]);
    const second = await family();
    await subject.workloads.apply(workloadSpec(ref, 2, containerSpec(digest)));
    await rollout(ref, 2);
    await eventually(
      () => [...second, stray ?? 0].filter(alive),
      (left) => left.length === 0,
    );
    const third = await family();
    expect(third.filter(alive)).toEqual(third);
    await subject.workloads.scale(ref, 0, 2);
    expect(third.filter(alive)).toEqual([]);
    await subject.workloads.removeEnvironment(ref);
  });

  it('listening on IPv6 alone are found', async () => {
    const ref = await place();
    const program = programs.server.replace('listen(process.env.PORT)', `listen(process.env.PORT, '::1')`);
    await subject.workloads.apply(workloadSpec(ref, 1, containerSpec(await subject.image(program))));
    expect(await rollout(ref)).toEqual({ state: 'ready' });
    expect(await get(ref)).toBe('ok');
    await subject.workloads.removeEnvironment(ref);
  });

  it('nothing secret is on disk but the files that were declared', async () => {
    const ref = await place();
    const secret = 'never-on-disk-4711';
    await subject.workloads.apply(
      workloadSpec(ref, 1, containerSpec(server, { variables: [variable('SECRET', secret, true)] })),
    );
    await rollout(ref);
    for (const entry of await readdir(join(directory, 'workloads'), {
      recursive: true,
      withFileTypes: true,
    })) {
      if (!entry.isFile()) continue;
      expect(await readFile(join(entry.parentPath, entry.name), 'utf8')).not.toContain(secret);
    }
    await subject.workloads.removeEnvironment(ref);
  });

  it('requests in flight are answered by the replica that is replaced', async () => {
    const ref = await place();
    await subject.workloads.apply(workloadSpec(ref, 1, containerSpec(server)));
    await rollout(ref);
    const slow = get(ref, '/slow?ms=500');
    await new Promise((resolve) => setTimeout(resolve, 30));
    await subject.workloads.apply(
      workloadSpec(ref, 2, containerSpec(server, { variables: [variable('ANSWER', 'two')] })),
    );
    await rollout(ref, 2);
    expect(await get(ref)).toBe('two');
    expect(await slow).toBe('slow');
    await subject.workloads.removeEnvironment(ref);
  });
});

describe('a Berth that was killed', () => {
  it('leaves no process behind once it is started again, and endpoints keep their ports', async () => {
    const directory = temporary();
    await mkdir(join(directory, 'images'), { recursive: true });
    const instanceId = `orphan-${process.pid}`;
    const script = fileURLToPath(new URL('orphans-parent.ts', import.meta.url));
    const parent = spawn(process.execPath, [script, directory, instanceId], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [output] = (await once(parent.stdout, 'data')) as [Buffer];
    const {
      state,
      pids,
      port: endpointPort,
    } = JSON.parse(String(output)) as { state: string; pids: number[]; port: number };
    expect(state).toBe('ready');
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    expect(pids.filter(alive)).toEqual(pids);

    // Another Berth on the machine leaves them alone.
    const other = await makeLocalSubject(temporary(), `${instanceId}-other`);
    expect(pids.filter(alive)).toEqual(pids);
    await other.close();

    const { workloads, image, close } = await makeLocalSubject(directory, instanceId);
    expect(pids.filter(alive)).toEqual([]);
    expect(await readdir(join(directory, 'workloads/runs'))).toEqual([]);
    expect(existsSync(join(directory, 'workloads/replicas'))).toBe(false);
    const ref = { project: 'demo', environment: 'dev', service: 'web' };
    expect(await workloads.status(ref)).toBeUndefined();
    expect(await codeOf(workloads.apply(workloadSpec(ref, 1, containerSpec(''), { fence: 0 })))).toBe(
      'fenced',
    );
    await workloads.apply(workloadSpec(ref, 1, containerSpec(await image(programs.server))));
    expect(await workloads.awaitRollout(ref, 1, AbortSignal.timeout(60_000))).toEqual({ state: 'ready' });
    expect((await fetch(`http://127.0.0.1:${endpointPort}/`)).status).toBe(200);
    await close();
  });
});
