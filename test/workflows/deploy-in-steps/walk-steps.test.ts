import { expect, it } from 'vitest';
import { deploymentKey, environmentKey, operationKey, versionIdKey } from '../../../functions/core/keys.ts';
import type { Ports } from '../../../functions/ports/index.ts';
import { executeStep } from '../../../functions/workflows/step.ts';
import { steps } from '../../../functions/workflows/steps.ts';
import { createRecords } from '../../simulation/ports/records.ts';

/** A canary that waits for a person, and of which one of two replicas is ready. */
async function tried(asked: { asked?: 'promote' }) {
  const store = createRecords(Date.now);
  const web = { project: 'shop', environment: 'dev', service: 'web', number: 2 };
  const annotations = { 'berth.dev/strategy': 'canary', 'berth.dev/steps': '20% hold' };
  const workload = { metadata: { name: 'web', annotations }, containers: { main: { image: '.' } } };
  const at = new Date().toISOString();
  const operation = { ...web, id: 'op', kind: 'deploy-in-steps', status: 'running', steps: [] };
  const environment = {
    project: 'shop',
    name: 'dev',
    id: 'dev',
    services: { web: { newest: 2, current: 1 } },
  };
  const rollout = { stage: 0, since: at, ...asked };
  await store.transact([
    { put: { ...operationKey('op'), data: { ...operation, deadline: '2100-01-01T00:00:00.000Z' } } },
    { put: { ...environmentKey(web), data: environment } },
    { put: { ...versionIdKey(web, 'v'), data: { workload } } },
    {
      put: {
        ...deploymentKey(web, 2),
        data: { ...web, version: 'v', operation: 'op', status: 'running', rollout },
      },
    },
  ]);
  const calls: string[] = [];
  let percent = 20;
  const tracks = {
    async share(_candidate: unknown, to: number) {
      percent = to;
      calls.push(`share ${to}`);
    },
    promote: async () => void calls.push('promote'),
    setAside: async () => void calls.push('set aside'),
  };
  const candidate = { deployment: 2, readyReplicas: 1, desiredReplicas: 2, restarts: 0 };
  const status = async () => ({ serving: 1, candidate: { ...candidate, percent } });
  const workloads = { tracks, status };
  const activity = { counts: async () => new Map() };
  const effects = { now: Date.now, id: () => 'id' };
  const ports = { store, workloads, activity, effects } as unknown as Ports;
  return { ports, calls };
}

it.each([{}, { asked: 'promote' as const }])(
  'A canary that is canceled is taken out of the traffic, whatever was asked of it before: %j (argo-rollouts#4461)',
  async (asked) => {
    const { ports, calls } = await tried(asked);
    const { store } = ports;
    const { signal } = new AbortController();
    const ended = executeStep(ports, 'walkSteps', steps.walkSteps, { operation: 'op' }, signal);
    const outcome = ended.then(
      () => 'it went on',
      (error: { code?: string }) => error.code,
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    const item = await store.get<object>(operationKey('op'));
    await store.transact([
      {
        put: { ...operationKey('op'), data: { ...item?.data, cancelRequested: true } },
        if: { version: item?.version ?? 0 },
      },
    ]);
    expect(await outcome).toBe('canceled');
    expect(calls).toEqual(['share 0']);
  },
);
