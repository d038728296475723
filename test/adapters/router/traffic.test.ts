/** The state that adapters report of their workloads, and where a request then goes. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createTraffic, type RoutedTraffic } from '../../../functions/adapters/router/traffic.ts';
import type { InstanceRef } from '../../../functions/core/model/index.ts';
import type { Upstream } from '../../../functions/ports/traffic.ts';

const web: InstanceRef = { project: 'demo', environment: 'dev', service: 'web' };
const shop: InstanceRef = { ...web, service: 'shop' };

function upstream(instance: InstanceRef, ports: number[], more: Partial<Upstream> = {}): Upstream {
  const { signal } = new AbortController();
  return {
    instance,
    routes: [],
    condition: () => ({ state: ports.length > 0 ? 'ready' : 'starting' }),
    backends: () =>
      ports.map((port) => ({ hostname: '127.0.0.1', port, closed: signal, acquire: () => () => undefined })),
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
});
