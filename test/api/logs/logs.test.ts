import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localAdministrator } from '../../../functions/api/admission/authenticate.ts';
import { destroyedKey, environmentKey, instanceName } from '../../../functions/core/keys.ts';
import type { Environment } from '../../../functions/core/model/index.ts';
import type { LogLine } from '../../../functions/ports/logs.ts';
import { openStream } from '../stream-client.ts';
import {
  createSubject,
  DIGEST,
  deploy,
  expectProblem,
  instance,
  instancePath,
  type Subject,
  seed,
  workload,
} from '../support.ts';

let subject: Subject;
beforeEach(async () => {
  subject = await createSubject();
  await seed(subject);
  await deploy(subject);
});
afterEach(async () => {
  expect(subject.errors).toEqual([]);
  await subject.close();
});

const at = (second: number): string => new Date(Date.UTC(2100, 0, 1) + second * 1000).toISOString();
const write = (message: string, second: number, more: Partial<LogLine> = {}): void =>
  subject.ports.logs.append(instanceName(instance), { at: at(second), message, source: 'stdout', ...more });
const read = async (query: string): Promise<{ messages: string[]; next: string | undefined }> => {
  const { body, status, text } = await subject.api('GET', `${instancePath}/logs?${query}`);
  expect(status, text).toBe(200);
  return { messages: body.items.map(({ message }: LogLine) => message), next: body.nextCursor };
};

describe('A log', () => {
  it('pages back from its newest line, and forward from a time', async () => {
    for (let second = 0; second < 10; second++) write(`line ${second}`, second);
    const one = await read('tail=4');
    expect(one.messages).toEqual(['line 6', 'line 7', 'line 8', 'line 9']);
    const two = await read(`tail=4&cursor=${one.next}`);
    expect(two.messages).toEqual(['line 2', 'line 3', 'line 4', 'line 5']);
    const three = await read(`tail=4&cursor=${two.next}`);
    expect(three).toEqual({ messages: ['line 0', 'line 1'], next: undefined });
    const ahead = await read(`direction=forward&tail=2&since=${at(4)}`);
    expect(ahead.messages).toEqual(['line 4', 'line 5']);
    const more = await read(`direction=forward&tail=9&since=${at(4)}&cursor=${ahead.next}`);
    expect(more).toEqual({ messages: ['line 6', 'line 7', 'line 8', 'line 9'], next: undefined });
    expect((await read(`until=${at(3)}&tail=2`)).messages).toEqual(['line 2', 'line 3']);
  });

  it('is read of a service that is named as a member which all objects have', async () => {
    const key = environmentKey(instance);
    const item = await subject.ports.store.get<Environment>(key);
    const services = { ...item?.data.services, constructor: { newest: 1 } };
    await subject.ports.store.transact([{ put: { ...key, data: { ...item?.data, services } } }]);
    const { environment, project } = instance;
    const path = `/v1/projects/${project}/environments/${environment}`;
    for (const one of [`${path}/services/constructor/logs`, `${path}/logs`])
      expect((await subject.api('GET', one)).status, one).toBe(200);
  });

  it('is searched by text, level, deployment and container, and says the level', async () => {
    write('INFO ready', 0, { deployment: 1, container: 'web' });
    write('{"level":"warn","msg":"Slow query"}', 1, { deployment: 2, container: 'web' });
    write('ERROR slow answer', 2, { deployment: 2, container: 'side' });
    write('nothing', 3, { deployment: 2, container: 'web' });
    expect((await read('search=SLOW')).messages).toHaveLength(2);
    expect((await read('level=error')).messages).toEqual(['ERROR slow answer']);
    expect((await read('level=info&deployment=1')).messages).toEqual(['INFO ready']);
    expect((await read('container=web&deployment=2&search=slow')).messages).toHaveLength(1);
    expect((await read('search=slow -query @level:error')).messages).toEqual(['ERROR slow answer']);
    expect((await read('search=%40msg:"slow query" OR nothing')).messages).toHaveLength(2);
    expect((await read('search=%40service:guestbook ready')).messages).toEqual(['INFO ready']);
    expect((await read('search=%40service:other')).messages).toEqual([]);
    const { body } = await subject.api('GET', `${instancePath}/logs`);
    expect(body.items.map(({ level }: { level?: string }) => level)).toEqual([
      'info',
      'warn',
      'error',
      undefined,
    ]);
  });

  it('is followed through a filter, from lines far back on', async () => {
    write('ERROR first', 0);
    for (let second = 1; second < 300; second++) write('INFO quiet', second);
    write('ERROR second', 300);
    const stream = await openStream(subject, `${instancePath}/logs?level=error&tail=5`);
    expect((await stream.next())?.data).toMatchObject({ message: 'ERROR first', level: 'error' });
    expect((await stream.next())?.data.message).toBe('ERROR second');
    write('INFO more', 301);
    write('ERROR third', 302);
    const third = await stream.next();
    expect(third?.data.message).toBe('ERROR third');
    stream.stop.abort();
    write('ERROR fourth', 303);
    const resumed = await openStream(subject, `${instancePath}/logs?level=error`, third?.id);
    expect((await resumed.next())?.data.message).toBe('ERROR fourth');
    resumed.stop.abort();
  });

  it('is resumed without a gap, or says in the stream that lines are missing, through a filter too', async () => {
    write('ERROR first', 0);
    const stream = await openStream(subject, `${instancePath}/logs?tail=5`);
    const { id } = (await stream.next()) ?? {};
    stream.stop.abort();
    for (let nth = 0; nth < 9_999; nth++) write(`INFO ${nth}`, 1 + nth);
    const whole = await openStream(subject, `${instancePath}/logs`, id);
    expect((await whole.next())?.data.message).toBe('INFO 0');
    whole.stop.abort();
    write('ERROR last', 20_000);
    for (const query of ['', '?level=error', '?search=last', '?follow=false']) {
      const resumed = await openStream(subject, `${instancePath}/logs${query}`, id);
      const first = await resumed.next();
      expect(first?.data, query).toMatchObject({
        source: 'berth',
        missing: true,
        message: expect.stringMatching(/^Lines are missing here: /),
      });
      const second = await resumed.next();
      expect(second?.data.missing).toBeUndefined();
      resumed.stop.abort();
      // Who comes again behind that line has the same lines as before.
      const again = await openStream(subject, `${instancePath}/logs${query}`, first?.id);
      expect((await again.next())?.data.message, query).toBe(second?.data.message);
      again.stop.abort();
    }
  });

  it('of a time that is over ends as a stream', async () => {
    for (let second = 0; second < 5; second++) write(`line ${second}`, second);
    const stream = await openStream(subject, `${instancePath}/logs?until=${at(1)}`);
    expect((await stream.next())?.data.message).toBe('line 0');
    expect((await stream.next())?.data.message).toBe('line 1');
    expect(await stream.next()).toBeUndefined();
  });

  it('refuses filters that are none', async () => {
    for (const query of [
      'level=loud',
      'search=',
      'deployment=0',
      'container=-',
      'direction=up',
      'until=x',
      `search=${'x'.repeat(1_001)}`,
      'search=(slow',
      'search=%40level:loud',
    ])
      expectProblem(await subject.api('GET', `${instancePath}/logs?${query}`), 400, 'invalid_request');
    const { body } = await subject.api('GET', `${instancePath}/logs?search=(slow`);
    expect(body.detail).toMatch(/[^.]\.$/);
    for (const cursor of ['x', 'Li4vLi4v'])
      expectProblem(await subject.api('GET', `${instancePath}/logs?cursor=${cursor}`), 400, 'invalid_cursor');
  });
});

