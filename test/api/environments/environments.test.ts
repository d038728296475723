import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sweep } from '../../../functions/sweep/sweep.ts';
import { createSubject, expectProblem, person, type Subject, seed, setState } from '../support.ts';

let subject: Subject;
beforeEach(async () => {
  subject = await createSubject();
  await seed(subject);
});
afterEach(async () => {
  expect(subject.errors).toEqual([]);
  await subject.close();
});

const path = '/v1/projects/demo/environments';
const DAY = 86_400_000;

describe('Environments', () => {
  it('takes office hours, and shows when they begin and end next', async () => {
    const { api } = subject;
    const officeHours = { days: 'mon-fri', from: '08:00', to: '19:00', zone: 'Europe/Berlin' };
    const set = await api('PATCH', `${path}/dev`, { officeHours });
    expect(set.body).toMatchObject({ officeHours });
    const preview = '/v1/projects/demo/office-hours-preview';
    const { body } = await api('GET', `${preview}?${new URLSearchParams(officeHours)}`);
    expect(body.turns).toHaveLength(7);
    for (const wrong of [
      { ...officeHours, to: '08:00' },
      { ...officeHours, from: '24:00' },
      { ...officeHours, days: 'weekdays' },
      { ...officeHours, days: 'sat,sun-sun' },
      { ...officeHours, zone: '+02:00' },
    ]) {
      expectProblem(await api('PATCH', `${path}/dev`, { officeHours: wrong }), 400, 'invalid_request');
      expectProblem(await api('GET', `${preview}?${new URLSearchParams(wrong)}`), 400, 'invalid_request');
    }
    expect((await api('PATCH', `${path}/dev`, { officeHours: null })).body).not.toHaveProperty('officeHours');
  });

  it('creates one by an operation that is started', async () => {
    const { api, started } = subject;
    const answer = await api('POST', path, { name: 'staging', idleAfter: '90m' });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({
      kind: 'provision-environment',
      status: 'queued',
      environment: 'staging',
    });
    expect(answer.headers.get('location')).toBe(`/v1/operations/${answer.body.id}`);
    expect(started).toContain(answer.body.id);
    const { body } = await api('GET', `${path}/staging`);
    expect(body).toMatchObject({ kind: 'persistent', state: 'provisioning', idleAfter: '90m' });
    expect(body).not.toHaveProperty('expiresAt');
    expect(body).not.toHaveProperty('hibernatesAt');
    expect((await api('GET', path)).body.items).toHaveLength(2);
  });

  it('gives an ephemeral one an end', async () => {
    await subject.api('POST', path, { name: 'pr-1', kind: 'ephemeral' });
    const { body } = await subject.api('GET', `${path}/pr-1`);
    expect(body.idleAfter).toBe('1h');
    expect(Date.parse(body.expiresAt) - Date.parse(body.createdAt)).toBe(7 * DAY);
  });

  it('changes rules, tells when it hibernates, and takes rules away', async () => {
    const { api } = subject;
    const { body, headers } = await api('PATCH', `${path}/dev`, { idleAfter: '30m', ttl: '2d' });
    expect(body.idleAfter).toBe('30m');
    expect(Date.parse(body.hibernatesAt) - Date.parse(body.lastActivityAt)).toBe(1_800_000);
    const stale = { 'if-match': '"1"' };
    expectProblem(await api('PATCH', `${path}/dev`, { ttl: null }, stale), 412, 'precondition_failed');
    const fresh = { 'if-match': headers.get('etag') ?? '' };
    const cleared = await api('PATCH', `${path}/dev`, { ttl: null, idleAfter: null }, fresh);
    expect(cleared.status).toBe(200);
    expect(cleared.body).not.toHaveProperty('expiresAt');
    expect(cleared.body).not.toHaveProperty('idleAfter');
  });

  it('extends from its end, or from now when that is past', async () => {
    const { api } = subject;
    expectProblem(await api('POST', `${path}/dev/extend`, { by: '2h' }), 409, 'conflict');
    const before = await api('PATCH', `${path}/dev`, { ttl: '1h' });
    const after = await api('POST', `${path}/dev/extend`, { by: '2h' });
    expect(after.status).toBe(200);
    const added = Date.parse(after.body.expiresAt) - Date.parse(before.body.expiresAt);
    expect(added).toBeGreaterThanOrEqual(7_199_000);
    expect(added).toBeLessThan(7_201_000);
    subject.pass(DAY);
    const late = await api('POST', `${path}/dev/extend`, { by: '2h' });
    expect(Date.parse(late.body.expiresAt)).toBeGreaterThan(subject.ports.effects.now() + 7_100_000);
    expectProblem(await api('POST', `${path}/dev/extend`, { by: '365d' }), 400, 'invalid_request');
    const { body } = await api('GET', '/v1/projects/demo/events?limit=1');
    expect(body.items[0].type).toBe('environment.extended');
  });

  it('takes the right to destroy to set or shorten the end of a protected one, and protecting takes it away', async () => {
    const { api } = subject;
    const as = (name: string, method: string, body: unknown, suffix = '') =>
      api(method, `${path}/dev${suffix}`, body, { authorization: `Bearer ${name}` });
    for (const [name, role] of [
      ['max', 'maintainer'],
      ['boss', 'administrator'],
    ] as const) {
      subject.people.set(name, person(name));
      await api('PUT', `/v1/projects/demo/members/user:${name}`, { role });
    }
    await as('max', 'PATCH', { ttl: '1h' });
    const guarded = await as('max', 'PUT', { approval: true }, '/protection');
    expect(guarded.status, guarded.text).toBe(200);
    expect(guarded.body).not.toHaveProperty('expiresAt');
    expectProblem(await as('max', 'PATCH', { ttl: '10s' }), 403, 'forbidden');
    expectProblem(await as('max', 'PATCH', { ttl: '365d' }), 403, 'forbidden');
    expect((await as('boss', 'PATCH', { ttl: '2h' })).status).toBe(200);
    expectProblem(await as('max', 'PATCH', { ttl: '1h' }), 403, 'forbidden');
    expect((await as('max', 'POST', { by: '2h' }, '/extend')).status).toBe(200);
    expect((await as('max', 'PATCH', { idleAfter: '30m' })).status).toBe(200);
    subject.pass(DAY);
    expect(await sweep(subject.ports)).toMatchObject({ destroyed: 0 });
    expect((await as('max', 'PATCH', { ttl: null })).status).toBe(200);
  });

  it('hibernates, wakes and destroys; each is refused where it makes no sense', async () => {
    const { api, ports } = subject;
    expectProblem(await api('POST', `${path}/dev/wake`), 409, 'environment_not_ready');
    const hibernating = await api('POST', `${path}/dev/hibernate`);
    expect(hibernating.status).toBe(202);
    expect((await api('POST', `${path}/dev/hibernate`, {})).body.id).toBe(hibernating.body.id);
    await setState(ports, 'dev', 'hibernated');
    expectProblem(await api('POST', `${path}/dev/hibernate`), 409, 'environment_not_ready');
    expect((await api('POST', `${path}/dev/wake`)).body.kind).toBe('wake');
    expectProblem(await api('DELETE', `${path}/dev`, undefined, { 'if-match': '"1"' }), 412);
    const destroying = await api('DELETE', `${path}/dev`);
    expect(destroying.status).toBe(202);
    expect(destroying.body.kind).toBe('destroy-environment');
    expectProblem(await api('PATCH', `${path}/dev`, { ttl: '1h' }), 409, 'environment_not_ready');
    const { body } = await api('GET', `${path}/dev/operations`);
    const kinds = body.items.map(({ kind }: { kind: string }) => kind);
    expect(kinds).toEqual(['destroy-environment', 'wake', 'hibernate', 'provision-environment']);
  });

  it.each([
    { name: 'a', ttl: '9s' },
    { name: 'a', ttl: '366d' },
    { name: 'a', idleAfter: '4s' },
    { name: 'a', idleAfter: '31d' },
    { name: 'a', idleAfter: '1.5h' },
    { name: 'a', idleAfter: 30 },
    { name: 'a', kind: 'forever' },
    { name: 'a', state: 'ready' },
    { name: 'a', project: 'other' },
  ])('refuses %j', async (body) => {
    expectProblem(await subject.api('POST', path, body), 400, 'invalid_request');
  });

  it('refuses a name twice and a project that is not there', async () => {
    expectProblem(await subject.api('POST', path, { name: 'dev' }), 409, 'already_exists');
    const nowhere = await subject.api('POST', '/v1/projects/nope/environments', { name: 'dev' });
    expectProblem(nowhere, 404, 'not_found');
  });
});

