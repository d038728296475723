import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acceptWrites, newOperation } from '../../../functions/commands/operations/operations.ts';
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

type Fields = Parameters<typeof newOperation>[2];

/** An operation that is accepted and, with a status, ended. */
async function accept(fields: Partial<Fields>, status?: 'succeeded' | 'failed'): Promise<Operation> {
  const { ports } = subject;
  const operation = newOperation(ports, 'ada', { kind: 'build', project: 'demo', ...fields });
  await ports.store.transact(acceptWrites(ports, operation));
  if (!status) return operation;
  const error = { code: 'build_failed', cause: 'It broke.', hint: 'Mend it.' };
  await end(ports, operation, {
    ending: status === 'succeeded' ? { status, result: { version: 'abc' } } : { status, error },
    event: { type: `build.${status}` },
  });
  return operation;
}

const ids = (body: { items: { id: string }[] }): string[] => body.items.map(({ id }) => id);

describe('The operations of a project', () => {
  it('are listed newest first, each with its status as it is now', async () => {
    const failed = await accept({ service: 'guestbook', input: { ref: 'main' } }, 'failed');
    const open = await accept({ kind: 'hibernate', environment: 'dev', generation: 2 });
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
    const web = await accept({ service: 'web' }, 'succeeded');
    const guestbook = await accept({ service: 'guestbook' }, 'failed');
    const open = await accept({ service: 'guestbook' });
    const wake = await accept({ kind: 'wake', environment: 'dev' });
    const of = async (query: string) => ids((await subject.api('GET', `${project}?${query}`)).body);
    expect(await of('kind=build')).toEqual([open.id, guestbook.id, web.id]);
    expect(await of('kind=build,wake&status=queued')).toEqual([wake.id, open.id]);
    expect(await of('status=failed,succeeded&service=guestbook')).toEqual([guestbook.id]);
    expect(await of('environment=dev&kind=wake')).toEqual([wake.id]);
    const { body } = await subject.api('GET', '/v1/projects/demo/environments/dev/operations?kind=wake');
    expect(ids(body)).toEqual([wake.id]);
  });

  it('page without losing or repeating one, with and without a filter', async () => {
    const wanted: string[] = [];
    for (let count = 0; count < 260; count++) {
      const kind = count % 13 === 0 ? 'wake' : 'hibernate';
      const { id } = await accept({ kind, environment: 'dev' });
      if (kind === 'wake') wanted.unshift(id);
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
    for (let count = 0; count < 300; count++) await accept({ kind: 'wake', environment: 'dev' });
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
    for (let count = 0; count < 50; count++)
      await accept(
        { kind: 'deploy', environment: 'production', service: 'guestbook', number: 100 + count },
        'succeeded',
      );
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
    const mine = await accept({ service: 'guestbook' }, 'succeeded');
    await accept({ service: 'web' }, 'succeeded');
    await accept({ kind: 'deploy', service: 'guestbook', environment: 'dev' });
    const { body } = await subject.api('GET', builds);
    expect(body.items).toMatchObject([{ id: mine.id, status: 'succeeded', version: 'abc' }]);
    expect((await subject.api('GET', `${builds}?status=failed`)).body.items).toEqual([]);
    expectProblem(await subject.api('GET', '/v1/projects/demo/services/none/builds'), 404, 'not_found');
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
