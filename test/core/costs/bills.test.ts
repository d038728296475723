/**
 * Three bills that were worked out by hand, from the prices of AWS's pages for us-east-1 as they were in November 2026:
 *
 * - EC2, on demand: c6g.large, 2 CPUs and 4 GiB, 0.068 an hour; EKS Auto Mode: 0.00816 an hour more for it. 55.60 a month.
 *   Pods get 1.4 CPUs and 2.4 GiB of it.
 * - Aurora Serverless v2: 0.12 an ACU hour, 0.10 a GB month. A database adds 0.03 ACU to the shared server, and has 1 GB.
 * - RDS for PostgreSQL: db.t4g.micro 0.016 an hour, gp3 0.115 a GB month.
 * - EBS: gp3 0.08 a GB month. CloudWatch Logs: 0.50 a GB; a service prints 0.2 GB a month.
 */
import { describe, expect, it } from 'vitest';
import { resourceFacts } from '../../../functions/commands/costs/environment-facts.ts';
import {
  commonLines,
  environmentCost,
  perDay,
  sumOf,
} from '../../../functions/core/costs/environment-cost.ts';
import { idleReport } from '../../../functions/core/costs/idle-report.ts';
import type { ServiceFacts } from '../../../functions/core/costs/service-use.ts';
import type { ScoreContainer } from '../../../functions/core/score/workload.ts';

const service = (
  name: string,
  replicas: number,
  requests: { cpu?: string; memory?: string },
  more: Partial<ServiceFacts> & { containers?: Record<string, ScoreContainer>; most?: number } = {},
): ServiceFacts => {
  const { containers, most = replicas, ...rest } = more;
  return {
    name,
    workload: {
      apiVersion: 'score.dev/v1b1',
      metadata: {
        name,
        annotations: { 'berth.dev/replicas': `${replicas}`, 'berth.dev/max-replicas': `${most}` },
      },
      containers: { main: { image: '.', resources: { requests } }, ...containers },
    },
    ...rest,
  };
};

const resource = (type: string, more: { class?: string; params?: Record<string, unknown> } = {}) =>
  resourceFacts({ uid: `${type}.x#a`, type, class: 'default', params: {}, ...more });

const bills = {
  'small: a preview of one service with a database and files': {
    services: [service('web', 1, { cpu: '250m', memory: '256Mi' })],
    resources: [resource('postgres'), resource('volume')],
    // The pod keeps 0.25 of 1.4 CPUs:      0.1786 nodes x 55.60   =  9.93
    // Logs:                                0.2 GB x 0.50          =  0.10
    // Database: 0.03 ACU x 730 h x 0.12 = 2.63; 1 GB x 0.10       =  2.73
    // Volume:                              1 GiB x 0.08           =  0.08
    awake: 12.84,
    // The database's 0.10 and the volume's 0.08.
    asleep: 0.18,
  },
  'typical: three services of two replicas, a database, a cache and files': {
    services: ['web', 'api', 'worker'].map((name) => service(name, 2, { cpu: '0.5', memory: '512Mi' })),
    resources: [
      resource('postgres'),
      resource('redis', { class: 'small' }),
      resource('volume', { params: { size: '10Gi' } }),
    ],
    // Six pods of 0.5 of 1.4 CPUs:         2.1429 nodes x 55.60   = 119.14
    // Logs:                                3 x 0.2 GB x 0.50      =   0.30
    // Database:                                                       2.73
    // Redis: 160 MiB of 2.4 GiB:           0.0651 nodes x 55.60   =   3.62
    //   its volume:                        1 GiB x 0.08           =   0.08
    // Volume:                              10 GiB x 0.08          =   0.80
    awake: 126.67,
    // 0.10 + 0.08 + 0.80
    asleep: 0.98,
  },
  'large: ten services of four replicas, a server of its own, a large cache and many files': {
    services: Array.from({ length: 10 }, (_, at) => service(`s${at}`, 4, { cpu: '1', memory: '2Gi' })),
    resources: [
      resource('postgres', { class: 'dedicated' }),
      resource('redis', { class: 'large' }),
      resource('volume', { params: { size: '200Gi' } }),
    ],
    // Forty pods of 2 of 2.4 GiB:         33.3333 nodes x 55.60   = 1,853.33
    // Logs:                               10 x 0.2 GB x 0.50      =     1.00
    // Server: 730 h x 0.016 = 11.68; 20 GB x 0.115 = 2.30         =    13.98
    // Redis: 1,056 MiB of 2.4 GiB:         0.4297 nodes x 55.60   =    23.89
    //   its volume:                        4 GiB x 0.08           =     0.32
    // Volume:                              200 GiB x 0.08         =    16.00
    awake: 1908.52,
    // The server goes on: 13.98 + 0.32 + 16.00
    asleep: 30.3,
  },
};