const otherWorkload = { ...workload, metadata: { name: 'other' } };

describe('The log of an environment', () => {
  const environmentPath = '/v1/projects/demo/environments/dev';
  const logs = `${environmentPath}/logs`;
  const other = (message: string, second: number): void =>
    subject.ports.logs.append(instanceName({ ...instance, service: 'other' }), {
      at: at(second),
      message,
      source: 'stdout',
    });
  beforeEach(async () => {
    const { api } = subject;
    await api('POST', '/v1/projects/demo/services', { name: 'other' });
    await api('POST', '/v1/projects/demo/services/other/versions', {
      image: DIGEST,
      workload: otherWorkload,
      tags: ['v1'],
    });
    const asked = await api('POST', `${environmentPath}/services/other/deployments`, { version: 'v1' });
    expect(asked.status, asked.text).toBe(202);
    write('ERROR of the first', 0);
    other('of the other', 1);
    write('of the first', 2);
  });

  it('has what all its services print, in the order of the times, each line with its service', async () => {
    const { body } = await subject.api('GET', `${logs}?tail=2`);
    expect(body.items).toMatchObject([
      { message: 'of the other', service: 'other' },
      { message: 'of the first', service: 'guestbook' },
    ]);
    const next = await subject.api('GET', `${logs}?tail=2&cursor=${body.nextCursor}`);
    expect(next.body).toEqual({ items: [expect.objectContaining({ message: 'ERROR of the first' })] });
    const found = await subject.api('GET', `${logs}?search=${encodeURIComponent('@service:other OR error')}`);
    expect(found.body.items).toHaveLength(2);
  });

  it('is followed, and resumed behind a line', async () => {
    const stream = await openStream(subject, `${logs}?tail=1`);
    const first = await stream.next();
    expect(first?.data).toMatchObject({ message: 'of the first', service: 'guestbook' });
    other('later', 3);
    expect((await stream.next())?.data).toMatchObject({ message: 'later', service: 'other' });
    stream.stop.abort();
    const resumed = await openStream(subject, logs, first?.id);
    expect((await resumed.next())?.data.message).toBe('later');
    resumed.stop.abort();
  });

  it('is there where nothing was deployed, and of no environment that is none', async () => {
    await subject.api('POST', '/v1/projects/demo/environments', { name: 'empty' });
    const empty = await subject.api('GET', `${logs.replace('/dev/', '/empty/')}`);
    expect([empty.status, empty.body]).toEqual([200, { items: [] }]);
    expectProblem(await subject.api('GET', logs.replace('/dev/', '/none/')), 404, 'not_found');
  });
});

