import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { repinned } from '../../../functions/commands/deployments/rollback-pins.ts';
import { deleteService } from '../../../functions/commands/services/services.ts';
import { instanceName, operationKey, operationLog, resourceKey } from '../../../functions/core/keys.ts';
import type { Operation } from '../../../functions/core/model/index.ts';
import { TransientError } from '../../../functions/core/problem.ts';
import { instanceIn } from '../../../functions/records/instances.ts';
import { getEnvironment } from '../../../functions/records/read.ts';
import {
  createSubject,
  DIGEST,
  deploy,
  expectProblem,
  instance,
  instancePath,
  LABELLED,
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

const service = '/v1/projects/demo/services/guestbook';

describe('Versions', () => {
  it('registers an image with its workload; the same pair is the same version', async () => {
    const { api } = subject;
    const created = await api('POST', `${service}/versions`, { image: DIGEST, workload, tags: ['v1'] });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ digest: DIGEST, tags: ['v1'], source: { kind: 'image' } });
    expect(created.body.workload.metadata.name).toBe('guestbook');
    expect(created.headers.get('location')).toBe(`${service}/versions/${created.body.id}`);
    const again = await api('POST', `${service}/versions`, { image: DIGEST, workload, tags: ['v2'] });
    expect(again.body.id).toBe(created.body.id);
    expect((await api('GET', `${service}/versions/v2`)).body.tags).toEqual(['v1', 'v2']);
    const { items } = (await api('GET', `${service}/versions`)).body;
    expect(items).toHaveLength(1);
    expect(items[0]).not.toHaveProperty('workload');
  });

  it("takes the workload from the image's label", async () => {
    const { api } = subject;
    const labelled = await api('POST', `${service}/versions`, { image: LABELLED });
    expect(labelled.status).toBe(201);
    expect(labelled.body.workload.metadata.name).toBe('guestbook');
    expectProblem(await api('POST', `${service}/versions`, { image: DIGEST }), 422, 'invalid_score');
  });

  it('refuses a workload that is none, an image that is not there, and an ambiguous tag', async () => {
    const { api } = subject;
    const bad = await api('POST', `${service}/versions`, { image: DIGEST, workload: { apiVersion: 'x' } });
    expectProblem(bad, 422, 'invalid_score');
    expect(bad.body.errors).not.toEqual([]);
    expectProblem(await api('POST', `${service}/versions`, { image: 'gone' }), 422, 'image_unavailable');
    await api('POST', `${service}/versions`, { image: DIGEST, workload, tags: ['latest'] });
    await api('POST', `${service}/versions`, { image: LABELLED, tags: ['latest'] });
    expectProblem(await api('GET', `${service}/versions/latest`), 409, 'ambiguous_version');
    expectProblem(await api('GET', `${service}/versions/nope`), 404, 'not_found');
  });
});

