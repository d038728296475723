/** What is left of a deployment that failed, where what served can not be declared anew. */
import { expect, it } from 'vitest';
import { deploymentKey, environmentKey, versionIdKey } from '../../../functions/core/keys.ts';
import { Problem } from '../../../functions/core/problem.ts';
import type { Ports } from '../../../functions/ports/index.ts';
import { putBack } from '../../../functions/workflows/deploy/put-back.ts';
import { createRecords } from '../../simulation/ports/records.ts';

const web = { project: 'shop', environment: 'dev', service: 'web' };
const worker = { replicas: 1 };

it('A process that only the failed deployment has is removed, whether or not what served can be declared anew', async () => {
  for (const refusal of [undefined, new Problem('not_found', 'It is gone.', { hint: 'Set it again.' })]) {
    const store = createRecords(Date.now);
    const workload = { metadata: { name: 'web' }, containers: { main: { image: '.' } } };
    const deployment = {
      ...web,
      number: 1,
      status: 'succeeded',
      version: 'v',
      outputs: {},
      processes: { worker },
    };
    const services = { web: { newest: 2, current: 1, processes: { worker, clock: worker } } };
    await store.transact([
      { put: { ...environmentKey(web), data: { project: 'shop', name: 'dev', state: 'ready', services } } },
      { put: { ...versionIdKey(web, 'v'), data: { order: '1', workload } } },
      { put: { ...deploymentKey(web, 1), data: deployment } },
    ]);
    const removed: (string | undefined)[] = [];
    const workloads = {
      apply: async () => {
        if (refusal) throw refusal;
      },
      remove: async (_: unknown, fence: number, process?: string) => void removed.push(`${process} ${fence}`),
    };
    await putBack({ store, workloads } as unknown as Ports, { ...web, processes: { clock: worker } }, 2);
    expect(removed).toEqual(['clock 2']);
  }
});
