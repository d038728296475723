import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { environmentUse } from '../../../functions/commands/environments/environments.ts';
import type { BerthEvent } from '../../../functions/core/model/index.ts';
import { withStanding } from '../../../functions/records/instances.ts';
import { getEnvironment } from '../../../functions/records/read.ts';
import { createSubject, DIGEST, deploy, expectProblem, type Subject, seed, workload } from '../support.ts';

let subject: Subject;
beforeEach(async () => {
  subject = await createSubject();
  await seed(subject);
});
afterEach(async () => {
  expect(subject.errors).toEqual([]);
  await subject.close();
});

const PROJECT = '/v1/projects/demo';
const INSTANCE = `${PROJECT}/environments/dev/services/guestbook`;
const digestOnly = { rule: { kind: 'digest-only' } };
const mainOnly = { rule: { kind: 'branches', branches: ['main'] } };
const put = (name: string, body: unknown, base = PROJECT) =>
  subject.api('PUT', `${base}/policies/${name}`, body);
const eventsOf = async (type: string): Promise<BerthEvent[]> =>
  (await subject.api('GET', `${PROJECT}/events?type=${type}`)).body.items;
const version = async (): Promise<string> =>
  (await subject.api('GET', `${PROJECT}/services/guestbook/versions`)).body.items[0].id;

describe('Policies', () => {
  it('are added, read, changed and deleted, each with an event', async () => {
    const added = await put('main-only', mainOnly);
    expect(added.status, added.text).toBe(201);
    expect(added.body).toMatchObject({
      name: 'main-only',
      rollbacks: false,
      ...mainOnly,
      updatedBy: 'administrator',
    });
    expect((await put('main-only', { ...mainOnly, environments: ['production'] })).status).toBe(200);
    await put('a-first', digestOnly);
    const { body } = await subject.api('GET', `${PROJECT}/policies`);
    expect(body.items.map(({ name }: { name: string }) => name)).toEqual(['a-first', 'main-only']);
    expect((await subject.api('GET', `${PROJECT}/policies/main-only`)).body.environments).toEqual([
      'production',
    ]);
    expect((await subject.api('DELETE', `${PROJECT}/policies/main-only`)).status).toBe(204);
    expectProblem(await subject.api('GET', `${PROJECT}/policies/main-only`), 404);
    expectProblem(await subject.api('DELETE', `${PROJECT}/policies/main-only`), 404);
    expect((await eventsOf('policy')).map(({ type }) => type)).toEqual([
      'policy.deleted',
      'policy.created',
      'policy.changed',
      'policy.created',
    ]);
    expect((await eventsOf('policy.changed'))[0]?.data).toMatchObject({
      changes: { environments: { after: ['production'] } },
    });
  });

  it('that together are larger than a record are refused, and those before them stay', async () => {
    const registry = (at: number) => `r${at}.${'x'.repeat(60)}/${'y'.repeat(180)}`;
    const registries = Array.from({ length: 50 }, (_, at) => registry(at));
    const many = { rule: { kind: 'allowed-registries', registries } };
    const answers = [];
    for (let at = 0; at < 33; at++) answers.push(await put(`p${at}`, many));
    expectProblem(answers.at(-1)!, 413, 'payload_too_large');
    const kept = (await subject.api('GET', `${PROJECT}/policies`)).body.items;
    expect(kept).toHaveLength(answers.filter(({ status }) => status === 201).length);
    expect(kept.length).toBeGreaterThan(20);
  });

  it.each([{ kind: 'branch' }, { kind: 7 }, {}])(
    'of no known kind are refused, with the kinds: %j',
    async (rule) => {
      const answer = await put('x', { rule });
      expectProblem(answer, 400, 'invalid_request');
      expect(answer.body.errors).toMatchObject([
        {
          path: 'body.rule.kind',
          message: expect.stringMatching(/^must be "allowed-registries" or .*"budget"$/),
        },
      ]);
      const windows = await put('x', { rule: { kind: 'freeze', windows: [{ from: 'now' }] } });
      expect(windows.body.errors[0].message).toMatch(/^must have "from" and "to", or "days"/);
    },
  );

  it('have no more patterns together than a deployment can be compared with', async () => {
    const branches = Array.from({ length: 50 }, (_, at) => `release-${at}/*`);
    for (let at = 0; at < 10; at++)
      expect((await put(`p-${at}`, { rule: { kind: 'branches', branches } })).status).toBe(201);
    const answer = await put('p-10', { rule: { kind: 'branches', branches: ['main'] } });
    expectProblem(answer, 409, 'conflict');
    expect(answer.body.detail).toContain('501 patterns');
    expect((await put('p-9', { rule: { kind: 'branches', branches: ['main'] } })).status).toBe(200);
    expect((await put('p-10', { rule: { kind: 'branches', branches: ['main'] } })).status).toBe(201);
  });

  it('of which many are put at once are all kept', async () => {
    await Promise.all(Array.from({ length: 10 }, (_, at) => put(`p-${at}`, digestOnly)));
    expect((await subject.api('GET', `${PROJECT}/policies`)).body.items).toHaveLength(10);
  });

  it('are fifty at most', async () => {
    for (let at = 0; at < 50; at++) expect((await put(`p-${at}`, digestOnly)).status).toBe(201);
    expectProblem(await put('one-more', digestOnly), 409, 'conflict');
    expect((await put('p-3', mainOnly)).status).toBe(200);
  });

  it.each([
    ['nothing', {}],
    ['no rule', { environments: ['dev'] }],
    ['an unknown rule', { rule: { kind: 'luck' } }],
    ['a member too many', { ...digestOnly, extra: 1 }],
    ['a rule with a member of another', { rule: { kind: 'digest-only', branches: ['main'] } }],
    ['no branches', { rule: { kind: 'branches', branches: [] } }],
    ['a branch with a line break', { rule: { kind: 'branches', branches: ['main\n'] } }],
    ['wildcards without end', { rule: { kind: 'branches', branches: ['*a*a*a*a*a*a*'] } }],
    ['a registry with a scheme', { rule: { kind: 'allowed-registries', registries: ['https://ghcr.io'] } }],
    ['an empty registry', { rule: { kind: 'allowed-registries', registries: [''] } }],
    ['a severity that is none', { rule: { kind: 'scan', severity: 'bad' } }],
    [
      'a private key',
      { rule: { kind: 'signature', keys: [{ name: 'k', publicKey: '-----BEGIN PRIVATE KEY-----' }] } },
    ],
    ['memory without sense', { rule: { kind: 'ceiling', memory: 'lots' } }],
    [
      'a window that ends before it starts',
      { rule: { kind: 'freeze', windows: [{ from: '2026-02-01T00:00:00Z', to: '2026-01-01T00:00:00Z' }] } },
    ],
    [
      'a time zone that is none',
      {
        rule: {
          kind: 'freeze',
          windows: [{ days: ['mon'], start: '00:00', end: '24:00', timeZone: 'Mars/Olympus' }],
        },
      },
    ],
    [
      'an hour that is none',
      {
        rule: { kind: 'freeze', windows: [{ days: ['mon'], start: '25:00', end: '26:00', timeZone: 'UTC' }] },
      },
    ],
    ['environments that are none', { ...digestOnly, environments: [] }],
  ])('refuse %s', async (_what, body) => {
    expectProblem(await put('bad', body), 400, 'invalid_request');
    expectProblem(await subject.api('POST', `${PROJECT}/policy-dry-runs`, body), 400, 'invalid_request');
    expect((await subject.api('GET', `${PROJECT}/policies`)).body.items).toEqual([]);
  });

  it('go with their project', async () => {
    await subject.api('POST', '/v1/projects', { name: 'brief' });
    await put('digest-only', digestOnly, '/v1/projects/brief');
    expect((await subject.api('DELETE', '/v1/projects/brief')).status).toBe(204);
    await subject.api('POST', '/v1/projects', { name: 'brief' });
    expect((await subject.api('GET', '/v1/projects/brief/policies')).body.items).toEqual([]);
  });
});