describe('Builds', () => {
  const gzip = { 'content-type': 'application/gzip' };
  const archive = new Uint8Array([0x1f, 0x8b, 1, 2, 3]);

  it('takes an upload that was sent to the address which the API gives, once it is there', async () => {
    const { api, sources } = subject;
    const asked = await api('POST', `${service}/uploads`, { bytes: archive.byteLength });
    expect(asked.status).toBe(201);
    const { id, url, method, headers } = asked.body;
    const body = { upload: id, tag: 'v1' };
    expectProblem(await api('POST', `${service}/builds`, body), 422, 'source_unavailable');
    // No credentials go with it.
    const path = new URL(url).pathname;
    expect((await api(method, path, archive, { ...headers, authorization: '' })).status).toBe(204);
    expect([...sources]).toEqual([id]);
    const started = await api('POST', `${service}/builds`, body);
    expect(started.status).toBe(202);
    expect(started.body).toMatchObject({ kind: 'build', service: 'guestbook', status: 'queued' });
  });

  it('refuses what names no source, two, or an upload of more than there may be', async () => {
    const { api } = subject;
    const git = { url: 'https://git.example.com/a/b', ref: 'main' };
    for (const body of [{}, { tag: 'v1' }, { git, upload: '0'.repeat(32) }, { upload: 'x' }])
      expectProblem(await api('POST', `${service}/builds`, body), 400, 'invalid_request');
    for (const bytes of [0, -1, 1.5, 2 ** 30 + 1])
      expectProblem(await api('POST', `${service}/uploads`, { bytes }), 400, 'invalid_request');
    expectProblem(
      await api('POST', '/v1/projects/demo/services/none/uploads', { bytes: 1 }),
      404,
      'not_found',
    );
    expectProblem(
      await api('PUT', `/v1/uploads/${'0'.repeat(32)}`, 'x', { 'content-type': 'text/plain' }),
      415,
      'unsupported_media_type',
    );
  });

  it('takes a git repository, or an archive', async () => {
    const { api, started, sources } = subject;
    const git = { url: 'https://git.example.com/a/b', ref: 'main' };
    const fromGit = await api('POST', `${service}/builds`, { git, tag: 'v1' });
    expect(fromGit.status).toBe(202);
    expect(fromGit.body).toMatchObject({ kind: 'build', service: 'guestbook', status: 'queued' });
    const fromArchive = await api('POST', `${service}/builds?tag=v2`, archive, gzip);
    expect(fromArchive.status).toBe(202);
    expect(started).toEqual(expect.arrayContaining([fromGit.body.id, fromArchive.body.id]));
    expect(sources.size).toBe(1);
  });

  it('builds a folder, which the operation keeps in its shortest form, and refuses one that leads out', async () => {
    const { api, ports } = subject;
    const git = { url: 'https://git.example.com/a/b', ref: 'main' };
    const built = await api('POST', `${service}/builds`, { git, path: './packages//api/' });
    const inputOf = async (id: string) => (await ports.store.get<Operation>(operationKey(id)))?.data.input;
    expect(await inputOf(built.body.id)).toMatchObject({ path: 'packages/api' });
    const uploaded = await api('POST', `${service}/builds?path=packages/api`, archive, gzip);
    expect(await inputOf(uploaded.body.id)).toMatchObject({ path: 'packages/api' });
    for (const path of ['..', '/etc', 'a/../../b', 'a\\b', '']) {
      expectProblem(await api('POST', `${service}/builds`, { git, path }), 400, 'invalid_request');
      const query = `path=${encodeURIComponent(path)}`;
      const refused = await api('POST', `${service}/builds?${query}`, archive, gzip);
      expectProblem(refused, 400, 'invalid_request');
    }
  });

  it('does one archive once for each idempotency key, and keeps no source that nothing builds', async () => {
    const { api, sources } = subject;
    const headers = { ...gzip, 'idempotency-key': 'b1' };
    const first = await api('POST', `${service}/builds`, archive, headers);
    const second = await api('POST', `${service}/builds`, archive, headers);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    const other = await api('POST', `${service}/builds`, new Uint8Array([0x1f, 0x8b, 9]), headers);
    expectProblem(other, 422, 'idempotency_key_reused');
    expect(sources.size).toBe(1);
    expectProblem(await api('POST', `${service}/builds`, new Uint8Array([1]), gzip), 422, 'invalid_archive');
    expectProblem(
      await api('POST', '/v1/projects/demo/services/nope/builds', archive, gzip),
      404,
      'not_found',
    );
    expect(sources.size).toBe(1);
  });

  it('keeps the source of a build whose acceptance was not answered', async () => {
    const { api, ports, sources } = subject;
    const { transact } = ports.store;
    const kept = sources.size;
    ports.store.transact = async (writes) => {
      await transact(writes);
      ports.store.transact = transact;
      throw new TransientError('the answer was lost');
    };
    const headers = { ...gzip, 'idempotency-key': 'lost' };
    expect(await api('POST', `${service}/builds`, archive, headers)).toMatchObject({ status: 202 });
    expect(sources.size).toBe(kept + 1);
  });

  it.each([
    { url: 'https://git.example.com/a', ref: '--upload-pack=touch x' },
    { url: 'https://git.example.com/a', ref: 'a b' },
    { url: 'https://git.example.com/a', ref: 'main\n' },
    { url: 'ext::sh -c id', ref: 'main' },
    { url: '--upload-pack=x', ref: 'main' },
    { url: 'https://user:hunter2@git.example.com/a', ref: 'main' },
  ])('refuses %j and quotes none of it', async (git) => {
    const answer = await subject.api('POST', `${service}/builds`, { git });
    expectProblem(answer, 400, 'invalid_request');
    expect(answer.text).not.toContain('hunter2');
  });
});

