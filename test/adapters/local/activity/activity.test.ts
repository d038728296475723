import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createActivity } from '../../../../functions/adapters/local/activity/activity.ts';
import { createEffects } from '../../../../functions/adapters/system/effects.ts';
import { activityContract } from '../../../contracts/activity.ts';
import { temporaryDirectories } from '../../../support/files/temporary.ts';

const makeDirectory = temporaryDirectories();
const newPath = (): string => join(makeDirectory(), 'activity.json');

activityContract('local', { tellsDeployments: true }, async () => {
  const effects = createEffects();
  const activity = createActivity({ path: newPath(), effects });
  return {
    activity,
    async request(instance, status, durationMs, deployment) {
      activity.record(instance, status, durationMs, deployment);
      return durationMs;
    },
    now: effects.now,
    dispose: activity.close,
  };
});

const T = Date.UTC(2026, 0, 1);
const web = { project: 'demo', environment: 'dev', service: 'web' };

function withClock(path?: string, now = T) {
  const clock = { now };
  const activity = createActivity({
    ...(path === undefined ? {} : { path }),
    effects: { now: () => clock.now },
  });
  return { clock, activity };
}

describe('samples', () => {
  it('cover ten seconds each, only those with requests, within the window', async () => {
    const { clock, activity } = withClock();
    for (const seconds of [0, 9.9, 10, 50, 55, 59]) {
      clock.now = T + seconds * 1000;
      activity.record(web, 200, 10);
    }
    const shape = async (window: number) =>
      (await activity.requests(web, window)).map(({ at, requests }) => [
        (Date.parse(at) - T) / 1000,
        requests,
      ]);
    expect(await shape(3600)).toEqual([
      [0, 2],
      [10, 1],
      [50, 3],
    ]);
    expect(await shape(45)).toEqual([
      [10, 1],
      [50, 3],
    ]);
    expect(await shape(5)).toEqual([[50, 3]]);
    expect(await shape(0)).toEqual([[50, 3]]);
  });

  it('of ten seconds are kept for an hour and no longer', async () => {
    const { clock, activity } = withClock();
    for (let second = 0; second < 3 * 3600; second += 10) {
      clock.now = T + second * 1000;
      activity.record(web, 200, 10);
    }
    const samples = await activity.requests(web, 3600);
    expect(samples).toHaveLength(361);
    expect(samples.at(-1)?.at).toBe(new Date(clock.now).toISOString());
    clock.now += 3_700_000;
    await activity.flush();
    expect(await activity.requests(web, 3600)).toEqual([]);
    expect(await activity.lastRequests([web])).toEqual([T + 3 * 3600_000 - 10_000]);
  });

  it('of longer times are longer, go back for 30 days, and survive a restart in the middle of one', async () => {
    const path = newPath();
    const { clock, activity } = withClock(path);
    const ask = (count: number, status: number, durationMs: number): void => {
      for (let asked = 0; asked < count; asked++) activity.record(web, status, durationMs);
    };
    const day = 86_400_000;
    for (let at = 0; at < 31; at++) {
      clock.now = T + at * day;
      ask(3, at === 30 ? 500 : 200, 20);
    }
    const shape = async (of: typeof activity, window: number) =>
      (await of.requests(web, window)).map(({ at, seconds, requests, errors }) => [
        (Date.parse(at) - T) / day,
        seconds,
        requests,
        errors,
      ]);
    expect(await shape(activity, 3600)).toEqual([[30, 10, 3, 3]]);
    expect(await shape(activity, 86_400)).toEqual([
      [29, 300, 3, 0],
      [30, 300, 3, 3],
    ]);
    const month = await shape(activity, 30 * 86_400);
    expect(month).toHaveLength(31);
    expect(month.at(0)).toEqual([0, 3600, 3, 0]);
    await activity.close();
    const after = withClock(path, clock.now + 1000);
    after.activity.record(web, 200, 4000);
    expect((await shape(after.activity, 30 * 86_400)).slice(-2)).toEqual([
      [29, 3600, 3, 0],
      [30, 3600, 4, 3],
    ]);
    expect((await after.activity.requests(web, 86_400)).at(-1)?.p99Ms).toBeGreaterThan(3000);
    // Nothing of it is older than a month.
    after.clock.now += 31 * day;
    await after.activity.flush();
    expect(await shape(after.activity, 30 * 86_400)).toEqual([]);
    await after.activity.forget(web);
    await after.activity.close();
  });

  it('start anew from a damaged file', async () => {
    const path = newPath();
    const samples = '[[[1,2]],[["x",1,1,1,1,1],[-1,1,1,1,1,1]]]';
    for (const lines of [
      '{',
      '7',
      '[]\n[1]\n\n',
      `["demo/dev",null,"web",${samples}]\n["demo/dev",null,"web",7]`,
    ]) {
      writeFileSync(path, JSON.stringify({ format: 1, last: { 'demo/dev': T } }));
      writeFileSync(path.replace('.json', '-history.json'), lines);
      const { activity } = withClock(path);
      expect(await activity.requests(web, 30 * 86_400)).toEqual([]);
      expect(await activity.lastRequests([web])).toEqual([T]);
      await activity.close();
    }
  });

  it('tell p50 and p99 apart, within an eighth', async () => {
    const { activity } = withClock();
    for (let index = 1; index <= 1000; index++) activity.record(web, 200, index);
    const [sample] = await activity.requests(web, 60);
    expect(sample?.p50Ms).toBeGreaterThan(500 * 0.87);
    expect(sample?.p50Ms).toBeLessThan(500 * 1.13);
    expect(sample?.p99Ms).toBeGreaterThan(990 * 0.87);
    expect(sample?.p99Ms).toBeLessThanOrEqual(1000);
  });

  it('are exact for one request, and bear durations of nothing, of ages, and of nonsense', async () => {
    for (const [duration, expected] of [
      [12.34, 12.34],
      [0, 0],
      [0.01, 0.01],
      [5e6, 5e6],
      [-3, 0],
      [Number.NaN, 0],
    ] as const) {
      const { activity } = withClock();
      activity.record(web, 200, duration);
      expect(await activity.requests(web, 60)).toMatchObject([{ p50Ms: expected, p99Ms: expected }]);
    }
  });

  it('stay in order when the clock is set back, and those of a clock that was far ahead are dropped', async () => {
    const { clock, activity } = withClock();
    activity.record(web, 200, 10);
    clock.now = T - 5_000;
    activity.record(web, 200, 10);
    clock.now = T;
    expect(await activity.requests(web, 60)).toMatchObject([{ requests: 2 }]);
    clock.now = T + 365 * 86_400_000;
    activity.record(web, 200, 10);
    clock.now = T + 60_000;
    for (let asked = 0; asked < 3; asked++) activity.record(web, 200, 10);
    for (const [window, requests] of [
      [30, 3],
      [86_400, 3],
      [30 * 86_400, 3],
    ] as const)
      expect((await activity.requests(web, window)).at(-1)).toMatchObject({ requests });
  });

  it('of an environment that was forgotten are not found by another one of its name', async () => {
    const path = newPath();
    const { clock, activity } = withClock(path);
    activity.record(web, 200, 10);
    await activity.close();
    clock.now += 1000;
    await activity.forget(web);
    activity.record({ ...web, service: 'api' }, 200, 10);
    // The samples themselves are not written again for five minutes.
    await activity.flush();
    const { activity: after } = withClock(path, clock.now);
    expect(await after.requests(web, 86_400)).toEqual([]);
    expect(await after.lastRequests([web])).toEqual([clock.now]);
    expect(readFileSync(path.replace('.json', '-history.json'), 'utf8')).toContain('"web"');
  });

  it('of many services are written while requests are answered, one service after the other', async () => {
    const path = newPath();
    const { clock, activity } = withClock(path);
    for (let at = 0; at < 200; at++) activity.record({ ...web, service: `s-${at}` }, 200, 10);
    let turns = 0;
    const count = () => {
      turns++;
      counting = setImmediate(count);
    };
    let counting = setImmediate(count);
    clock.now += 600_000;
    await activity.flush();
    clearImmediate(counting);
    expect(turns).toBeGreaterThan(100);
    expect(readFileSync(path.replace('.json', '-history.json'), 'utf8').trimEnd().split('\n')).toHaveLength(
      200,
    );
  });
});

