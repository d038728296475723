import { expect, it } from 'vitest';
import { deploymentKey, environmentKey, operationKey } from '../../../functions/core/keys.ts';
import type { Ports } from '../../../functions/ports/index.ts';
import { getDeployment } from '../../../functions/records/read.ts';
import { executeStep } from '../../../functions/workflows/step.ts';
import { steps } from '../../../functions/workflows/steps.ts';
import { createRecords } from '../../simulation/ports/records.ts';

it('A deployment that begins anew after a crash keeps the pins with which it was declared', async () => {
  const store = createRecords(Date.now);
  const web = { project: 'shop', environment: 'dev', service: 'web', number: 1 };
  const outputs = { db: { values: {}, secrets: { password: { secret: 'path', version: 'of then' } } } };
  const started = [{ name: 'applyWorkload', startedAt: '2026-01-01T00:00:00.000Z', attempt: 1 }];
  const operation = { ...web, id: 'op', kind: 'deploy', status: 'running', steps: started, generation: 1 };
  const environment = { project: 'shop', name: 'dev', id: 'dev', services: { web: { newest: 1 } } };
  await store.transact([
    { put: { ...operationKey('op'), data: { ...operation, deadline: '2026-01-01T00:00:00.000Z' } } },
    { put: { ...environmentKey(web), data: environment } },
    { put: { ...deploymentKey(web, 1), data: { ...web, version: 'v', operation: 'op', outputs } } },
  ]);
  const ports = { store, workflows: {}, effects: { now: Date.now } } as unknown as Ports;
  const { signal } = new AbortController();
  await executeStep(ports, 'ensureResources', steps.ensureResources, { operation: 'op' }, signal);
  expect((await getDeployment(store, web, 1)).data.outputs).toEqual(outputs);
});
