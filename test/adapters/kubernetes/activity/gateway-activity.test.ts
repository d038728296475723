import { describe, expect, it } from 'vitest';
import { createFigures } from '../../../../functions/adapters/kubernetes/activity/figures.ts';
import { nextLook } from '../../../../functions/adapters/kubernetes/activity/gateway-activity.ts';
import {
  parseMetrics,
  type RouteCounts,
} from '../../../../functions/adapters/kubernetes/activity/gateway-metrics.ts';
import {
  quantileMs as quantile,
  type RequestCounts,
} from '../../../../functions/core/rollout/request-counts.ts';

const gateway = { namespace: 'edge', name: 'front' };
const KEY = '0123456789abcdef';
const line = (metric: string, router: string, more: string, value: number): string =>
  `traefik_router_${metric}{${more},method="GET",protocol="http",router="${router}@kubernetesgateway",service="s"} ${value}`;
const router = (name: string, of = 'edge-front') => `httproute-berth-demo-dev-${name}-gw-${of}-ep-http-0-aa`;

describe('Counts of the gateway', () => {
  it('are summed by route, over codes and methods, with errors from 500 on', () => {
    const text = [
      '# TYPE traefik_router_requests_total counter',
      line('requests_total', router(`web-${KEY}`), 'code="200"', 3),
      line('requests_total', router(`web-${KEY}`), 'code="499"', 1),
      line('requests_total', router(`web-${KEY}`), 'code="503"', 2),
      line('request_duration_seconds_bucket', router(`web-${KEY}`), 'code="200",le="0.1"', 2),
      line('request_duration_seconds_bucket', router(`web-${KEY}`), 'code="503",le="0.1"', 1),
      line('request_duration_seconds_bucket', router(`web-${KEY}`), 'code="200",le="+Inf"', 3),
      'traefik_config_reloads_total 7',
    ].join('\n');
    expect([...parseMetrics(text, gateway).routes]).toEqual([
      [
        KEY,
        {
          requests: 6,
          errors: 2,
          within: new Map([
            [0.1, 3],
            [Number.POSITIVE_INFINITY, 3],
          ]),
        },
      ],
    ]);
  });

  it('of Services are told by the key at the end of their names, whatever stands before it', () => {
    const service = (name: string, of = 'edge-front') =>
      `traefik_service_requests_total{code="200",method="GET",protocol="http",service="httproute-x-gw-${of}-ep-http-0-aa-svc-berth-demo-dev-${name}-1@kubernetesgateway"} 4`;
    const text = [
      service(`web-${KEY}`),
      service('web'),
      service(`web-${KEY}`, 'other-front'),
      `traefik_service_requests_total{code="200",service="evil-${KEY}-1@kubernetesgateway"} 4`,
    ].join('\n');
    const { routes, services } = parseMetrics(text, gateway);
    expect([...services]).toEqual([[KEY, { requests: 4, errors: 0, within: new Map() }]]);
    expect(routes.size).toBe(0);
  });

  it('of another Gateway, and names that only look like it, are nobody’s', () => {
    const other = 'fedcba9876543210';
    const text = [
      line('requests_total', router(`web-${KEY}`, 'other-front'), 'code="200"', 3),
      // A service whose name ends as the way to a route does: the last words count.
      line('requests_total', router(`web-${KEY}-gw-edge-front-ep-http-${other}`), 'code="200"', 5),
      line('requests_total', `evil-${KEY}-gw-edge-front-ep-http-0-aa`, 'code="200"', 5),
    ].join('\n');
    expect([...parseMetrics(text, gateway).routes.keys()]).toEqual([other]);
  });
});

const counts = (requests: number, errors = 0, within: [number, number][] = []): RequestCounts => ({
  requests,
  errors,
  within: new Map(within),
});
const pod = (found: Record<string, RequestCounts>): RouteCounts => new Map(Object.entries(found));

describe('Figures', () => {
  it('are what came between two looks, summed over processes and routes', () => {
    const figures = createFigures();
    figures.add(
      new Map([
        ['one', pod({ a: counts(5) })],
        ['two', pod({ a: counts(1) })],
      ]),
      10_000,
    );
    expect([figures.lastOf(['a']), figures.samples(['a'], 0)]).toEqual([undefined, []]);
    figures.add(
      new Map([
        ['one', pod({ a: counts(7, 1), b: counts(2) })],
        ['two', pod({ a: counts(1) })],
      ]),
      20_000,
    );
    expect(figures.samples(['a', 'b'], 0)).toMatchObject([{ requests: 4, errors: 1 }]);
    expect([figures.lastOf(['a']), figures.lastOf(['c'])]).toEqual([20_000, undefined]);
    figures.forget(['a']);
    expect(figures.samples(['a', 'b'], 0)).toMatchObject([{ requests: 2 }]);
  });

  it('count all of a process that began anew, and nothing of one that is gone', () => {
    const figures = createFigures();
    figures.add(
      new Map([
        ['one', pod({ a: counts(50) })],
        ['two', pod({ a: counts(9) })],
      ]),
      10_000,
    );
    figures.add(new Map([['one', pod({ a: counts(3) })]]), 20_000);
    expect(figures.samples(['a'], 0)).toMatchObject([{ requests: 3 }]);
  });

  it('are none of a long time in which nobody looked, which still counts as use', () => {
    const figures = createFigures();
    figures.add(new Map([['one', pod({ a: counts(1) })]]), 10_000);
    figures.add(new Map([['one', pod({ a: counts(900) })]]), 4_000_000);
    expect(figures.samples(['a'], 0)).toEqual([]);
    expect(figures.lastOf(['a'])).toBe(4_000_000);
  });

  it('have percentiles from between the bounds, and no more than is known beyond the last', () => {
    const some = counts(10, 0, [
      [0.01, 0],
      [0.025, 10],
      [Number.POSITIVE_INFINITY, 10],
    ]);
    expect([quantile(some, 0.5), quantile(some, 0.99)]).toEqual([17.5, 24.85]);
    expect(
      quantile(
        counts(1, 0, [
          [5, 0],
          [Number.POSITIVE_INFINITY, 1],
        ]),
        0.5,
      ),
    ).toBe(5_000);
    expect(quantile(counts(0), 0.5)).toBe(0);
  });
});

describe('A look at an environment', () => {
  it('knows of no request while nothing was ever counted', () => {
    expect(nextLook(undefined, { one: 0 }, 9)).toEqual({ pods: { one: 0 } });
  });

  it('takes requests for new ones where more are counted, or fewer since a process began anew', () => {
    const before = { last: 5, pods: { one: 7, two: 0 } };
    expect(nextLook(before, { one: 7, two: 0 }, 9)).toEqual(before);
    expect(nextLook(before, { one: 8, two: 0 }, 9).last).toBe(9);
    expect(nextLook(before, { one: 2, two: 0 }, 9).last).toBe(9);
    expect(nextLook(undefined, { one: 3 }, 9).last).toBe(9);
    expect(nextLook(before, { one: 7, two: 0, three: 1 }, 9).last).toBe(9);
  });

  it('takes the time at which the process saw them, where it did', () => {
    const before = { last: 5, pods: { one: 7 } };
    expect(nextLook(before, { one: 8 }, 9, 7).last).toBe(7);
    expect(nextLook(before, { one: 8 }, 9, 3).last).toBe(5);
  });

  it('takes it for used when a process is gone with what it counted last', () => {
    expect(nextLook({ last: 5, pods: { one: 7, two: 1 } }, { one: 7 }, 9, 6).last).toBe(9);
  });
});