const within5Percent = (is: number, byHand: number): void =>
  expect(Math.abs(is - byHand) / byHand, `${is}, by hand ${byHand}`).toBeLessThan(0.05);

describe('The bill of an environment', () => {
  it.each(Object.entries(bills))('%s', (_, { services, resources, awake, asleep }) => {
    const cost = environmentCost({ isAwake: true, services, resources });
    within5Percent(cost.usdPerMonth, awake);
    expect(cost.usdPerMonth).toBeCloseTo(sumOf(cost.lines), 9);
    within5Percent(perDay(cost.usdPerMonth), (awake * 12) / 365);
    within5Percent(environmentCost({ isAwake: false, services, resources }).usdPerMonth, asleep);
  });

  it('has a container by its request, its limit where it has none, and as a cluster reserves it otherwise', () => {
    const nodes = (...services: ServiceFacts[]) =>
      environmentCost({ isAwake: true, services, resources: [] }).lines.find(
        ({ unit }) => unit === 'eks.nodeHour',
      )!.amount / 730;
    expect(nodes(service('web', 1, { cpu: '0.7' }))).toBeCloseTo(0.5);
    expect(nodes(service('web', 1, {}))).toBeCloseTo(128 / (2.4 * 1024));
    const limited = { image: '.', resources: { limits: { cpu: '0.65' } } };
    expect(nodes(service('web', 2, {}, { containers: { sidecar: limited } }))).toBeCloseTo(1);
    // What ends before the service starts keeps nothing.
    const first = { ...limited, before: { main: { ready: 'complete' as const } } };
    expect(nodes(service('web', 1, { cpu: '0.7' }, { containers: { first } }))).toBeCloseTo(0.5);
  });

  it('has the replicas that people set, or all to which it may scale', () => {
    const of = (more: Partial<ServiceFacts>) => ({
      isAwake: true,
      services: [service('web', 2, { cpu: '1.4' }, { most: 6, ...more })],
      resources: [],
    });
    const logs = 0.1;
    const node = environmentCost(of({ replicas: 1 })).usdPerMonth - logs;
    expect(environmentCost(of({})).usdPerMonth - logs).toBeCloseTo(2 * node);
    expect(environmentCost(of({ replicas: 8 })).usdPerMonth - logs).toBeCloseTo(8 * node);
    expect(environmentCost(of({}), 'most').usdPerMonth - logs).toBeCloseTo(6 * node);
  });

  it('names what it has no price for, and has a volume whose size is not known yet by the usual size', () => {
    const unknown = resource('token');
    const cost = environmentCost({ isAwake: true, services: [], resources: [unknown] });
    expect(cost).toEqual({ lines: [], unpriced: ['token.x#a'], usdPerMonth: 0 });
    const volume = resource('volume', { params: { size: '$' + '{resources.env.SIZE}' } });
    expect(environmentCost({ isAwake: true, services: [], resources: [volume] }).usdPerMonth).toBeCloseTo(
      0.08,
    );
  });

  it('leaves out what all environments have in common, which is told by itself', () => {
    // 73.00 cluster, 55.63 node, 32.85 NAT, 16.43 + 4.38 load balancer, 10.95 addresses, 43.80 ACU, 0.80 secrets
    within5Percent(sumOf(commonLines), 237.84);
  });
});

describe('The idle report', () => {
  const now = Date.parse('2026-11-28T12:00:00Z');
  const used = (environment: string, daysAgo: number | undefined, usdPerMonth: number) => ({
    environment,
    usdPerMonth,
    lastUsedAt: daysAgo === undefined ? undefined : now - daysAgo * 86_400_000,
  });

  it('has those without a request for so many days, and not those of which none is known', () => {
    const all = [
      used('old', 9, 20),
      used('a-week', 7, 3.5),
      used('new', 6.9, 100),
      used('unseen', undefined, 50),
    ];
    expect(idleReport(all, 7, now)).toEqual({
      days: 7,
      environments: ['a-week', 'old'],
      usdPerMonth: 23.5,
    });
    expect(idleReport(all, 30, now)).toEqual({ days: 30, environments: [], usdPerMonth: 0 });
  });
});

it.each(['constructor', '__proto__', 'unknown'])(
  'A cache of the class %s costs what the smallest does',
  (name) => {
    const cost = (className: string) =>
      environmentCost({ isAwake: true, services: [], resources: [resource('redis', { class: className })] });
    expect(cost(name).usdPerMonth).toBeCloseTo(cost('default').usdPerMonth, 5);
    expect(cost(name).usdPerMonth).toBeGreaterThan(0);
  },
);
