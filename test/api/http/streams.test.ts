import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AppOptions } from '../../../functions/api/http/app.ts';
import { instanceName, operationKey, operationLog } from '../../../functions/core/keys.ts';
import type { Operation } from '../../../functions/core/model/index.ts';
import { openStream } from '../stream-client.ts';
import {
  ADMINISTRATOR,
  createSubject,
  deploy,
  endOperation,
  expectProblem,
  instance,
  instancePath,
  type Subject,
  seed,
} from '../support.ts';

let subject: Subject;

async function start(options: Partial<AppOptions> = {}): Promise<void> {
  subject = await createSubject(options);
  await seed(subject);
}

beforeEach(() => start());
afterEach(async () => {
  expect(subject.errors).toEqual([]);
  await subject.close();
});

const open = (path: string, lastEventId?: string) => openStream(subject, path, lastEventId);

async function until(check: () => boolean): Promise<void> {
  for (let tries = 0; tries < 3000 && !check(); tries++) await sleep(10);
  expect(check()).toBe(true);
}

const lineAt = (second: number, message: string) => ({
  at: `2100-01-01T00:00:0${second}.000Z`,
  message,
  source: 'stdout' as const,
});

describe('The stream of an operation', () => {
  it('shows each change and ends behind the last', async () => {
    const { body } = await subject.api('POST', '/v1/projects/demo/environments/dev/hibernate');
    const stream = await open(`/v1/operations/${body.id}`);
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream');
    expect(stream.response.headers.get('cache-control')).toBe('no-store');
    expect(await stream.next()).toMatchObject({ event: 'operation', id: '1', data: { status: 'queued' } });
    const item = await subject.ports.store.get<Operation>(operationKey(body.id));
    const put = { ...operationKey(body.id), data: { ...item!.data, status: 'running' } };
    await subject.ports.store.transact([{ put }]);
    expect(await stream.next()).toMatchObject({ id: '2', data: { status: 'running' } });
    await endOperation(subject.ports, body.id, 'succeeded');
    expect(await stream.next()).toMatchObject({ id: '3', data: { status: 'succeeded' } });
    expect(await stream.next()).toBeUndefined();
    expect(subject.app.streams.size).toBe(0);
  });

  it('that has ended shows that and ends, also when resumed', async () => {
    const { body } = await subject.api('POST', '/v1/projects/demo/environments/dev/hibernate');
    await endOperation(subject.ports, body.id, 'failed');
    for (const id of [undefined, '2']) {
      const stream = await open(`/v1/operations/${body.id}`, id);
      expect(await stream.next()).toMatchObject({ data: { status: 'failed' } });
      expect(await stream.next()).toBeUndefined();
    }
  });

  it('is not there for an operation that is not', async () => {
    const headers = { accept: 'text/event-stream' };
    expectProblem(await subject.api('GET', `/v1/operations/${'0'.repeat(26)}`, undefined, headers), 404);
  });
});

describe('The stream of events', () => {
  const path = '/v1/projects/demo/events';
  const change = (displayName: string) => subject.api('PATCH', '/v1/projects/demo', { displayName });

  it('starts with what happens from now on, each event once and in order', async () => {
    const stream = await open(path);
    for (const name of ['a', 'b', 'c']) await change(name);
    await subject.api('POST', '/v1/projects/demo/services', { name: 'web' });
    const types: unknown[] = [];
    for (let count = 0; count < 4; count++) types.push((await stream.next())?.data.type);
    expect(types).toEqual(['project.changed', 'project.changed', 'project.changed', 'service.created']);
    stream.stop.abort();
    expect(await stream.next()).toBeUndefined();
  });

  it('resumes behind Last-Event-ID', async () => {
    await change('a');
    const { items } = (await subject.api('GET', `${path}?limit=1`)).body;
    await change('b');
    await change('c');
    const stream = await open(path, items[0].id);
    const first = await stream.next();
    expect(first?.id).toBe(first?.data.id);
    expect(first?.data.id).not.toBe(items[0].id);
    expect((await stream.next())?.data.type).toBe('project.changed');
    stream.stop.abort();
  });

  it('gives events of changes made at the same time in the order of the chain', async () => {
    const stream = await open(path);
    await Promise.all(Array.from({ length: 8 }, (_, at) => change(`name ${at}`)));
    const ids: number[] = [];
    for (let count = 0; count < 8; count++) ids.push(Number((await stream.next())?.id));
    expect(ids).toEqual(ids.map((_, at) => ids[0]! + at));
    stream.stop.abort();
  });
});

