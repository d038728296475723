import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  acceptWrites,
  type NewRequest,
  newOperation,
} from '../../../functions/commands/operations/operations.ts';
import { operationKey, operationsPartition } from '../../../functions/core/keys.ts';
import type { Operation } from '../../../functions/core/model/index.ts';
import { endOperation as end } from '../../../functions/workflows/end-operation.ts';
import { createSubject, endOperation, expectProblem, type Subject, seed } from '../support.ts';

let subject: Subject;
beforeEach(async () => {
  subject = await createSubject();
  await seed(subject);
});
afterEach(async () => {
  expect(subject.errors).toEqual([]);
  await subject.close();
});

const project = '/v1/projects/demo/operations';
const builds = '/v1/projects/demo/services/guestbook/builds';

const build = (service: string, ref = 'main'): NewRequest => ({
  kind: 'build',
  project: 'demo',
  service,
  input: { kind: 'git', url: 'https://git.example.com/demo', ref },
});
const dev = { project: 'demo', environment: 'dev', environmentId: 'env-dev' };
const wake: NewRequest = { ...dev, kind: 'wake', generation: 1 };
const hibernate: NewRequest = { ...wake, kind: 'hibernate', input: { reason: 'requested' } };
const deploy = (environment: string, number = 1): NewRequest => ({
  kind: 'deploy',
  project: 'demo',
  environment,
  environmentId: `env-${environment}`,
  service: 'guestbook',
  number,
  generation: 1,
});

/** An operation that is accepted and, with a status, ended. */
async function accept(request: NewRequest, status?: 'succeeded' | 'failed'): Promise<Operation> {
  const { ports } = subject;
  const operation = newOperation(ports, 'ada', request);
  await ports.store.transact(acceptWrites(ports, operation));
  if (!status) return operation;
  const result = { version: 'abc' };
  const told = { code: 'build_failed', cause: 'It broke.' } as const;
  await end(
    ports,
    operation,
    status === 'succeeded'
      ? { ending: { status, result }, event: { type: 'build.succeeded', data: result } }
      : {
          ending: { status, error: { ...told, hint: 'Mend it.' } },
          event: { type: 'build.failed', data: told },
        },
  );
  return operation;
}

const ids = (body: { items: { id: string }[] }): string[] => body.items.map(({ id }) => id);

describe('The operations of a project', () => {
  it('are listed newest first, each with its status as it is now', async () => {
    const failed = await accept(build('guestbook'), 'failed');
    const open = await accept(hibernate);
    const item = await subject.ports.store.get<Operation>(operationKey(open.id));
    const put = { ...operationKey(open.id), data: { ...item!.data, status: 'running' } };
    await subject.ports.store.transact([{ put }]);
    const { body } = await subject.api('GET', project);
    expect(ids(body).slice(0, 2)).toEqual([open.id, failed.id]);
    expect(body.items[0]).toEqual({
      id: open.id,
      kind: 'hibernate',
      status: 'running',
      project: 'demo',
      environment: 'dev',
      createdAt: open.createdAt,
      createdBy: 'ada',
    });
    expect(body.items[1]).toMatchObject({
      status: 'failed',
      errorCode: 'build_failed',
      ref: 'main',
      durationMs: expect.any(Number),
    });
  });

  it('are filtered by kind, status, environment and service', async () => {
    const web = await accept(build('web'), 'succeeded');
    const guestbook = await accept(build('guestbook'), 'failed');
    const open = await accept(build('guestbook'));
    const waking = await accept(wake);
    const of = async (query: string) => ids((await subject.api('GET', `${project}?${query}`)).body);
    expect(await of('kind=build')).toEqual([open.id, guestbook.id, web.id]);
    expect(await of('kind=build,wake&status=queued')).toEqual([waking.id, open.id]);
    expect(await of('status=failed,succeeded&service=guestbook')).toEqual([guestbook.id]);
    expect(await of('environment=dev&kind=wake')).toEqual([waking.id]);
    const { body } = await subject.api('GET', '/v1/projects/demo/environments/dev/operations?kind=wake');
    expect(ids(body)).toEqual([waking.id]);
  });

  it('page without losing or repeating one, with and without a filter', async () => {
    const wanted: string[] = [];
    for (let count = 0; count < 260; count++) {
      const isWanted = count % 13 === 0;
      const { id } = await accept(isWanted ? wake : hibernate);
      if (isWanted) wanted.unshift(id);
    }
    const all: string[] = [];
    let cursor = '';
    let requests = 0;
    do {
      const { body } = await subject.api('GET', `${project}?kind=wake&limit=7${cursor}`);
      expect(body.items.length).toBeLessThanOrEqual(7);
      all.push(...ids(body));
      cursor = body.nextCursor ? `&cursor=${body.nextCursor}` : '';
      requests += 1;
    } while (cursor);
    expect(all).toEqual(wanted);
    expect(requests).toBeLessThanOrEqual(4);
    const first = (await subject.api('GET', `${project}?limit=200`)).body;
    const second = (await subject.api('GET', `${project}?limit=200&cursor=${first.nextCursor}`)).body;
    expect(new Set([...ids(first), ...ids(second)]).size).toBe(261);
    expect(second.nextCursor).toBeUndefined();
  });

  it('read a bounded part for a filter that nothing passes', async () => {
    for (let count = 0; count < 300; count++) await accept(wake);
    let read = 0;
    const { query } = subject.ports.store;
    subject.ports.store.query = async (given) => {
      const page = await query.call(subject.ports.store, given);
      read += page.items.length;
      return page as never;
    };
    const { body } = await subject.api('GET', `${project}?kind=build`);
    expect(body.items).toEqual([]);
    expect(body.nextCursor).toBeDefined();
    expect(read).toBe(250);
  });

  it('are short: fifty of them are two read units', async () => {
    const { store } = subject.ports;
    for (let count = 0; count < 50; count++) await accept(deploy('production', 100 + count), 'succeeded');
    const { items } = await store.query({ pk: operationsPartition('demo'), limit: 50, reverse: true });
    // What DynamoDB counts: names and values of pk, sk, version and data.
    const bytes = items.reduce(
      (sum, { pk, sk, data }) => sum + pk.length + sk.length + JSON.stringify(data).length + 2 + 2 + 9 + 4,
      0,
    );
    expect(items).toHaveLength(50);
    expect(bytes).toBeLessThanOrEqual(2 * 4096);
  });

  it('refuse what they do not know', async () => {
    for (const query of ['kind=boil', 'status=', 'kind=build,,wake', 'service=A', 'limit=0', 'nope=1'])
      expectProblem(await subject.api('GET', `${project}?${query}`), 400, 'invalid_request');
    expectProblem(await subject.api('GET', `${project}?cursor=abc`), 400, 'invalid_cursor');
    expectProblem(await subject.api('GET', '/v1/projects/none/operations'), 404, 'not_found');
  });
});

