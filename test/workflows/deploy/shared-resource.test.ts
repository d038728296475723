import { expect, it } from 'vitest';
import { deploymentKey, environmentKey, operationKey, versionIdKey } from '../../../functions/core/keys.ts';
import type { Ports } from '../../../functions/ports/index.ts';
import { getDeployment } from '../../../functions/records/read.ts';
import { executeStep } from '../../../functions/workflows/step.ts';
import { steps } from '../../../functions/workflows/steps.ts';
import { createRecords } from '../../simulation/ports/records.ts';

/** More turns than two deployments need who let each other end. */
const TURNS_MAX = 20;

it('Two deployments that need the same resource at the same time both have it, and soon', async () => {
  const store = createRecords(Date.now);
  const scope = { project: 'shop', environment: 'dev' };
  const services = ['web', 'worker'];
  const deadline = '2026-01-01T00:00:00.000Z';
  const environment = {
    ...{ project: 'shop', name: 'dev', id: 'dev', state: 'ready', generation: 1 },
    services: Object.fromEntries(services.map((service) => [service, { newest: 1 }])),
  };
  await store.transact([{ put: { ...environmentKey(scope), data: environment } }]);
  for (const service of services) {
    const its = { ...scope, service, number: 1 };
    const workload = {
      metadata: { name: service },
      containers: {},
      resources: { files: { type: 'volume', id: 'shared' } },
    };
    const operation = { ...its, id: service, kind: 'deploy', status: 'running', steps: [], deadline };
    await store.transact([
      { put: { ...operationKey(service), data: operation } },
      { put: { ...deploymentKey(its, 1), data: { ...its, version: 'v', operation: service } } },
      { put: { ...versionIdKey(its, 'v'), data: { order: '1', workload } } },
    ]);
  }
  // Whoever makes it waits until the other has asked as well, as both do for the lock of a database.
  let turns = 0;
  let release = (): void => undefined;
  const ensureVolume = async (): Promise<string> => {
    if (++turns > TURNS_MAX) throw new Error('They keep each other from their end.');
    release();
    await new Promise<void>((resolve) => {
      release = resolve;
      setTimeout(resolve, 20);
    });
    return 'made';
  };
  const ports = {
    store,
    workloads: { ensureVolume },
    workflows: {},
    anchors: { note: () => undefined },
    effects: { now: Date.now, id: () => String(Math.random()) },
  } as unknown as Ports;
  const { signal } = new AbortController();
  await Promise.all(
    services.map((operation) =>
      executeStep(ports, 'ensureResources', steps.ensureResources, { operation }, signal),
    ),
  );
  for (const service of services)
    expect((await getDeployment(store, { ...scope, service }, 1)).data.outputs).toEqual({
      files: { values: { source: 'made' }, secrets: {} },
    });
});
