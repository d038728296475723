/** What rollouts guarantee: what serves goes on until another one does. */
import { describe, expect, it } from 'vitest';
import type { ReplicaStatus } from '../../../functions/ports/workloads.ts';
import { programs } from './workload-programs.ts';
import type { WorkloadsBench } from './workloads-bench.ts';
import { codeOf, containerSpec, eventually, workloadSpec } from './workloads-spec.ts';

export function rolloutGuarantees(bench: WorkloadsBench): void {
  const {
    place,
    rollout,
    deploy,
    get,
    answers,
    identity,
    answering,
    failure,
    itRuns,
    runsPrograms,
    startsSlowly,
  } = bench;

  describe('rollout', () => {
    it('what is applied becomes ready and serves', async () => {
      const ref = await place();
      expect(await deploy(workloadSpec(ref, 1, answering('one')))).toEqual({ state: 'ready' });
      await answers(ref, 'one');
      expect(await bench.workloads.status(ref)).toMatchObject({
        serving: 1,
        desiredReplicas: 1,
        readyReplicas: 1,
      });
      expect((await bench.workloads.status(ref))?.replicas).toMatchObject([
        { deployment: 1, state: 'ready', restarts: 0 },
      ]);
      await bench.workloads.removeEnvironment(ref);
    });

    it('the new one replaces the old, and nothing of the old is left running', async () => {
      const ref = await place();
      await deploy(workloadSpec(ref, 1, answering('one')));
      expect(await deploy(workloadSpec(ref, 2, answering('two')))).toEqual({ state: 'ready' });
      await answers(ref, 'two');
      const { replicas } = await eventually(
        async () => (await bench.workloads.status(ref)) ?? { replicas: [] },
        (status) => status.replicas.length === 1,
      );
      expect(replicas[0]).toMatchObject({ deployment: 2, state: 'ready' });
      await bench.workloads.removeEnvironment(ref);
    });

    it('is idempotent: applied twice, it runs once', async () => {
      const ref = await place();
      const spec = workloadSpec(ref, 1, answering('one'));
      await bench.workloads.apply(spec);
      await bench.workloads.apply(spec);
      expect(await rollout(ref, 1)).toEqual({ state: 'ready' });
      const pid = await identity(ref);
      await bench.workloads.apply(spec);
      expect(await rollout(ref, 1)).toEqual({ state: 'ready' });
      expect(await identity(ref)).toBe(pid);
      expect((await bench.workloads.status(ref))?.replicas).toHaveLength(1);
      await bench.workloads.removeEnvironment(ref);
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
      expect(await bench.workloads.status(ref)).toMatchObject({ desiredReplicas: 2, readyReplicas: 2 });
      await bench.workloads.removeEnvironment(ref);
    });

    it('a replica that is killed comes up again, and one that is not there is passed over', async () => {
      const ref = await place();
      await deploy(workloadSpec(ref, 1, answering('one')));
      const before = await identity(ref);
      const id = (await bench.workloads.status(ref))?.replicas[0]?.id ?? '';
      await bench.workloads.kill(ref, 'nobody');
      expect(await identity(ref)).toBe(before);
      await bench.workloads.kill(ref, id);
      await eventually(
        () => identity(ref).catch(() => ''),
        (now) => now !== '' && now !== before,
      );
      await answers(ref, 'one');
      await bench.workloads.removeEnvironment(ref);
    });

    it('looked at once, also by a caller that waits for nothing: ready', async () => {
      const ref = await place();
      await deploy(workloadSpec(ref, 1, answering('one')));
      expect(await bench.workloads.awaitRollout(ref, 1, AbortSignal.abort())).toEqual({ state: 'ready' });
      await bench.workloads.removeEnvironment(ref);
    });

    it('still going when the caller gives up waiting: progressing', async () => {
      const ref = await place();
      await bench.workloads.apply(
        workloadSpec(ref, 1, containerSpec(await bench.subject.image(programs.deaf))),
      );
      const result = await bench.workloads.awaitRollout(ref, 1, AbortSignal.timeout(100));
      expect(result).toEqual({ state: 'progressing' });
      expect(await bench.workloads.status(ref)).toMatchObject({ readyReplicas: 0 });
      expect((await bench.workloads.status(ref))?.serving).toBeUndefined();
      await bench.workloads.removeEnvironment(ref);
    });

    it('a deployment that was never applied is not waited for', async () => {
      const ref = await place();
      expect(await rollout(ref, 7)).toMatchObject({ state: 'failed', error: { code: 'superseded' } });
      await bench.workloads.removeEnvironment(ref);
    });

    it('an image that is not there is refused at once', async () => {
      const ref = await place();
      const missing = containerSpec(`sha256:${'0'.repeat(64)}`);
      expect(await codeOf(bench.workloads.apply(workloadSpec(ref, 1, missing)))).toBe('image_unavailable');
      await bench.workloads.removeEnvironment(ref);
    });
  });

  describe('I6: what serves goes on serving while a new one fails', () => {
    it('a crash loop: the cause has exit code and last lines, the old one answers', async () => {
      const ref = await place();
      await deploy(workloadSpec(ref, 1, answering('one')));
      const pid = await identity(ref);
      const error = await failure(
        workloadSpec(ref, 2, containerSpec(await bench.subject.image(programs.crash))),
      );
      expect(error.code).toBe('workload_crashed');
      expect(error.cause).toContain('Deployment 2 of web crashed 3 times');
      expect(error.cause).toContain('exited with code 3');
      expect(error.cause).toContain('no table "guests"');
      expect(error.hint).not.toBe('');
      expect(await identity(ref)).toBe(pid);
      expect(await bench.workloads.status(ref)).toMatchObject({ serving: 1, readyReplicas: 1 });
      // Asked again, as a step that runs twice does, it says the same.
      expect(await rollout(ref, 2)).toEqual({ state: 'failed', error });
      await bench.workloads.removeEnvironment(ref);
    });

    it('an end with code 0 is a crash of a service', async () => {
      const ref = await place();
      const error = await failure(
        workloadSpec(ref, 1, containerSpec(await bench.subject.image('console.log("done")'))),
      );
      expect(error).toMatchObject({ code: 'workload_crashed' });
      expect(error.cause).toContain('code 0');
      await bench.workloads.removeEnvironment(ref);
    });

    itRuns('a version that ends soon after it listened never serves in place of one that stays', async () => {
      const ref = await place();
      await deploy(workloadSpec(ref, 1, answering('one')));
      const pid = await identity(ref);
      const brief = containerSpec(await bench.subject.image(programs.brief));
      // A busy node tells of an end seconds late.
      const error = await failure(workloadSpec(ref, 2, brief, { minReadySeconds: 8 }));
      expect(error).toMatchObject({ code: 'workload_crashed', cause: expect.stringContaining('code 5') });
      expect(await bench.workloads.status(ref)).toMatchObject({ serving: 1, readyReplicas: 1 });
      expect(await identity(ref)).toBe(pid);
      await bench.workloads.removeEnvironment(ref);
    });

    it('what serves is kept until the new one has stayed ready for as long as it has to', async () => {
      const ref = await place();
      await deploy(workloadSpec(ref, 1, answering('one')));
      const spec = workloadSpec(ref, 2, answering('two'), { minReadySeconds: 2 });
      await bench.workloads.apply(spec);
      const isUp = (replicas: ReplicaStatus[]): boolean =>
        replicas.some(({ deployment, state }) => deployment === 2 && state === 'ready');
      const { replicas } = await eventually(
        async () => (await bench.workloads.status(ref)) ?? { replicas: [] },
        (status) => isUp(status.replicas),
      );
      const from = performance.now();
      expect(replicas.some(({ deployment, state }) => deployment === 1 && state === 'ready')).toBe(true);
      expect(await rollout(ref, 2)).toEqual({ state: 'ready' });
      expect(performance.now() - from).toBeGreaterThan(1000);
      await answers(ref, 'two');
      await bench.workloads.removeEnvironment(ref);
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
        await bench.workloads.removeEnvironment(ref);
      },
    );

    it('a program that does not exist is named', async () => {
      const ref = await place();
      const error = await failure(
        workloadSpec(ref, 1, containerSpec(bench.server, { command: ['no-such-program'] })),
      );
      expect(error.cause).toContain('no-such-program');
      await bench.workloads.removeEnvironment(ref);
    });

    it('nothing listens: the deadline ends it and the cause says so', async () => {
      const ref = await place();
      const deaf = containerSpec(await bench.subject.image(programs.deaf));
      const error = await failure(
        workloadSpec(ref, 1, deaf, { progressDeadlineSeconds: startsSlowly ? 8 : 0.4 }),
      );
      expect(error.code).toBe('workload_not_ready');
      expect(error.cause).toMatch(/nothing listens on port \d+/);
      expect(error.cause).toContain('$PORT');
      await bench.workloads.removeEnvironment(ref);
    });

    it('one whose readiness probe succeeds serves', async () => {
      const ref = await place();
      const httpGet = { path: '/', port: 8080, scheme: 'HTTP' as const, headers: [] };
      const spec = workloadSpec(ref, 1, answering('one', { readinessProbe: { httpGet } }));
      expect(await deploy(spec)).toEqual({ state: 'ready' });
      await answers(ref, 'one');
      await bench.workloads.removeEnvironment(ref);
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
      await bench.workloads.removeEnvironment(ref);
    });
  });
}
