/** What the router does with domains of customers: whose they are, what an authority is answered, and where HTTPS begins. */
import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeEach, describe, expect, it } from 'vitest';
import { createDomains, type RoutedDomains } from '../../../functions/adapters/router/domains.ts';
import { createRouter } from '../../../functions/adapters/router/router.ts';
import { createTraffic } from '../../../functions/adapters/router/traffic.ts';
import type { InstanceRef } from '../../../functions/core/model/index.ts';
import type { Upstream } from '../../../functions/ports/traffic.ts';

const instance: InstanceRef = { project: 'demo', environment: 'dev', service: 'shop' };
const name = 'shop.example.com';
const domain = { name, instance, challenges: [{ token: 'abc', answer: 'abc.account' }] };

const request = (
  url: string,
  { method = 'GET', host = name, servername = undefined as string | undefined } = {},
) =>
  ({
    ...{ url, method, headers: { host } },
    socket: servername === undefined ? {} : { encrypted: true, servername },
  }) as unknown as IncomingMessage;

let domains: RoutedDomains;
beforeEach(() => {
  domains = createDomains();
  domains.set(domain);
});

describe('The path of challenges', () => {
  it('is answered for what an order waits for, and is the workload’s otherwise', () => {
    const path = '/.well-known/acme-challenge';
    expect(domains.answer(request(`${path}/abc`), name)).toMatchObject({ status: 200, body: 'abc.account' });
    for (const other of [`${path}/abd`, `${path}/`, path, `${path}/abc/..`, `${path}/abc?x`, '/', 'abc'])
      expect(domains.answer(request(other), name), other).toBeUndefined();
    expect(domains.answer(request(`${path}/abc`, { method: 'POST' }), name)).toBeUndefined();
    expect(domains.answer(request(`${path}/abc`), 'other.example.com')).toBeUndefined();
    domains.set({ ...domain, challenges: [] });
    expect(domains.answer(request(`${path}/abc`), name)).toBeUndefined();
  });

  it('is answered by HTTP also where the domain has a certificate, for its renewal', () => {
    domains.listensAt(443);
    domains.set({ ...domain, certificate: '1' });
    const at = request('/.well-known/acme-challenge/abc');
    expect(domains.answer(at, name)).toMatchObject({ status: 200, body: 'abc.account' });
  });
});

describe('HTTP', () => {
  const location = (url: string, host = name) =>
    domains.answer(request(url, { host }), name)?.headers.location;

  it('leads to HTTPS where that is listened for and the domain has a certificate, and nowhere else', () => {
    expect(location('/')).toBeUndefined();
    domains.listensAt(4643);
    expect(location('/')).toBeUndefined();
    domains.set({ ...domain, certificate: '1' });
    expect(location('/a?b=//c')).toBe(`https://${name}/a?b=//c`);
    expect(location('/a', `${name}:4600`)).toBe(`https://${name}:4643/a`);
    expect(location('http://elsewhere.example.com/')).toBeUndefined();
    expect(domains.answer(request('/', { host: 'other.example.com' }), 'other.example.com')).toBeUndefined();
    domains.remove(name);
    expect(location('/')).toBeUndefined();
  });

  it('a connection that was answered with a redirect takes the next request', async () => {
    domains.listensAt(443);
    domains.set({ ...domain, certificate: '1' });
    const router = createRouter({
      traffic: createTraffic({ baseHost: () => 'localhost', domains }),
      activity: { record: () => undefined },
      fallback: (_, response) => response.end(),
      wake: async () => 'awake',
    });
    const server = createServer(router.request).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let requests = 0; requests < 3; requests++) {
      const asked = get({ host: '127.0.0.1', port, agent, headers: { host: name } });
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      answer.resume();
      await once(answer, 'end');
      expect([answer.statusCode, asked.reusedSocket]).toEqual([308, requests > 0]);
    }
    agent.destroy();
    router.close();
    server.close();
  });

  it('a redirect is not kept by browsers: the domain may go', () => {
    domains.listensAt(443);
    domains.set({ ...domain, certificate: '1' });
    expect(domains.answer(request('/'), name)?.headers['cache-control']).toBe('no-store');
  });
});

describe('HTTPS', () => {
  it('serves the host that the connection was made for, and is 421 for any other', () => {
    domains.set({ ...domain, certificate: '1' });
    domains.set({ ...domain, name: 'other.example.com', certificate: '1' });
    expect(domains.answer(request('/', { servername: name }), name)).toBeUndefined();
    expect(domains.answer(request('/', { servername: 'SHOP.example.com' }), name)).toBeUndefined();
    for (const [servername, host] of [
      [name, 'other.example.com'],
      [name, 'localhost'],
      [name, ''],
      ['', name],
      ['localhost', 'localhost'],
    ] as const)
      expect(domains.answer(request('/', { servername }), host), `${servername} ${host}`).toMatchObject({
        status: 421,
        body: expect.stringContaining('misdirected_request'),
      });
  });
});

describe('A domain', () => {
  const upstream = (of: InstanceRef, host?: string): Upstream => ({
    instance: of,
    routes: host === undefined ? [] : [{ host, path: '/', port: 80 }],
    condition: () => ({ state: 'ready' }),
    tracks: () => [],
  });

  it('is its service’s alone, also where the file of another environment has named the host before', () => {
    const traffic = createTraffic({ baseHost: () => 'localhost:4600', domains });
    const other = { ...instance, project: 'other' };
    traffic.declare(upstream(other, name));
    // Its own workload is not there yet: nobody takes its place.
    expect(traffic.target(name, '/')).toBeUndefined();
    traffic.declare(upstream(instance));
    expect(traffic.target(name, '/')?.instance).toEqual(instance);
    domains.remove(name);
    expect(traffic.target(name, '/')?.instance).toEqual(other);
  });
});
