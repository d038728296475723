import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { environmentUse } from '../../../functions/commands/environments/environments.ts';
import { advancePromotion } from '../../../functions/commands/pipelines/advance-promotion.ts';
import { deploymentKey } from '../../../functions/core/keys.ts';
import type { Deployment } from '../../../functions/core/model/index.ts';
import { withStanding } from '../../../functions/records/instances.ts';
import { getEnvironment } from '../../../functions/records/read.ts';
import { sweep } from '../../../functions/sweep/sweep.ts';
import {
  createSubject,
  DIGEST,
  endOperation,
  expectProblem,
  type Subject,
  seed,
  setState,
  workload,
} from '../support.ts';

const PIPELINE = '/v1/projects/demo/pipeline';
const NEWER = { ...workload, metadata: { name: 'guestbook', note: 'newer' } };

let subject: Subject;
/** Each test has a service of its own, which serves in dev. */
let ref: { project: string; service: string };
let count = 0;
const promotions = (): string => `/v1/projects/demo/services/${ref.service}/promotions`;
const deploymentsOf = (environment: string): string =>
  `/v1/projects/demo/environments/${environment}/services/${ref.service}/deployments`;

async function version(tag: string, of: object): Promise<string> {
  const path = `/v1/projects/demo/services/${ref.service}/versions`;
  const { status, body, text } = await subject.api('POST', path, {
    image: DIGEST,
    workload: of,
    tags: [tag],
  });
  expect(status, text).toBe(201);
  return body.id;
}

beforeAll(async () => {
  subject = await createSubject();
  await seed(subject);
  for (const name of ['staging', 'eu', 'us', 'guarded', 'passing']) {
    await subject.api('POST', '/v1/projects/demo/environments', { name });
    await setState(subject.ports, name, 'ready');
  }
  await subject.api('PUT', '/v1/projects/demo/environments/guarded/protection', { approval: true });
});
afterAll(() => subject.close());
beforeEach(async () => {
  ref = { project: 'demo', service: `service-${++count}` };
  await subject.api('POST', '/v1/projects/demo/services', { name: ref.service });
  await version('v1', workload);
  await subject.api('POST', deploymentsOf('dev'), { version: 'v1' });
  await end('dev');
});

const stages = [
  { name: 'dev' },
  { name: 'staging', bake: '10m' },
  { name: 'production', environments: ['eu', 'us'] },
];
async function setPipeline(some: object[] = stages) {
  const answer = await subject.api('PUT', PIPELINE, { stages: some });
  expect(answer.status, answer.text).toBe(200);
}
async function promote(body: object): Promise<string> {
  const answer = await subject.api('POST', promotions(), body);
  expect(answer.status, answer.text).toBe(201);
  return answer.body.id;
}
const read = async (id: string) => (await subject.api('GET', `${promotions()}/${id}`)).body;
const advance = (id: string) => advancePromotion(subject.ports, { ...ref, id });
/** State by environment, as `dev:succeeded`. */
const statesOf = ({ stages }: any): string =>
  stages
    .flatMap(({ targets }: any) => targets.map((one: any) => `${one.environment}:${one.state}`))
    .join(' ');

/** What the workflow of the newest deployment there does at its end. */
async function end(environment: string, status: 'succeeded' | 'failed' = 'succeeded'): Promise<void> {
  const { ports } = subject;
  const at = { ...ref, environment };
  const item = await getEnvironment(ports.store, at);
  const { newest } = item.data.services[ref.service]!;
  const found = await ports.store.get<Deployment>(deploymentKey(at, newest));
  const finishedAt = new Date(ports.effects.now()).toISOString();
  await ports.store.transact([
    { put: { ...deploymentKey(at, newest), data: { ...found!.data, status, finishedAt } } },
  ]);
  if (status === 'succeeded')
    await ports.store.transact([environmentUse(item, withStanding(item.data, at, { current: newest }))]);
  await endOperation(ports, found!.data.operation, status);
}

