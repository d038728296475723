/** What places guarantee that serve two deployments of a workload side by side. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InstanceRef } from '../../../functions/core/model/index.ts';
import type { RequestCounts } from '../../../functions/core/rollout/request-counts.ts';
import type { WorkloadSpec } from '../../../functions/ports/workloads.ts';
import type { TrafficSubject } from '../traffic/traffic.ts';
import { programs } from './workload-programs.ts';
import { codeOf, containerSpec, eventually, variable, workloadSpec } from './workloads-spec.ts';

export interface TracksSubject extends TrafficSubject {
  /** What each deployment was asked, as whoever brings the requests counts it. */
  counts(instance: InstanceRef): Promise<ReadonlyMap<number, RequestCounts>>;
}

let counter = 0;

/** @param runsPrograms whether there is a program behind a replica that answers */
export function tracksContract(
  name: string,
  makeSubject: () => Promise<TracksSubject>,
  { runsPrograms = true }: { runsPrograms?: boolean } = {},
): void {
  describe(`Tracks contract: ${name}`, () => {
    const environment = { project: 'demo', environment: `tracks${++counter}` };
    let subject: TracksSubject;
    let server: string;
    beforeAll(async () => {
      subject = await makeSubject();
      await subject.workloads.ensureEnvironment(environment, { operation: 'op' });
      server = await subject.image(programs.server);
    });
    afterAll(() => subject.close());

    const tracks = () => {
      if (!subject.workloads.tracks) throw new Error('The place has no tracks.');
      return subject.workloads.tracks;
    };
    const specOf = (ref: InstanceRef, number: number, extra: Partial<WorkloadSpec> = {}): WorkloadSpec =>
      workloadSpec(
        ref,
        number,
        containerSpec(server, { variables: [variable('ANSWER', `v${extra.number ?? number}`)] }),
        { service: ref.service, progressDeadlineSeconds: 120, ...extra },
      );

    async function ready(spec: WorkloadSpec): Promise<void> {
      await subject.workloads.apply(spec);
      const rollout = await subject.workloads.awaitRollout(spec, spec.number, AbortSignal.timeout(120_000));
      expect(rollout).toEqual({ state: 'ready' });
    }
    /** The first deployment serves, and the second one is tried beside it. */
    async function tried(service: string, extra: Partial<WorkloadSpec> = {}): Promise<InstanceRef> {
      const ref = { ...environment, service };
      await ready(specOf(ref, 1));
      await ready(specOf(ref, 2, { trial: true, ...extra }));
      return ref;
    }

    const ask = async (ref: InstanceRef, path = '/'): Promise<string> => (await visit(ref, path)).text;

    /** @param cookie of a client that was here before */
    async function visit(
      ref: InstanceRef,
      path: string,
      cookie?: string,
    ): Promise<{ text: string; cookie: string | undefined }> {
      const host = new URL(await subject.workloads.url(ref)).hostname;
      return new Promise((resolve, reject) => {
        const headers = { host, ...(cookie !== undefined && { cookie }) };
        const asked = request({ ...subject.front, path, agent: false, headers }, (response) => {
          let body = '';
          response.on('data', (chunk) => {
            body += chunk;
          });
          response.on('end', () =>
            resolve({
              text: response.statusCode === 200 ? body : String(response.statusCode),
              cookie: response.headers['set-cookie']?.[0]?.split(';')[0] ?? cookie,
            }),
          );
          response.on('error', reject);
        });
        asked.on('error', reject);
        asked.end();
      });
    }
    async function answers(ref: InstanceRef, count = 100): Promise<Record<string, number>> {
      const all: string[] = [];
      while (all.length < count)
        all.push(
          ...(await Promise.all(Array.from({ length: Math.min(20, count - all.length) }, () => ask(ref)))),
        );
      return Object.fromEntries(
        [...Map.groupBy(all, (text) => text)].map(([text, same]) => [text, same.length]),
      );
    }
    /** What has changed is known where requests are taken a moment later. */
    const answersAre = async (ref: InstanceRef, isRight: (found: Record<string, number>) => boolean) =>
      runsPrograms ? eventually(() => answers(ref), isRight, 20_000) : undefined;
    const only =
      (text: string) =>
      (found: Record<string, number>): boolean =>
        Object.keys(found).join() === text;

    it.runIf(runsPrograms)(
      'gives a candidate no request before it has a share, then so many of a hundred, and counts each by itself',
      async () => {
        const ref = await tried('web');
        expect(await answers(ref)).toEqual({ v1: 100 });
        expect((await subject.workloads.status(ref))?.serving).toBe(1);
        const before = await subject.counts(ref);
        await tracks().share({ ...ref, number: 2, fence: 2 }, 30);
        const near = ({ v1 = 0, v2 = 0 }: Record<string, number>) =>
          v1 + v2 === 100 && Math.abs(v2 - 30) < 10;
        await answersAre(ref, near);
        expect((await subject.workloads.status(ref))?.candidate).toMatchObject({
          deployment: 2,
          percent: 30,
        });
        // A version that answers with errors, and another one that does not.
        await Promise.all(Array.from({ length: 60 }, () => ask(ref, '/status/500')));
        const counts = await eventually(
          () => subject.counts(ref),
          (found) => [1, 2].every((number) => (found.get(number)?.errors ?? 0) >= 10),
          20_000,
        );
        const came = (number: number) =>
          (counts.get(number)?.requests ?? 0) - (before.get(number)?.requests ?? 0);
        expect(came(1)).toBeGreaterThan(came(2));
      },
    );

    it('keeps each client with its version as long as that has a share', async ({ skip }) => {
      if (!subject.workloads.keepsClients) return skip('clients are not kept with a replica there');
      const ref = { ...environment, service: 'loyal' };
      await ready(specOf(ref, 1, { affinity: 'cookie' }));
      await ready(specOf(ref, 2, { affinity: 'cookie', trial: true }));
      const candidate = { ...ref, number: 2, fence: 2 };
      await tracks().share(candidate, 50);
      const clients = await Promise.all(Array.from({ length: 20 }, () => visit(ref, '/')));
      const now = () => Promise.all(clients.map(async ({ cookie }) => (await visit(ref, '/', cookie)).text));
      const first = clients.map(({ text }) => text);
      expect(new Set(first)).toEqual(new Set(['v1', 'v2']));
      expect(await now()).toEqual(first);
      await tracks().share(candidate, 90);
      expect(await now()).toEqual(first);
      await tracks().share(candidate, 0);
      expect(new Set(await now())).toEqual(new Set(['v1']));
      await tracks().share(candidate, 10);
      await tracks().promote(candidate);
      expect(new Set(await now())).toEqual(new Set(['v2']));
    });

    it('takes the share back at once, and ends nothing of what serves', async () => {
      const ref = await tried('back');
      const candidate = { ...ref, number: 2, fence: 2 };
      await tracks().share(candidate, 100);
      await answersAre(ref, only('v2'));
      const [stable] =
        (await subject.workloads.status(ref))?.replicas.filter((each) => each.deployment === 1) ?? [];
      await tracks().share(candidate, 0);
      await answersAre(ref, only('v1'));
      await subject.workloads.apply(specOf(ref, 1, { fence: 2 }));
      const status = await eventually(
        () => subject.workloads.status(ref),
        (found) => found?.replicas.every((each) => each.deployment === 1) === true,
      );
      expect(status).toMatchObject({ serving: 1, replicas: [{ id: stable?.id, restarts: 0 }] });
      expect(status?.candidate).toBeUndefined();
    });

    it('makes a candidate what serves, keeps the other one warm, and takes it back without a start', async () => {
      const ref = await tried('warm', { warmSeconds: 600 });
      await tracks().share({ ...ref, number: 2, fence: 2 }, 50);
      await tracks().promote({ ...ref, number: 2, fence: 2 });
      await tracks().promote({ ...ref, number: 2, fence: 2 });
      await answersAre(ref, only('v2'));
      const warm = await subject.workloads.status(ref);
      expect(warm).toMatchObject({ serving: 2, standby: { deployment: 1, why: 'warm', replicas: 1 } });
      const started = warm?.replicas.find(({ deployment }) => deployment === 1)?.startedAt;
      const again = { ...specOf(ref, 1), number: 3, fence: 3, operation: 'op-3', reuse: true as const };
      await ready({ ...again, warmSeconds: 600 });
      await answersAre(ref, only('v1'));
      const back = await subject.workloads.status(ref);
      expect(back).toMatchObject({ serving: 3, standby: { deployment: 2, why: 'warm' } });
      expect(back?.replicas.find(({ deployment }) => deployment === 3)?.startedAt).toBe(started);
      // What differs is started anew, and nothing stays warm beside two others.
      await ready({ ...specOf(ref, 4, { reuse: true }) });
      await answersAre(ref, only('v4'));
      await eventually(
        () => subject.workloads.status(ref),
        (found) => found?.standby === undefined && found?.replicas.length === 1,
      );
    });

    it('ends what is warm once it is asked to after its time, and at once when that is asked for', async () => {
      const ref = { ...environment, service: 'cool' };
      await ready(specOf(ref, 1));
      await ready(specOf(ref, 2, { warmSeconds: 600 }));
      const standby = (await subject.workloads.status(ref))?.standby;
      const until = Date.parse(standby?.until ?? '');
      await tracks().endStandby(ref, until - 1);
      expect((await subject.workloads.status(ref))?.standby).toEqual(standby);
      await tracks().endStandby(ref, until);
      const alone = (number: number) =>
        eventually(
          () => subject.workloads.status(ref),
          (found) =>
            found?.standby === undefined &&
            found?.replicas.every((each) => each.deployment === number) === true,
        );
      await alone(2);
      await ready(specOf(ref, 3, { warmSeconds: 600 }));
      expect((await subject.workloads.status(ref))?.standby).toMatchObject({ deployment: 2 });
      await tracks().endStandby(ref);
      await tracks().endStandby(ref);
      await alone(3);
    });

    it('keeps a candidate that failed, without requests, until the next one comes', async () => {
      const ref = await tried('kept', { keepFailedSeconds: 600 });
      const candidate = { ...ref, number: 2, fence: 2 };
      await tracks().share(candidate, 40);
      await tracks().setAside(candidate);
      await tracks().setAside(candidate);
      await subject.workloads.apply(specOf(ref, 1, { fence: 2 }));
      await answersAre(ref, only('v1'));
      const status = await subject.workloads.status(ref);
      expect(status).toMatchObject({ serving: 1, standby: { deployment: 2, why: 'failed', replicas: 1 } });
      if (runsPrograms)
        expect(await tracks().ask(ref, 2, '/status/418', AbortSignal.timeout(10_000))).toEqual({
          status: 418,
        });
      await ready(specOf(ref, 3));
      await eventually(
        () => subject.workloads.status(ref),
        (found) => found?.standby === undefined,
      );
    });

    it.runIf(runsPrograms)('asks a replica of one deployment, whatever share it has', async () => {
      const ref = await tried('asked');
      const signal = AbortSignal.timeout(10_000);
      expect(await tracks().ask(ref, 2, '/status/204', signal)).toEqual({ status: 204 });
      expect(await tracks().ask(ref, 1, '/status/503', signal)).toEqual({ status: 503 });
      expect(await codeOf(tracks().ask(ref, 7, '/', signal))).toBe('conflict');
    });

    it('leaves whoever knows of an older deployment alone no say (I5)', async () => {
      const ref = await tried('fenced');
      const old = { ...ref, number: 2, fence: 2 };
      await ready(specOf(ref, 3, { trial: true }));
      const attempts = [
        () => tracks().share(old, 50),
        () => tracks().promote(old),
        () => tracks().setAside(old),
      ];
      for (const late of attempts) expect(await codeOf(late())).toBe('fenced');
      expect(await codeOf(tracks().share({ ...old, fence: 3 }, 50))).toBe('conflict');
      expect(await codeOf(tracks().promote({ ...old, fence: 3 }))).toBe('conflict');
      await answersAre(ref, only('v1'));
    });

    it('runs nothing beside what is scaled to none', async () => {
      const ref = await tried('none', { warmSeconds: 600 });
      await tracks().promote({ ...ref, number: 2, fence: 2 });
      await subject.workloads.apply(specOf(ref, 3, { trial: true }));
      await subject.workloads.scale(ref, 0, 3);
      const status = await eventually(
        () => subject.workloads.status(ref),
        (found) => found?.replicas.length === 0,
      );
      expect([status?.candidate, status?.standby]).toEqual([undefined, undefined]);
    });
  });
}