describe('Deployments', () => {
  it('deploys, promotes and rolls back, each with the next number', async () => {
    const { api, ports } = subject;
    expect(await deploy(subject)).toBe(1);
    expect(await deploy(subject)).toBe(2);
    const back = await api('POST', `${instancePath}/deployments`, { rollbackTo: 1 });
    expect(back.status).toBe(202);
    expect(back.body).toMatchObject({
      kind: 'rollback',
      number: 3,
      environment: 'dev',
      service: 'guestbook',
    });

    await api('POST', '/v1/projects/demo/environments', { name: 'production' });
    await setState(ports, 'production', 'ready');
    const production = '/v1/projects/demo/environments/production/services/guestbook/deployments';
    const promoted = await api('POST', production, { fromEnvironment: 'dev' });
    expect(promoted.body).toMatchObject({ kind: 'deploy', number: 1, environment: 'production' });
    expect((await api('GET', `${production}/1`)).body).toMatchObject({
      kind: 'promote',
      fromEnvironment: 'dev',
    });
  });

  it('lists them newest first; the workload is in the single one, outputs are nowhere', async () => {
    const { api } = subject;
    await deploy(subject);
    await deploy(subject);
    const list = await api('GET', `${instancePath}/deployments`);
    expect(list.body.items.map(({ number }: { number: number }) => number)).toEqual([2, 1]);
    expect(list.body.items[0]).not.toHaveProperty('workload');
    const single = await api('GET', `${instancePath}/deployments/1`);
    expect(single.body.workload.metadata.name).toBe('guestbook');
    expect(list.text + single.text).not.toContain('secret-host');
  });

  it('refuses what can not be deployed', async () => {
    const { api, ports } = subject;
    const path = `${instancePath}/deployments`;
    expectProblem(await api('POST', path, { version: 'nope' }), 404, 'not_found');
    expectProblem(await api('POST', path, { fromEnvironment: 'nope' }), 404, 'not_found');
    expectProblem(await api('POST', path, { rollbackTo: 1 }), 404, 'not_found');
    await deploy(subject, 'failed');
    expectProblem(await api('POST', path, { rollbackTo: 1 }), 409, 'conflict');
    await setState(ports, 'dev', 'hibernating');
    expectProblem(await api('POST', path, { version: 'v1' }), 409, 'environment_not_ready');
  });

  it.each([
    ['that is being removed', 'removing', 'operation_in_progress'],
    ['that is gone', undefined, 'conflict'],
    ['that is gone, while another one is made in its place', 'provisioning', 'conflict'],
  ])('goes back to nothing that used a database %s', async (_, state, code) => {
    const { ports } = subject;
    const uid = 'postgres.default#guestbook.db';
    if (state) await ports.store.transact([{ put: { ...resourceKey(instance, uid), data: { uid, state } } }]);
    const apiVersion = 'score.dev/v1b1' as const;
    const deployed = { workload: { ...workload, apiVersion, resources: { db: { type: 'postgres' } } } };
    const pins = { db: { values: {}, secrets: { url: { secret: 'x', version: '1' } } } };
    await expect(repinned(ports, instance, deployed, pins)).rejects.toMatchObject({ code });
  });

  it.each([
    {},
    { version: 'v1', rollbackTo: 1 },
    { rollbackTo: 0 },
    { rollbackTo: '1' },
    { version: 'a b' },
    [],
  ])('refuses the body %j', async (body) => {
    expectProblem(await subject.api('POST', `${instancePath}/deployments`, body), 400, 'invalid_request');
  });

  it('accepts none for a service that is deleted between its look and its change (I4)', async () => {
    const { api, ports } = subject;
    await api('POST', `${service}/versions`, { image: DIGEST, workload, tags: ['v1'] });
    const { store } = ports;
    const { transact } = store;
    // Another process, with its own line of writers of the project's chain.
    const other = { ...ports, store: { ...store } };
    store.transact = async (writes) => {
      store.transact = transact;
      await deleteService(other, { actor: 'tester' }, instance);
      return transact(writes);
    };
    expectProblem(await api('POST', `${instancePath}/deployments`, { version: 'v1' }), 404, 'not_found');
    const { data } = await getEnvironment(store, instance);
    expect(instanceIn(data, instance.service)).toBeUndefined();
  });

  it('cancels one that goes on, and no other', async () => {
    const { api } = subject;
    await deploy(subject, 'queued');
    const canceled = await api('POST', `${instancePath}/deployments/1/cancel`);
    expect(canceled.status).toBe(202);
    expect(canceled.body.cancelRequested).toBe(true);
    expectProblem(await api('POST', `${instancePath}/deployments/2/cancel`), 404, 'not_found');
    await deploy(subject);
    expectProblem(await api('POST', `${instancePath}/deployments/2/cancel`), 409, 'operation_ended');
  });
});