describe('A pipeline', () => {
  it('is set whole, with environments that there are, each once', async () => {
    expectProblem(await subject.api('GET', PIPELINE), 404);
    await setPipeline();
    const { body, headers } = await subject.api('GET', PIPELINE);
    expect(body.stages).toEqual([
      { name: 'dev', environments: ['dev'], bakeSeconds: 0 },
      { name: 'staging', environments: ['staging'], bakeSeconds: 600 },
      { name: 'production', environments: ['eu', 'us'], bakeSeconds: 0 },
    ]);
    const put = (some: object[], more = {}) => subject.api('PUT', PIPELINE, { stages: some }, more);
    expectProblem(
      await put([{ name: 'dev' }, { name: 'dev', environments: ['eu'] }]),
      400,
      'invalid_request',
    );
    expectProblem(await put([{ name: 'dev' }, { name: 'b', environments: ['dev'] }]), 400, 'invalid_request');
    expectProblem(await put([{ name: 'none' }]), 404);
    expectProblem(await put([{ name: 'dev', bake: '8d' }]), 400, 'invalid_request');
    expectProblem(await put([]), 400, 'invalid_request');
    expectProblem(await put([{ name: 'dev' }], { 'if-match': '"9-x"' }), 412);
    expect((await put([{ name: 'dev' }], { 'if-match': headers.get('etag') ?? '' })).status).toBe(200);
    expect((await subject.api('DELETE', PIPELINE)).status).toBe(204);
    expectProblem(await subject.api('GET', PIPELINE), 404);
  });

  it('shows what serves where, and what each environment is behind, with commits', async () => {
    await setPipeline();
    const { body } = await subject.api('GET', `/v1/projects/demo/services/${ref.service}/pipeline`);
    const [dev, staging, production] = body.stages;
    expect(dev.environments[0]).toMatchObject({ environment: 'dev', deployment: 1, behind: [] });
    expect(staging.environments[0].behind).toMatchObject([
      { version: dev.environments[0].version, revision: { tag: 'v1' } },
    ]);
    expect(production.environments.map(({ behind }: any) => behind)).toEqual([[], []]);
    await version('v2', NEWER);
    const after = (await subject.api('GET', `/v1/projects/demo/services/${ref.service}/pipeline`)).body;
    expect(after.stages[0].environments[0].behind).toMatchObject([{ revision: { tag: 'v2' } }]);
  });
});