describe('Output that outlives its environment', () => {
  const gone = '01J00000000000000000000000';
  const destroyed = {
    ...{ project: 'demo', name: 'dev', id: gone, services: [instance.service] },
    createdAt: '2020-01-01T00:00:00.000Z',
    destroyedAt: '2020-01-02T00:00:00.000Z',
    keptUntil: '2020-02-01T00:00:00.000Z',
  };
  const printed = (message: string, time: string) =>
    subject.ports.logs.append(instanceName(instance), { at: time, message, source: 'stdout' });
  beforeEach(async () => {
    const { store } = subject.ports;
    await store.transact([{ put: { ...destroyedKey('demo', gone), data: destroyed } }]);
    printed('of the one that is gone', '2020-01-01T12:00:00.000Z');
    printed('of the one that is there', at(0));
  });

  it('is no output of a later environment of its name, in lists and in streams', async () => {
    for (const query of ['', 'since=2019-01-01T00:00:00Z', 'direction=forward', 'search=of'])
      expect((await read(query)).messages).toEqual(['of the one that is there']);
    const path = `${instancePath}/logs?follow=false`;
    for (const query of ['', '&since=2019-01-01T00:00:00Z', '&search=of']) {
      const stream = await openStream(subject, `${path}${query}`);
      expect((await stream.next())?.data.message).toBe('of the one that is there');
      expect(await stream.next()).toBeUndefined();
    }
    const resumed = await openStream(subject, path, '2019-01-01T00:00:00.000Z/1');
    expect((await resumed.next())?.data.message).toBe('of the one that is there');
  });

  it('is read by the id of its environment, which is listed as long as that is kept', async () => {
    const { body } = await subject.api('GET', '/v1/projects/demo/destroyed-environments');
    expect(body.items).toEqual([destroyed]);
    for (const query of ['', '&until=2110-01-01T00:00:00Z', '&direction=forward'])
      expect((await read(`environmentId=${gone}${query}`)).messages).toEqual(['of the one that is gone']);
    const stream = await openStream(subject, `${instancePath}/logs?environmentId=${gone}`);
    expect((await stream.next())?.data.message).toBe('of the one that is gone');
    expect(await stream.next()).toBeUndefined();
  });

  it('is read by nobody who names another environment, service or project', async () => {
    const other = '01J00000000000000000000001';
    const logs = (path: string, id: string) => subject.api('GET', `${path}/logs?environmentId=${id}`);
    expectProblem(await logs(instancePath, other), 404, 'not_found');
    expectProblem(await logs(instancePath.replace(/[^/]+$/, 'another'), gone), 404, 'not_found');
    expectProblem(await logs(instancePath.replace('/dev/', '/prod/'), gone), 404, 'not_found');
    expectProblem(await logs(instancePath, 'x'), 400, 'invalid_request');
    const { store } = subject.ports;
    const [environment] = (
      await store.query<{ id: string }>({ pk: 'project#demo', prefix: 'environment#', limit: 1 })
    ).items;
    const limits = {
      project: 'demo',
      environments: ['dev'],
      environmentIds: { dev: environment?.data.id ?? '' },
    };
    subject.people.set('limited', { ...localAdministrator, limits });
    const as = { authorization: 'Bearer limited' };
    const path = `${instancePath}/logs`;
    expect((await subject.api('GET', path, undefined, as)).body.items).toHaveLength(1);
    expectProblem(await subject.api('GET', `${path}?environmentId=${gone}`, undefined, as), 404, 'not_found');
    const list = '/v1/projects/demo/destroyed-environments';
    expectProblem(await subject.api('GET', list, undefined, as), 403, 'forbidden');
  });
});
