import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createKubernetesDomains,
  type KubernetesDomainsOptions,
} from '../../../../functions/adapters/kubernetes/domains/served-domains.ts';
import type { StoredGateway, StoredRoute } from '../../../../functions/adapters/kubernetes/http-routes.ts';
import {
  defaultRenderOptions,
  type KubernetesObject,
} from '../../../../functions/adapters/kubernetes/manifests/index.ts';
import { trackServiceName } from '../../../../functions/adapters/kubernetes/object-names.ts';
import { TransientError } from '../../../../functions/core/problem.ts';
import type { ServedDomain } from '../../../../functions/ports/domains.ts';
import { containerSpec, workloadSpec } from '../../../contracts/workloads/workloads-spec.ts';
import { manifestsOf } from '../all-manifests.ts';
import { createStoredObjects, type StoredObjects } from '../tracks/stored-objects.ts';

const instance = { project: 'demo', environment: 'dev', service: 'web' };
const NAMESPACE = 'berth-demo-dev';
const digest = `sha256:${'a'.repeat(64)}`;
const images = { [digest]: { reference: `registry.test/web@${digest}`, entrypoint: ['node'], cmd: [] } };
const render = {
  ...defaultRenderOptions,
  domain: 'apps.example.com',
  hasDomains: true,
  activator: { namespace: 'berth-gateway', name: 'activator', port: 80 },
};
const domain: ServedDomain = { name: 'shop.example.com', instance, challenges: [] };
const certified: ServedDomain = { ...domain, certificate: 'one' };

/** The Gateway of the platform. */
const platform = (protocols: readonly string[]): KubernetesObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { ...render.gateway },
  spec: {
    gatewayClassName: 'traefik',
    listeners: protocols.map((protocol) => ({
      name: protocol.toLowerCase(),
      protocol,
      port: protocol === 'HTTPS' ? 8443 : 8000,
    })),
  },
});

let objects: StoredObjects;
let errors: unknown[];
let domains: ReturnType<typeof createKubernetesDomains>;
const create = (extra: Partial<KubernetesDomainsOptions> = {}) => {
  domains = createKubernetesDomains({
    client: objects.client,
    render,
    read: async (_, version) => ({ key: `key ${version}`, cert: `chain ${version}` }),
    onError: (error) => errors.push(error),
    toldMs: 0,
    retryMs: 5,
    ...extra,
  });
};

beforeEach(() => {
  objects = createStoredObjects();
  errors = [];
  objects.put(platform(['HTTP', 'HTTPS']));
  const spec = workloadSpec(instance, 1, [containerSpec(digest)]);
  for (const object of manifestsOf(spec, images, render))
    if (object.kind === 'Deployment') objects.put(object);
  objects.putTracks(NAMESPACE, instance, { serving: { track: 'a', since: 1 } });
  create();
});
afterEach(() => domains.close());

const own = () =>
  objects.all<StoredGateway>('Gateway').filter(({ metadata }) => metadata.name !== render.gateway.name);
const routes = () =>
  objects.all<StoredRoute>('HTTPRoute').filter(({ spec }) => spec.hostnames.includes(domain.name));
/** What requests for the domain meet, by listener. */
const leads = () =>
  routes()
    .flatMap(({ spec: { parentRefs, rules } }) =>
      rules.map(({ matches, backendRefs, filters }) => [
        parentRefs[0]?.sectionName,
        matches[0]?.path.value,
        backendRefs[0]?.name ?? filters?.[0]?.type,
      ]),
    )
    .sort();
const service = trackServiceName(instance, NAMESPACE, 1);

