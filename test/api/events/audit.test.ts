import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventKey } from '../../../functions/core/keys.ts';
import type { BerthEvent } from '../../../functions/core/model/index.ts';
import { clientAddress } from '../../../functions/hosts/aws/client-address.ts';
import { createSubject, expectProblem, STRANGER, type Subject, seed } from '../support.ts';

let subject: Subject;
beforeEach(async () => {
  subject = await createSubject({ clientAddress: () => '192.0.2.7' });
  await seed(subject);
});
afterEach(() => subject.close());

const PROJECT = '/v1/projects/demo';
const asStranger = { authorization: `Bearer ${STRANGER}` };
const events = async (): Promise<BerthEvent[]> =>
  (await subject.api('GET', `${PROJECT}/events?limit=200`)).body.items;

describe('An event', () => {
  it('says who changed what, from where, and how it was before', async () => {
    await subject.api('PATCH', PROJECT, { displayName: 'Demo' }, { 'user-agent': 'curl/8.5.0' });
    await subject.api('PATCH', PROJECT, { displayName: null });
    const [second, first] = await events();
    expect(first).toMatchObject({
      type: 'project.changed',
      actor: 'administrator',
      from: { address: '192.0.2.7', agent: 'curl/8.5.0' },
      data: { changes: { displayName: { after: 'Demo' } } },
    });
    expect(second?.data).toEqual({ changes: { displayName: { before: 'Demo' } } });
  });

  it('holds nothing of a client that controls a terminal or turns the direction of text', async () => {
    const agent = 'curl\x9b2J\xad\x85';
    await subject.api('PATCH', PROJECT, { displayName: 'x' }, { 'user-agent': agent });
    expect((await events())[0]?.from?.agent).toBe('curl?2J??');
    for (const displayName of ['a\u202eb', 'a\u200fb', 'a\u061cb', 'a\u2066b', 'a\u009bb']) {
      expectProblem(await subject.api('PATCH', PROJECT, { displayName }), 400, 'invalid_request');
    }
  });

  it('keeps 200 characters of what a client calls itself', async () => {
    await subject.api('PATCH', PROJECT, { displayName: 'x' }, { 'user-agent': 'a'.repeat(5000) });
    expect((await events())[0]?.from?.agent).toHaveLength(200);
  });
});

describe('A refused attempt', () => {
  it('is in the trail of the project that it was on, once a minute with the number of the others', async () => {
    for (let count = 0; count < 3; count++)
      expectProblem(await subject.api('DELETE', PROJECT, undefined, asStranger), 404);
    await subject.app.flush();
    const refused = async () => (await events()).filter(({ type }) => type === 'access.refused');
    expect(await refused()).toMatchObject([
      { actor: 'user:stranger', from: { address: '192.0.2.7' }, data: { action: 'project.delete' } },
    ]);
    subject.pass(61_000);
    await subject.api('GET', `${PROJECT}/environments/dev/secrets`, undefined, asStranger);
    await subject.app.flush();
    expect((await refused())[0]).toMatchObject({
      environment: 'dev',
      data: { action: 'secret.read', unrecorded: 2 },
    });
  });

  it('on a project that is not there leaves nothing', async () => {
    const path = '/v1/projects/nothing';
    expectProblem(await subject.api('GET', path, undefined, asStranger), 404);
    await subject.app.flush();
    expect(await subject.ports.store.get(eventKey('nothing', 1))).toBeUndefined();
    expect(subject.errors).toEqual([]);
  });
});

describe('Verification', () => {
  const verify = async () => (await subject.api('GET', `${PROJECT}/audit/verification`)).body;

  it('finds a trail whole, and an edit in it', async () => {
    const report = await verify();
    expect(report).toMatchObject({ intact: true, unanchored: 0, faults: [] });
    expect(report.events).toBeGreaterThan(2);
    expect(report.anchor).toEqual(report.head);
    const item = await subject.ports.store.get<BerthEvent>(eventKey('demo', 2));
    const data = { ...item!.data, actor: 'someone-else' };
    await subject.ports.store.transact([{ put: { ...eventKey('demo', 2), data } }]);
    expect(await verify()).toMatchObject({ intact: false, faults: [{ kind: 'edited', number: 2 }] });
  });

  it('is not for those whom the project does not let in', async () => {
    for (const path of ['verification', 'export'])
      expectProblem(await subject.api('GET', `${PROJECT}/audit/${path}`, undefined, asStranger), 404);
  });
});

describe('An export', () => {
  it('has an event a line, oldest first, and goes on behind any', async () => {
    const read = async (query = '') => {
      const response = await subject.app.request(`http://localhost${PROJECT}/audit/export${query}`, {
        headers: { authorization: 'Bearer administrator-token' },
      });
      expect(response.headers.get('content-type')).toBe('application/x-ndjson');
      const text = await response.text();
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as BerthEvent);
    };
    const all = await read();
    expect(all).toEqual((await events()).toReversed());
    expect(await read('?after=2')).toEqual(all.slice(2));
    expect(await read(`?after=${all.length}`)).toEqual([]);
    expectProblem(await subject.api('GET', `${PROJECT}/audit/export?after=-1`), 400);
  });
});

describe('The trail of the platform', () => {
  it('has what belongs to no project, and is checked and exported like any other', async () => {
    const rule = { rule: { kind: 'digest-only' } };
    await subject.api('PUT', '/v1/policies/digests', rule);
    await subject.api('DELETE', '/v1/policies/digests');
    expect((await subject.api('GET', '/v1/audit/verification')).body).toMatchObject({
      intact: true,
      events: 2,
    });
    const response = await subject.app.request('http://localhost/v1/audit/export?after=1', {
      headers: { authorization: 'Bearer administrator-token' },
    });
    expect(JSON.parse(await response.text())).toMatchObject({ id: '2', type: 'policy.deleted' });
    expectProblem(await subject.api('GET', '/v1/audit/verification', undefined, asStranger), 403);
  });
});

it('the address on AWS is what the edge saw, and what can not be forged', () => {
  const from = (sourceIp: string, forwarded?: string) =>
    clientAddress({
      event: { headers: { 'x-forwarded-for': forwarded }, requestContext: { http: { sourceIp } } },
    });
  expect(from('198.51.100.1')).toBe('198.51.100.1');
  expect(from('198.51.100.1', 'forged, 192.0.2.7, 198.51.100.1')).toBe('192.0.2.7');
  expect(from('198.51.100.1', '<script>')).toBe('198.51.100.1');
  expect(clientAddress(undefined)).toBeUndefined();
});