describe('The builds of a service', () => {
  it('are its own alone, with what they made', async () => {
    const mine = await accept(build('guestbook'), 'succeeded');
    await accept(build('web'), 'succeeded');
    await accept(deploy('dev'));
    const { body } = await subject.api('GET', builds);
    expect(body.items).toMatchObject([{ id: mine.id, status: 'succeeded', version: 'abc' }]);
    expect((await subject.api('GET', `${builds}?status=failed`)).body.items).toEqual([]);
    expectProblem(await subject.api('GET', '/v1/projects/demo/services/none/builds'), 404, 'not_found');
  });
});

describe('An operation of an older version', () => {
  it('is read and listed, though its code is no longer known', async () => {
    const { id } = await accept(build('guestbook'), 'failed');
    const item = (await subject.ports.store.get<Operation>(operationKey(id)))!;
    const error = { ...item.data.error, code: 'no_longer_known' };
    await subject.ports.store.transact([{ put: { ...operationKey(id), data: { ...item.data, error } } }]);
    const { body, status } = await subject.api('GET', `/v1/operations/${id}`);
    expect({ status, error: body.error }).toEqual({ status: 200, error });
    expect(ids((await subject.api('GET', `${project}?status=failed`)).body)).toEqual([id]);
  });
});

describe('GET of an operation with wait', () => {
  it('answers at once when it has ended, and otherwise when it ends', async () => {
    const { body } = await subject.api('POST', '/v1/projects/demo/environments/dev/hibernate');
    const path = `/v1/operations/${body.id}?wait=20`;
    const waiting = subject.api('GET', path);
    setTimeout(() => void endOperation(subject.ports, body.id, 'succeeded'), 50);
    const began = performance.now();
    expect((await waiting).body.status).toBe('succeeded');
    expect((await subject.api('GET', path)).body.status).toBe('succeeded');
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  it('shows it as it is when the time is over', async () => {
    const { body } = await subject.api('POST', '/v1/projects/demo/environments/dev/hibernate');
    const answer = await subject.api('GET', `/v1/operations/${body.id}?wait=1`);
    expect(answer).toMatchObject({ status: 200, body: { status: 'queued' } });
  });

  it('waits for at most 25 seconds', async () => {
    const { body } = await subject.api('POST', '/v1/projects/demo/environments/dev/hibernate');
    for (const wait of ['26', '-1', '1.5', 'x', ''])
      expectProblem(
        await subject.api('GET', `/v1/operations/${body.id}?wait=${wait}`),
        400,
        'invalid_request',
      );
  });
});
