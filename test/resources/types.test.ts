import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deploymentKey, environmentKey, secretKey, versionIdKey } from '../../functions/core/keys.ts';
import type { ScoreResource } from '../../functions/core/score/workload.ts';
import type { Write } from '../../functions/ports/store.ts';
import { resourceType, resourceTypes } from '../../functions/resources/index.ts';
import { resourceLabel } from '../../functions/resources/owner.ts';
import { expectLinear } from '../support/cpu.ts';
import { temporaryDirectories } from '../support/files/temporary.ts';
import { type Asking, openPorts, problemOf, requestFor, type TestPorts, workload } from './ports.ts';

const makeDirectory = temporaryDirectories();
let ports: TestPorts;
beforeAll(async () => {
  ports = await openPorts(makeDirectory());
});
afterAll(() => ports.close());

const provision = (resource: ScoreResource, asking?: Asking) =>
  resourceType(resource.type).provision(ports, requestFor(resource, asking));
const valuesOf = async (resource: ScoreResource, asking?: Asking) =>
  (await provision(resource, asking)).values;
const accepts = (type: string, params: unknown): boolean =>
  resourceType(type).params.safeParse(params).success;

const names = resourceTypes.map(({ type }) => type);

describe('resource types', () => {
  it('are found by name', () => {
    expect(names.length).toBeGreaterThan(0);
    expect(new Set(names).size).toBe(names.length);
    for (const type of resourceTypes) {
      expect(resourceType(type.type)).toBe(type);
      expect(type.summary).toMatch(/\.$/);
    }
  });

  it.each(['rabbit', '', 'constructor', '__proto__', 'toString', 'Postgres', 'x'.repeat(5000)])(
    'unknown: %.20s is a problem that names those there are',
    async (name) => {
      const { code, text } = await problemOf((async () => resourceType(name))());
      expect(code).toBe('unknown_resource_type');
      for (const known of names) expect(text).toContain(known);
      expect(text.length).toBeLessThan(400);
    },
  );

  it.each(names)('%s refuses params it does not know, and a class it does not have', async (type) => {
    expect(accepts(type, { unknown: 1 })).toBe(false);
    expect(accepts(type, null)).toBe(false);
    const { code, text } = await problemOf(provision({ type, class: 'huge' }));
    expect(code).toBe('invalid_resource');
    expect(text).toContain('"huge"');
  });

  it.each(resourceTypes.filter(({ owned }) => !owned).map(({ type }) => type))(
    '%s makes nothing: there is nothing to remove',
    async (type) => {
      const request = requestFor({ type });
      await resourceType(type).deprovision(ports, request);
      expect(await resourceType(type).inventory(ports, request)).toEqual([]);
    },
  );
});

describe('labels of resources', () => {
  it.each([
    ['guestbook.db', /^guestbook-db-[0-9a-f]{8}$/],
    ['UPPER_case', /^upper-case-[0-9a-f]{8}$/],
    ['...', /^[0-9a-f]{8}$/],
    ['../../etc', /^etc-[0-9a-f]{8}$/],
    ['ü🚢', /^[0-9a-f]{8}$/],
    ['a'.repeat(200), /^a{31}-[0-9a-f]{8}$/],
    [`${'a'.repeat(30)}.b`, /^a{30}-[0-9a-f]{8}$/],
  ])('%.20s', (id, pattern) => {
    const label = resourceLabel({ id, uid: `volume.default#${id}` }, 40);
    expect(label).toMatch(pattern);
    expect(label).not.toBe(resourceLabel({ id, uid: `volume.other#${id}` }, 40));
  });

  it('differ where only the cut or the replaced characters differ', () => {
    const ids = ['a.b', 'a-b', 'a_b', 'A.b', `${'x'.repeat(63)}a`, `${'x'.repeat(63)}b`];
    expect(new Set(ids.map((id) => resourceLabel({ id, uid: id }, 40))).size).toBe(ids.length);
  });
});