describe('Running services', () => {
  it('tell in words how they do', async () => {
    const { api, ports } = subject;
    expectProblem(await api('GET', instancePath), 404, 'not_found');
    await deploy(subject);
    const { body } = await api('GET', instancePath);
    expect(body).toMatchObject({
      state: 'serving',
      status: 'Deployment 1 serves.',
      health: 'healthy',
      url: 'http://guestbook.dev.demo.localhost:4600',
      replicas: { desired: 2, ready: 2, items: [{ id: '1' }, { id: '2' }] },
      current: { number: 1 },
      newest: { number: 1 },
      endpoints: [{ name: 'web', port: 80, protocol: 'TCP', address: 'guestbook.internal:4600' }],
    });
    await deploy(subject, 'queued');
    const list = await api('GET', '/v1/projects/demo/environments/dev/services');
    expect(list.body.items).toMatchObject([
      { state: 'deploying', current: { number: 1 }, newest: { number: 2 } },
    ]);
    await setState(ports, 'dev', 'hibernated');
    expect((await api('GET', instancePath)).body).toMatchObject({ state: 'stopped', health: 'stopped' });
  });

  it('say that it is not known whether they serve, where the place does not answer', async () => {
    await deploy(subject);
    subject.ports.workloads.status = async () => {
      throw new Error('the cluster is away');
    };
    expect((await subject.api('GET', instancePath)).body).toMatchObject({
      state: 'unknown',
      health: 'unknown',
      status: expect.stringContaining('is not known'),
    });
  });

  it('say that they do not serve, where nothing of them was started', async () => {
    await deploy(subject);
    subject.ports.workloads.status = async () => undefined;
    expect((await subject.api('GET', instancePath)).body).toMatchObject({
      state: 'failed',
      health: 'down',
      status: 'Deployment 1 does not serve: it has not been started.',
    });
  });

  it('have metrics of the window asked for', async () => {
    await deploy(subject);
    const { body } = await subject.api('GET', `${instancePath}/metrics?window=10m`);
    expect(body).toMatchObject({
      window: '10m',
      compute: [{ cpu: 0.5 }],
      requests: [],
      totals: { requests: 0 },
      limits: {},
    });
    expect((await subject.api('GET', `${instancePath}/metrics?window=30d`)).status).toBe(200);
    expectProblem(await subject.api('GET', `${instancePath}/metrics?window=1y`), 400, 'invalid_request');
  });

  it('have logs, and so have operations', async () => {
    const { api, ports } = subject;
    await deploy(subject);
    const at = '2100-01-01T00:00:00.000Z';
    const message = '<img src=x onerror=alert(1)>\u001b[31m\r';
    ports.logs.append(instanceName(instance), { at, message, source: 'stdout' });
    const { headers, body } = await api('GET', `${instancePath}/logs?tail=10&since=2099-12-31T23:00:00Z`);
    expect(body.items).toEqual([{ at, message, source: 'stdout' }]);
    expect(headers.get('content-type')).toBe('application/json');
    const { operation } = (await api('GET', `${instancePath}/deployments/1`)).body;
    ports.logs.append(operationLog(operation), { at, message: 'released', source: 'berth' });
    expect((await api('GET', `/v1/operations/${operation}/logs`)).body.items).toMatchObject([
      { message: 'released' },
    ]);
    for (const query of ['tail=0', 'tail=10001', 'tail=x', 'since=yesterday', 'follow=1', 'tail=1&tail=2']) {
      expectProblem(await api('GET', `${instancePath}/logs?${query}`), 400, 'invalid_request');
    }
  });

  it('show resources by the names of their outputs alone', async () => {
    const { api, ports } = subject;
    const data = {
      ...instance,
      uid: 'postgres.default#guestbook.db',
      type: 'postgres',
      class: 'default',
      id: 'guestbook.db',
      params: { password: 'hunter2' },
      state: 'ready',
      outputs: { values: { host: 'hunter2' }, secrets: { password: { secret: 'x', version: '1' } } },
      services: ['guestbook'],
      operation: 'x',
      createdAt: '2026-01-01T00:00:00.000Z',
    };
    await ports.store.transact([{ put: { ...resourceKey(instance, data.uid), data } }]);
    const answer = await api('GET', '/v1/projects/demo/environments/dev/resources');
    expect(answer.body.items).toMatchObject([{ uid: data.uid, outputs: ['host', 'password'] }]);
    expect(answer.text).not.toContain('hunter2');
  });
});