describe('Secrets', () => {
  const secrets = `${path}/dev/secrets`;
  const value = 'hunter2-very-secret';

  it('are put, listed by name and version, put again and deleted', async () => {
    const { api, ports } = subject;
    const created = await api('PUT', `${secrets}/API_KEY`, { value });
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe(`${secrets}/API_KEY`);
    expect(await ports.secrets.get('demo/dev/env/API_KEY', created.body.version)).toBe(value);
    const again = await api('PUT', `${secrets}/API_KEY`, { value: 'second' });
    expect(again.status).toBe(200);
    expect(again.body.version).not.toBe(created.body.version);
    // Deployments that pinned the first version still find it.
    expect(await ports.secrets.get('demo/dev/env/API_KEY', created.body.version)).toBe(value);
    expect((await api('GET', secrets)).body.items).toEqual([again.body]);
    expect((await api('DELETE', `${secrets}/API_KEY`)).status).toBe(204);
    expect(await ports.secrets.list('demo/dev/')).toEqual([]);
    expectProblem(await api('DELETE', `${secrets}/API_KEY`), 404, 'not_found');
  });

  it('never show a value: not in answers, events, records or idempotency records (I7)', async () => {
    const { api, ports } = subject;
    const stored: string[] = [];
    const { transact } = ports.store;
    ports.store.transact = (writes) => {
      stored.push(JSON.stringify(writes));
      return transact.call(ports.store, writes);
    };
    const headers = { 'idempotency-key': 'k1' };
    const shown = [
      await api('PUT', `${secrets}/API_KEY`, { value }, headers),
      await api('PUT', `${secrets}/API_KEY`, { value }, headers),
      await api('PUT', `${secrets}/API_KEY`, { value, extra: value }),
      await api('PUT', `${secrets}/API_KEY`, `{"value": "${value}"`, { 'content-type': 'application/json' }),
      await api('PUT', `${secrets}/API_KEY`, { value: `${value}\0` }),
      await api('GET', secrets),
      await api('GET', '/v1/projects/demo/events'),
    ];
    expect(shown.map(({ status }) => status)).toEqual([201, 201, 400, 400, 400, 200, 200]);
    expect(stored).not.toEqual([]);
    for (const text of [...shown.map((answer) => answer.text), ...stored]) expect(text).not.toContain(value);
  });

  it('leave no version behind when the record is refused', async () => {
    const { api, ports } = subject;
    await api('PUT', `${secrets}/API_KEY`, { value });
    const revoked: string[] = [];
    const { revoke } = ports.secrets;
    ports.secrets.revoke = (name, version) => {
      revoked.push(version);
      return revoke.call(ports.secrets, name, version);
    };
    const refused = await api('PUT', `${secrets}/API_KEY`, { value: 'x' }, { 'if-match': '"7"' });
    expectProblem(refused, 412, 'precondition_failed');
    expect(revoked).toHaveLength(1);
    const { body } = await api('GET', secrets);
    expect(await ports.secrets.get('demo/dev/env/API_KEY', body.items[0].version)).toBe(value);
  });

  it.each([[{ value: 'x'.repeat(65_537) }], [{ value: 1 }], [{}], [{ value: '\ud800' }]])(
    'refuse the body %#',
    async (body) => {
      expectProblem(await subject.api('PUT', `${secrets}/API_KEY`, body), 400, 'invalid_request');
    },
  );

  it.each(['1A', 'A-B', 'A.B', 'a'.repeat(129), 'A%20B', '%F0%9F%98%80'])(
    'refuse the name %j',
    async (name) => {
      expectProblem(await subject.api('PUT', `${secrets}/${name}`, { value }), 400);
    },
  );

  it('take 64 KiB', async () => {
    expect((await subject.api('PUT', `${secrets}/BIG`, { value: 'x'.repeat(65_536) })).status).toBe(201);
  });

  it('are not taken by an environment that goes away', async () => {
    await subject.api('DELETE', `${path}/dev`);
    expectProblem(await subject.api('PUT', `${secrets}/A`, { value }), 409, 'environment_not_ready');
  });
});