describe('volume', () => {
  const type = resourceType('volume');

  it('makes one of the size, 1Gi unless said; the same request the same volume', async () => {
    const first = await provision({ type: 'volume' }, { name: 'data' });
    expect(await provision({ type: 'volume' }, { name: 'data' })).toEqual(first);
    expect(ports.volumes.get(first.values.source ?? '')).toBe(2 ** 30);
    const small = await valuesOf({ type: 'volume', params: { size: '64Mi' } }, { name: 'small' });
    expect(ports.volumes.get(small.source ?? '')).toBe(2 ** 26);
  });

  it('is one for each workload and environment, and shared where an id says so', async () => {
    const sources = [
      await valuesOf({ type: 'volume' }),
      await valuesOf({ type: 'volume' }, { service: 'shop' }),
      await valuesOf({ type: 'volume' }, { environment: 'production' }),
      await valuesOf({ type: 'volume' }, { name: 'cache' }),
      await valuesOf({ type: 'volume', id: 'shared' }),
    ].map(({ source }) => source);
    expect(new Set(sources).size).toBe(5);
    expect((await valuesOf({ type: 'volume', id: 'shared' }, { service: 'shop' })).source).toBe(sources[4]);
  });

  it('is removed once and again, and nothing else with it', async () => {
    const asking = { environment: 'gone' };
    const request = requestFor({ type: 'volume' }, { ...asking, name: 'a' });
    const other = requestFor({ type: 'volume' }, { ...asking, name: 'b' });
    await type.provision(ports, request);
    await type.provision(ports, other);
    expect(await type.inventory(ports, request)).toHaveLength(1);
    await type.deprovision(ports, request);
    await type.deprovision(ports, request);
    expect(await type.inventory(ports, request)).toEqual([]);
    expect(await type.inventory(ports, other)).toHaveLength(1);
  });

  it('takes sizes that a disk can have', () => {
    for (const size of ['1Mi', '1Gi', '500M', '16Ti', '1048576'])
      expect(accepts('volume', { size }), size).toBe(true);
    for (const size of [
      '',
      '0',
      '1',
      '17Ti',
      '-1Gi',
      '1gb',
      '1e9',
      ' 1Gi',
      '1Gi\n',
      1_048_576,
      null,
      `9${'9'.repeat(400)}`,
    ])
      expect(accepts('volume', { size }), String(size)).toBe(false);
  });
});

describe('dns', () => {
  it('is named after the service, or by the id where workloads share one', async () => {
    expect(await valuesOf({ type: 'dns' })).toMatchObject({ host: 'guestbook.dev.demo.localhost' });
    expect(await valuesOf({ type: 'dns' }, { service: 'shop' })).toMatchObject({
      host: 'shop.dev.demo.localhost',
    });
    for (const service of ['guestbook', 'shop'])
      expect(await valuesOf({ type: 'dns', id: 'www' }, { service })).toMatchObject({
        host: 'www.dev.demo.localhost',
      });
    const dotted = (await valuesOf({ type: 'dns', id: 'www.shop' })).host;
    expect(dotted).toMatch(/^www-shop-[0-9a-f]{8}\.dev\.demo\.localhost$/);
    const long = (await valuesOf({ type: 'dns', id: 'w'.repeat(63) })).host;
    expect(long).toMatch(/^w{31}-[0-9a-f]{8}\.dev\.demo\.localhost$/);
  });
});

