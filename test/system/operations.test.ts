import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEnvironment, environmentWrite } from '../../functions/commands/environments/environments.ts';
import { acceptWrites, newOperation } from '../../functions/commands/operations/operations.ts';
import {
  eventsPartition,
  OPERATIONS_QUEUE,
  operationKey,
  projectKey,
  resourceKey,
} from '../../functions/core/keys.ts';
import type { BerthEvent, Environment, Operation, Resource } from '../../functions/core/model/index.ts';
import type { Ports } from '../../functions/ports/index.ts';
import { commit } from '../../functions/records/commit.ts';
import { getEnvironment, getOperation } from '../../functions/records/read.ts';
import { readAll } from '../../functions/records/read-all.ts';
import { sweep } from '../../functions/sweep/sweep.ts';
import { startBerth, type TestBerth } from '../support/berth.ts';

const system = { actor: 'test' };
let subject: TestBerth;
let ports: Ports;

beforeAll(async () => {
  subject = await startBerth({ sweepSeconds: 3600 });
  ports = subject.berth.ports;
  await subject.api('POST', '/v1/projects', { name: 'shop' });
});

afterAll(() => subject?.close());

/** As if the process had died between the commit and the start. */
const withoutStart = (): Ports => ({
  ...ports,
  workflows: { ...ports.workflows, start: () => Promise.reject(new Error('the process died here')) },
});

/** Makes what the store keeps of an operation due now. */
async function makeDue(
  id: string,
  change: (operation: Operation) => Operation = (operation) => operation,
): Promise<void> {
  const item = await getOperation(ports.store, id);
  const due = { queue: OPERATIONS_QUEUE, at: ports.effects.now() - 1 };
  await ports.store.transact([{ put: { ...operationKey(id), data: change(item.data), due } }]);
}

const kindsOf = async (operation: string): Promise<string[]> =>
  (await readAll<BerthEvent>(ports.store, eventsPartition('shop')))
    .filter(({ data }) => data.operation === operation)
    .map(({ data }) => data.type);