describe('The stream of a log', () => {
  beforeEach(() => deploy(subject));

  it('gives the last lines, then new ones; lines are data on one line', async () => {
    const { logs } = subject.ports;
    for (const second of [1, 2, 3]) logs.append(instanceName(instance), lineAt(second, `line ${second}`));
    const stream = await open(`${instancePath}/logs?tail=2`);
    expect((await stream.next())?.data.message).toBe('line 2');
    expect((await stream.next())?.data.message).toBe('line 3');
    const message = 'data: x\rid: 7\u2028<b>\u0000';
    logs.append(instanceName(instance), lineAt(4, message));
    expect(await stream.next()).toEqual({
      event: 'line',
      id: '2100-01-01T00:00:04.000Z/1',
      data: lineAt(4, message),
    });
    stream.stop.abort();
    expect(await stream.next()).toBeUndefined();
  });

  it('resumes behind Last-Event-ID, also among lines of one time', async () => {
    const { logs } = subject.ports;
    for (const name of ['a', 'b', 'c']) logs.append(instanceName(instance), lineAt(1, name));
    logs.append(instanceName(instance), lineAt(2, 'd'));
    const stream = await open(`${instancePath}/logs`, '2100-01-01T00:00:01.000Z/2');
    expect((await stream.next())?.data.message).toBe('c');
    expect((await stream.next())?.data.message).toBe('d');
    stream.stop.abort();
  });

  it('ends when it does not follow, and with its operation', async () => {
    const { logs } = subject.ports;
    logs.append(instanceName(instance), lineAt(1, 'a'));
    const short = await open(`${instancePath}/logs?follow=false`);
    expect((await short.next())?.data.message).toBe('a');
    expect(await short.next()).toBeUndefined();

    const { body } = await subject.api('POST', '/v1/projects/demo/environments/dev/hibernate');
    const stream = await open(`/v1/operations/${body.id}/logs`);
    logs.append(operationLog(body.id), lineAt(1, 'working'));
    expect((await stream.next())?.data.message).toBe('working');
    await endOperation(subject.ports, body.id, 'succeeded');
    expect(await stream.next()).toBeUndefined();
    const late = await open(`/v1/operations/${body.id}/logs`);
    expect((await late.next())?.data.message).toBe('working');
    expect(await late.next()).toBeUndefined();
  });
});

describe('Every stream', () => {
  const path = '/v1/projects/demo/events';

  it('ends with its client and leaves nothing behind', async () => {
    let followers = 0;
    const { changed } = subject.ports.store;
    subject.ports.store.changed = async (...args) => {
      followers += 1;
      await changed.apply(subject.ports.store, args);
      followers -= 1;
    };
    const streams = await Promise.all(Array.from({ length: 50 }, () => open(path)));
    const waiting = streams.map((stream) => stream.next());
    await until(() => followers === 50);
    expect(subject.app.streams.size).toBe(50);
    for (const [at, { stop, response }] of streams.entries()) {
      // One half goes by the signal, the other by closing the body.
      if (at % 2 === 0) stop.abort();
      else await response.body?.cancel().catch(() => stop.abort());
    }
    await until(() => subject.app.streams.size === 0 && followers === 0);
    await Promise.all(waiting);
  });

  it('of a client that was gone before it began is none', async () => {
    const gone = AbortSignal.abort();
    const headers = { authorization: `Bearer ${ADMINISTRATOR}`, accept: 'text/event-stream' };
    const request = new Request('http://localhost/v1/projects/demo/events', { headers, signal: gone });
    const response = await subject.app.request(request);
    await response.text().catch(() => undefined);
    expect(subject.app.streams.size).toBe(0);
  });

  it('is none for HEAD', async () => {
    const answer = await subject.api('HEAD', path, undefined, { accept: 'text/event-stream' });
    expect(answer.status).toBe(200);
    expect(subject.app.streams.size).toBe(0);
  });
});

describe('Bounds of streams', () => {
  const path = '/v1/projects/demo/events';
  const restart = async (options: Partial<AppOptions>) => {
    await subject.close();
    await start(options);
  };

  it('are a number for each principal', async () => {
    await restart({ streamsPerPerson: 3 });
    const streams = await Promise.all([open(path), open(path), open(path)]);
    const refused = await subject.api('GET', path, undefined, { accept: 'text/event-stream' });
    expectProblem(refused, 429, 'too_many_requests');
    expect(refused.headers.get('retry-after')).toBe('5');
    streams[0]?.stop.abort();
    await until(() => subject.app.streams.size === 2);
    const another = await open(path);
    for (const { stop } of [...streams, another]) stop.abort();
    await until(() => subject.app.streams.size === 0);
  });

  it('are heartbeats, and a token that is still valid', async () => {
    await restart({ heartbeatMs: 20 });
    const stream = await open(path);
    const end = stream.next();
    await until(() => stream.beats() >= 3);
    subject.revoked.add(ADMINISTRATOR);
    expect(await end).toBeUndefined();
    expect(subject.app.streams.size).toBe(0);
  });

  it('are the life of the server', async () => {
    const server = new AbortController();
    await restart({ signal: server.signal });
    const stream = await open(path);
    server.abort();
    expect(await stream.next()).toBeUndefined();
    expectProblem(
      await subject.api('GET', path, undefined, { accept: 'text/event-stream' }),
      503,
      'unavailable',
    );
  });
});