describe('route', () => {
  const host = 'guestbook.dev.demo.localhost';
  const asking = {
    workload: { service: { ports: { www: { port: 80, targetPort: 8080 }, admin: { port: 9000 } } } },
  };
  const routeTo = (params: Record<string, unknown>, more: Asking = asking) =>
    valuesOf({ type: 'route', params: { host, path: '/', port: 80, ...params } }, more);

  it('gives host, path, port and the URL that people use; a port from a placeholder is text', async () => {
    const scheme = 'http';
    const url = `http://${host}:4600`;
    expect(await routeTo({ path: '/api' })).toEqual({
      host,
      path: '/api',
      port: '80',
      scheme,
      url: `${url}/api`,
    });
    expect(await routeTo({ port: '9000' })).toEqual({
      host,
      path: '/',
      port: '9000',
      scheme,
      url: `${url}/`,
    });
  });

  it('takes the hosts that dns resources of the environment give, its own and shared ones', async () => {
    for (const resource of [{ type: 'dns' }, { type: 'dns', id: 'www' }, { type: 'dns', id: 'www.shop' }]) {
      const { host: given = '' } = await valuesOf(resource);
      const resources = { dns: resource };
      expect(await routeTo({ host: given }, { workload: { ...asking.workload, resources } })).toMatchObject({
        host: given,
      });
    }
    // Declared in another workload's file.
    expect(await routeTo({ host: 'shop.dev.demo.localhost' })).toMatchObject({
      host: 'shop.dev.demo.localhost',
    });
  });

  it('takes hosts whose shape is another, as on a cluster: one label for all', async () => {
    const cluster: TestPorts = {
      ...ports,
      workloads: {
        ...ports.workloads,
        host: async ({ project, environment }, label) =>
          `${label}-${environment}-${project}.apps.example.com`,
      },
    };
    const attempt = (given: string) =>
      resourceType('route').provision(
        cluster,
        requestFor({ type: 'route', params: { host: given, path: '/', port: 80 } }, asking),
      );
    expect((await attempt('a-b-dev-demo.apps.example.com')).values.host).toBe(
      'a-b-dev-demo.apps.example.com',
    );
    expect((await problemOf(attempt('a-prod-demo.apps.example.com'))).code).toBe('invalid_resource');
  });

  it.each([
    'example.com',
    'guestbook.production.demo.localhost',
    'guestbook.dev.other.localhost',
    'evil.guestbook.dev.demo.localhost.example.com',
    'a.b.dev.demo.localhost',
    'dev.demo.localhost',
    'localhost',
    '127.0.0.1',
    'guestbook.dev.demo.localhost:4600',
  ])('refuses the foreign host %s', async (foreign) => {
    const { code, text } = await problemOf(routeTo({ host: foreign }));
    expect(code).toBe('invalid_resource');
    expect(text).toContain('dns');
  });

  it('refuses a port that the service does not have', async () => {
    expect((await problemOf(routeTo({ port: 8080 }))).text).toContain('80, 9000');
    expect((await problemOf(routeTo({}, {}))).text).toContain('service.ports');
  });

  it.each([
    ['host', '*.dev.demo.localhost'],
    ['host', 'GUESTBOOK.dev.demo.localhost'],
    ['host', `${host}\n`],
    ['host', `${host}.`],
    ['host', `${host};server_name x`],
    ['host', `${host}/x`],
    ['host', `-${host}`],
    ['host', 'a..b'],
    ['host', '[::1]'],
    ['host', `${'a.'.repeat(200)}b`],
    ['path', ''],
    ['path', 'api'],
    ['path', '//api'],
    ['path', '/api//x'],
    ['path', '/../secret'],
    ['path', '/a/../b'],
    ['path', '/.'],
    ['path', '/api;proxy_pass x'],
    ['path', '/api {'],
    ['path', '/api\n'],
    ['path', '/(.*)'],
    ['path', '/a*'],
    ['path', '/%2e%2e'],
    ['path', '/a\\b'],
    ['path', '/$x'],
    ['path', `/${'a'.repeat(300)}`],
    ['port', 0],
    ['port', 65_536],
    ['port', 80.5],
    ['port', '80 '],
    ['port', '0x50'],
    ['port', '-1'],
    ['port', 'www'],
  ])('refuses the %s %j', (name, value) => {
    expect(accepts('route', { host, path: '/', port: 80, [name]: value })).toBe(false);
  });

  it('reads hostile params in time that grows with their length', () => {
    expectLinear(50_000, (size) => {
      for (const text of ['a-'.repeat(size), 'a.'.repeat(size), '/a'.repeat(size)]) {
        accepts('route', { host: text, path: text, port: text });
        accepts('service-port', { workload: text, port: text });
      }
    });
  });
});

