/** What every adapter of the Workloads port guarantees. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InstanceRef } from '../../../functions/core/model/index.ts';
import type { LogLine } from '../../../functions/ports/logs.ts';
import type {
  ContainerSpec,
  ReplicaStatus,
  Rollout,
  WorkloadSpec,
  Workloads,
} from '../../../functions/ports/workloads.ts';
import { programs } from './workload-programs.ts';
import { codeOf, containerSpec, eventually, port, variable, workloadSpec } from './workloads-spec.ts';

export interface WorkloadsSubject {
  workloads: Workloads;
  /** Puts an image with `/app/main.mjs` in the registry, run by `node main.mjs`; resolves to its digest. */
  image(source: string): Promise<string>;
  logs(instance: InstanceRef): LogLine[] | Promise<LogLine[]>;
  /** Where this process reaches what `endpoint` names; the same where absent. */
  reach?(instance: InstanceRef, endpoint: Endpoint): Promise<Endpoint>;
  close(): Promise<void>;
}

type Endpoint = Awaited<ReturnType<Workloads['endpoint']>>;

export interface WorkloadsCapabilities {
  /** Programs really run: they answer, print and write. Without it, nodes only simulate that they do. */
  runsPrograms: boolean;
  /**
   * They run in pods: a start and an end take seconds, so that tests run beside each other, and the API has one stream
   * of output for both.
   */
  inPods?: boolean;
  /** A start takes a second or more, before the program has said anything. */
  startsSlowly?: boolean;
  /** No program is begun beside a replica. */
  hasNoShells?: boolean;
}

let counter = 0;

