import { expect, it } from 'vitest';
import { deploymentKey, versionIdKey } from '../../../functions/core/keys.ts';
import type { Environment } from '../../../functions/core/model/index.ts';
import type { Ports } from '../../../functions/ports/index.ts';
import { reads } from '../../../functions/workflows/rotate-secret/outdated.ts';
import { settleReaders } from '../../../functions/workflows/rotate-secret/readers.ts';
import type { RotationOperation } from '../../../functions/workflows/rotate-secret/rotated.ts';
import { createRecords } from '../../simulation/ports/records.ts';

const web = { project: 'shop', environment: 'dev', service: 'web' };

/** #1 holds the old credentials and is current; #2 took the new ones, and failed. */
async function putBack() {
  const store = createRecords(Date.now);
  const workload = {
    metadata: { name: 'web' },
    containers: { main: { variables: { API_KEY: `\${resources.env.API_KEY}` } } },
    resources: { env: { type: 'environment' } },
  };
  const deployment = (number: number, status: string) => ({
    ...web,
    number,
    status,
    version: 'v',
    outputs: { env: { values: {}, secrets: { API_KEY: { secret: 'path', version: `of #${number}` } } } },
  });
  await store.transact([
    { put: { ...versionIdKey(web, 'v'), data: { order: '1', workload } } },
    { put: { ...deploymentKey(web, 1), data: deployment(1, 'succeeded') } },
    { put: { ...deploymentKey(web, 2), data: deployment(2, 'failed') } },
  ]);
  const services = { web: { newest: 2, current: 1 } };
  const environment = { project: 'shop', name: 'dev', state: 'ready', services } as unknown as Environment;
  return (serving: number): Promise<boolean> => {
    const ports = { store, workloads: { status: async () => ({ serving }) } } as unknown as Ports;
    const newer = new Map([['path', 'of #2']]);
    return settleReaders(ports, { id: 'rotation' } as RotationOperation, environment, (one) =>
      reads(one, newer),
    );
  };
}

it('New credentials are not given up while a deployment that failed with them still serves', async () => {
  const isSettled = await putBack();
  expect(await isSettled(2)).toBe(false);
  expect(await isSettled(1)).toBe(true);
});