describe('An accepted operation', () => {
  it('that was never started is started by the sweep, once (I1)', async () => {
    const input = { project: 'shop', name: 'orphan', kind: 'persistent' as const };
    const { operation } = await createEnvironment(withoutStart(), system, input);
    await sleep(50);
    expect((await getOperation(ports.store, operation.id)).data.status).toBe('queued');
    await makeDue(operation.id);
    const reports = await Promise.all([sweep(ports), sweep(ports)]);
    expect(reports.flatMap(({ errors }) => errors)).toEqual([]);
    expect(await subject.waitFor(operation.id)).toMatchObject({ status: 'succeeded' });
    await sweep(ports);
    expect(await kindsOf(operation.id)).toEqual(['environment.created', 'environment.ready']);
  });

  it('is ended at its bound, visibly, whatever happened to its run (I3)', async () => {
    const input = { project: 'shop', name: 'stuck', kind: 'persistent' as const };
    const { operation } = await createEnvironment(withoutStart(), system, input);
    await makeDue(operation.id, (data) => ({
      ...data,
      status: 'running',
      deadline: new Date(0).toISOString(),
    }));
    const report = await sweep(ports);
    expect(report).toMatchObject({ ended: 1, errors: [] });
    expect((await getOperation(ports.store, operation.id)).data).toMatchObject({
      status: 'failed',
      error: { code: 'deadline_exceeded' },
    });
    const ref = { project: 'shop', environment: 'stuck' };
    expect((await getEnvironment(ports.store, ref)).data.state).toBe('failed');
    expect(await kindsOf(operation.id)).toContain('environment.failed');
    // It is not a dead end: what failed can be destroyed.
    expect(await subject.operation('DELETE', '/v1/projects/shop/environments/stuck')).toMatchObject({
      status: 'succeeded',
    });
  });

  it('whose run ended without ending it is ended by the sweep (I1)', async () => {
    const input = { project: 'shop', name: 'lost', kind: 'persistent' as const };
    const { operation } = await createEnvironment(withoutStart(), system, input);
    // A run of that name that fails at once: its operation is not the one it looks for.
    await ports.workflows.start('provision-environment', operation.id, { operation: 'nobody' });
    while ((await ports.workflows.describe('provision-environment', operation.id)) === 'running')
      await sleep(10);
    await makeDue(operation.id);
    await sweep(ports);
    expect((await getOperation(ports.store, operation.id)).data.status).toBe('failed');
  });

  it('starts nothing twice when its key is used again (I2)', async () => {
    const body = { name: 'once' };
    const send = () =>
      subject.api('POST', '/v1/projects/shop/environments', body, { 'idempotency-key': 'one-environment' });
    const answers = await Promise.all([send(), send(), send(), send()]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    const ids = new Set(answers.map((answer) => answer.body.operation?.id ?? answer.body.id));
    expect(ids.size).toBe(1);
    await subject.waitFor([...ids][0]);
    const created = (await readAll<BerthEvent>(ports.store, eventsPartition('shop'))).filter(
      ({ data }) => data.type === 'environment.created' && data.environment === 'once',
    );
    expect(created).toHaveLength(1);
    const other = await subject.api(
      'POST',
      '/v1/projects/shop/environments',
      { name: 'twice' },
      { 'idempotency-key': 'one-environment' },
    );
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
  });
});

describe('A change and its event', () => {
  it('are both there or neither is (I9)', async () => {
    const before = await readAll(ports.store, eventsPartition('shop'));
    const taken = commit(ports, system, {
      writes: [
        { put: { ...projectKey('ghost'), data: { name: 'ghost' } }, if: 'absent' },
        { put: { ...projectKey('shop'), data: {} }, if: 'absent' },
      ],
      events: [{ project: 'shop', type: 'project.created' }],
    });
    await expect(taken).rejects.toMatchObject({ name: 'StoreConflict', failed: [1] });
    expect(await ports.store.get(projectKey('ghost'))).toBeUndefined();
    expect(await readAll(ports.store, eventsPartition('shop'))).toHaveLength(before.length);
  });

  it('are written together: a full store takes neither (I9)', async () => {
    const events = await readAll(ports.store, eventsPartition('shop'));
    const full: Ports = {
      ...ports,
      store: {
        ...ports.store,
        transact: (writes) => {
          // Whatever the adapter refuses, it is asked once for all: the event is among the writes.
          expect(JSON.stringify(writes)).toContain('environment.created');
          return Promise.reject(new Error('no room'));
        },
      },
    };
    const input = { project: 'shop', name: 'nowhere', kind: 'persistent' as const };
    await expect(createEnvironment(full, system, input)).rejects.toThrow('no room');
    expect(await readAll(ports.store, eventsPartition('shop'))).toHaveLength(events.length);
  });
});

describe('Destroying', () => {
  it('lists what it could not remove, keeps the environment, and tries again (I4)', async () => {
    await subject.operation('POST', '/v1/projects/shop/environments', { name: 'sticky' });
    const ref = { project: 'shop', environment: 'sticky' };
    const leftover: Resource = {
      ...ref,
      uid: 'postgres.default#program.db',
      type: 'unknown-type-of-an-older-version',
      class: 'default',
      id: 'program.db',
      params: {},
      state: 'provisioning',
      outputs: { values: {}, secrets: {} },
      services: ['web'],
      operation: 'none',
      createdAt: new Date().toISOString(),
    };
    await ports.store.transact([{ put: { ...resourceKey(ref, leftover.uid), data: leftover } }]);
    const failed = await subject.operation('DELETE', '/v1/projects/shop/environments/sticky');
    expect(failed).toMatchObject({ status: 'failed' });
    const environment = (await subject.api('GET', '/v1/projects/shop/environments/sticky')).body;
    expect(environment.state).toBe('destroying');
    expect(JSON.stringify(environment.leftovers)).toMatch(/unknown|resource/);

    await ports.store.transact([{ delete: resourceKey(ref, leftover.uid) }]);
    const item = await getEnvironment(ports.store, ref);
    const due = { ...environmentWrite(item.data as Environment, { version: item.version }) };
    if ('put' in due) due.put.due = { queue: 'environments', at: ports.effects.now() - 1 };
    await ports.store.transact([due]);
    expect(await sweep(ports)).toMatchObject({ destroyed: 1, errors: [] });
    for (let status = 200; status !== 404; await sleep(20)) {
      status = (await subject.api('GET', '/v1/projects/shop/environments/sticky')).status;
    }
  });
});

describe('The sweep', () => {
  it('forgets what is kept long enough, and nothing else', async () => {
    const operation: Operation = {
      ...newOperation(ports, 'test', {
        kind: 'build',
        project: 'shop',
        service: 'web',
        input: { kind: 'upload', source: 'none' },
      }),
      status: 'succeeded',
    };
    await ports.store.transact(acceptWrites(ports, operation));
    const item = await getOperation(ports.store, operation.id);
    const put = { ...operationKey(operation.id), data: item.data, due: { queue: 'retention', at: 1 } };
    await ports.store.transact([{ put }]);
    const before = await readAll(ports.store, eventsPartition('shop'));
    expect(await sweep(ports)).toMatchObject({ forgotten: 1 });
    expect(await ports.store.get(operationKey(operation.id))).toBeUndefined();
    expect(await readAll(ports.store, eventsPartition('shop'))).toHaveLength(before.length);
  });
});