describe('times of last requests', () => {
  it('survive a restart; those that were forgotten do not come back', async () => {
    const path = newPath();
    const first = withClock(path);
    first.activity.record(web, 200, 10);
    first.activity.record({ ...web, environment: 'gone' }, 200, 10);
    await first.activity.flush();
    await first.activity.forget({ ...web, environment: 'gone' });
    await first.activity.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(existsSync(`${path}.tmp`)).toBe(false);
    const second = withClock(path);
    expect(await second.activity.lastRequests([web, { ...web, environment: 'gone' }])).toEqual([
      T,
      undefined,
    ]);
    await second.activity.close();
  });

  it('are not believed when they are still to come', async () => {
    const path = newPath();
    writeFileSync(path, JSON.stringify({ format: 1, last: { 'demo/dev': T + 1e10 } }));
    const { activity } = withClock(path);
    expect(await activity.lastRequests([web])).toEqual([T]);
  });

  it.each([
    '',
    '{"format":1,"last":{"demo/dev":17',
    'null',
    '[]',
    '{"format":2,"last":{"demo/dev":1700000000000}}',
    '{"format":1,"last":{"demo/dev":"soon"}}',
    '\u0000\u0000\u0000',
  ])('start anew from a damaged file: %j', async (content) => {
    const path = newPath();
    writeFileSync(path, content);
    const { activity } = withClock(path);
    expect(await activity.lastRequests([web])).toEqual([undefined]);
    activity.record(web, 200, 10);
    await activity.close();
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ format: 1, last: { 'demo/dev': T } });
  });

  it('are kept later when the disk can not be written to now', async () => {
    const path = join(makeDirectory(), 'later', 'activity.json');
    const { activity } = withClock(path);
    activity.record(web, 200, 10);
    await activity.flush();
    mkdirSync(join(path, '..'));
    await activity.close();
    expect(JSON.parse(readFileSync(path, 'utf8')).last).toEqual({ 'demo/dev': T });
  });
});
