/** Approval by a second person: nothing starts before, and no way leads around it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rememberPerson } from '../../../functions/commands/access/people.ts';
import { sameAgain } from '../../../functions/commands/deployments/deployment-content.ts';
import { createDeployment } from '../../../functions/commands/deployments/deployments.ts';
import { startOperation } from '../../../functions/commands/operations/operations.ts';
import { changeVariables } from '../../../functions/commands/variables/variables.ts';
import { deploymentKey, operationKey } from '../../../functions/core/keys.ts';
import type { Deployment, DeploymentKind, Operation } from '../../../functions/core/model/index.ts';
import { instanceIn } from '../../../functions/records/instances.ts';
import { getEnvironment } from '../../../functions/records/read.ts';
import { sweep } from '../../../functions/sweep/sweep.ts';
import {
  type Answer,
  createSubject,
  deploy,
  expectProblem,
  instance,
  instancePath,
  LABELLED,
  person,
  type Subject,
  seed,
  setState,
  workload,
} from '../support.ts';

let subject: Subject;
const environment = '/v1/projects/demo/environments/dev';
const protection = `${environment}/protection`;

type Api = (method: string, path: string, body?: unknown) => Promise<Answer>;
const as =
  (token: string): Api =>
  (method, path, body) =>
    subject.api(method, path, body, { authorization: `Bearer ${token}` });
const [dev, max, mia, boss] = ['dev', 'max', 'mia', 'boss'].map(as) as [Api, Api, Api, Api];

beforeEach(async () => {
  subject = await createSubject();
  await seed(subject);
  for (const [name, role] of Object.entries({
    boss: 'administrator',
    max: 'maintainer',
    mia: 'maintainer',
    dev: 'developer',
  })) {
    subject.people.set(name, person(name));
    await subject.api('PUT', `/v1/projects/demo/members/user:${name}`, { role });
  }
  // Deployment 1 serves, as before the protection.
  await deploy(subject);
  expect((await max('PUT', protection, { approval: true })).status).toBe(200);
  subject.started.length = 0;
});
afterEach(() => subject.close());

async function ask(api: Api, body: unknown = { version: 'v1' }): Promise<Answer['body']> {
  const answer = await api('POST', `${instancePath}/deployments`, body);
  expect(answer.status, answer.text).toBe(202);
  return answer.body;
}
const decide = (api: Api, number: number, how = 'approve', body: unknown = undefined) =>
  api('POST', `${instancePath}/deployments/${number}/${how}`, body);
const read = async (number: number) => (await dev('GET', `${instancePath}/deployments/${number}`)).body;
const fence = async () =>
  instanceIn((await getEnvironment(subject.ports.store, instance)).data, instance.service);
const lastEvent = async () => (await dev('GET', '/v1/projects/demo/events?limit=1')).body.items[0];

describe('A deployment that needs approval', () => {
  it('waits, is shown to wait, starts nothing and holds no fence', async () => {
    const { id, number, approval, status } = await ask(dev);
    expect({ number, status, state: approval.state }).toEqual({
      number: 2,
      status: 'queued',
      state: 'pending',
    });
    expect(await read(2)).toMatchObject({
      status: 'queued',
      approval: { state: 'pending', requestedBy: 'user:dev' },
    });
    expect(await fence()).toMatchObject({ newest: 1, current: 1, highest: 2 });
    subject.pass(60 * 60 * 1000);
    await sweep(subject.ports);
    const { data } = (await subject.ports.store.get<Operation>(operationKey(id)))!;
    await startOperation(subject.ports, data);
    expect(subject.started).toEqual([]);
  });

  it('starts when a second person approves, and the event says who', async () => {
    const { id } = await ask(dev);
    expect((await decide(max, 2)).status).toBe(202);
    expect(subject.started).toEqual([id]);
    expect(await fence()).toMatchObject({ newest: 2 });
    expect(await read(2)).toMatchObject({ approval: { state: 'approved', decidedBy: 'user:max' } });
    expect(await lastEvent()).toMatchObject({
      type: 'deployment.approved',
      actor: 'user:max',
      data: { number: 2, requestedBy: 'user:dev' },
    });
    expectProblem(await decide(mia, 2), 409, 'operation_ended');
    expect(subject.started).toEqual([id]);
  });

  it('that takes all variables takes none that nobody has seen: not when it is approved, and not when it runs once more', async () => {
    const metadata = { ...workload.metadata, annotations: { 'berth.dev/variables': 'all' } };
    const version = { image: LABELLED, tags: ['all'], workload: { ...workload, metadata } };
    expect((await dev('POST', '/v1/projects/demo/services/guestbook/versions', version)).status).toBe(201);
    const set = (name: string) =>
      changeVariables(subject.ports, { actor: 'user:max' }, instance, { some: new Map([[name, 'x']]) });
    const taken = async () =>
      (await subject.ports.store.get<Deployment>(deploymentKey(instance, 2)))?.data.variables;
    await set('SEEN');
    await ask(dev, { version: 'all' });
    expect(await taken()).toEqual(['SEEN']);
    await set('NODE_OPTIONS');
    expect((await decide(max, 2)).status).toBe(202);
    expect(await taken()).toEqual(['SEEN']);
    const again = (kind: DeploymentKind) => sameAgain(subject.ports, instance, 2, kind);
    for (const kind of ['redeploy', 'scale', 'restart', 'start'] as const)
      expect((await again(kind)).variables, kind).toEqual(['SEEN']);
    expect((await boss('PUT', protection, { approval: false })).status).toBe(200);
    expect((await again('restart')).variables).toEqual(['NODE_OPTIONS', 'SEEN']);
    expect((await again('scale')).variables).toEqual(['SEEN']);
    expect((await again('stop')).variables).toEqual(['SEEN']);
  });

  it('is approved once, of two who do it at once', async () => {
    await ask(dev);
    const both = await Promise.all([decide(max, 2), decide(mia, 2)]);
    expect(both.map(({ status }) => status).sort()).toEqual([202, 409]);
    expect(subject.started).toHaveLength(1);
  });

  it.each([
    ['the one who asked, with more than enough of a role', max, max],
    ['a developer', max, dev],
  ])('is not approved by %s', async (_who, asker, approver) => {
    await ask(asker);
    expectProblem(await decide(approver, 2), 403, 'forbidden');
    expect(subject.started).toEqual([]);
  });

  it('is not approved by a token of anyone, nor by who made the token that asked', async () => {
    const token = async (api: Api, path: string, role: string) =>
      as((await api('POST', path, { name: 'x', role })).body.token);
    const ofMax = await token(max, '/v1/tokens', 'maintainer');
    const ofProject = await token(max, '/v1/projects/demo/tokens', 'maintainer');
    await ask(ofMax);
    await ask(ofProject);
    for (const number of [2, 3]) {
      for (const api of [max, ofMax, ofProject]) expectProblem(await decide(api, number), 403, 'forbidden');
    }
    expectProblem(await decide(await token(mia, '/v1/tokens', 'maintainer'), 2), 403, 'forbidden');
    expect((await read(3)).approval.requestedBy).toBe('user:max');
    expect((await decide(mia, 3)).status).toBe(202);
  });

  it('is not approved by who runs the installation when the administrator token asked, nor the other way around', async () => {
    subject.people.set('root', person('root', { administrator: true }));
    await rememberPerson(subject.ports, person('root', { administrator: true }));
    await rememberPerson(subject.ports, person('mia'));
    await ask(as('root'));
    await ask(subject.api);
    expectProblem(await decide(subject.api, 2), 403, 'forbidden');
    expectProblem(await decide(as('root'), 3), 403, 'forbidden');
    expectProblem(await decide(subject.api, 3), 403, 'forbidden');
    expect(subject.started).toEqual([]);
    expect((await decide(mia, 3)).status).toBe(202);
    await ask(mia);
    expect((await decide(subject.api, 4)).status).toBe(202);
  });

  it('fails closed: who was not seen for 90 days may run the installation, and is no second person to its token', async () => {
    subject.people.set('root', person('root', { administrator: true }));
    await rememberPerson(subject.ports, person('root', { administrator: true }));
    const { token } = (
      await as('root')('POST', '/v1/projects/demo/tokens', {
        name: 'x',
        role: 'maintainer',
        expiresIn: '365d',
      })
    ).body;
    subject.pass(91 * 24 * 60 * 60 * 1000);
    await ask(as(token));
    expectProblem(await decide(subject.api, 2), 403, 'forbidden');
    subject.people.set('unseen', person('unseen'));
    await subject.api('PUT', '/v1/projects/demo/members/user:unseen', { role: 'maintainer' });
    await ask(as('unseen'));
    expectProblem(await decide(subject.api, 3), 403, 'forbidden');
    expect(subject.started).toEqual([]);
    expect((await decide(mia, 3)).status).toBe(202);
  });

  it('ends when it is rejected, with the reason', async () => {
    const { id } = await ask(dev);
    expect((await decide(mia, 2, 'reject', { reason: 'Not on a Friday' })).body).toMatchObject({
      status: 'canceled',
      error: { code: 'approval_rejected', cause: 'user:mia rejected it: Not on a Friday' },
    });
    expect(await read(2)).toMatchObject({
      status: 'canceled',
      approval: { state: 'rejected', decidedBy: 'user:mia' },
    });
    expect((await lastEvent()).type).toBe('deployment.rejected');
    expectProblem(await decide(max, 2), 409, 'operation_ended');
    await sweep(subject.ports);
    expect(subject.started).not.toContain(id);
  });

  it('ends when nobody approves it in time', async () => {
    const { id } = await ask(dev);
    subject.pass(72 * 60 * 60 * 1000 + 1000);
    expectProblem(await decide(max, 2), 409, 'operation_ended');
    expect((await sweep(subject.ports)).errors).toEqual([]);
    expect((await dev('GET', `/v1/operations/${id}`)).body).toMatchObject({
      status: 'canceled',
      error: { code: 'approval_expired' },
    });
    expect((await read(2)).approval.state).toBe('expired');
    expect(subject.started).toEqual([]);
  });

  it('is canceled at once by who asked', async () => {
    const { id } = await ask(dev);
    expect((await dev('POST', `/v1/operations/${id}/cancel`)).body.status).toBe('canceled');
    expectProblem(await decide(max, 2), 409, 'operation_ended');
    await ask(dev);
    expect((await decide(dev, 3, 'cancel')).body.status).toBe('canceled');
  });

  it('older than what has been approved since stays behind', async () => {
    await ask(dev);
    await ask(dev);
    expect((await decide(max, 3)).status).toBe(202);
    expectProblem(await decide(max, 2), 409, 'superseded');
    expect(await fence()).toMatchObject({ newest: 3 });
  });

  it('wakes an environment that has gone to sleep, once it is approved', async () => {
    await ask(dev);
    await setState(subject.ports, 'dev', 'hibernated');
    expect((await decide(max, 2)).status).toBe(202);
    expect(subject.started).toHaveLength(2);
  });

  it('can be the first of a service', async () => {
    await dev('POST', '/v1/projects/demo/services', { name: 'shop' });
    await dev('POST', '/v1/projects/demo/services/shop/versions', {
      image: `sha256:${'b'.repeat(64)}`,
      tags: ['one'],
    });
    const path = `${environment}/services/shop`;
    expect((await dev('POST', `${path}/deployments`, { version: 'one' })).body).toMatchObject({ number: 1 });
    expect((await dev('GET', path)).status).toBe(200);
    expect((await max('POST', `${path}/deployments/1/approve`)).status).toBe(202);
    expect(subject.started).toHaveLength(1);
  });
});

describe('No way around', () => {
  it.each([
    ['a version by tag', { version: 'v1' }],
    ['a rollback', { rollbackTo: 1 }],
    ['a promotion', { fromEnvironment: 'dev' }],
  ])('%s waits as well', async (_what, body) => {
    const { approval, id } = await ask(max, body);
    expect(approval.state).toBe('pending');
    expect(subject.started).not.toContain(id);
  });

  it('a rollback alone goes through where that is set, and setting it takes an administrator', async () => {
    const loose = { approval: true, rollbackWithoutApproval: true };
    expectProblem(await max('PUT', protection, loose), 403, 'forbidden');
    expect((await boss('PUT', protection, loose)).status).toBe(200);
    expect((await ask(dev, { rollbackTo: 1 })).approval).toBeUndefined();
    expect((await ask(dev)).approval.state).toBe('pending');
    // There is no going back to a version that never ran here.
    expectProblem(await dev('POST', `${instancePath}/deployments`, { rollbackTo: 3 }), 409, 'conflict');
  });

  it('the protection is not taken off by who is bound by it, nor the environment, its secrets or its sleep', async () => {
    for (const api of [dev, max]) {
      expectProblem(await api('DELETE', protection), 403, 'forbidden');
      expectProblem(await api('PUT', protection, { approval: false }), 403, 'forbidden');
      expectProblem(await api('DELETE', environment), 403, 'forbidden');
    }
    expectProblem(await dev('PUT', `${environment}/secrets/KEY`, { value: 'x' }), 403, 'forbidden');
    expectProblem(await dev('POST', `${environment}/hibernate`), 403, 'forbidden');
    expectProblem(await dev('PATCH', environment, { ttl: '10s' }), 403, 'forbidden');
    expectProblem(await dev('PATCH', environment, { protection: null }), 403, 'forbidden');
    expectProblem(await boss('PATCH', environment, { protection: null }), 400, 'invalid_request');
    expect((await boss('DELETE', protection)).body.protection).toBeUndefined();
    expect(await lastEvent()).toMatchObject({
      type: 'environment.unprotected',
      data: { before: { approval: true } },
    });
  });

  it('what was asked for is what is approved: a tag that moved meanwhile changes nothing', async () => {
    const { digest, version } = await ask(dev).then(() => read(2));
    await dev('POST', '/v1/projects/demo/services/guestbook/versions', {
      image: `sha256:${'b'.repeat(64)}`,
      tags: ['v1'],
    });
    await decide(max, 2);
    expect(await read(2)).toMatchObject({ digest, version });
  });

  it('a command without a person counts its actor as one', async () => {
    const caller = { actor: 'user:max' };
    await createDeployment(subject.ports, caller, instance, { version: 'v1' });
    expectProblem(await decide(max, 2), 403, 'forbidden');
  });
});