describe('A domain in a cluster', () => {
  it('has a Gateway of its own in the namespace of its environment, by the class and ports of the platform’s', async () => {
    await domains.set(domain);
    expect(own()).toMatchObject([
      {
        metadata: { namespace: NAMESPACE },
        spec: {
          gatewayClassName: 'traefik',
          listeners: [
            {
              hostname: domain.name,
              port: 8000,
              protocol: 'HTTP',
              allowedRoutes: { namespaces: { from: 'Same' } },
            },
          ],
        },
      },
    ]);
    expect(leads()).toEqual([['http', '/', service]]);
    expect(objects.all('Secret')).toEqual([]);
  });

  it('is served by HTTPS once it has a certificate, and HTTP leads there', async () => {
    await domains.set(domain);
    await domains.set(certified);
    expect(own()[0]?.spec.listeners[1]).toMatchObject({
      hostname: domain.name,
      port: 8443,
      protocol: 'HTTPS',
      tls: { mode: 'Terminate', certificateRefs: [{ kind: 'Secret', name: own()[0]?.metadata.name }] },
    });
    expect(leads()).toEqual([
      ['http', '/', 'RequestRedirect'],
      ['https', '/', service],
    ]);
    expect(objects.all('Secret')).toMatchObject([
      { type: 'kubernetes.io/tls', data: { 'tls.crt': Buffer.from('chain one').toString('base64') } },
    ]);
    await domains.set({ ...certified, certificate: 'two' });
    expect(objects.all('Secret')).toMatchObject([
      { data: { 'tls.key': Buffer.from('key two').toString('base64') } },
    ]);
  });

  it('answers an authority by the activator as long as an order waits for it, and no other path', async () => {
    await domains.set({ ...certified, challenges: [{ token: 'tok', answer: 'tok.print' }] });
    expect(leads()).toEqual([
      ['http', '/', 'RequestRedirect'],
      ['http', '/.well-known/acme-challenge/tok', 'activator'],
      ['https', '/', service],
    ]);
    expect(objects.all('ReferenceGrant')).toHaveLength(1);
    await domains.set(certified);
    expect(leads()).toHaveLength(2);
  });

  it('is served for an authority once each process of the gateway leads to its answer', async () => {
    const statuses = [404, 204, 200, 204, 204, 204];
    const asked: string[] = [];
    create({
      gateway: { selector: 'app=gateway', port: 9100 },
      client: {
        ...objects.client,
        list: async <T>(...[path, query]: Parameters<typeof objects.client.list>) =>
          path.endsWith('/pods')
            ? {
                metadata: { resourceVersion: '1' },
                items: ['one', 'two'].map(
                  (name) => ({ metadata: { name }, status: { phase: 'Running' } }) as T,
                ),
              }
            : objects.client.list<T>(path, query),
        status: async (path) => statuses[asked.push(path) - 1] ?? 500,
      },
    });
    await domains.set({ ...domain, challenges: [{ token: 'tok', answer: 'tok.print' }] });
    expect(asked).toHaveLength(statuses.length);
    expect(asked[1]).toBe(
      '/api/v1/namespaces/berth-gateway/pods/two:8000/proxy/.well-known/acme-challenge/tok',
    );
  });

  it('of which nothing stays once it is removed, and what another installation has of the name does', async () => {
    await domains.set(certified);
    create({ render: { ...render, namespacePrefix: 'other' } });
    await domains.set({ ...certified, instance: { ...instance, service: 'none' } });
    create();
    await domains.remove(domain.name);
    expect(own().map(({ metadata }) => metadata)).toMatchObject([{ namespace: 'other-demo-dev' }]);
    expect(objects.all('Secret')).toHaveLength(1);
    expect(
      routes().filter(({ metadata }) => 'namespace' in metadata && metadata.namespace === NAMESPACE),
    ).toEqual([]);
  });

  it('that has come to another environment leaves nothing where it was', async () => {
    await domains.set(certified);
    create();
    await domains.set({ ...certified, instance: { ...instance, environment: 'live' } });
    expect(own()).toMatchObject([{ metadata: { namespace: 'berth-demo-live' } }]);
    expect(routes().map(({ metadata }) => metadata)).toMatchObject([{ namespace: 'berth-demo-live' }]);
  });

  it('that was let go while Berth ended is served no more after its start, and others go on', async () => {
    await domains.set(certified);
    await domains.set({ ...domain, name: 'old.example.com' });
    create();
    domains.restore([certified]);
    await expect.poll(() => own().map(({ spec }) => spec.listeners[0]?.hostname)).toEqual([domain.name]);
    expect(errors).toEqual([]);
  });

  it('that can not be served yet is a fault that is worth another try, which is made by itself', async () => {
    objects.put(platform(['HTTPS']));
    await expect(domains.set(domain)).rejects.toThrow(TransientError);
    expect(errors).toHaveLength(1);
    objects.put(platform(['HTTP', 'HTTPS']));
    await expect.poll(() => own()).toHaveLength(1);
  });

  it('has no certificate where TLS ends before the gateway', async () => {
    objects.put(platform(['HTTP']));
    await domains.set(certified);
    expect(own()[0]?.spec.listeners).toHaveLength(1);
    expect(leads()).toEqual([['http', '/', service]]);
  });
});
