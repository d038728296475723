import { describe, expect, it } from 'vitest';
import { asleep, awake, isAsleep } from '../../../functions/adapters/kubernetes/activator/sleeping-route.ts';
import { createTokenReview } from '../../../functions/adapters/kubernetes/activator/token-review.ts';
import type { HttpRouteObject } from '../../../functions/adapters/kubernetes/manifests/objects.ts';
import { WAKES_AUDIENCE } from '../../../functions/adapters/kubernetes/object-names.ts';

const ref = { project: 'shop', environment: 'dev', service: 'web' };
const activator = { namespace: 'edge', name: 'activator', port: 80 };
const set = [{ name: 'X-Forwarded-Proto', value: 'https' }];
const route: HttpRouteObject = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'web-0a', namespace: 'berth-shop-dev', annotations: { 'berth.dev/fence': '7' } },
  spec: {
    parentRefs: [],
    hostnames: ['web.example.com'],
    rules: [
      {
        matches: [{ path: { type: 'PathPrefix', value: '/' } }],
        filters: [{ type: 'RequestHeaderModifier', requestHeaderModifier: { set } }],
        backendRefs: [{ group: '', kind: 'Service', name: 'web', port: 8080, weight: 1 }],
      },
    ],
  },
};

describe('A route of a service that sleeps', () => {
  const sleeping = asleep(route, ref, activator);

  it('leads to the activator, and says whose the request is in the place of whoever sends it', () => {
    const [rule] = sleeping.spec.rules;
    expect(rule?.backendRefs).toMatchObject([{ name: 'activator', namespace: 'edge', port: 80 }]);
    expect(rule?.filters).toEqual([
      {
        type: 'RequestHeaderModifier',
        requestHeaderModifier: { set: [...set, { name: 'Berth-Sleeper', value: 'shop/dev/web:8080' }] },
      },
    ]);
    expect(rule?.matches).toEqual(route.spec.rules[0]?.matches);
    expect(sleeping.metadata.name).toBe(route.metadata.name);
    expect(sleeping.metadata.annotations?.['berth.dev/fence']).toBe('7');
  });

  it('comes back as it was, also when it was put to sleep twice', () => {
    expect(isAsleep(route)).toBe(false);
    expect(isAsleep(sleeping)).toBe(true);
    expect(awake(asleep(sleeping, ref, activator))).toEqual(route);
    expect(awake(route)).toBe(route);
  });
});

describe('The token of the activator', () => {
  const good = {
    authenticated: true,
    audiences: [WAKES_AUDIENCE],
    user: { username: 'system:serviceaccount:edge:activator' },
  };
  function reviewing(status: object) {
    const asked: unknown[] = [];
    let now = 0;
    const wakers = createTokenReview({
      client: {
        async call<T>(_method: string, _path: string, options?: { body?: unknown }) {
          asked.push(options?.body);
          return { status } as T;
        },
      },
      activator,
      now: () => now,
    });
    return { wakers, asked, pass: (ms: number) => (now += ms) };
  }

  it('is good while the cluster says so of this audience; it is asked again after half a minute', async () => {
    const { wakers, asked, pass } = reviewing(good);
    expect(await wakers.knows('a')).toBe(true);
    expect(await wakers.knows('a')).toBe(true);
    expect(asked).toMatchObject([{ kind: 'TokenReview', spec: { token: 'a', audiences: [WAKES_AUDIENCE] } }]);
    pass(30_000);
    expect(await wakers.knows('a')).toBe(true);
    expect(asked).toHaveLength(2);
  });

  it.each([
    ['of another account', { ...good, user: { username: 'system:serviceaccount:edge:default' } }],
    ['for another audience', { ...good, audiences: ['https://kubernetes.default.svc'] }],
    ['that has run out', { authenticated: false }],
    ['that the cluster says nothing of', {}],
  ])('is none where it is one %s, however often it comes', async (_, status) => {
    const { wakers, asked } = reviewing(status);
    expect(await wakers.knows('a')).toBe(false);
    expect(await wakers.knows('a')).toBe(false);
    expect(asked).toHaveLength(2);
  });
});
