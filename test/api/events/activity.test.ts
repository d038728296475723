import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resourceKey } from '../../../functions/core/keys.ts';
import type { EventFields, UnsealedEvent } from '../../../functions/core/model/index.ts';
import { readHead } from '../../../functions/records/chain-append.ts';
import { commit } from '../../../functions/records/commit.ts';
import { instanceIn } from '../../../functions/records/instances.ts';
import { getEnvironment } from '../../../functions/records/read.ts';
import { openStream } from '../stream-client.ts';
import { createSubject, deploy, expectProblem, instance, type Subject, seed } from '../support.ts';

let subject: Subject;
beforeEach(async () => {
  subject = await createSubject();
  await seed(subject);
});
afterEach(async () => {
  expect(subject.errors).toEqual([]);
  await subject.close();
});

const path = '/v1/projects/demo/events';

/** An event of a time, also of a type that this Berth does not emit. In a chain times do not run backwards, so these are behind what was made by now. */
async function happened(at: string, type: string, fields: Partial<UnsealedEvent> = {}): Promise<string> {
  const { actor = 'ada', ...rest } = fields;
  const { ports } = subject;
  const then = { ...ports, effects: { ...ports.effects, now: () => Date.parse(at) } };
  const event = { project: 'demo', type, ...rest } as EventFields;
  await commit(then, { actor }, { writes: [], events: [event] });
  return String((await readHead(ports.store, 'demo')).number);
}

const list = async (query: string): Promise<{ ids: string[]; next: string | undefined }> => {
  const { body, status, text } = await subject.api('GET', `${path}?${query}`);
  expect(status, text).toBe(200);
  return { ids: body.items.map(({ id }: { id: string }) => id), next: body.nextCursor };
};

describe('The events of a project', () => {
  const day = (hour: number) => `2126-01-01T${String(hour).padStart(2, '0')}:00:00.000Z`;

  it('are filtered by type, environment, service, actor and operation', async () => {
    const operation = subject.ports.effects.id();
    const a = await happened(day(1), 'deployment.failed', { environment: 'dev', service: 'web', operation });
    const b = await happened(day(2), 'deployment.succeeded', { environment: 'dev', service: 'guestbook' });
    const c = await happened(day(3), 'build.failed', { service: 'web', actor: 'user:bob' });
    const since = `since=${day(0)}`;
    expect((await list(`${since}&type=deployment`)).ids).toEqual([b, a]);
    expect((await list(`${since}&type=deployment.failed,build`)).ids).toEqual([c, a]);
    expect((await list(`${since}&type=deploy`)).ids).toEqual([]);
    expect((await list(`${since}&environment=dev`)).ids).toEqual([b, a]);
    expect((await list(`${since}&service=web`)).ids).toEqual([c, a]);
    expect((await list(`${since}&actor=user:bob`)).ids).toEqual([c]);
    expect((await list(`operation=${operation}`)).ids).toEqual([a]);
    expect((await list(`${since}&service=web&environment=dev`)).ids).toEqual([a]);
  });

  it('of a time are those between its ends, both among them', async () => {
    const ids: string[] = [];
    for (const hour of [1, 2, 3, 4]) ids.push(await happened(day(hour), 'test.done'));
    expect((await list(`since=${day(2)}&until=${day(3)}`)).ids).toEqual([ids[2], ids[1]]);
    expect((await list(`since=${day(0)}&until=${day(1)}`)).ids).toEqual([ids[0]]);
    expect((await list(`since=${day(0)}&until=2126-01-01T04:30:00%2B01:00`)).ids).toEqual([
      ids[2],
      ids[1],
      ids[0],
    ]);
    expect((await list(`since=${day(5)}&until=${day(6)}`)).ids).toEqual([]);
  });

  it('page through a filter without losing or repeating one, and read a bounded part for each page', async () => {
    const wanted: string[] = [];
    for (let count = 0; count < 1300; count++) {
      const rare = count % 130 === 0;
      const id = await happened(new Date(Date.UTC(2126, 0, 1) + count).toISOString(), rare ? 'a.b' : 'c.d');
      if (rare) wanted.unshift(id);
    }
    const got: string[] = [];
    let cursor = '';
    let pages = 0;
    do {
      const { ids, next } = await list(`type=a&limit=3&until=${day(12)}${cursor}`);
      got.push(...ids);
      cursor = next ? `&cursor=${next}` : '';
      pages += 1;
    } while (cursor && pages < 20);
    expect(got).toEqual(wanted);
    const { ids, next } = await list('type=none');
    expect([ids, typeof next]).toEqual([[], 'string']);
  });

  it('of a type that is not emitted any more are served as they are', async () => {
    await happened(day(1), 'thing.cut-off', { environment: 'dev' });
    const { body } = await subject.api('GET', `${path}?type=thing&environment=dev`);
    expect(body.items).toMatchObject([{ type: 'thing.cut-off', environment: 'dev' }]);
  });

  it('refuse filters that are none', async () => {
    for (const query of [
      'type=',
      'type=A',
      'type=a.b.c',
      'type=a,,b',
      'since=now',
      'until=2026-13-01T00:00:00Z',
      'actor=',
      'operation=1',
    ])
      expectProblem(await subject.api('GET', `${path}?${query}`), 400, 'invalid_request');
    expectProblem(await subject.api('GET', `${path}?cursor=YWJj`), 400, 'invalid_cursor');
  });

  it('are followed through the same filter', async () => {
    const stream = await openStream(subject, `${path}?type=service&service=web`);
    await subject.api('PATCH', '/v1/projects/demo', { displayName: 'x' });
    await subject.api('POST', '/v1/projects/demo/services', { name: 'other' });
    await subject.api('POST', '/v1/projects/demo/services', { name: 'web' });
    expect(await stream.next()).toMatchObject({ data: { type: 'service.created', service: 'web' } });
    stream.stop.abort();
  });
});

