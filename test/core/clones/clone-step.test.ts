import { expect, it } from 'vitest';
import {
  inOrder,
  nextLookMs,
  nextOfClone,
  servicesAskedFor,
} from '../../../functions/core/clones/clone-step.ts';
import type { ClonedService } from '../../../functions/core/model/index.ts';

const one = (service: string, after: string[] = [], more: Partial<ClonedService> = {}): ClonedService => ({
  service,
  version: 'v',
  after,
  state: 'waiting',
  ...more,
});
const names = (services: ClonedService[]): string[] => services.map(({ service }) => service);

it('A workload asks for the services that its resources name', () => {
  const resources = {
    api: { type: 'service-port', params: { workload: 'backend', port: 'web' } },
    'shared.mail': { type: 'service' },
    other: { type: 'service', id: 'team.search' },
    db: { type: 'postgres', params: { workload: 'none' } },
  };
  expect(servicesAskedFor({ resources })).toEqual(['backend', 'mail', 'search']);
  expect(servicesAskedFor({})).toEqual([]);
});

it('Services come behind those that they refer to; who refers to nobody of the clone waits for nobody', () => {
  const services = [one('a', ['b', 'gone']), one('b', ['c']), one('c'), one('d', ['d'])];
  expect(names(inOrder(services))).toEqual(['c', 'b', 'a', 'd']);
  const circle = [one('a', ['b']), one('b', ['a'])];
  expect(names(inOrder(circle))).toEqual(['a', 'b']);
  expect(nextOfClone(circle)).toMatchObject({ do: 'deploy', service: { service: 'a' } });
});

it('A service is begun when those before it have ended, however that was, and the clone ends with the last', () => {
  const error = { code: 'workload_crashed' as const, cause: 'It crashed.', hint: 'Mend it.' };
  const going = one('c', [], { state: 'deploying' });
  expect(nextOfClone([going, one('b', ['c'])])).toEqual({ do: 'look', services: [going] });
  const failed = one('c', [], { state: 'failed', error });
  expect(nextOfClone([failed, one('b', ['c'])])).toMatchObject({ do: 'deploy', service: { service: 'b' } });
  expect(nextOfClone([failed, one('b', ['c'], { state: 'succeeded' })])).toEqual({
    do: 'end',
    state: 'failed',
    error: { ...error, cause: '1 of 2 services were not deployed: c. It crashed.' },
  });
  expect(nextOfClone([])).toEqual({ do: 'end', state: 'succeeded' });
});

it('An environment that takes long to be ready is looked at more seldom', () => {
  expect([0, 60_000, 4 * 3_600_000].map(nextLookMs)).toEqual([1_000, 6_000, 15_000]);
});
