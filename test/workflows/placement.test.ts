/** Environments in several places: each is worked on in its own, and a place that is away keeps no other from going on. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createKubernetesClient } from '../../functions/adapters/kubernetes/api/client.ts';
import { createByPlace, type InPlace } from '../../functions/adapters/placement/by-place.ts';
import { environmentWrite } from '../../functions/commands/environments/environments.ts';
import { environmentKey } from '../../functions/core/keys.ts';
import type { Environment, StepName } from '../../functions/core/model/index.ts';
import { openPlace } from '../../functions/hosts/open-place.ts';
import { getEnvironment } from '../../functions/records/read.ts';
import { sweep } from '../../functions/sweep/sweep.ts';
import { runStepNamed } from '../../functions/workflows/steps.ts';
import { createSubject, DIGEST, type Subject, workload } from '../api/support.ts';
import { calmWorld } from '../simulation/calm-world.ts';
import { createSimulatedLogs } from '../simulation/ports/logs.ts';
import { createSimulatedActivity } from '../simulation/ports/small.ts';
import { createSimulatedWorkloads, type SimulatedWorkloads } from '../simulation/ports/workloads.ts';
import { recoveriesBy } from '../support/bench.ts';

let subject: Subject;
let home: SimulatedWorkloads;
let emea: SimulatedWorkloads;
/** An API server that takes connections and never answers, or is not there at all. */
let hanging: Server;
let asked = 0;
const CALL_MS = 200;

const simulated = (): InPlace & { workloads: SimulatedWorkloads } => {
  const world = calmWorld();
  const logs = createSimulatedLogs();
  const around = {
    program: () => ({ kind: 'serves' as const }),
    takes: () => 1,
    fault: () => undefined,
    logs,
  };
  const activity = createSimulatedActivity(world);
  return { workloads: createSimulatedWorkloads(world, around), activity, logs };
};

beforeAll(async () => {
  subject = await createSubject();
  hanging = createServer(() => void asked++);
  await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
  const server = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`;
  const own = simulated();
  const other = simulated();
  [home, emea] = [own.workloads, other.workloads];
  const { store, effects, registry } = subject.ports;
  const byPlace = createByPlace({
    home: own,
    store,
    effects,
    accept: () => undefined,
    open: async (place) => {
      if (place.name === 'emea') {
        const url = async ({ service }: { service: string }) => `https://${service}.${place.cluster?.domain}`;
        return { ...other, workloads: { ...emea, url } };
      }
      return openPlace(place, {
        client: createKubernetesClient({ server }, { timeoutMs: CALL_MS }),
        registry,
        imageReference: ({ service }, digest) => `registry.example/${service}@${digest}`,
        logs: own.logs,
        effects,
        render: {},
      });
    },
  });
  Object.assign(subject.ports, byPlace);
  subject.ports.workflows.stop = async () => undefined;
  subject.ports.workflows.runStep = recoveriesBy(() => subject.ports);
  for (const name of ['emea', 'dead'])
    await subject.api('POST', '/v1/places', {
      name,
      access: { kind: 'kubeconfig', context: name },
      domain: `${name}.example.com`,
    });
  await subject.api('POST', '/v1/projects', { name: 'demo' });
  await subject.api('POST', '/v1/projects/demo/services', { name: 'web' });
  await subject.api('POST', '/v1/projects/demo/services/web/versions', {
    image: DIGEST,
    workload,
    tags: ['v1'],
  });
  await environment('here');
  await environment('far', 'emea');
  await environment('lost', 'emea');
  for (const name of ['here', 'far', 'lost']) await deploy(name);
  // Its cluster is away from here on.
  const item = await getEnvironment(store, { project: 'demo', environment: 'lost' });
  await store.transact([environmentWrite({ ...item.data, placement: 'dead' }, { version: item.version })]);
  subject.pass(3_000);
});
afterAll(async () => {
  hanging.closeAllConnections();
  hanging.close();
  await subject.close();
});
beforeEach(() => void (asked = 0));

const run = async (operation: string, ...names: StepName[]): Promise<void> => {
  for (const name of names)
    await runStepNamed(subject.ports, name, { operation }, AbortSignal.timeout(10_000));
};

async function environment(name: string, placement?: string): Promise<void> {
  const { body, text } = await subject.api('POST', '/v1/projects/demo/environments', {
    name,
    idleAfter: '1h',
    ...(placement && { placement }),
  });
  expect(body.id, text).toBeDefined();
  await run(body.id, 'provisionEnvironment', 'finishProvisioning');
}

const services = (name: string) => `/v1/projects/demo/environments/${name}/services`;

