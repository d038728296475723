/** Output of clusters beside the installation's own. */
import { expect, it } from 'vitest';
import type { KubernetesClient } from '../../functions/adapters/kubernetes/api/client.ts';
import type { Place } from '../../functions/core/model/index.ts';
import { createMask } from '../../functions/core/secrets/mask.ts';
import { keeping, openPlace, type PlaceOptions } from '../../functions/hosts/open-place.ts';
import type { PrintedLine } from '../../functions/ports/log-archive.ts';
import type { WorkloadSpec, Workloads } from '../../functions/ports/workloads.ts';

const stream = 'demo/dev/web';
const at = Date.UTC(2026, 10, 1);

/** A cluster in which nothing is left. */
const client = {
  get: async () => undefined,
  list: async () => ({ items: [], metadata: {} }),
} as unknown as KubernetesClient;

function placeWith(output?: PlaceOptions['output']) {
  const gateway = { namespace: 'gate', name: 'berth' };
  const access = { kind: 'eks', cluster: 'apps', region: 'eu-west-1', role: 'arn' } as const;
  const cluster = { access, domain: 'emea.example.com', scheme: 'https', gateway } as const;
  return openPlace({ name: 'emea', cluster } as unknown as Place, {
    client,
    registry: {} as PlaceOptions['registry'],
    imageReference: () => '',
    logs: {} as PlaceOptions['logs'],
    effects: { now: () => at, id: () => 'id', token: () => 'token' },
    render: {},
    ...(output && { output }),
  });
}

it('The output of a place whose agent keeps it is read, and hidden, when its pods are gone', async () => {
  const line: PrintedLine = {
    time: `${at}000000`,
    pod: 'web-1',
    container: 'main',
    deployment: 1,
    message: 'the word is hunter2-horse',
  };
  const archive = {
    async *pages(of: string) {
      yield of === stream ? [line] : [];
    },
    mask: async () => createMask(['hunter2-horse']),
  };
  const kept = placeWith({ archive, keep: async () => undefined });
  const { lines } = await kept.logs.page(stream, { direction: 'forward', limit: 10 });
  expect(lines.map(({ message }) => message)).toEqual(['the word is ••••']);
  const { lines: none } = await placeWith().logs.page(stream, { direction: 'forward', limit: 10 });
  expect(none).toEqual([]);
});

it('What hides the secrets of a deployment is kept before it is declared, and where that fails it is not declared', async () => {
  const calls: string[] = [];
  const workloads = { apply: async () => void calls.push('apply') } as unknown as Workloads;
  const spec = {} as WorkloadSpec;
  await keeping(workloads, async () => void calls.push('keep')).apply(spec);
  expect(calls).toEqual(['keep', 'apply']);
  const failing = keeping(workloads, () => Promise.reject(new Error('no store')));
  await expect(failing.apply(spec)).rejects.toThrow('no store');
  expect(calls).toEqual(['keep', 'apply']);
});