describe('A deployment', () => {
  it('that does not meet a policy is refused: nothing is made, and the refusal says what, why and how', async () => {
    await deploy(subject);
    await put('main-only', mainOnly);
    const started = subject.started.length;
    const answer = await subject.api('POST', `${INSTANCE}/deployments`, { version: await version() });
    expectProblem(answer, 422, 'policy_violation');
    expect(answer.body.detail).toContain('the policy "main-only" of the project "demo" is not met');
    expect(answer.body.hint).toBe('Build it with Berth from main.');
    expect(answer.body.violations).toMatchObject([{ policy: 'main-only', scope: 'project' }]);
    expect(subject.started).toHaveLength(started);
    expect((await subject.api('GET', `${INSTANCE}/deployments`)).body.items).toHaveLength(1);
    const [event] = await eventsOf('deployment.refused');
    expect(event).toMatchObject({
      environment: 'dev',
      service: 'guestbook',
      data: { kind: 'deploy', violations: [{ policy: 'main-only' }] },
    });
  });

  it('is not let in by another way: a promotion is one too, and a rollback where the policy says so', async () => {
    await deploy(subject);
    await subject.api('POST', `${PROJECT}/environments`, { name: 'production' });
    await put('main-only', mainOnly);
    const promotion = `${PROJECT}/environments/production/services/guestbook/deployments`;
    const answer = await subject.api('POST', promotion, { fromEnvironment: 'dev' });
    expect([409, 422]).toContain(answer.status);
    const plan = await subject.api('GET', `${INSTANCE}/plan?rollbackTo=1`);
    expect(plan.body.problems).toEqual([]);
    await put('main-only', { ...mainOnly, rollbacks: true });
    expectProblem(
      await subject.api('POST', `${INSTANCE}/deployments`, { rollbackTo: 1 }),
      422,
      'policy_violation',
    );
  });

  it('that would cost more than the budget of its environment is refused, with what would not', async () => {
    await put('budget', { rule: { kind: 'budget', usdPerMonth: 10 } });
    const scaled = {
      ...workload,
      metadata: { name: 'guestbook', annotations: { 'berth.dev/replicas': '9' } },
    };
    const body = { image: DIGEST, workload: scaled, tags: ['wide'] };
    await subject.api('POST', `${PROJECT}/services/guestbook/versions`, body);
    const wide = { version: 'wide' };
    const answer = await subject.api('POST', `${INSTANCE}/deployments`, wide);
    expectProblem(answer, 422, 'policy_violation');
    expect(answer.body.detail).toContain('26.17 USD a month, 26.17 of it for guestbook, and may cost 10.00');
    expect(answer.body.hint).toContain('to 3 at most: it is then 8.79 USD a month.');
    const plan = await subject.api('GET', `${INSTANCE}/plan?version=wide`);
    expect(plan.body.problems).toMatchObject([{ code: 'policy_violation' }]);
    // A policy that is for others does not stop it.
    await put('budget', { rule: { kind: 'budget', usdPerMonth: 10, of: 'ephemeral' } });
    expect((await subject.api('POST', `${INSTANCE}/deployments`, wide)).status).toBe(202);
    const run = async (usdPerMonth: number) =>
      (await subject.api('POST', `${PROJECT}/policy-dry-runs`, { rule: { kind: 'budget', usdPerMonth } }))
        .body;
    expect(await run(10)).toMatchObject({ considered: 1, refused: [{ number: 1 }] });
    expect(await run(30)).toMatchObject({ considered: 1, refused: [] });
  });

  it('is within a budget only together with what is stopped, for that is started without another look', async () => {
    await deploy(subject);
    const ref = { project: 'demo', environment: 'dev' };
    const item = await getEnvironment(subject.ports.store, ref);
    const stopped = withStanding(item.data, { ...ref, service: 'guestbook' }, { state: 'stopped' });
    await subject.ports.store.transact([environmentUse(item, stopped)]);
    await subject.api('POST', `${PROJECT}/services`, { name: 'other' });
    const other = { ...workload, metadata: { name: 'other' } };
    const body = { image: DIGEST, workload: other, tags: ['v1'] };
    expect((await subject.api('POST', `${PROJECT}/services/other/versions`, body)).status).toBe(201);
    const asked = () =>
      subject.api('POST', `${PROJECT}/environments/dev/services/other/deployments`, { version: 'v1' });
    await put('budget', { rule: { kind: 'budget', usdPerMonth: 4 } });
    expectProblem(await asked(), 422, 'policy_violation');
    await put('budget', { rule: { kind: 'budget', usdPerMonth: 10 } });
    expect((await asked()).status).toBe(202);
  });

  it('shows in its plan what policies say', async () => {
    await deploy(subject);
    await put('main-only', mainOnly);
    const { body } = await subject.api('GET', `${INSTANCE}/plan?version=${await version()}`);
    expect(body.problems).toMatchObject([
      { code: 'policy_violation', hint: 'Build it with Berth from main.' },
    ]);
  });

  it('meets the policies of the platform as well, which no project can change', async () => {
    await deploy(subject);
    expect((await put('main-only', mainOnly, '/v1')).status).toBe(201);
    const answer = await subject.api('POST', `${INSTANCE}/deployments`, { version: await version() });
    expect(answer.body.violations).toMatchObject([{ scope: 'platform' }]);
    // A policy of the project by the same name stands beside it.
    await put('main-only', { rule: { kind: 'branches', branches: ['**'] } });
    const again = await subject.api('POST', `${INSTANCE}/deployments`, { version: await version() });
    expectProblem(again, 422, 'policy_violation');
    expect((await subject.api('DELETE', '/v1/policies/main-only')).status).toBe(204);
  });
});

describe('A dry run', () => {
  it('tells what a policy would have refused in the last 30 days, and changes nothing', async () => {
    await deploy(subject);
    const run = async (body: unknown) => (await subject.api('POST', `${PROJECT}/policy-dry-runs`, body)).body;
    expect(await run(mainOnly)).toMatchObject({
      considered: 1,
      truncated: false,
      refused: [{ environment: 'dev', service: 'guestbook', number: 1, violation: { policy: 'dry-run' } }],
    });
    expect(await run({ ...mainOnly, environments: ['production'] })).toMatchObject({
      considered: 1,
      refused: [],
    });
    expect((await subject.api('GET', `${PROJECT}/policies`)).body.items).toEqual([]);
    const platform = await subject.api('POST', '/v1/policy-dry-runs', mainOnly);
    expect(platform.body.refused).toMatchObject([{ project: 'demo', number: 1 }]);
    subject.pass(31 * 24 * 60 * 60 * 1000);
    expect(await run(mainOnly)).toMatchObject({ considered: 0, refused: [] });
  });
});
