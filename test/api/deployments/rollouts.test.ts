/** What may be asked of a rollout, and what is said of one before it begins. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deploymentKey } from '../../../functions/core/keys.ts';
import type { Deployment } from '../../../functions/core/model/index.ts';
import type { Tracks } from '../../../functions/ports/workloads.ts';
import {
  createSubject,
  DIGEST,
  deploy,
  instance,
  instancePath,
  type Subject,
  seed,
  workload,
} from '../support.ts';

let subject: Subject;
beforeEach(async () => {
  subject = await createSubject();
  await seed(subject);
});
afterEach(async () => {
  expect(subject.errors).toEqual([]);
  await subject.close();
});

const register = (annotations: Record<string, string>, fields: object = {}) =>
  subject.api('POST', '/v1/projects/demo/services/guestbook/versions', {
    image: DIGEST,
    workload: { ...workload, metadata: { name: 'guestbook', annotations }, ...fields },
    tags: ['tried'],
  });
const canary = { 'berth.dev/strategy': 'canary', 'berth.dev/steps': '10% 1m, 50% hold' };

/** A deployment that is tried, as its workflow left it. */
async function underWay(change: Partial<Deployment> = {}): Promise<string> {
  await register(canary);
  const { body } = await subject.api('POST', `${instancePath}/deployments`, { version: 'tried' });
  const key = deploymentKey(instance, body.number);
  const item = await subject.ports.store.get<Deployment>(key);
  const rollout = { stage: 0, since: new Date(subject.ports.effects.now()).toISOString() };
  await subject.ports.store.transact([{ put: { ...key, data: { ...item?.data, rollout, ...change } } }]);
  return `${instancePath}/deployments/${body.number}/rollout`;
}
const ask = (path: string, action: string) => subject.api('POST', path, { action });

describe('A version that keeps clients with a replica', () => {
  const sticky = { 'berth.dev/affinity': 'cookie' };

  it('is refused by the plan where the place does not, with what helps', async () => {
    await register(sticky);
    const problems = async () =>
      (await subject.api('GET', `${instancePath}/plan?version=tried`)).body.problems;
    expect(await problems()).toMatchObject([
      { code: 'affinity_unavailable', hint: expect.stringContaining('leave out berth.dev/affinity') },
    ]);
    subject.ports.workloads.keepsClients = true;
    expect(await problems()).toEqual([]);
  });

  it('says how in a word that there is', async () => {
    const bad = await register({ 'berth.dev/affinity': 'ip' });
    expect([bad.status, bad.body.code]).toEqual([422, 'invalid_score']);
    expect(bad.body.detail).toContain('metadata.annotations["berth.dev/affinity"] must be cookie, not "ip"');
  });
});

describe('A version that takes over step by step', () => {
  it('is refused by the plan where the place serves no two side by side, with what helps', async () => {
    await deploy(subject);
    await register(canary);
    const { body } = await subject.api('GET', `${instancePath}/plan?version=tried`);
    expect(body.problems).toMatchObject([
      { code: 'strategy_unavailable', hint: expect.stringContaining('berth.dev/strategy: rolling') },
    ]);
    subject.ports.workloads.tracks = {} as Tracks;
    const possible = (await subject.api('GET', `${instancePath}/plan?version=tried`)).body;
    expect(possible).toMatchObject({
      problems: [],
      warmSeconds: 900,
      rollout: { stages: [{ percent: 10, seconds: 60 }, { percent: 50 }, { percent: 100, seconds: 60 }] },
    });
  });

  it('is refused as a version whose steps can not be read, or that takes no requests', async () => {
    const bad = await register({ ...canary, 'berth.dev/steps': '50% 1m, 10% 1m' });
    expect([bad.status, bad.body.code]).toEqual([422, 'invalid_score']);
    expect(bad.body.detail).toContain('metadata.annotations["berth.dev/steps"] must name shares that grow');
    const worker = await register(canary, { service: undefined });
    expect([worker.status, worker.body.code]).toEqual([422, 'invalid_score']);
    expect(worker.body.detail).toContain('declare a port under service.ports');
  });

  it('has no steps where nothing serves that it could be tried beside', async () => {
    await register(canary);
    const { body } = await subject.api('POST', `${instancePath}/deployments`, { version: 'tried' });
    expect(body.kind).toBe('deploy');
  });
});

describe('A rollout', () => {
  beforeEach(() => deploy(subject));

  it('stands still for as long as people want, and that time does not count', async () => {
    const path = await underWay();
    const before = Date.parse((await subject.api('GET', path)).body.until);
    subject.pass(10_000);
    expect(await ask(path, 'pause')).toMatchObject({ status: 200, body: { pausedAt: expect.any(String) } });
    expect((await subject.api('GET', path)).body).not.toHaveProperty('until');
    subject.pass(3_600_000);
    const { body } = await ask(path, 'resume');
    expect(Date.parse(body.until) - before).toBeGreaterThanOrEqual(3_600_000);
    expect(Date.parse(body.until) - before).toBeLessThan(3_605_000);
    expect(body).not.toHaveProperty('pausedAt');
  });

  it('takes what is asked of it once, and refuses what does not apply in a sentence', async () => {
    const path = await underWay();
    expect(await ask(path, 'resume')).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(await ask(path, 'abort')).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect((await ask(path, 'pause')).status).toBe(200);
    expect((await ask(path, 'pause')).status).toBe(409);
    expect(await ask(path, 'promote')).toMatchObject({ status: 200, body: { asked: 'promote' } });
    for (const late of ['pause', 'continue']) expect((await ask(path, late)).status, late).toBe(409);
    const events = (await subject.api('GET', '/v1/projects/demo/events')).body.items;
    const steered = events.filter(({ type }: { type: string }) => type === 'deployment.steered');
    expect(steered.map(({ data }: { data: { action: string } }) => data.action)).toEqual([
      'promote',
      'pause',
    ]);
  });

  it('that has ended, or is none, takes nothing more', async () => {
    const ended = await underWay({ status: 'failed' });
    expect(await ask(ended, 'promote')).toMatchObject({ status: 409, body: { code: 'operation_ended' } });
    const plain = `${instancePath}/deployments/1/rollout`;
    expect(await ask(plain, 'promote')).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(await subject.api('GET', plain)).toMatchObject({ status: 409, body: { code: 'conflict' } });
  });
});