async function deploy(name: string): Promise<void> {
  const { body, text } = await subject.api('POST', `${services(name)}/web/deployments`, { version: 'v1' });
  expect(body.id, text).toBeDefined();
  await run(
    body.id,
    'prepareDeployment',
    'ensureResources',
    'runRelease',
    'applyWorkload',
    'awaitRollout',
    'finishDeployment',
  );
}

const stateOf = async (name: string): Promise<Environment['state']> =>
  (await getEnvironment(subject.ports.store, { project: 'demo', environment: name })).data.state;

describe('An environment in another place', () => {
  it('is made and deployed to there, is told with the URL of there, and touches nothing of its own', async () => {
    expect(emea.environments()).toEqual(['demo/far', 'demo/lost']);
    expect(home.environments()).toEqual(['demo/here']);
    expect(home.serving().map(({ environment: name }) => name)).toEqual(['here']);
    const { body } = await subject.api('GET', `${services('far')}/web`);
    expect(body).toMatchObject({ url: 'https://web.emea.example.com', replicas: { ready: 1 } });
  });

  it('is refused a database that its place does not reach, in the plan and before anything of a deployment is made', async () => {
    const resources = { db: { type: 'postgres' } };
    await subject.api('POST', '/v1/projects/demo/services/web/versions', {
      image: DIGEST,
      workload: { ...workload, resources },
      tags: ['with-database'],
    });
    const version = { version: 'with-database' };
    const plan = await subject.api('GET', `${services('far')}/web/plan?version=with-database`);
    expect(plan.body.problems).toMatchObject([
      { code: 'invalid_resource', cause: expect.stringMatching(/"emea".*does not reach/) },
    ]);
    const here = await subject.api('GET', `${services('here')}/web/plan?version=with-database`);
    expect(here.body.problems).toEqual([]);
    const { body } = await subject.api('POST', `${services('far')}/web/deployments`, version);
    await expect(run(body.id, 'prepareDeployment')).rejects.toMatchObject({ code: 'invalid_resource' });
  });
});

describe('While the cluster of one place answers nothing', () => {
  it('lists are answered with what is known, and nobody waits for it twice', async () => {
    const before = performance.now();
    const { body } = await subject.api('GET', `${services('lost')}`);
    expect(body.items).toMatchObject([{ service: 'web' }]);
    const overview = await subject.api('GET', '/v1/projects/demo/overview');
    expect(overview.body.instances).toHaveLength(3);
    const { status } = await subject.api('GET', `${services('lost')}/web`);
    expect(status).toBe(200);
    expect(performance.now() - before).toBeLessThan(10 * CALL_MS);
    // After two calls without an answer it is left alone.
    const sent = asked;
    await subject.api('GET', `${services('lost')}/web`);
    expect(asked).toBe(sent);
  });

  it('deployments elsewhere go on, and what waits for it fails for another try', async () => {
    await deploy('far');
    const { body } = await subject.api('POST', `${services('lost')}/web/deployments`, { version: 'v1' });
    await run(body.id, 'prepareDeployment', 'ensureResources', 'runRelease');
    await expect(run(body.id, 'applyWorkload')).rejects.toMatchObject({
      name: expect.stringMatching(/^Berth\.(Transient|unavailable)$/),
    });
  });

  it('the sweep puts others to sleep, and takes nothing there for idle', async () => {
    subject.pass(2 * 3_600_000);
    const report = await sweep(subject.ports);
    expect(report.errors).toEqual([]);
    expect(await stateOf('far')).toBe('hibernating');
    expect(await stateOf('here')).toBe('hibernating');
    expect(await stateOf('lost')).toBe('ready');
    const { body } = await subject.api('GET', '/healthz');
    expect(body).toMatchObject({ status: 'degraded', placesAway: ['dead'] });
  });
});

describe('An environment that is destroyed while it is made', () => {
  it('leaves nothing in its place, where another one of its name is elsewhere by then', async () => {
    const { store, workloads } = subject.ports;
    const { body, text } = await subject.api('POST', '/v1/projects/demo/environments', {
      name: 'brief',
      placement: 'emea',
    });
    expect(body.id, text).toBeDefined();
    await run(body.id, 'provisionEnvironment');
    const ref = { project: 'demo', environment: 'brief' };
    const { version } = await getEnvironment(store, ref);
    await store.transact([{ delete: environmentKey(ref), if: { version } }]);
    expect(emea.environments()).toContain('demo/brief');
    await environment('brief');
    await run(body.id, 'recoverProvisioning');
    expect(emea.environments()).not.toContain('demo/brief');
    expect(home.environments()).toContain('demo/brief');
    await workloads.removeEnvironment(ref);
  });
});
