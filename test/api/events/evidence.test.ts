import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyEvidence } from '../../../cli/verify-evidence.mjs';
import { genesis, seal } from '../../../functions/core/events/audit-chain.ts';
import { eventKey, eventsPartition } from '../../../functions/core/keys.ts';
import type { BerthEvent } from '../../../functions/core/model/index.ts';
import type { Write } from '../../../functions/ports/store.ts';
import { verifyChain } from '../../../functions/records/audit-trail.ts';
import { readAll } from '../../../functions/records/read-all.ts';
import { createSubject, expectProblem, person, STRANGER, type Subject, seed } from '../support.ts';

let subject: Subject;
beforeEach(async () => {
  subject = await createSubject();
  await seed(subject);
});
afterEach(() => subject.close());

const PATH = '/v1/projects/demo/evidence';
const FROM = '2020-01-01T00:00:00Z';
const take = (query = `?from=${FROM}`, path = PATH) => subject.api('GET', `${path}${query}`);
const keyOf = async (): Promise<string> => (await subject.api('GET', '/v1/evidence/key')).body.pem;
const check = async (...packs: string[]) =>
  verifyEvidence(
    packs.map((text) => Buffer.from(text)),
    { key: await keyOf(), anchors: await subject.ports.anchors.heads('demo') },
  );

describe('Evidence', () => {
  it('of a period is signed with a key that anybody can fetch, and has all of its events', async () => {
    expectProblem(await subject.api('GET', '/v1/evidence/key', undefined, { authorization: '' }), 404);
    await subject.api('PUT', '/v1/projects/demo/members/user:ada', { role: 'developer' });
    const answer = await take();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-disposition')).toMatch(
      /demo-evidence-2020-01-01-\d{4}-\d\d-\d\d\.html/,
    );
    const { faults, events } = await check(answer.text);
    expect(faults).toEqual([]);
    expect(events).toEqual(
      (await readAll(subject.ports.store, eventsPartition('demo'))).map(({ data }) => data),
    );
    expect(answer.text).toMatch(/<td>member<\/td><td>user:ada<\/td><td>developer<\/td>/);
    // The key stays, so that packs can be compared.
    expect((await take()).text).toContain(answer.text.match(/"key":"([^"]+)"/)![1]);
  });

  it('that was tampered with in the store does not verify', async () => {
    const key = eventKey('demo', 2);
    const item = await subject.ports.store.get<BerthEvent>(key);
    await subject.ports.store.transact([{ put: { ...key, data: { ...item!.data, actor: 'user:other' } } }]);
    expect((await check((await take()).text)).faults).toContain('Event 2 is not as it was sealed.');
    await subject.ports.store.transact([{ delete: key }]);
    expect((await check((await take()).text)).faults).toContainEqual(expect.stringContaining('missing'));
  });

  it('of a long period comes in packs that hold together', async () => {
    const { store } = subject.ports;
    let { head } = await verifyChain(subject.ports, 'demo');
    const writes = Array.from({ length: 3_050 }, (): Write => {
      const at = new Date(subject.ports.effects.now()).toISOString();
      const next = seal(head ?? genesis('demo'), {
        project: 'demo',
        type: 'project.created',
        actor: 'berth',
        at,
      });
      head = next.head;
      return { put: { ...eventKey('demo', head.number), data: next.event } };
    });
    for (let at = 0; at < writes.length; at += 50) await store.transact(writes.slice(at, at + 50));
    subject.pass(1_000);
    const first = await take();
    const next = first.headers.get('berth-evidence-next');
    expect(next).toBe('3000');
    const second = await take(`?from=${FROM}&to=${first.headers.get('berth-evidence-to')}&after=${next}`);
    expect(second.headers.get('berth-evidence-next')).toBeNull();
    expect((await check(second.text, first.text)).events).toHaveLength(Number(head?.number));
    expect((await check(first.text)).faults).toContainEqual(expect.stringContaining('give all packs'));
  });

  it('is for those who may read the audit trail, and of the installation for those who run it', async () => {
    subject.people.set('bob', person('bob'));
    await subject.api('PUT', '/v1/projects/demo/members/user:bob', { role: 'maintainer' });
    const as = (token: string) => ({ authorization: `Bearer ${token}` });
    expectProblem(await subject.api('GET', `${PATH}?from=${FROM}`, undefined, as('bob')), 403);
    expectProblem(await subject.api('GET', `${PATH}?from=${FROM}`, undefined, as(STRANGER)), 404);
    expectProblem(await subject.api('GET', `/v1/evidence?from=${FROM}`, undefined, as('bob')), 403);
    const answer = await take(`?from=${FROM}`, '/v1/evidence');
    expect(verifyEvidence([Buffer.from(answer.text)], { key: await keyOf() }).faults).toEqual([]);
  });

  it('of a period that ends before it begins is refused', async () => {
    expectProblem(await take(`?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z`), 400, 'invalid_request');
    expectProblem(await take('?from=yesterday'), 400, 'invalid_request');
    expectProblem(await take(''), 400, 'invalid_request');
  });
});
