import { describe, expect, it } from 'vitest';
import type { Domain, Instance, Job, Resource } from '../../client/types.generated.ts';
import { graphOf, neighbours } from '../../web/src/pages/map/environment-graph.ts';
import { NODE, nodeBeside, pictureOf } from '../../web/src/pages/map/graph-layout.ts';

const instance = (service: string, url?: string): Instance => ({
  project: 'shop',
  environment: 'dev',
  service,
  state: 'serving',
  status: 'Deployment 1 serves.',
  health: 'healthy',
  replicas: { desired: 1, ready: 1 },
  ...(url !== undefined && { url }),
});
const resource = (id: string, services: string[]): Resource => ({
  uid: `postgres.default#${id}`,
  type: 'postgres',
  class: 'default',
  id,
  state: 'ready',
  services,
  outputs: [],
  operation: '',
  createdAt: '',
});
const domain = { name: 'www.example.com', service: 'web', state: 'active' } as Domain;
const job = { name: 'nightly', suspended: true } as Job;

const sources = {
  instances: [instance('web', 'https://web.dev.shop.example.com/'), instance('worker')],
  resources: [resource('db', ['web', 'worker', 'gone'])],
  domains: [domain],
  jobs: new Map([['worker', [job]]]),
  rates: new Map([['web', 2.5]]),
  cost: {
    lines: [
      { kind: 'service' as const, name: 'web', unit: 'a', amount: 1, usdPerMonth: 2 },
      { kind: 'service' as const, name: 'web', unit: 'b', amount: 1, usdPerMonth: 1 },
      { kind: 'resource' as const, name: 'postgres.default#db', unit: 'c', amount: 1, usdPerMonth: 9 },
    ],
  },
  isAsleep: false,
};

describe('The map of an environment', () => {
  const graph = graphOf(sources);
  const named = (id: string) => graph.nodes.find((node) => node.id === id);

  it('leads from addresses to services, and from those to jobs and resources', () => {
    const ways = graph.edges.map(({ from, to }) => `${from} > ${to}`);
    expect(ways.sort()).toEqual([
      'domain/www.example.com > service/web',
      'service/web > resource/postgres.default#db',
      'service/worker > job/worker/nightly',
      'service/worker > resource/postgres.default#db',
      'url/web > service/web',
    ]);
    expect(neighbours(graph, 'service/web').from.map(({ name }) => name)).toEqual([
      'web.dev.shop.example.com',
      'www.example.com',
    ]);
  });

  it('says of each what it does, gets and costs', () => {
    expect(named('service/web')).toMatchObject({ state: 'serving', rate: 2.5, usdPerMonth: 3 });
    expect(named('resource/postgres.default#db')).toMatchObject({ state: 'ready', usdPerMonth: 9 });
    expect(named('job/worker/nightly')).toMatchObject({ state: 'suspended' });
    expect(named('service/worker')).not.toHaveProperty('rate');
    expect(graphOf({ ...sources, isAsleep: true }).nodes[1]).toMatchObject({ state: 'asleep' });
  });

  it('is drawn from the left to the right, with nothing on top of something else', () => {
    const { nodes, edges, width, height } = pictureOf(graph);
    const at = new Map(nodes.map((node) => [node.id, node]));
    for (const { from, to } of edges) expect(at.get(from)!.x).toBeLessThan(at.get(to)!.x);
    for (const one of nodes) {
      expect(one.x + NODE.width).toBeLessThanOrEqual(width);
      expect(one.y + NODE.height).toBeLessThanOrEqual(height);
      for (const other of nodes)
        if (one !== other)
          expect(
            Math.abs(one.x - other.x) >= NODE.width || Math.abs(one.y - other.y) >= NODE.height,
            `${one.id}, ${other.id}`,
          ).toBe(true);
    }
  });

  it('is gone through by the arrow keys, to all that is in it', () => {
    const { nodes } = pictureOf(graph);
    const reached = new Set([nodes[0]!.id]);
    for (const id of reached)
      for (const key of ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown']) {
        const next = nodeBeside(nodes, id, key);
        if (next !== undefined) reached.add(next);
      }
    expect(reached.size).toBe(nodes.length);
    expect(nodeBeside(nodes, nodes[0]!.id, 'Enter')).toBeUndefined();
  });
});