export function workloadsContract(
  name: string,
  makeSubject: () => Promise<WorkloadsSubject>,
  { runsPrograms, inPods = false, startsSlowly = inPods, hasNoShells = false }: WorkloadsCapabilities = {
    runsPrograms: true,
  },
): void {
  /** For what only a running program can show. */
  const itRuns = it.runIf(runsPrograms);
  // Where nothing really runs, tests only wait for each other: each has an environment of its own.
  const suite = runsPrograms && !inPods ? describe : describe.concurrent;
  suite(`Workloads contract: ${name}`, () => {
    let subject: WorkloadsSubject;
    let workloads: Workloads;
    let server: string;
    beforeAll(async () => {
      subject = await makeSubject();
      workloads = subject.workloads;
      server = await subject.image(programs.server);
    });
    afterAll(() => subject.close());

    async function place(environmentId?: string): Promise<InstanceRef> {
      const environment = { project: 'demo', environment: `env-${++counter}` };
      const named = { ...environment, ...(environmentId !== undefined && { environmentId }) };
      await workloads.ensureEnvironment(named, { operation: 'op' });
      return { ...environment, service: 'web' };
    }
    const rollout = (ref: InstanceRef, number: number): Promise<Rollout> =>
      workloads.awaitRollout(ref, number, AbortSignal.timeout(60_000));

    async function deploy(spec: WorkloadSpec): Promise<Rollout> {
      await workloads.apply(spec);
      const result = await rollout(spec, spec.number);
      // What a cluster has told its nodes, they know a moment later.
      if (inPods && result.state === 'ready')
        await eventually(
          () =>
            get(spec).then(
              () => true,
              () => false,
            ),
          (isReached) => isReached,
          60_000,
        );
      return result;
    }
    /** The proxy of a node may hear of a pod a moment after it is ready: nothing was sent then. */
    const isUnconnected = (error: unknown): boolean =>
      error instanceof TypeError &&
      ['UND_ERR_CONNECT_TIMEOUT', 'ECONNREFUSED'].includes((error.cause as { code?: string })?.code ?? '');
    async function get(ref: InstanceRef, path = '/'): Promise<string> {
      const endpoint = await workloads.endpoint(ref, port);
      const { hostname, port: at } = (await subject.reach?.(ref, endpoint)) ?? endpoint;
      for (let tries = 1; ; tries++)
        try {
          const init = { headers: { connection: 'close' } };
          return await (await fetch(`http://${hostname}:${at}${path}`, init)).text();
        } catch (error) {
          if (!inPods || tries === 3 || !isUnconnected(error)) throw error;
        }
    }
    async function answers(ref: InstanceRef, text: string, path = '/'): Promise<void> {
      // Of two versions the node's proxy may still know the one before.
      if (inPods)
        await eventually(
          () => get(ref, path).catch(() => ''),
          (answer) => answer === text,
        );
      else if (runsPrograms) expect(await get(ref, path)).toBe(text);
    }
    /** Stays the same for as long as the same processes serve. */
    async function identity(ref: InstanceRef): Promise<string> {
      if (runsPrograms && !inPods) return get(ref, '/life');
      const replicas = (await workloads.status(ref))?.replicas ?? [];
      return replicas.flatMap(({ id, state }) => (state === 'ready' ? id : [])).join();
    }
    /** What of an environment's inventory is of this kind, once it had time to go. */
    const left = (ref: InstanceRef, kind: RegExp): Promise<string[]> =>
      eventually(
        async () => (await workloads.inventory(ref)).filter((item) => kind.test(item)),
        (items) => items.length === 0,
      );
    const answering = (text: string, extra: Partial<ContainerSpec> = {}): ContainerSpec =>
      containerSpec(server, { ...extra, variables: [variable('ANSWER', text), ...(extra.variables ?? [])] });
    async function failure(spec: WorkloadSpec) {
      const result = await deploy(spec);
      if (result.state !== 'failed') throw new Error(`Expected a failure, got ${JSON.stringify(result)}`);
      return result.error;
    }

    describe('rollout', () => {
      it('what is applied becomes ready and serves', async () => {
        const ref = await place();
        expect(await deploy(workloadSpec(ref, 1, answering('one')))).toEqual({ state: 'ready' });
        await answers(ref, 'one');
        expect(await workloads.status(ref)).toMatchObject({
          serving: 1,
          desiredReplicas: 1,
          readyReplicas: 1,
        });
        expect((await workloads.status(ref))?.replicas).toMatchObject([
          { deployment: 1, state: 'ready', restarts: 0 },
        ]);
        await workloads.removeEnvironment(ref);
      });

      it('the new one replaces the old, and nothing of the old is left running', async () => {
        const ref = await place();
        await deploy(workloadSpec(ref, 1, answering('one')));
        expect(await deploy(workloadSpec(ref, 2, answering('two')))).toEqual({ state: 'ready' });
        await answers(ref, 'two');
        const { replicas } = await eventually(
          async () => (await workloads.status(ref)) ?? { replicas: [] },
          (status) => status.replicas.length === 1,
        );
        expect(replicas[0]).toMatchObject({ deployment: 2, state: 'ready' });
        await workloads.removeEnvironment(ref);
      });

      it('is idempotent: applied twice, it runs once', async () => {
        const ref = await place();
        const spec = workloadSpec(ref, 1, answering('one'));
        await workloads.apply(spec);
        await workloads.apply(spec);
        expect(await rollout(ref, 1)).toEqual({ state: 'ready' });
        const pid = await identity(ref);
        await workloads.apply(spec);
        expect(await rollout(ref, 1)).toEqual({ state: 'ready' });
        expect(await identity(ref)).toBe(pid);
        expect((await workloads.status(ref))?.replicas).toHaveLength(1);
        await workloads.removeEnvironment(ref);
      });

      it('as many replicas as declared share the requests', async () => {
        const ref = await place();
        expect(await deploy(workloadSpec(ref, 1, answering('one'), { replicas: 2 }))).toEqual({
          state: 'ready',
        });
        if (runsPrograms) {
          const lives = new Set<string>();
          await eventually(
            async () => lives.add(await get(ref, '/life')),
            ({ size }) => size === 2,
          );
        }
        expect(await workloads.status(ref)).toMatchObject({ desiredReplicas: 2, readyReplicas: 2 });
        await workloads.removeEnvironment(ref);
      });

      it('a replica that is killed comes up again, and one that is not there is passed over', async () => {
        const ref = await place();
        await deploy(workloadSpec(ref, 1, answering('one')));
        const before = await identity(ref);
        const id = (await workloads.status(ref))?.replicas[0]?.id ?? '';
        await workloads.kill(ref, 'nobody');
        expect(await identity(ref)).toBe(before);
        await workloads.kill(ref, id);
        await eventually(
          () => identity(ref).catch(() => ''),
          (now) => now !== '' && now !== before,
        );
        await answers(ref, 'one');
        await workloads.removeEnvironment(ref);
      });

      it('looked at once, also by a caller that waits for nothing: ready', async () => {
        const ref = await place();
        await deploy(workloadSpec(ref, 1, answering('one')));
        expect(await workloads.awaitRollout(ref, 1, AbortSignal.abort())).toEqual({ state: 'ready' });
        await workloads.removeEnvironment(ref);
      });

      it('still going when the caller gives up waiting: progressing', async () => {
        const ref = await place();
        await workloads.apply(workloadSpec(ref, 1, containerSpec(await subject.image(programs.deaf))));
        const result = await workloads.awaitRollout(ref, 1, AbortSignal.timeout(100));
        expect(result).toEqual({ state: 'progressing' });
        expect(await workloads.status(ref)).toMatchObject({ readyReplicas: 0 });
        expect((await workloads.status(ref))?.serving).toBeUndefined();
        await workloads.removeEnvironment(ref);
      });

      it('a deployment that was never applied is not waited for', async () => {
        const ref = await place();
        expect(await rollout(ref, 7)).toMatchObject({ state: 'failed', error: { code: 'superseded' } });
        await workloads.removeEnvironment(ref);
      });

      it('an image that is not there is refused at once', async () => {
        const ref = await place();
        const missing = containerSpec(`sha256:${'0'.repeat(64)}`);
        expect(await codeOf(workloads.apply(workloadSpec(ref, 1, missing)))).toBe('image_unavailable');
        await workloads.removeEnvironment(ref);
      });
    });

    describe('I6: what serves goes on serving while a new one fails', () => {
      it('a crash loop: the cause has exit code and last lines, the old one answers', async () => {
        const ref = await place();
        await deploy(workloadSpec(ref, 1, answering('one')));
        const pid = await identity(ref);
        const error = await failure(workloadSpec(ref, 2, containerSpec(await subject.image(programs.crash))));
        expect(error.code).toBe('workload_crashed');
        expect(error.cause).toContain('Deployment 2 of web crashed 3 times');
        expect(error.cause).toContain('exited with code 3');
        expect(error.cause).toContain('no table "guests"');
        expect(error.hint).not.toBe('');
        expect(await identity(ref)).toBe(pid);
        expect(await workloads.status(ref)).toMatchObject({ serving: 1, readyReplicas: 1 });
        // Asked again, as a step that runs twice does, it says the same.
        expect(await rollout(ref, 2)).toEqual({ state: 'failed', error });
        await workloads.removeEnvironment(ref);
      });

      it('an end with code 0 is a crash of a service', async () => {
        const ref = await place();
        const error = await failure(
          workloadSpec(ref, 1, containerSpec(await subject.image('console.log("done")'))),
        );
        expect(error).toMatchObject({ code: 'workload_crashed' });
        expect(error.cause).toContain('code 0');
        await workloads.removeEnvironment(ref);
      });

      itRuns(
        'a version that ends soon after it listened never serves in place of one that stays',
        async () => {
          const ref = await place();
          await deploy(workloadSpec(ref, 1, answering('one')));
          const pid = await identity(ref);
          const brief = containerSpec(await subject.image(programs.brief));
          // A busy node tells of an end seconds late.
          const error = await failure(workloadSpec(ref, 2, brief, { minReadySeconds: 8 }));
          expect(error).toMatchObject({ code: 'workload_crashed', cause: expect.stringContaining('code 5') });
          expect(await workloads.status(ref)).toMatchObject({ serving: 1, readyReplicas: 1 });
          expect(await identity(ref)).toBe(pid);
          await workloads.removeEnvironment(ref);
        },
      );

      it('what serves is kept until the new one has stayed ready for as long as it has to', async () => {
        const ref = await place();
        await deploy(workloadSpec(ref, 1, answering('one')));
        const spec = workloadSpec(ref, 2, answering('two'), { minReadySeconds: 2 });
        await workloads.apply(spec);
        const isUp = (replicas: ReplicaStatus[]): boolean =>
          replicas.some(({ deployment, state }) => deployment === 2 && state === 'ready');
        const { replicas } = await eventually(
          async () => (await workloads.status(ref)) ?? { replicas: [] },
          (status) => isUp(status.replicas),
        );
        const from = performance.now();
        expect(replicas.some(({ deployment, state }) => deployment === 1 && state === 'ready')).toBe(true);
        expect(await rollout(ref, 2)).toEqual({ state: 'ready' });
        expect(performance.now() - from).toBeGreaterThan(1000);
        await answers(ref, 'two');
        await workloads.removeEnvironment(ref);
      });

      itRuns(
        'a request in flight is answered by the replica that is replaced, as long as it drains',
        async () => {
          const ref = await place();
          await deploy(workloadSpec(ref, 1, answering('one'), { drainSeconds: 20 }));
          const slow = get(ref, '/slow?ms=4000');
          await new Promise((resolve) => setTimeout(resolve, 300));
          expect(await deploy(workloadSpec(ref, 2, answering('two')))).toEqual({ state: 'ready' });
          expect(await slow).toBe('slow');
          await workloads.removeEnvironment(ref);
        },
      );

      it('a program that does not exist is named', async () => {
        const ref = await place();
        const error = await failure(
          workloadSpec(ref, 1, containerSpec(server, { command: ['no-such-program'] })),
        );
        expect(error.cause).toContain('no-such-program');
        await workloads.removeEnvironment(ref);
      });

      it('nothing listens: the deadline ends it and the cause says so', async () => {
        const ref = await place();
        const deaf = containerSpec(await subject.image(programs.deaf));
        const error = await failure(
          workloadSpec(ref, 1, deaf, { progressDeadlineSeconds: startsSlowly ? 8 : 0.4 }),
        );
        expect(error.code).toBe('workload_not_ready');
        expect(error.cause).toMatch(/nothing listens on port \d+/);
        expect(error.cause).toContain('$PORT');
        await workloads.removeEnvironment(ref);
      });

      it('one whose readiness probe succeeds serves', async () => {
        const ref = await place();
        const httpGet = { path: '/', port: 8080, scheme: 'HTTP' as const, headers: [] };
        const spec = workloadSpec(ref, 1, answering('one', { readinessProbe: { httpGet } }));
        expect(await deploy(spec)).toEqual({ state: 'ready' });
        await answers(ref, 'one');
        await workloads.removeEnvironment(ref);
      });

      it('a failing readiness probe is named with its status', async () => {
        const ref = await place();
        const httpGet = { path: '/status/500', port: 8080, scheme: 'HTTP' as const, headers: [] };
        const spec = workloadSpec(ref, 1, answering('one', { readinessProbe: { httpGet } }), {
          // Long enough for the program to listen.
          progressDeadlineSeconds: startsSlowly ? 8 : 3,
        });
        const error = await failure(spec);
        expect(error.code).toBe('workload_not_ready');
        expect(error.cause).toContain('/status/500');
        expect(error.cause).toContain('500');
        await workloads.removeEnvironment(ref);
      });
    });

    describe('I5: fence', () => {
      it('an older deployment is refused and changes nothing', async () => {
        const ref = await place();
        await deploy(workloadSpec(ref, 2, answering('two')));
        expect(await codeOf(workloads.apply(workloadSpec(ref, 1, answering('one'))))).toBe('fenced');
        await answers(ref, 'two');
        expect(await codeOf(workloads.remove(ref, 1))).toBe('fenced');
        await answers(ref, 'two');
        await workloads.removeEnvironment(ref);
      });

      it('an earlier deployment is put back under the newest fence', async () => {
        const ref = await place();
        await deploy(workloadSpec(ref, 1, answering('one')));
        await deploy(workloadSpec(ref, 2, answering('two')));
        expect(await deploy(workloadSpec(ref, 1, answering('one'), { fence: 3 }))).toEqual({
          state: 'ready',
        });
        await answers(ref, 'one');
        expect(await codeOf(workloads.apply(workloadSpec(ref, 2, answering('two'))))).toBe('fenced');
        await workloads.removeEnvironment(ref);
      });

      it('putting back what serves ends a rollout and keeps the process', async () => {
        const ref = await place();
        const first = workloadSpec(ref, 1, answering('one'));
        await deploy(first);
        const pid = await identity(ref);
        await workloads.apply(workloadSpec(ref, 2, containerSpec(await subject.image(programs.deaf))));
        const waiting = rollout(ref, 2);
        await workloads.apply({ ...first, fence: 2 });
        expect(await waiting).toMatchObject({ state: 'failed', error: { code: 'superseded' } });
        expect(await rollout(ref, 1)).toEqual({ state: 'ready' });
        expect(await identity(ref)).toBe(pid);
        await workloads.removeEnvironment(ref);
      });

      it('a newer rollout takes the place of one under way', async () => {
        const ref = await place();
        await workloads.apply(workloadSpec(ref, 1, containerSpec(await subject.image(programs.deaf))));
        const waiting = rollout(ref, 1);
        expect(await deploy(workloadSpec(ref, 2, answering('two')))).toEqual({ state: 'ready' });
        expect(await waiting).toMatchObject({ state: 'failed', error: { code: 'superseded' } });
        await workloads.removeEnvironment(ref);
      });
    });

    describe('scale and removal', () => {
      it('scaled to 0 it stops, and the declared number brings it back', async () => {
        const ref = await place();
        await deploy(workloadSpec(ref, 1, answering('one'), { replicas: 2 }));
        await workloads.scale(ref, 0, 1);
        const asleep = await eventually(
          () => workloads.status(ref),
          (status) => status?.replicas.length === 0,
        );
        expect(asleep).toMatchObject({ serving: 1, desiredReplicas: 0, readyReplicas: 0 });
        expect(await left(ref, /^(process|pod) /)).toEqual([]);
        await workloads.scale(ref, 2, 1);
        expect(await rollout(ref, 1)).toEqual({ state: 'ready' });
        expect(await workloads.status(ref)).toMatchObject({ desiredReplicas: 2, readyReplicas: 2 });
        await answers(ref, 'one');
        await workloads.removeEnvironment(ref);
      });

      it('whoever knows of an older deployment alone neither stops it nor starts it (I5)', async () => {
        const ref = await place();
        await deploy(workloadSpec(ref, 2, answering('two')));
        await expect(workloads.scale(ref, 0, 1)).rejects.toMatchObject({ code: 'fenced' });
        expect(await workloads.status(ref)).toMatchObject({ serving: 2, readyReplicas: 1 });
        await workloads.scale(ref, 1, 3);
        await expect(workloads.apply(workloadSpec(ref, 2, answering('two')))).rejects.toMatchObject({
          code: 'fenced',
        });
        await workloads.removeEnvironment(ref);
      });

      it('whoever knows of an older deployment alone is refused also where the newer one is removed (I5)', async () => {
        const ref = await place();
        await deploy(workloadSpec(ref, 1, answering('one')));
        await workloads.remove(ref, 2);
        expect(await codeOf(workloads.scale(ref, 0, 1))).toBe('fenced');
        expect(await codeOf(workloads.scale(ref, 1, 1))).toBe('fenced');
        expect(await codeOf(workloads.scale(ref, 1, 2))).toBe('not_found');
        await workloads.scale(ref, 0, 2);
        await workloads.removeEnvironment(ref);
      });

      it('a stop at the same moment as a newer deployment takes none of its replicas (I5)', async () => {
        const ref = await place();
        await deploy(workloadSpec(ref, 1, answering('one')));
        const [, applied] = await Promise.allSettled([
          workloads.scale(ref, 0, 1),
          workloads.apply(workloadSpec(ref, 2, answering('two'))),
        ]);
        expect(applied.status).toBe('fulfilled');
        expect(await rollout(ref, 2)).toEqual({ state: 'ready' });
        expect(await workloads.status(ref)).toMatchObject({ serving: 2, desiredReplicas: 1 });
        await workloads.removeEnvironment(ref);
      });

      it('remove takes all of a service, and twice is as once', async () => {
        const ref = await place();
        await deploy(workloadSpec(ref, 1, answering('one')));
        await workloads.remove(ref, 1);
        await workloads.remove(ref, 1);
        expect(await workloads.status(ref)).toBeUndefined();
        expect(await left(ref, /^(process|files|deployment|pod) /)).toEqual([]);
        await workloads.removeEnvironment(ref);
      });

      itRuns('I4: removeEnvironment leaves an empty inventory, children of children included', async () => {
        const ref = await place();
        const source = await workloads.ensureVolume(ref, 'data', 1);
        const spec = workloadSpec(
          ref,
          1,
          containerSpec(await subject.image(programs.family), {
            volumes: [{ source, target: '/data', readOnly: false }],
          }),
        );
        expect(await deploy(spec)).toEqual({ state: 'ready' });
        const pids = JSON.parse(await get(ref)) as number[];
        expect(pids).toHaveLength(4);
        expect(await workloads.inventory(ref)).not.toEqual([]);
        await workloads.removeEnvironment(ref);
        expect(await workloads.inventory(ref)).toEqual([]);
        await workloads.removeEnvironment(ref);
        expect(await workloads.status(ref)).toBeUndefined();
      });

      it('after removeEnvironment an apply is refused, until the place is made again', async () => {
        const ref = await place();
        await deploy(workloadSpec(ref, 5, answering('old')));
        await workloads.removeEnvironment(ref);
        expect(await codeOf(workloads.apply(workloadSpec(ref, 6, answering('late'))))).toBe(
          'environment_gone',
        );
        expect(await workloads.inventory(ref)).toEqual([]);
        await workloads.ensureEnvironment(ref, { operation: 'op' });
        // A new environment starts with a new count.
        expect(await deploy(workloadSpec(ref, 1, answering('new')))).toEqual({ state: 'ready' });
        await workloads.removeEnvironment(ref);
      });

      it('who was let into an environment that is gone is not let into a later one of its name (I5, I10)', async () => {
        const ref = await place('01A');
        const old = { ...ref, environmentId: '01A' };
        const late = { ...workloadSpec(ref, 7, answering('late')), environmentId: '01A' };
        await deploy({ ...late, number: 5, fence: 5 });
        await workloads.removeEnvironment(ref);
        expect(await codeOf(workloads.apply(late))).toBe('environment_gone');
        await workloads.ensureEnvironment({ ...ref, environmentId: '01B' }, { operation: 'op' });
        const own = { ...workloadSpec(ref, 1, answering('own')), environmentId: '01B' };
        expect(await deploy(own)).toEqual({ state: 'ready' });
        expect(await codeOf(workloads.apply(late))).toBe('environment_gone');
        expect(await codeOf(workloads.scale(old, 0, 7))).toBe('environment_gone');
        await workloads.remove(old, 7);
        await workloads.removeEnvironment(old);
        expect(await codeOf(workloads.ensureEnvironment(old, { operation: 'op' }))).toBe('environment_gone');
        await answers(ref, 'own');
        expect(await workloads.status(ref)).toMatchObject({ serving: 1, readyReplicas: 1 });
        await workloads.removeEnvironment(ref);
      });

      it('removal while a rollout is under way ends both', async () => {
        const ref = await place();
        const applying = codeOf(workloads.apply(workloadSpec(ref, 1, answering('one'))));
        await workloads.removeEnvironment(ref);
        await applying;
        expect(await rollout(ref, 1)).toMatchObject({ state: 'failed' });
        expect(await workloads.inventory(ref)).toEqual([]);
      });
    });

    describe('I7: secrets', () => {
      const secret = 'hunter2-correct-horse';

      itRuns('values of sensitive variables are masked in the log and in causes', async () => {
        const ref = await place();
        const crash = containerSpec(await subject.image(programs.leak), {
          variables: [variable('SECRET', secret, true)],
        });
        const error = await failure(workloadSpec(ref, 1, crash));
        expect(JSON.stringify(error)).not.toContain(secret);
        expect(error.cause).toContain('••••');
        const lines = await subject.logs(ref);
        const source = inPods ? 'stdout' : 'stderr';
        expect(
          lines.some((line) => line.source === source && line.message.includes('the secret is ••••')),
        ).toBe(true);
        expect(JSON.stringify(lines)).not.toContain(secret);
        await workloads.removeEnvironment(ref);
      });

      itRuns('a release command’s output is masked too', async () => {
        const ref = await place();
        const spec = workloadSpec(
          ref,
          1,
          containerSpec(server, { variables: [variable('SECRET', secret, true)] }),
        );
        const command = ['node', '-e', 'console.log("it is " + process.env.SECRET); process.exitCode = 4'];
        const result = await workloads.runRelease(spec, command, AbortSignal.timeout(60_000));
        expect(result).toEqual({ exitCode: 4, tail: ['it is ••••'] });
        expect((await subject.logs(ref)).map((line) => line.message)).toContain('it is ••••');
        await workloads.removeEnvironment(ref);
      });
    });

    describe('release command', () => {
      itRuns('runs with variables, files and volumes, and leaves what serves alone', async () => {
        const ref = await place();
        await deploy(workloadSpec(ref, 1, answering('one')));
        const source = await workloads.ensureVolume(ref, 'data', 1);
        const spec = workloadSpec(
          ref,
          2,
          containerSpec(server, {
            variables: [variable('NAME', 'x')],
            files: [{ target: '/app/config.txt', content: Buffer.from('configured'), mode: 0o600 }],
            volumes: [{ source, target: '/app/data', readOnly: false }],
          }),
        );
        const program =
          'const fs = require("fs"); fs.writeFileSync("data/mark", "m"); console.log(fs.readFileSync("config.txt", "utf8"), process.env.NAME, process.argv[1])';
        const result = await workloads.runRelease(
          spec,
          ['node', '-e', program, '$(NAME)-$(OTHER)'],
          AbortSignal.timeout(60_000),
        );
        expect(result).toEqual({ exitCode: 0, tail: ['configured x x-$(OTHER)'] });
        await answers(ref, 'one');
        // The volume keeps its files for the deployment that mounts it.
        await deploy({ ...spec, containers: spec.containers.map((container) => ({ ...container })) });
        await answers(ref, 'm', '/file?path=data/mark');
        await answers(ref, 'configured', '/file?path=config.txt');
        await workloads.removeEnvironment(ref);
      });

      itRuns('is killed when the caller aborts', async () => {
        const ref = await place();
        const abort = new AbortController();
        const running = workloads.runRelease(
          workloadSpec(ref, 1, containerSpec(server)),
          ['node', '-e', 'console.log("up"); setInterval(() => {}, 1000)'],
          abort.signal,
        );
        await eventually(
          () => subject.logs(ref),
          (lines) => lines.some((line) => line.message === 'up'),
        );
        abort.abort();
        expect((await running)?.exitCode).not.toBe(0);
        expect((await workloads.inventory(ref)).filter((item) => item.startsWith('process'))).toEqual([]);
        await workloads.removeEnvironment(ref);
      });
    });

    describe('command of a run', () => {
      const running = (ref: InstanceRef, operation: string, extra: Partial<ContainerSpec> = {}) => ({
        ...workloadSpec(ref, 1, containerSpec(server, extra)),
        operation,
      });
      /** What a run is asked for with, and the lines that it has printed. */
      function asking(program: string, again = false) {
        const lines: LogLine[] = [];
        const onLine = (line: LogLine): void => void lines.push(line);
        return {
          lines,
          run: { command: ['node', '-e', program], timeoutSeconds: 60, again, onLine },
        };
      }
      const soon = (): AbortSignal => AbortSignal.timeout(60_000);

      itRuns('its output goes to whoever asked, masked, and not into the log of its service', async () => {
        const ref = await place();
        const spec = running(ref, 'run-output', { variables: [variable('SECRET', 'hunter2-horse', true)] });
        const { run, lines } = asking(
          'console.log("one"); console.log("it is " + process.env.SECRET); process.exitCode = 4',
        );
        expect(await workloads.runCommand(spec, run, soon())).toEqual({ exitCode: 4 });
        expect(lines.map(({ message }) => message)).toEqual(['one', 'it is ••••']);
        expect(lines[0]).toMatchObject({ source: 'stdout', deployment: 1, at: expect.stringMatching(/Z$/) });
        await workloads.endCommand(ref, 'run-output');
        expect(await subject.logs(ref)).toEqual([]);
        await workloads.removeEnvironment(ref);
      });

      itRuns('it runs once: who asks again joins it, and it outlasts whoever waits for it', async () => {
        const ref = await place();
        const spec = running(ref, 'run-once');
        const program = `console.log("begins"); setTimeout(() => { console.log("ends"); process.exitCode = 3 }, ${inPods ? 1500 : 250})`;
        const first = asking(program);
        const wait = new AbortController();
        const waiting = workloads.runCommand(spec, first.run, wait.signal);
        await eventually(
          async () => first.lines,
          (lines) => lines.length > 0,
        );
        wait.abort();
        expect(await waiting).toBeUndefined();
        const second = asking(program, true);
        expect(await workloads.runCommand(spec, second.run, soon())).toEqual({ exitCode: 3 });
        const printed = [...first.lines, ...second.lines].map(({ message }) => message);
        expect(new Set(printed)).toEqual(new Set(['begins', 'ends']));
        expect(printed.filter((message) => message === 'ends')).toHaveLength(1);
        await workloads.endCommand(ref, 'run-once');
        await workloads.removeEnvironment(ref);
      });

      itRuns('it ends when it is told to, and leaves nothing; told again, nothing happens', async () => {
        const ref = await place();
        const { run, lines } = asking('console.log("up"); setInterval(() => {}, 1000)');
        const waiting = workloads.runCommand(running(ref, 'run-endless'), run, soon());
        waiting.catch(() => undefined);
        await eventually(
          async () => lines,
          (all) => all.length > 0,
        );
        for (let time = 0; time < 2; time++) await workloads.endCommand(ref, 'run-endless');
        expect(await codeOf(waiting)).toBe('run_interrupted');
        expect(await left(ref, /^(?:process|files|pod|job) /)).toEqual([]);
        await workloads.removeEnvironment(ref);
      });

      itRuns('it is interrupted where its service is removed', async () => {
        const ref = await place();
        const { run, lines } = asking('console.log("up"); setInterval(() => {}, 1000)');
        const waiting = workloads.runCommand(running(ref, 'run-removed'), run, soon());
        waiting.catch(() => undefined);
        await eventually(
          async () => lines,
          (all) => all.length > 0,
        );
        await workloads.remove(ref, 2);
        expect(await codeOf(waiting)).toBe('run_interrupted');
        expect(await codeOf(workloads.runCommand(running(ref, 'run-late'), asking('').run, soon()))).toBe(
          'fenced',
        );
        await workloads.removeEnvironment(ref);
      });
    });

    describe('program beside a replica', () => {
      async function session(ref: InstanceRef, command: string[]) {
        if (!workloads.exec) throw new Error('There is none.');
        const opened = await workloads.exec(ref, { command, tty: false });
        const printed: Buffer[] = [];
        opened.stdout.on('data', (data: Buffer) => printed.push(data));
        opened.stderr.resume();
        return { opened, text: () => Buffer.concat(printed).toString() };
      }

      itRuns(
        'it has the variables and files of the replica, reads what is typed, and tells its exit code',
        async ({ skip }) => {
          if (!workloads.exec || hasNoShells) skip();
          const ref = await place();
          await deploy(workloadSpec(ref, 1, answering('here')));
          const program =
            'process.stdin.on("data", (data) => { console.log(process.env.ANSWER, require("fs").readdirSync(".").join(), String(data).trim()); process.exit(7); })';
          const { opened, text } = await session(ref, ['node', '-e', program]);
          opened.stdin.write('typed\n');
          expect(await opened.ended).toEqual({ exitCode: 7 });
          expect(text()).toMatch(/^here .*main\.mjs.* typed\n$/);
          await answers(ref, 'here');
          const unknown = await session(ref, ['no-such-program']);
          expect((await unknown.opened.ended).exitCode).not.toBe(0);
          await workloads.removeEnvironment(ref);
        },
      );

      itRuns(
        'it ends when it is closed, and with its replica; where no replica is ready there is none',
        async ({ skip }) => {
          if (!workloads.exec || hasNoShells) skip();
          const ref = await place();
          await deploy(workloadSpec(ref, 1, answering('here')));
          const endless = ['node', '-e', 'setInterval(() => {}, 1000)'];
          const first = await session(ref, endless);
          first.opened.close();
          expect((await first.opened.ended).exitCode).not.toBe(0);
          const second = await session(ref, endless);
          await workloads.scale(ref, 0, 1);
          expect((await second.opened.ended).exitCode).not.toBe(0);
          expect(await codeOf(session(ref, endless))).toBe('conflict');
          expect(await left(ref, /^(?:process|pod) /)).toEqual([]);
          await workloads.removeEnvironment(ref);
        },
      );
    });

    describe('containers', () => {
      it('`before` is honoured: one that has to be complete ends before the other starts', async () => {
        const ref = await place();
        const source = await workloads.ensureVolume(ref, 'shared', 1);
        const volumes = [{ source, target: '/app/shared', readOnly: false }];
        const init = containerSpec(await subject.image(programs.init), {
          name: 'init',
          volumes,
          before: { main: 'complete' },
        });
        expect(await deploy(workloadSpec(ref, 1, [answering('one', { volumes }), init]))).toEqual({
          state: 'ready',
        });
        await answers(ref, 'yes', '/file?path=shared/prepared');
        await workloads.removeEnvironment(ref);
      });

      itRuns('a container that crashes after it was ready starts again', async () => {
        const ref = await place();
        await deploy(workloadSpec(ref, 1, answering('one')));
        const life = await get(ref, '/life');
        await get(ref, '/crash').catch(() => undefined);
        const status = await eventually(
          () => workloads.status(ref),
          (now) => now?.replicas[0]?.restarts === 1 && now.readyReplicas === 1,
        );
        expect(status).toMatchObject({ serving: 1 });
        expect(await get(ref, '/life')).not.toBe(life);
        await workloads.removeEnvironment(ref);
      });

      itRuns('one whose liveness probe fails is started again', async () => {
        const ref = await place();
        const httpGet = {
          path: '/alive',
          port: 8080,
          scheme: 'HTTP' as const,
          headers: [{ name: 'X-Probe', value: 'yes' }],
        };
        await deploy(workloadSpec(ref, 1, answering('one', { livenessProbe: { httpGet } })));
        await get(ref, '/sicken');
        await eventually(
          () => workloads.status(ref),
          (now) => now?.replicas[0]?.restarts === 1 && now.readyReplicas === 1,
          // Three checks ten seconds apart, and the time to drain.
          inPods ? 90_000 : undefined,
        );
        await workloads.removeEnvironment(ref);
      });
    });

    describe('names', () => {
      it('url, host and endpoint are told before anything runs, and stay', async () => {
        const ref = await place();
        expect(await workloads.url(ref)).toMatch(/^https?:\/\//);
        expect(await workloads.host(ref, 'a')).not.toBe(await workloads.host(ref, 'b'));
        expect(await workloads.host(ref, 'a')).toBe(await workloads.host(ref, 'a'));
        const before = await workloads.endpoint(ref, port);
        await deploy(workloadSpec(ref, 1, answering('one')));
        await deploy(workloadSpec(ref, 2, answering('two')));
        expect(await workloads.endpoint(ref, port)).toEqual(before);
        await workloads.removeEnvironment(ref);
      });

      it('a volume keeps its name, is removed once, and keeps its data over deployments', async () => {
        const ref = await place();
        const source = await workloads.ensureVolume(ref, 'data', 1);
        expect(await workloads.ensureVolume(ref, 'data', 1)).toBe(source);
        await workloads.removeVolume(ref, 'data');
        await workloads.removeVolume(ref, 'data');
        expect(await left(ref, /^volume /)).toEqual([]);
        await workloads.removeEnvironment(ref);
      });
    });

    itRuns('measures what runs', async () => {
      const ref = await place();
      await deploy(workloadSpec(ref, 1, answering('one')));
      const samples = await eventually(
        // A metrics server looks every few seconds, and is silent until it has seen a pod twice.
        () => workloads.metrics(ref, 60).catch(() => []),
        (found) => found.length > 0,
        inPods ? 90_000 : undefined,
      );
      expect(samples.at(-1)?.memoryBytes).toBeGreaterThan(1_000_000);
      expect(samples.at(-1)?.cpu).toBeGreaterThanOrEqual(0);
      await workloads.removeEnvironment(ref);
    });
  });
}
