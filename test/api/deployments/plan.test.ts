import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deploymentKey, resourceKey, secretKey } from '../../../functions/core/keys.ts';
import type { Deployment } from '../../../functions/core/model/index.ts';
import {
  createSubject,
  DIGEST,
  deploy,
  expectProblem,
  instance,
  instancePath,
  type Subject,
  seed,
  setState,
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

const dev = { project: 'demo', environment: 'dev' };
const plan = (query: string) => subject.api('GET', `${instancePath}/plan?${query}`);

const register = async (tag: string, fields: object): Promise<string> => {
  const body = { image: DIGEST, workload: { ...workload, ...fields }, tags: [tag] };
  return (await subject.api('POST', '/v1/projects/demo/services/guestbook/versions', body)).body.id;
};

const withResources = {
  containers: { web: { image: '.', variables: { PORT: '8080', KEY: '${resources.env.API_KEY}' } } },
  resources: { env: { type: 'environment' }, db: { type: 'postgres' } },
  metadata: {
    name: 'guestbook',
    annotations: { 'berth.dev/replicas': '2', 'berth.dev/release-command': 'node m.js' },
  },
};

const VALUE = 'the-value-of-the-secret';

describe('The plan of a deployment', () => {
  it('of a first one is all of it, with what it makes and what it lacks', async () => {
    const version = await register('v2', withResources);
    const { status, body } = await plan('version=v2');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      kind: 'deploy',
      number: 1,
      version,
      digest: DIGEST,
      revision: { tag: 'v2' },
      replicas: { before: 0, after: 2 },
      releaseCommand: 'node m.js',
      resources: [
        { name: 'env', action: 'compute' },
        { name: 'db', uid: 'postgres.default#guestbook.db', action: 'make' },
      ],
      problems: [{ code: 'unresolved_placeholder', hint: expect.stringContaining('API_KEY') }],
    });
    expect(body.from).toBeUndefined();
    // Nothing came of it.
    expectProblem(await subject.api('GET', `${instancePath}/deployments`), 404, 'not_found');
  });

  it('has what a month costs more, and the data that the service loses', async () => {
    await deploy(subject);
    const ref = { project: 'demo', environment: 'dev' };
    const record = (uid: string, type: string, services: string[]) => ({
      put: {
        ...resourceKey(ref, uid),
        data: { ...ref, uid, type, class: 'default', id: uid.split('#')[1], params: {}, services },
      },
    });
    await subject.ports.store.transact([
      record('postgres.default#guestbook.db', 'postgres', ['guestbook']),
      record('volume.default#files', 'volume', ['guestbook', 'other']),
    ]);
    await register('v2', {
      metadata: { name: 'guestbook', annotations: { 'berth.dev/replicas': '3' } },
      resources: { db: { type: 'postgres', class: 'dedicated' } },
    });
    const { body } = await plan('version=v2');
    expect(body.resources).toMatchObject([
      { uid: 'postgres.dedicated#guestbook.db', action: 'make', data: 'empty' },
      { uid: 'postgres.default#guestbook.db', action: 'unused', data: 'left' },
      { uid: 'volume.default#files', action: 'unused' },
    ]);
    expect(body.resources[2].data).toBeUndefined();
    // 2.90 for a replica that asks for nothing, 0.10 of logs, 13.98 for a server of its own.
    expect(body.cost).toEqual({ before: 3, after: 22.77, difference: 19.77 });
  });

  it('is against what serves, with secrets by their versions', async () => {
    await deploy(subject);
    await register('v2', withResources);
    const { ports } = subject;
    await subject.api('PUT', '/v1/projects/demo/environments/dev/secrets/API_KEY', { value: VALUE });
    const { data } = (await ports.store.get<{ version: string }>(secretKey(dev, 'API_KEY')))!;
    const { body, text } = await plan('version=v2');
    expect(body).toMatchObject({ number: 2, from: 1, replicas: { before: 1, after: 2 }, problems: [] });
    expect(body.changes).toContainEqual({
      area: 'secret',
      name: 'env.API_KEY',
      change: 'added',
      after: data.version,
    });
    expect(body.changes).toContainEqual({
      area: 'variable',
      container: 'web',
      name: 'KEY',
      change: 'added',
      after: '${resources.env.API_KEY}',
    });
    expect(text).not.toContain(VALUE);
  });

  it('keeps a resource that is there, and tells of one that is no longer used', async () => {
    const { ports } = subject;
    const record = (id: string) => ({
      ...dev,
      uid: `postgres.default#${id}`,
      type: 'postgres',
      class: 'default',
      id,
      params: {},
      state: 'ready',
      outputs: { values: { host: 'secret-host' }, secrets: {} },
      services: ['guestbook'],
      operation: 'x',
      createdAt: new Date().toISOString(),
    });
    for (const id of ['guestbook.db', 'guestbook.old']) {
      const data = record(id);
      await ports.store.transact([{ put: { ...resourceKey(dev, data.uid), data } }]);
    }
    await register('v2', withResources);
    const { body, text } = await plan('version=v2');
    expect(body.resources.map(({ name, action }: any) => [name, action])).toEqual([
      ['env', 'compute'],
      ['db', 'keep'],
      ['guestbook.old', 'unused'],
    ]);
    expect(text).not.toContain('secret-host');
  });

  it('of a rollback shows what was pinned, and runs no release command', async () => {
    await deploy(subject);
    const key = deploymentKey(instance, 1);
    const { data } = (await subject.ports.store.get<Deployment>(key))!;
    const pinned = { ...data, version: await register('v2', withResources) };
    const uid = 'postgres.default#guestbook.db';
    const database = { uid, state: 'ready', outputs: { values: {}, secrets: {} }, services: ['guestbook'] };
    await subject.ports.store.transact([
      { put: { ...key, data: pinned } },
      { put: { ...resourceKey(dev, uid), data: database } },
    ]);
    const { body } = await plan('rollbackTo=1');
    expect(body).toMatchObject({ kind: 'rollback', number: 2, from: 1, changes: [] });
    expect(body.releaseCommand).toBeUndefined();
    expectProblem(await plan('rollbackTo=9'), 404, 'not_found');
  });

  it('tells that the environment can not take it, or that the image is gone', async () => {
    await register('v2', {});
    await setState(subject.ports, 'dev', 'hibernating');
    subject.ports.registry.resolve = async () => {
      const { Problem } = await import('../../../functions/core/problem.ts');
      throw new Problem('image_unavailable', 'There is no such image.', { hint: 'Push it.' });
    };
    const { body } = await plan('version=v2');
    expect(body.problems.map(({ code }: any) => code)).toEqual([
      'environment_not_ready',
      'image_unavailable',
    ]);
  });

  it('takes one thing to deploy, that is there', async () => {
    for (const query of [
      '',
      'version=a&rollbackTo=1',
      'rollbackTo=0',
      'rollbackTo=x',
      'version=%20',
      'more=1',
    ])
      expectProblem(await plan(query), 400, 'invalid_request');
    expectProblem(await plan('version=none'), 404, 'not_found');
    expectProblem(await plan('fromEnvironment=none'), 404, 'not_found');
    expectProblem(
      await subject.api('GET', '/v1/projects/demo/environments/none/services/guestbook/plan?version=v1'),
      404,
      'not_found',
    );
  });
});

