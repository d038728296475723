/** The guarantees of an Activity that sees requests, and of one that never sees any. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InstanceRef } from '../../functions/core/model/index.ts';
import { countsSince, noCounts, quantileMs } from '../../functions/core/rollout/request-counts.ts';
import type { Activity } from '../../functions/ports/activity.ts';

export interface ActivitySubject {
  activity: Activity;
  /**
   * Makes a request happen now, and resolves once the activity must know of it, to how many milliseconds it took where it was
   * asked: a machine that has other work answers late.
   */
  request(instance: InstanceRef, status: number, durationMs: number, deployment?: number): Promise<number>;
  /** Epoch milliseconds. */
  now(): number;
  dispose(): Promise<void>;
}

/**
 * The most that may be told of requests, in milliseconds. What took no more than the first steps of a histogram is told well;
 * of what took longer the next step may be told, which is up to five times as much.
 */
function mostOf(tookMs: readonly number[]): number {
  const longest = Math.max(...tookMs);
  return longest < 30 ? 30 : 5 * longest;
}

/** For an adapter past which requests go. */
export function unseeingActivityContract(name: string, activity: Activity): void {
  describe(`Activity contract: ${name}`, () => {
    const [one, two] = ['one', 'two'].map((environment) => ({ project: 'demo', environment }));
    if (!one || !two) throw new Error('unreachable');

    it('says that the last request is unknown, of each environment asked, and never that there was none', async () => {
      expect(await activity.lastRequests([one, two, one])).toEqual(['unknown', 'unknown', 'unknown']);
      expect(await activity.lastRequests([])).toEqual([]);
    });

    it('says that it has no samples to give, and takes it that something is forgotten', async () => {
      await expect(activity.requests({ ...one, service: 'web' }, 3600)).rejects.toMatchObject({
        code: 'unavailable',
      });
      await expect(activity.counts({ ...one, service: 'web' })).rejects.toMatchObject({
        code: 'unavailable',
      });
      await activity.forget(one);
      await activity.forget(one);
      expect(await activity.lastRequests([one])).toEqual(['unknown']);
    });
  });
}

/** @param tellsDeployments whether it sees which deployment answered */
export function activityContract(
  name: string,
  { tellsDeployments }: { tellsDeployments: boolean },
  makeSubject: () => Promise<ActivitySubject>,
): void {
  describe(`Activity contract: ${name}`, () => {
    let subject: ActivitySubject;
    beforeAll(async () => {
      subject = await makeSubject();
    });
    afterAll(() => subject.dispose());

    it('knows no last request where there was none, and answers in the order asked', async () => {
      const { activity, request, now } = subject;
      const [one, two] = ['order-one', 'order-two'].map((environment) => ({ project: 'demo', environment }));
      if (!one || !two) throw new Error('unreachable');
      const before = now();
      await request({ ...two, service: 'web' }, 200, 5);
      const [last, none, again] = await activity.lastRequests([two, one, two]);
      expect(none).toBeUndefined();
      expect(last).toBeGreaterThanOrEqual(before);
      expect(last).toBeLessThanOrEqual(now());
      expect(again).toBe(last);
      expect(await activity.lastRequests([])).toEqual([]);
    });

    it('keeps tenants apart whose names join to the same text', async () => {
      const { activity, request } = subject;
      await request({ project: 'a-b', environment: 'c', service: 'd' }, 200, 5);
      // An answer that is not known yet is no answer.
      await expect
        .poll(() => activity.lastRequests([{ project: 'a', environment: 'b-c' }]), { timeout: 20_000 })
        .toEqual([undefined]);
      expect(await activity.requests({ project: 'a-b', environment: 'c-d', service: 'd' }, 60)).toEqual([]);
    });

    it('counts requests and errors (500 and above) of an instance, with p50 and p99', async () => {
      const { activity, request } = subject;
      const instance = { project: 'demo', environment: 'count', service: 'web' };
      const tookMs: number[] = [];
      for (const status of [200, 302, 404, 499, 500, 503]) tookMs.push(await request(instance, status, 20));
      await request({ ...instance, service: 'other' }, 500, 9000);
      const samples = await activity.requests(instance, 60);
      const sum = (key: 'requests' | 'errors') => samples.reduce((total, sample) => total + sample[key], 0);
      expect([sum('requests'), sum('errors')]).toEqual([6, 2]);
      for (const { at, p50Ms, p99Ms } of samples) {
        expect(new Date(at).toISOString()).toBe(at);
        expect(p50Ms).toBeGreaterThan(15);
        expect(p99Ms).toBeLessThan(mostOf(tookMs));
      }
      expect(samples.map(({ at }) => at).toSorted()).toEqual(samples.map(({ at }) => at));
    });

    it.runIf(tellsDeployments)(
      'counts what each deployment was asked apart from the others, with errors and how long it took',
      async () => {
        const { activity, request } = subject;
        const instance = { project: 'demo', environment: 'versions', service: 'web' };
        const ask = (count: number, ...how: [number, number, number?]) =>
          Promise.all(Array.from({ length: count }, () => request(instance, ...how)));
        const tookMs = await ask(20, 200, 20, 3);
        await ask(3, 200, 400, 4);
        await ask(1, 503, 400, 4);
        // Nobody had it.
        await ask(1, 503, 1);
        const before = await activity.counts(instance);
        expect([...before.keys()].toSorted()).toEqual([3, 4]);
        expect(before.get(3)).toMatchObject({ requests: 20, errors: 0 });
        expect(before.get(4)).toMatchObject({ requests: 4, errors: 1 });
        const counts = { 3: before.get(3) ?? noCounts(), 4: before.get(4) ?? noCounts() };
        expect(quantileMs(counts[3], 0.99)).toBeLessThan(mostOf(tookMs));
        expect(quantileMs(counts[4], 0.5)).toBeGreaterThan(300);
        await ask(2, 500, 20, 4);
        const after = (await activity.counts(instance)).get(4) ?? noCounts();
        expect(countsSince(after, before.get(4))).toMatchObject({ requests: 2, errors: 2 });
        expect((await activity.counts({ ...instance, service: 'other' })).size).toBe(0);
      },
    );

    it('gives no samples for an instance that it does not know', async () => {
      const unknown = { project: 'demo', environment: 'unknown', service: 'web' };
      expect(await subject.activity.requests(unknown, 3600)).toEqual([]);
    });

    it('forgets an environment with all its instances, and no other; again is no error', async () => {
      const { activity, request } = subject;
      const gone = { project: 'demo', environment: 'gone' };
      const kept = { project: 'demo', environment: 'gone2' };
      for (const environment of [gone, kept]) await request({ ...environment, service: 'web' }, 200, 5);
      await activity.forget(gone);
      await activity.forget(gone);
      const [none, some] = await activity.lastRequests([gone, kept]);
      expect(none).toBeUndefined();
      expect(some).toBeDefined();
      expect(await activity.requests({ ...gone, service: 'web' }, 60)).toEqual([]);
      expect(await activity.requests({ ...kept, service: 'web' }, 60)).toHaveLength(1);
    });
  });
}