describe('The inventory of an environment', () => {
  it('is all that goes with it: names and versions, no values', async () => {
    await deploy(subject);
    const VALUE = 'the-value-of-the-secret';
    await subject.api('PUT', '/v1/projects/demo/environments/dev/secrets/API_KEY', { value: VALUE });
    const dev = { project: 'demo', environment: 'dev' };
    const data = {
      ...dev,
      uid: 'volume.default#guestbook.files',
      type: 'volume',
      class: 'default',
      id: 'guestbook.files',
      params: { size: '5Gi', other: VALUE },
      state: 'ready',
      outputs: { values: { source: 'secret-source' }, secrets: {} },
      services: ['guestbook'],
      operation: 'x',
      createdAt: '2026-01-01T00:00:00.000Z',
    };
    await subject.ports.store.transact([{ put: { ...resourceKey(dev, data.uid), data } }]);
    const { body, text } = await subject.api('GET', '/v1/projects/demo/environments/dev/inventory');
    expect(body).toEqual({
      services: [{ service: 'guestbook', deployments: 1, current: 1 }],
      resources: [
        {
          uid: data.uid,
          type: 'volume',
          class: 'default',
          id: 'guestbook.files',
          state: 'ready',
          services: ['guestbook'],
          size: '5Gi',
          createdAt: data.createdAt,
        },
      ],
      secrets: [
        {
          name: 'API_KEY',
          version: expect.any(String),
          createdAt: expect.any(String),
          updatedAt: expect.any(String),
          updatedBy: 'administrator',
        },
      ],
    });
    expect(text).not.toMatch(/the-value|secret-source/);
    const used = await getEnvironment(subject.ports.store, instance);
    expect(instanceIn(used.data, instance.service)).toBeDefined();
    expectProblem(
      await subject.api('GET', '/v1/projects/demo/environments/none/inventory'),
      404,
      'not_found',
    );
  });
});

describe('The idle clock of an environment', () => {
  it('knows of requests that its record does not', async () => {
    const dev = '/v1/projects/demo/environments/dev';
    await subject.api('PATCH', dev, { idleAfter: '1h' });
    const before = (await subject.api('GET', dev)).body;
    subject.pass(60_000);
    const { activity, effects } = subject.ports;
    (activity as unknown as { record(...args: unknown[]): void }).record(instance, 200, 5);
    const now = effects.now();
    const { body } = await subject.api('GET', dev);
    expect(Date.parse(body.lastActivityAt) - Date.parse(before.lastActivityAt)).toBeGreaterThanOrEqual(
      59_000,
    );
    expect(Date.parse(body.hibernatesAt)).toBeGreaterThan(now + 3_590_000);
    await subject.api('PATCH', dev, { idleAfter: null });
    expect((await subject.api('GET', dev)).body.hibernatesAt).toBeUndefined();
  });
});