describe('The difference of two deployments', () => {
  it('is against the one before, or the one that is named', async () => {
    await deploy(subject);
    await deploy(subject);
    const key = deploymentKey(instance, 2);
    const { data } = (await subject.ports.store.get<Deployment>(key))!;
    const containers = { web: { image: '.', variables: { PORT: '1' } } };
    const other = { ...data, version: await register('v2', { containers }) };
    await subject.ports.store.transact([{ put: { ...key, data: other } }]);
    const of = async (path: string) => (await subject.api('GET', `${instancePath}/deployments/${path}`)).body;
    expect(await of('2/diff')).toEqual({
      from: 1,
      to: 2,
      changes: [
        { area: 'version', name: 'version', change: 'changed', before: data.version, after: other.version },
        { area: 'variable', container: 'web', name: 'PORT', change: 'changed', before: '8080', after: '1' },
      ],
    });
    expect((await of('1/diff?from=2')).changes).toMatchObject([{}, { before: '1', after: '8080' }]);
    expect(await of('1/diff')).toMatchObject({ to: 1, changes: expect.any(Array) });
    expect(await of('2/diff?from=2')).toEqual({ from: 2, to: 2, changes: [] });
    expectProblem(await subject.api('GET', `${instancePath}/deployments/9/diff`), 404, 'not_found');
    expectProblem(await subject.api('GET', `${instancePath}/deployments/2/diff?from=7`), 404, 'not_found');
    expectProblem(
      await subject.api('GET', `${instancePath}/deployments/2/diff?from=-1`),
      400,
      'invalid_request',
    );
  });
});

describe('Deployments', () => {
  it('carry what people know their version by', async () => {
    await deploy(subject);
    const { body } = await subject.api('GET', `${instancePath}/deployments/1`);
    expect(body.revision).toEqual({ tag: 'v1' });
  });
});
