/** What fences, scale and removal guarantee. */
import { describe, expect, it } from 'vitest';
import { programs } from './workload-programs.ts';
import type { WorkloadsBench } from './workloads-bench.ts';
import { codeOf, containerSpec, eventually, workloadSpec } from './workloads-spec.ts';

export function fenceGuarantees(bench: WorkloadsBench): void {
  const { place, rollout, deploy, get, answers, identity, left, answering, itRuns } = bench;

  describe('I5: fence', () => {
    it('an older deployment is refused and changes nothing', async () => {
      const ref = await place();
      await deploy(workloadSpec(ref, 2, answering('two')));
      expect(await codeOf(bench.workloads.apply(workloadSpec(ref, 1, answering('one'))))).toBe('fenced');
      await answers(ref, 'two');
      expect(await codeOf(bench.workloads.remove(ref, 1))).toBe('fenced');
      await answers(ref, 'two');
      await bench.workloads.removeEnvironment(ref);
    });

    it('an earlier deployment is put back under the newest fence', async () => {
      const ref = await place();
      await deploy(workloadSpec(ref, 1, answering('one')));
      await deploy(workloadSpec(ref, 2, answering('two')));
      expect(await deploy(workloadSpec(ref, 1, answering('one'), { fence: 3 }))).toEqual({
        state: 'ready',
      });
      await answers(ref, 'one');
      expect(await codeOf(bench.workloads.apply(workloadSpec(ref, 2, answering('two'))))).toBe('fenced');
      await bench.workloads.removeEnvironment(ref);
    });

    it('putting back what serves ends a rollout and keeps the process', async () => {
      const ref = await place();
      const first = workloadSpec(ref, 1, answering('one'));
      await deploy(first);
      const pid = await identity(ref);
      await bench.workloads.apply(
        workloadSpec(ref, 2, containerSpec(await bench.subject.image(programs.deaf))),
      );
      const waiting = rollout(ref, 2);
      await bench.workloads.apply({ ...first, fence: 2 });
      expect(await waiting).toMatchObject({ state: 'failed', error: { code: 'superseded' } });
      expect(await rollout(ref, 1)).toEqual({ state: 'ready' });
      expect(await identity(ref)).toBe(pid);
      await bench.workloads.removeEnvironment(ref);
    });

    it('a newer rollout takes the place of one under way', async () => {
      const ref = await place();
      await bench.workloads.apply(
        workloadSpec(ref, 1, containerSpec(await bench.subject.image(programs.deaf))),
      );
      const waiting = rollout(ref, 1);
      expect(await deploy(workloadSpec(ref, 2, answering('two')))).toEqual({ state: 'ready' });
      expect(await waiting).toMatchObject({ state: 'failed', error: { code: 'superseded' } });
      await bench.workloads.removeEnvironment(ref);
    });
  });

  describe('scale and removal', () => {
    it('scaled to 0 it stops, and the declared number brings it back', async () => {
      const ref = await place();
      await deploy(workloadSpec(ref, 1, answering('one'), { replicas: 2 }));
      await bench.workloads.scale(ref, 0, 1);
      const asleep = await eventually(
        () => bench.workloads.status(ref),
        (status) => status?.replicas.length === 0,
      );
      expect(asleep).toMatchObject({ serving: 1, desiredReplicas: 0, readyReplicas: 0 });
      expect(await left(ref, /^(process|pod) /)).toEqual([]);
      await bench.workloads.scale(ref, 2, 1);
      expect(await rollout(ref, 1)).toEqual({ state: 'ready' });
      expect(await bench.workloads.status(ref)).toMatchObject({ desiredReplicas: 2, readyReplicas: 2 });
      await answers(ref, 'one');
      await bench.workloads.removeEnvironment(ref);
    });

    it('whoever knows of an older deployment alone neither stops it nor starts it (I5)', async () => {
      const ref = await place();
      await deploy(workloadSpec(ref, 2, answering('two')));
      await expect(bench.workloads.scale(ref, 0, 1)).rejects.toMatchObject({ code: 'fenced' });
      expect(await bench.workloads.status(ref)).toMatchObject({ serving: 2, readyReplicas: 1 });
      await bench.workloads.scale(ref, 1, 3);
      await expect(bench.workloads.apply(workloadSpec(ref, 2, answering('two')))).rejects.toMatchObject({
        code: 'fenced',
      });
      await bench.workloads.removeEnvironment(ref);
    });

    it('whoever knows of an older deployment alone is refused also where the newer one is removed (I5)', async () => {
      const ref = await place();
      await deploy(workloadSpec(ref, 1, answering('one')));
      await bench.workloads.remove(ref, 2);
      expect(await codeOf(bench.workloads.scale(ref, 0, 1))).toBe('fenced');
      expect(await codeOf(bench.workloads.scale(ref, 1, 1))).toBe('fenced');
      expect(await codeOf(bench.workloads.scale(ref, 1, 2))).toBe('not_found');
      await bench.workloads.scale(ref, 0, 2);
      await bench.workloads.removeEnvironment(ref);
    });

    it('a stop of what is not there yet keeps out the older deployment that would make it (I5)', async () => {
      const ref = await place();
      await bench.workloads.scale(ref, 0, 3);
      expect(await codeOf(bench.workloads.apply(workloadSpec(ref, 2, answering('two'))))).toBe('fenced');
      expect(await bench.workloads.status(ref)).toBeUndefined();
      await bench.workloads.removeEnvironment(ref);
    });

    it('a stop at the same moment as a newer deployment takes none of its replicas (I5)', async () => {
      const ref = await place();
      await deploy(workloadSpec(ref, 1, answering('one')));
      const [, applied] = await Promise.allSettled([
        bench.workloads.scale(ref, 0, 1),
        bench.workloads.apply(workloadSpec(ref, 2, answering('two'))),
      ]);
      expect(applied.status).toBe('fulfilled');
      expect(await rollout(ref, 2)).toEqual({ state: 'ready' });
      expect(await bench.workloads.status(ref)).toMatchObject({ serving: 2, desiredReplicas: 1 });
      await bench.workloads.removeEnvironment(ref);
    });

    it('remove takes all of a service, and twice is as once', async () => {
      const ref = await place();
      await deploy(workloadSpec(ref, 1, answering('one')));
      await bench.workloads.remove(ref, 1);
      await bench.workloads.remove(ref, 1);
      expect(await bench.workloads.status(ref)).toBeUndefined();
      expect(await left(ref, /^(process|files|deployment|pod) /)).toEqual([]);
      await bench.workloads.removeEnvironment(ref);
    });

    itRuns('I4: removeEnvironment leaves an empty inventory, children of children included', async () => {
      const ref = await place();
      const source = await bench.workloads.ensureVolume(ref, 'data', 1);
      const spec = workloadSpec(
        ref,
        1,
        containerSpec(await bench.subject.image(programs.family), {
          volumes: [{ source, target: '/data', readOnly: false }],
        }),
      );
      expect(await deploy(spec)).toEqual({ state: 'ready' });
      const pids = JSON.parse(await get(ref)) as number[];
      expect(pids).toHaveLength(4);
      expect(await bench.workloads.inventory(ref)).not.toEqual([]);
      await bench.workloads.removeEnvironment(ref);
      expect(await bench.workloads.inventory(ref)).toEqual([]);
      await bench.workloads.removeEnvironment(ref);
      expect(await bench.workloads.status(ref)).toBeUndefined();
    });

    it('after removeEnvironment an apply is refused, until the place is made again', async () => {
      const ref = await place();
      await deploy(workloadSpec(ref, 5, answering('old')));
      await bench.workloads.removeEnvironment(ref);
      expect(await codeOf(bench.workloads.apply(workloadSpec(ref, 6, answering('late'))))).toBe(
        'environment_gone',
      );
      expect(await bench.workloads.inventory(ref)).toEqual([]);
      await bench.workloads.ensureEnvironment(ref, { operation: 'op' });
      // A new environment starts with a new count.
      expect(await deploy(workloadSpec(ref, 1, answering('new')))).toEqual({ state: 'ready' });
      await bench.workloads.removeEnvironment(ref);
    });

    it('who was let into an environment that is gone is not let into a later one of its name (I5, I10)', async () => {
      const ref = await place('01A');
      const old = { ...ref, environmentId: '01A' };
      const late = { ...workloadSpec(ref, 7, answering('late')), environmentId: '01A' };
      await deploy({ ...late, number: 5, fence: 5 });
      await bench.workloads.removeEnvironment(ref);
      expect(await codeOf(bench.workloads.apply(late))).toBe('environment_gone');
      await bench.workloads.ensureEnvironment({ ...ref, environmentId: '01B' }, { operation: 'op' });
      const own = { ...workloadSpec(ref, 1, answering('own')), environmentId: '01B' };
      expect(await deploy(own)).toEqual({ state: 'ready' });
      expect(await codeOf(bench.workloads.apply(late))).toBe('environment_gone');
      expect(await codeOf(bench.workloads.scale(old, 0, 7))).toBe('environment_gone');
      await bench.workloads.remove(old, 7);
      await bench.workloads.removeEnvironment(old);
      expect(await codeOf(bench.workloads.ensureEnvironment(old, { operation: 'op' }))).toBe(
        'environment_gone',
      );
      await answers(ref, 'own');
      expect(await bench.workloads.status(ref)).toMatchObject({ serving: 1, readyReplicas: 1 });
      await bench.workloads.removeEnvironment(ref);
    });

    it('removal while a rollout is under way ends both', async () => {
      const ref = await place();
      const applying = codeOf(bench.workloads.apply(workloadSpec(ref, 1, answering('one'))));
      await bench.workloads.removeEnvironment(ref);
      await applying;
      expect(await rollout(ref, 1)).toMatchObject({ state: 'failed' });
      expect(await bench.workloads.inventory(ref)).toEqual([]);
    });
  });
}
