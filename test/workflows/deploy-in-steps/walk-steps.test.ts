import { expect, it } from 'vitest';
import { deploymentKey, environmentKey, operationKey, versionIdKey } from '../../../functions/core/keys.ts';
import type { Ports } from '../../../functions/ports/index.ts';
import { getDeployment } from '../../../functions/records/read.ts';
import { executeStep, StillProgressing } from '../../../functions/workflows/step.ts';
import { steps } from '../../../functions/workflows/steps.ts';
import { createRecords } from '../../simulation/ports/records.ts';

/** A canary that waits for a person, and of which one of two replicas is ready. */
async function tried(
  asked: { asked?: 'promote' | 'continue'; since?: undefined },
  steps = '20% hold',
  more: Record<string, string> = {},
) {
  const store = createRecords(Date.now);
  const web = { project: 'shop', environment: 'dev', service: 'web', number: 2 };
  const annotations = { 'berth.dev/strategy': 'canary', 'berth.dev/steps': steps, ...more };
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
    async ask() {
      calls.push('ask');
      return { status: 200 };
    },
    setAside: async () => void calls.push('set aside'),
  };
  const candidate = { deployment: 2, readyReplicas: 1, desiredReplicas: 2, restarts: 0 };
  const status = async () => ({ serving: 1, candidate: { ...candidate, percent } });
  const workloads = { tracks, status };
  const activity = { counts: async () => new Map() };
  const effects = { now: Date.now, id: () => 'id' };
  const anchors = { note: () => undefined };
  const ports = { store, workflows: {}, workloads, activity, effects, anchors } as unknown as Ports;
  return { ports, calls, web, candidate };
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

/** One call of the step, where calls only look: it hands over, or ends as it ends. */
async function look(ports: Ports): Promise<unknown> {
  const time = new AbortController();
  const pausing = { ...ports, workflows: { ...ports.workflows, pauses: true as const } };
  const ended = executeStep(pausing, 'walkSteps', steps.walkSteps, { operation: 'op' }, time.signal).then(
    () => 'it serves',
    (error: { name?: string; code?: string }) => error.code ?? error.name,
  );
  setTimeout(() => time.abort(new StillProgressing()), 50);
  return ended;
}

it('A canary that is looked at call by call remembers its restarts, and asks each check once a stage', async () => {
  const { ports, calls, web, candidate } = await tried({}, '20% hold', {
    'berth.dev/check-url': '/healthz',
  });
  candidate.readyReplicas = 2;
  candidate.restarts = 7;
  expect(await look(ports)).toBe('Berth.StillProgressing');
  candidate.restarts = 9;
  expect(await look(ports)).toBe('Berth.StillProgressing');
  expect(calls).toEqual(['ask']);
  expect((await getDeployment(ports.store, web, 2)).data.rollout).toMatchObject({
    stage: 0,
    seen: { restarts: 7, probes: [{ name: 'url', state: 'passed' }] },
  });
  candidate.restarts = 10;
  expect(await look(ports)).toBe('workload_crashed');
  expect(calls).toEqual(['ask', 'set aside']);
});

it('A canary that is looked at once, by a call that has no more time, goes on as it has to', async () => {
  const { ports, calls, candidate } = await tried({ asked: 'promote' });
  candidate.readyReplicas = 2;
  const over = AbortSignal.abort(new StillProgressing());
  const pausing = { ...ports, workflows: { ...ports.workflows, pauses: true as const } };
  await executeStep(pausing, 'walkSteps', steps.walkSteps, { operation: 'op' }, over);
  expect(calls).toEqual(['promote']);
});

it('A canary goes on at once where that was asked for before its first stage had begun', async () => {
  const { ports, web, candidate } = await tried({ asked: 'continue', since: undefined }, '20% 5m, 80% hold');
  candidate.readyReplicas = 2;
  expect(await look(ports)).toBe('Berth.StillProgressing');
  const { rollout } = (await getDeployment(ports.store, web, 2)).data;
  expect(rollout).toMatchObject({ stage: 1 });
  expect(rollout).not.toHaveProperty('asked');
});
