import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLocalTraces } from '../../../functions/adapters/local/traces/traces.ts';
import { sourceIn, spanAt, traceId } from '../../contracts/traces.ts';
import { createSubject, expectProblem, type Subject, seed } from '../support.ts';

let subject: Subject;
beforeAll(async () => {
  subject = await createSubject();
  await seed(subject);
});
afterAll(() => subject?.close());

const path = '/v1/projects/demo/environments/dev/traces';

it('says that there are none where nothing keeps traces', async () => {
  expectProblem(await subject.api('GET', path), 501, 'not_supported');
});

it('lists traces in an order, and reads one with its spans and where its lines are', async () => {
  const { api, ports } = subject;
  const traces = createLocalTraces({ path: join(subject.directory, 'traces.db'), effects: ports.effects });
  ports.traces = traces;
  const now = ports.effects.now();
  const id = traceId();
  const outer = spanAt(now, { traceId: id, durationUs: 20_500 });
  const inner = spanAt(now + 5, { traceId: id, parentId: outer.spanId, status: 'error', kind: 'client' });
  const before = spanAt(now - 60_000, { durationUs: 90_000 });
  const quick = spanAt(now + 1000);
  traces.receive({ ...sourceIn('dev', 'guestbook'), from: 'router' }, [outer, quick]);
  traces.receive(sourceIn('dev', 'store'), [inner]);
  traces.receive(sourceIn('dev', 'store'), [before]);

  const list = await api('GET', path);
  // What an environment of that name had before is not its own.
  expect(list.body.items).toEqual([
    expect.objectContaining({ id: quick.traceId }),
    {
      id,
      name: 'GET',
      service: 'guestbook',
      startedAt: new Date(now).toISOString(),
      durationMs: 20.5,
      services: ['guestbook', 'store'],
      spans: 2,
      errors: 1,
    },
  ]);
  const idsOf = async (query: string) =>
    (await api('GET', `${path}?${query}`)).body.items.map((trace: { id: string }) => trace.id);
  expect(await idsOf('order=slowest')).toEqual([id, quick.traceId]);
  expect(await idsOf('order=failing&limit=1')).toEqual([id]);
  expect(await idsOf('minDuration=20.5')).toEqual([id]);
  expect(await idsOf('service=store')).toEqual([id]);
  const first = await api('GET', `${path}?limit=1`);
  expect(await idsOf(`limit=1&cursor=${first.body.nextCursor}`)).toEqual([id]);

  const { body } = await api('GET', `${path}/${id}`);
  expect(body).toMatchObject({
    id,
    durationMs: 20.5,
    items: [
      { id: outer.spanId, service: 'guestbook', from: 'router', offsetMs: 0, deployment: 3 },
      { id: inner.spanId, parent: outer.spanId, service: 'store', offsetMs: 5, status: 'error' },
    ],
    logs: { search: `"${id}"` },
  });
  expect(body.logs.since < body.startedAt && body.logs.until > body.startedAt).toBe(true);
  await traces.close();
});

it('refuses what is no trace and no query, and tells of nothing that is not there', async () => {
  const { api } = subject;
  expectProblem(await api('GET', `${path}/${traceId()}`), 404, 'not_found');
  expectProblem(await api('GET', `${path}/nothing`), 400, 'invalid_request');
  for (const query of ['order=best', 'minDuration=x', 'minDuration=9999999', 'since=now', 'service=A'])
    expectProblem(await api('GET', `${path}?${query}`), 400, 'invalid_request');
  expectProblem(
    await api('GET', `${path}?cursor=${Buffer.from('x').toString('base64url')}`),
    400,
    'invalid_cursor',
  );
  expectProblem(await api('GET', '/v1/projects/demo/environments/none/traces'), 404, 'not_found');
});