describe('service-port', () => {
  const at = { project: 'demo', environment: 'dev', service: 'shop' };
  const deployed = (service: string, number: number, port: number): Write[] => {
    const version = `v${port}`;
    const content = workload(service, {
      service: { ports: { www: { port, targetPort: 8080 }, 'admin-ui': { port: 9000 } } },
    });
    return [
      {
        put: {
          ...deploymentKey({ ...at, service }, number),
          data: { project: at.project, service, number, version },
        },
      },
      {
        put: {
          ...versionIdKey({ project: at.project, service }, version),
          data: { order: version, workload: content },
        },
      },
    ];
  };
  beforeAll(() =>
    ports.store.transact([
      ...deployed('shop', 1, 80),
      ...deployed('shop', 2, 81),
      ...deployed('starting', 1, 82),
      {
        put: {
          ...environmentKey(at),
          data: { name: 'dev', services: { shop: { newest: 2, current: 1 }, starting: { newest: 1 } } },
        },
      },
    ]),
  );
  const portOf = (params: Record<string, unknown>, asking?: Asking) =>
    valuesOf({ type: 'service-port', params }, asking);

  it('gives where the port is reached, by name or by number, of the deployment that serves', async () => {
    expect(await portOf({ workload: 'shop', port: 'www' })).toEqual({ hostname: '127.0.0.1', port: '8084' });
    expect(await portOf({ workload: 'shop', port: 80 })).toEqual({ hostname: '127.0.0.1', port: '8084' });
    expect(await portOf({ workload: 'shop', port: '80' })).toEqual({ hostname: '127.0.0.1', port: '8084' });
    expect(await portOf({ workload: 'shop', port: 'admin-ui' })).toEqual({
      hostname: '127.0.0.1',
      port: '9004',
    });
    expect((await problemOf(portOf({ workload: 'shop', port: 81 }))).code).toBe('invalid_resource');
  });

  it('is found by the name of the resource alone as type service, at the first port', async () => {
    const here = { hostname: '127.0.0.1', name: '127.0.0.1', port: '8084' };
    expect(await valuesOf({ type: 'service' }, { name: 'shop' })).toEqual(here);
    expect(await valuesOf({ type: 'service', params: { workload: 'shop', port: 'www' } })).toEqual(here);
    expect((await problemOf(valuesOf({ type: 'service' }, { name: 'none' }))).text).toContain(
      'Deploy none to',
    );
  });

  it('lets two services need each other: one that is being deployed first counts', async () => {
    expect(await portOf({ workload: 'starting', port: 82 })).toEqual({ hostname: '127.0.0.1', port: '8088' });
  });

  it('says what to deploy when the other service is not there', async () => {
    for (const asking of [{ environment: 'production' }, { project: 'other' }]) {
      const { code, text } = await problemOf(portOf({ workload: 'shop', port: 'www' }, asking));
      expect(code).toBe('invalid_resource');
      expect(text).toContain('Deploy shop to');
    }
  });

  it('says which ports there are', async () => {
    const { code, text } = await problemOf(portOf({ workload: 'shop', port: 'grpc' }));
    expect(code).toBe('invalid_resource');
    expect(text).toContain('www (80), admin-ui (9000)');
    for (const port of ['constructor', 'toString'])
      expect((await problemOf(portOf({ workload: 'shop', port }))).code).toBe('invalid_resource');
  });

  it.each([
    { workload: '../shop', port: 80 },
    { workload: 'shop#1', port: 80 },
    { workload: 'shop\n', port: 80 },
    { workload: '', port: 80 },
    { workload: 'shop', port: '' },
    { workload: 'shop', port: 'a b' },
    { workload: 'shop', port: 0 },
    { workload: 'shop' },
    { port: 80 },
  ])('refuses %j', (params) => {
    expect(accepts('service-port', params)).toBe(false);
  });
});

describe('environment', () => {
  const secret = (environment: string, name: string): Write => {
    const at = { project: 'demo', environment };
    const times = { createdAt: '2030-01-01T00:00:00.000Z', updatedAt: '2030-01-01T00:00:00.000Z' };
    return {
      put: {
        ...secretKey(at, name),
        data: { ...at, name, version: `v-${name}`, versions: [], ...times, updatedBy: 'a' },
      },
    };
  };

  it('refers to every secret of the environment by name and version, never to a value', async () => {
    await ports.store.transact([
      secret('dev', 'API_KEY'),
      secret('dev', '__proto__'),
      secret('production', 'OTHER'),
    ]);
    const { values, secrets } = await provision({ type: 'environment' });
    expect(values).toEqual({});
    expect(Object.keys(secrets).sort()).toEqual(['API_KEY', '__proto__']);
    expect(secrets.API_KEY).toEqual({ secret: 'demo/dev/env/API_KEY', version: 'v-API_KEY' });
    expect(Object.getPrototypeOf(secrets)).toBe(Object.prototype);
    expect((await provision({ type: 'environment' }, { environment: 'empty' })).secrets).toEqual({});
  });

  it('finds them on all pages', async () => {
    const names = Array.from({ length: 1500 }, (_, index) => `S${index}`);
    for (let from = 0; from < names.length; from += 100)
      await ports.store.transact(names.slice(from, from + 100).map((name) => secret('many', name)));
    const { secrets } = await provision({ type: 'environment' }, { environment: 'many' });
    expect(Object.keys(secrets).sort()).toEqual(names.sort());
  });
});