describe('Operations', () => {
  it('tell their steps with times', async () => {
    const { api, ports } = subject;
    const { operationKey } = await import('../../../functions/core/keys.ts');
    const { body } = await api('POST', '/v1/projects/demo/environments/dev/hibernate');
    const item = await ports.store.get<Record<string, unknown>>(operationKey(body.id));
    const data = {
      ...item!.data,
      status: 'failed',
      error: { code: 'internal', cause: 'x', hint: 'y' },
      steps: [
        { name: 'a', attempt: 1, startedAt: '2026-01-01T00:00:00.000Z' },
        { name: 'a', attempt: 2, startedAt: '2026-01-01T00:00:01.000Z' },
        { name: 'b', attempt: 1, startedAt: '2026-01-01T00:00:03.000Z' },
      ],
      endedAt: '2026-01-01T00:00:03.500Z',
    };
    await ports.store.transact([{ put: { ...operationKey(body.id), data } }]);
    const { steps } = (await api('GET', `/v1/operations/${body.id}`)).body;
    expect(steps).toMatchObject([
      { name: 'a', status: 'failed', durationMs: 1000 },
      { name: 'a', status: 'succeeded', durationMs: 2000, endedAt: '2026-01-01T00:00:03.000Z' },
      { name: 'b', status: 'failed', durationMs: 500 },
    ]);
  });

  it('of other kinds than builds and deployments are not canceled', async () => {
    const { api } = subject;
    const { body } = await api('POST', '/v1/projects/demo/environments/dev/hibernate');
    expectProblem(await api('POST', `/v1/operations/${body.id}/cancel`), 409, 'conflict');
    expectProblem(await api('POST', `/v1/operations/${'0'.repeat(26)}/cancel`), 404, 'not_found');
  });
});
