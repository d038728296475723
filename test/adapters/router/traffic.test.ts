/** The state that adapters report of their workloads, and where a request then goes. */
import type { IncomingMessage } from 'node:http';
import { beforeEach, describe, expect, it } from 'vitest';
import { disturb } from '../../../functions/adapters/router/disturb.ts';
import { createTraffic, type RoutedTraffic } from '../../../functions/adapters/router/traffic.ts';
import type { InstanceRef } from '../../../functions/core/model/index.ts';
import type { Track, Upstream } from '../../../functions/ports/traffic.ts';

const web: InstanceRef = { project: 'demo', environment: 'dev', service: 'web' };
const shop: InstanceRef = { ...web, service: 'shop' };

const track = (weight: number, ports: number[], closed = new AbortController().signal): Track => ({
  weight,
  backends: ports.map((port) => ({
    deployment: weight,
    hostname: '127.0.0.1',
    port,
    closed,
    acquire: () => () => undefined,
  })),
});

function upstream(instance: InstanceRef, ports: number[], more: Partial<Upstream> = {}): Upstream {
  const { signal } = new AbortController();
  return {
    instance,
    routes: [],
    condition: () => ({ state: ports.length > 0 ? 'ready' : 'starting' }),
    tracks: () => [track(100, ports, signal)],
    ...more,
  };
}

describe('Traffic', () => {
  let traffic: RoutedTraffic;
  beforeEach(() => {
    traffic = createTraffic({ baseHost: () => 'localhost:4600' });
  });
  const nextPort = (host: string, path = '/') => traffic.target(host, path)?.next()?.port;

  it('takes the ready replicas of a workload in turn, and goes on where it was after a change', () => {
    traffic.declare(upstream(web, [1, 2]));
    const host = 'web.dev.demo.localhost';
    expect([nextPort(host), nextPort(host), nextPort(host)]).toEqual([1, 2, 1]);
    traffic.declare(upstream(web, [1, 2]));
    expect([nextPort(host), traffic.next(web)?.port]).toEqual([2, 1]);
  });

  it('gives each of two versions its share of requests, of few already, and in no rhythm of a client', () => {
    for (const percent of [1, 10, 33, 50, 99]) {
      traffic.declare(upstream(web, [1], { tracks: () => [track(100 - percent, [1]), track(percent, [2])] }));
      const ports = Array.from({ length: 1000 }, () => traffic.next(web)?.port);
      const tried = ports.filter((port) => port === 2).length;
      expect(Math.abs(tried - percent * 10), `${percent} %`).toBeLessThanOrEqual(3);
      const everyTenth = ports.filter((_, at) => at % 10 === 0 && ports[at] === 2).length;
      expect(Math.abs(everyTenth - percent), `${percent} % of every tenth`).toBeLessThanOrEqual(5);
    }
  });

  it('gives a version without a share nothing, and the share of one that is not ready to the other', () => {
    const ports = () => new Set(Array.from({ length: 50 }, () => traffic.next(web)?.port));
    traffic.declare(upstream(web, [1], { tracks: () => [track(100, [1]), track(0, [2])] }));
    expect(ports()).toEqual(new Set([1]));
    traffic.declare(upstream(web, [1], { tracks: () => [track(90, []), track(10, [2])] }));
    expect(ports()).toEqual(new Set([2]));
    traffic.declare(upstream(web, [1], { tracks: () => [track(90, []), track(0, [2])] }));
    expect(ports()).toEqual(new Set([undefined]));
  });

  it('shares one host between workloads that different adapters run', () => {
    const host = 'site.dns.dev.demo.localhost';
    traffic.declare(upstream(web, [1], { routes: [{ host, path: '/', port: 80 }] }));
    traffic.declare(upstream(shop, [2], { routes: [{ host, path: '/shop', port: 80 }] }));
    expect([nextPort(host), nextPort(host, '/shop/cart'), nextPort(host, '/shopping')]).toEqual([1, 2, 1]);
    traffic.withdraw(shop);
    expect(nextPort(host, '/shop/cart')).toBe(1);
  });

  it('has no target where nothing was declared, or nothing has been started', () => {
    expect(traffic.target('web.dev.demo.localhost', '/')).toBeUndefined();
    traffic.declare(upstream(web, [], { condition: () => undefined }));
    expect(traffic.target('web.dev.demo.localhost', '/')).toBeUndefined();
    traffic.declare(upstream(web, []));
    expect(traffic.target('web.dev.demo.localhost', '/')).toMatchObject({ instance: web, state: 'starting' });
    expect(traffic.next(web)).toBeUndefined();
  });

  it('wakes those who wait at each change, and when they give up', async () => {
    const patience = new AbortController();
    const first = traffic.nextChange(patience.signal);
    traffic.declare(upstream(web, [1]));
    await first;
    const second = traffic.nextChange(patience.signal);
    traffic.withdraw(web);
    await second;
    const third = traffic.nextChange(patience.signal);
    patience.abort();
    await third;
    expect(traffic.next(web)).toBeUndefined();
  });

  it('names where a workload and a dns resource are reached', () => {
    expect(traffic.url(web)).toBe('http://web.dev.demo.localhost:4600');
    expect(traffic.host(web, 'site')).toBe('site.dns.dev.demo.localhost');
  });

  it('disturbs requests to one workload until the time that was given, and not after it', () => {
    traffic.declare(upstream(web, [1]));
    traffic.declare(upstream(shop, [2]));
    const disturbanceOf = (name: string) => traffic.target(`${name}.dev.demo.localhost`, '/')?.disturbance;
    traffic.disturb({ ...web, forMs: 60_000, abort: { percent: 50 } });
    expect(disturbanceOf('web')).toMatchObject({ abort: { percent: 50 } });
    expect(disturbanceOf('shop')).toBeUndefined();
    traffic.disturb({ ...web, forMs: 0 });
    expect(disturbanceOf('web')).toBeUndefined();
    traffic.disturb({ ...web, forMs: 0, abort: { percent: 50 } });
    expect(disturbanceOf('web')).toBeUndefined();
  });
});

describe('A disturbance', () => {
  const request = { method: 'GET', headers: {}, url: '/' } as IncomingMessage;
  const gone = new AbortController().signal;

  it('makes a request wait, but not beyond its own end', async () => {
    const from = performance.now();
    const until = from + 40;
    const delay = { percent: 100, ms: 30_000 };
    expect(await disturb(request, { ...web, forMs: 40, until, delay }, gone)).toBeUndefined();
    expect(performance.now() - from).toBeLessThan(5_000);
  });

  it('answers in place of the workload, with why and until when', async () => {
    const until = performance.now() + 60_000;
    const answer = await disturb(request, { ...web, forMs: 60_000, until, abort: { percent: 100 } }, gone);
    expect(answer?.status).toBe(503);
    expect(answer?.body).toContain('a game day is held');
    expect(answer?.body).toContain('it is over in 60 s');
  });

  it('ends with the client', async () => {
    const delay = { percent: 100, ms: 30_000 };
    await disturb(
      request,
      { ...web, forMs: 30_000, until: performance.now() + 30_000, delay },
      AbortSignal.abort(),
    );
  });
});