describe('A promotion', () => {
  it('takes the very version through the stages, in order, and bakes in between', async () => {
    await setPipeline();
    const id = await promote({ fromEnvironment: 'dev', through: 'production' });
    expect(statesOf(await read(id))).toBe('staging:deploying eu:waiting us:waiting');
    // Another version comes to where it was taken from.
    await version('v2', NEWER);
    await subject.api('POST', deploymentsOf('dev'), { version: 'v2' });
    await end('dev');
    await end('staging');
    await advance(id);
    const baking = await read(id);
    expect(baking.stages[0]).toMatchObject({ bakeSeconds: 600, bakesUntil: expect.any(String) });
    expect(statesOf(baking)).toBe('staging:succeeded eu:waiting us:waiting');
    subject.pass(601_000);
    await advance(id);
    expect(statesOf(await read(id))).toBe('staging:succeeded eu:deploying us:deploying');
    await end('eu');
    await end('us');
    await advance(id);
    expect(await read(id)).toMatchObject({ state: 'succeeded', endedAt: expect.any(String) });
    const { body } = await subject.api('GET', `${deploymentsOf('eu')}/1`);
    expect(body).toMatchObject({ kind: 'promote', fromEnvironment: 'dev', revision: { tag: 'v1' } });
    const types = (await subject.api('GET', '/v1/projects/demo/events?type=promotion')).body.items.map(
      ({ type }: any) => type,
    );
    expect(types).toEqual(expect.arrayContaining(['promotion.created', 'promotion.ended']));
  });

  it('goes to the next stage alone where none is named, and bakes where it comes from first', async () => {
    await setPipeline();
    await promote({ fromEnvironment: 'dev' }).then(async (id) => {
      await end('staging');
      subject.pass(1_000);
      await advance(id);
      subject.pass(601_000);
      await advance(id);
      expect(await read(id)).toMatchObject({ state: 'succeeded', stages: [{ name: 'staging' }] });
    });
    await setPipeline([{ name: 'dev' }, { name: 'staging', bake: '1h' }, { name: 'eu' }]);
    const id = await promote({ fromEnvironment: 'staging' });
    expect(statesOf(await read(id))).toBe('staging:succeeded eu:waiting');
    subject.pass(3_600_000);
    await advance(id);
    expect(statesOf(await read(id))).toBe('staging:succeeded eu:deploying');
  });

  it('goes to environments that are named one after the other, and stops at the first failure', async () => {
    const id = await promote({ fromEnvironment: 'dev', to: ['staging', 'eu', 'us'] });
    await end('staging');
    await advance(id);
    expect(statesOf(await read(id))).toBe('staging:succeeded eu:deploying us:waiting');
    await end('eu', 'failed');
    await advance(id);
    expect(await read(id)).toMatchObject({ state: 'failed', error: { code: expect.any(String) } });
    expect(statesOf(await read(id))).toBe('staging:succeeded eu:failed us:waiting');
  });

  it('begins each deployment once, however often and by however many it is taken further', async () => {
    const id = await promote({ fromEnvironment: 'dev', to: ['staging', 'eu'] });
    await end('staging');
    await Promise.all(Array.from({ length: 8 }, () => advance(id)));
    const { items } = (await subject.api('GET', deploymentsOf('eu'))).body;
    expect(items).toHaveLength(1);
  });

  it('is one at a time for a service, and none once it was canceled: nothing more is begun', async () => {
    const id = await promote({ fromEnvironment: 'dev', to: ['staging', 'eu'] });
    expectProblem(
      await subject.api('POST', promotions(), { fromEnvironment: 'dev', to: ['us'] }),
      409,
      'operation_in_progress',
    );
    expect((await subject.api('POST', `${promotions()}/${id}/cancel`)).body).toMatchObject({
      cancelRequested: true,
    });
    // The deployment is asked to stop, and is waited for.
    const {
      stages: [first],
    } = await read(id);
    const operation = (await subject.api('GET', `/v1/operations/${first.targets[0].operation}`)).body;
    expect(operation).toMatchObject({ cancelRequested: true });
    expect((await read(id)).state).toBe('running');
    await end('staging');
    await advance(id);
    expect(await read(id)).toMatchObject({ state: 'canceled' });
    expect(statesOf(await read(id))).toBe('staging:succeeded eu:waiting');
    expectProblem(await subject.api('POST', `${promotions()}/${id}/cancel`), 409, 'operation_ended');
    await promote({ fromEnvironment: 'dev', to: ['us'] });
  });

  it('goes no further where what was to bake does not serve any more', async () => {
    await setPipeline();
    const id = await promote({ fromEnvironment: 'dev', through: 'production' });
    await end('staging');
    await advance(id);
    await version('v2', NEWER);
    await subject.api('POST', deploymentsOf('staging'), {
      version: 'v2',
    });
    await end('staging');
    subject.pass(601_000);
    await advance(id);
    expect(await read(id)).toMatchObject({ state: 'failed', error: { code: 'superseded' } });
    expect(statesOf(await read(id))).toBe('staging:succeeded eu:waiting us:waiting');
  });

  it('waits for the approval of a protected environment', async () => {
    const id = await promote({ fromEnvironment: 'dev', to: ['guarded', 'us'] });
    const { body } = await subject.api('GET', `${deploymentsOf('guarded')}/1`);
    expect(body).toMatchObject({ approval: { state: 'pending' } });
    await advance(id);
    expect(statesOf(await read(id))).toBe('guarded:deploying us:waiting');
  });

  it('that waits for an approval waits for it no more once it is canceled', async () => {
    const id = await promote({ fromEnvironment: 'dev', to: ['guarded'] });
    await advance(id);
    expect((await subject.api('POST', `${promotions()}/${id}/cancel`)).status).toBe(200);
    subject.pass(2_000);
    await sweep(subject.ports);
    expect(await read(id)).toMatchObject({ state: 'canceled' });
  });

  it('is for the environments that there were, and not for later ones of their names', async () => {
    const id = await promote({ fromEnvironment: 'dev', to: ['staging', 'passing'] });
    const item = await getEnvironment(subject.ports.store, { project: 'demo', environment: 'passing' });
    await subject.ports.store.transact([environmentUse(item, { ...item.data, id: 'another' })]);
    await end('staging');
    await advance(id);
    expect(await read(id)).toMatchObject({ state: 'failed', error: { code: 'environment_gone' } });
    const { items } = (await subject.api('GET', deploymentsOf('passing'))).body;
    expect(items ?? []).toEqual([]);
  });

  it('tells what is wrong with what is asked for', async () => {
    const ask = (body: object) => subject.api('POST', promotions(), body);
    await subject.api('DELETE', PIPELINE);
    expectProblem(await ask({ fromEnvironment: 'dev' }), 404);
    await setPipeline();
    expectProblem(await ask({ fromEnvironment: 'us' }), 404);
    expectProblem(await ask({ fromEnvironment: 'none' }), 404);
    expectProblem(await ask({ fromEnvironment: 'dev', through: 'dev' }), 409, 'conflict');
    expectProblem(await ask({ fromEnvironment: 'dev', through: 'none' }), 409, 'conflict');
    expectProblem(await ask({ fromEnvironment: 'dev', to: ['dev'] }), 400, 'invalid_request');
    expectProblem(await ask({ fromEnvironment: 'dev', to: ['eu', 'eu'] }), 400, 'invalid_request');
    expectProblem(
      await ask({ fromEnvironment: 'dev', to: ['eu'], through: 'production' }),
      400,
      'invalid_request',
    );
    expectProblem(await ask({ fromEnvironment: 'dev', to: ['none'] }), 404);
    expectProblem(await subject.api('GET', `${promotions()}/01KAV6M2J8Y0T5W3Q9R7C4X1ZB`), 404);
    expect((await subject.api('GET', promotions())).body.items).toEqual([]);
  });
});
