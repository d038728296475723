import { describe, expect, it } from 'vitest';
import {
  gatewayTrouble,
  routeTrouble,
  type StoredRoute,
} from '../../../functions/adapters/kubernetes/http-routes.ts';

const gateway = { namespace: 'edge', name: 'front' };
const parentRef = { group: 'gateway.networking.k8s.io', kind: 'Gateway', ...gateway } as const;
const metadata = { name: 'web-0a', uid: 'u', resourceVersion: '7', generation: 3 };
const condition = (type: string, status: 'True' | 'False' | 'Unknown', observedGeneration = 3) => ({
  type,
  status,
  reason: 'SomeReason',
  message: 'some words',
  observedGeneration,
});
const route = (...conditions: ReturnType<typeof condition>[]): StoredRoute => ({
  metadata,
  spec: { parentRefs: [parentRef], hostnames: ['web.example.com'], rules: [] },
  status: { parents: [{ parentRef, conditions }] },
});
const served = [condition('Accepted', 'True'), condition('ResolvedRefs', 'True')];

describe('A route', () => {
  it('is served once the gateway has accepted it as it is now', () => {
    expect(routeTrouble(route(...served), gateway)).toBeUndefined();
    expect(routeTrouble(route(...served, condition('Programmed', 'True')), gateway)).toBeUndefined();
  });

  it.each([
    ['nobody has looked at it', { ...route(), status: {} }],
    [
      'another gateway has accepted it',
      {
        ...route(),
        status: { parents: [{ parentRef: { ...parentRef, name: 'other' }, conditions: served }] },
      },
    ],
    ['it was accepted as it was before', route(condition('Accepted', 'True', 2))],
    ['it may be accepted', route(condition('Accepted', 'Unknown'))],
  ])('is not served while %s, and the host is told', (_, given) => {
    expect(routeTrouble(given, gateway)).toMatchObject({
      code: 'workload_not_ready',
      final: false,
      why: 'the gateway edge/front has not taken up the route of web.example.com',
    });
  });

  it.each(['Accepted', 'ResolvedRefs', 'Programmed'])(
    'is not served where %s is false, and the reason is told',
    (type) => {
      const given = route(...served.filter((each) => each.type !== type), condition(type, 'False'));
      expect(routeTrouble(given, gateway)?.why).toBe(
        'the gateway edge/front does not serve the route of web.example.com (SomeReason: some words)',
      );
    },
  );
});

describe('The Gateway', () => {
  it('is at fault where it is not there, or says that it does not work', () => {
    expect(gatewayTrouble(undefined, gateway)?.why).toBe('the cluster has no Gateway edge/front');
    const broken = { status: { conditions: [condition('Programmed', 'False')] } };
    expect(gatewayTrouble(broken, gateway)?.why).toBe(
      'the gateway edge/front does not work (SomeReason: some words)',
    );
  });

  it('is not at fault where it works, or says nothing', () => {
    expect(gatewayTrouble({}, gateway)).toBeUndefined();
    const fine = { status: { conditions: [condition('Programmed', 'True')] } };
    expect(gatewayTrouble(fine, gateway)).toBeUndefined();
  });
});
