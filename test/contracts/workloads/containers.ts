/** What the containers of a workload have, and by which names it is reached. */
import { describe, expect, it } from 'vitest';
import { programs } from './workload-programs.ts';
import type { WorkloadsBench } from './workloads-bench.ts';
import { containerSpec, eventually, port, variable, workloadSpec } from './workloads-spec.ts';

export function containerGuarantees(bench: WorkloadsBench): void {
  const { place, deploy, get, answers, left, answering, failure, itRuns, inPods } = bench;

  describe('I7: secrets', () => {
    const secret = 'hunter2-correct-horse';

    itRuns('values of sensitive variables are masked in the log and in causes', async () => {
      const ref = await place();
      const crash = containerSpec(await bench.subject.image(programs.leak), {
        variables: [variable('SECRET', secret, true)],
      });
      const error = await failure(workloadSpec(ref, 1, crash));
      expect(JSON.stringify(error)).not.toContain(secret);
      expect(error.cause).toContain('••••');
      const lines = await bench.subject.logs(ref);
      const source = inPods ? 'stdout' : 'stderr';
      expect(
        lines.some((line) => line.source === source && line.message.includes('the secret is ••••')),
      ).toBe(true);
      expect(JSON.stringify(lines)).not.toContain(secret);
      await bench.workloads.removeEnvironment(ref);
    });

    itRuns('a release command’s output is masked too', async () => {
      const ref = await place();
      const spec = workloadSpec(
        ref,
        1,
        containerSpec(bench.server, { variables: [variable('SECRET', secret, true)] }),
      );
      const command = ['node', '-e', 'console.log("it is " + process.env.SECRET); process.exitCode = 4'];
      const result = await bench.workloads.runRelease(spec, command, AbortSignal.timeout(60_000));
      expect(result).toEqual({ exitCode: 4, tail: ['it is ••••'] });
      expect((await bench.subject.logs(ref)).map((line) => line.message)).toContain('it is ••••');
      await bench.workloads.removeEnvironment(ref);
    });
  });

  describe('containers', () => {
    it('`before` is honoured: one that has to be complete ends before the other starts', async () => {
      const ref = await place();
      const source = await bench.workloads.ensureVolume(ref, 'shared', 1);
      const volumes = [{ source, target: '/app/shared', readOnly: false }];
      const init = containerSpec(await bench.subject.image(programs.init), {
        name: 'init',
        volumes,
        before: { main: 'complete' },
      });
      expect(await deploy(workloadSpec(ref, 1, [answering('one', { volumes }), init]))).toEqual({
        state: 'ready',
      });
      await answers(ref, 'yes', '/file?path=shared/prepared');
      await bench.workloads.removeEnvironment(ref);
    });

    itRuns('a container that crashes after it was ready starts again', async () => {
      const ref = await place();
      await deploy(workloadSpec(ref, 1, answering('one')));
      const life = await get(ref, '/life');
      await get(ref, '/crash').catch(() => undefined);
      const status = await eventually(
        () => bench.workloads.status(ref),
        (now) => now?.replicas[0]?.restarts === 1 && now.readyReplicas === 1,
      );
      expect(status).toMatchObject({ serving: 1 });
      expect(await get(ref, '/life')).not.toBe(life);
      await bench.workloads.removeEnvironment(ref);
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
        () => bench.workloads.status(ref),
        (now) => now?.replicas[0]?.restarts === 1 && now.readyReplicas === 1,
        // Three checks ten seconds apart, and the time to drain.
        inPods ? 90_000 : undefined,
      );
      await bench.workloads.removeEnvironment(ref);
    });
  });

  describe('names', () => {
    it('url, host and endpoint are told before anything runs, and stay', async () => {
      const ref = await place();
      expect(await bench.workloads.url(ref)).toMatch(/^https?:\/\//);
      expect(await bench.workloads.host(ref, 'a')).not.toBe(await bench.workloads.host(ref, 'b'));
      expect(await bench.workloads.host(ref, 'a')).toBe(await bench.workloads.host(ref, 'a'));
      const before = await bench.workloads.endpoint(ref, port);
      await deploy(workloadSpec(ref, 1, answering('one')));
      await deploy(workloadSpec(ref, 2, answering('two')));
      expect(await bench.workloads.endpoint(ref, port)).toEqual(before);
      await bench.workloads.removeEnvironment(ref);
    });

    it('a volume keeps its name, is removed once, and keeps its data over deployments', async () => {
      const ref = await place();
      const source = await bench.workloads.ensureVolume(ref, 'data', 1);
      expect(await bench.workloads.ensureVolume(ref, 'data', 1)).toBe(source);
      await bench.workloads.removeVolume(ref, 'data');
      await bench.workloads.removeVolume(ref, 'data');
      expect(await left(ref, /^volume /)).toEqual([]);
      await bench.workloads.removeEnvironment(ref);
    });
  });

  itRuns('measures what runs', async () => {
    const ref = await place();
    await deploy(workloadSpec(ref, 1, answering('one')));
    const samples = await eventually(
      // A metrics bench.server looks every few seconds, and is silent until it has seen a pod twice.
      () => bench.workloads.metrics(ref, 60).catch(() => []),
      (found) => found.length > 0,
      inPods ? 90_000 : undefined,
    );
    expect(samples.at(-1)?.memoryBytes).toBeGreaterThan(1_000_000);
    expect(samples.at(-1)?.cpu).toBeGreaterThanOrEqual(0);
    await bench.workloads.removeEnvironment(ref);
  });
}
