/** A project's name is its own for ever: whatever is kept by the name is never another team's to read. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultRates } from '../../../functions/api/admission/rates.ts';
import { deletedProjectKey } from '../../../functions/core/keys.ts';
import { type Answer, createSubject, expectProblem, person, type Subject } from '../support.ts';

const unbounded = { perSecond: 1e9, burst: 1e9 };
let subject: Subject;
const as =
  (name: string) =>
  (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    subject.api(method, path, body, { authorization: `Bearer ${name}`, ...headers });
const [ada, eve] = [as('ada'), as('eve')];
const create = (by: typeof ada, name = 'shop') => by('POST', '/v1/projects', { name });

beforeEach(async () => {
  const rates = {
    principal: unbounded,
    operations: unbounded,
    names: defaultRates.names,
    address: unbounded,
  };
  subject = await createSubject({ rates });
  for (const name of ['ada', 'eve']) subject.people.set(name, person(name));
  subject.people.set('bob', person('bob', { groups: ['owners'] }));
  subject.people.set('root', person('root', { administrator: true }));
  expect((await create(ada)).status).toBe(201);
});
afterEach(async () => {
  expect(subject.errors).toEqual([]);
  await subject.close();
});

describe('The name of a deleted project', () => {
  it('is taken for strangers, in the words and the status of a name in use', async () => {
    const inUse = await create(eve);
    await ada('DELETE', '/v1/projects/shop');
    const gone = await create(eve);
    expectProblem(gone, 409, 'already_exists');
    const told = ({ body: { requestId: _id, ...body } }: Answer) => body;
    expect(told(gone)).toEqual(told(inUse));
    for (const path of ['', '/events', '/operations', '/audit/export', '/members', '/webhooks', '/drains']) {
      const { status, text } = await eve('GET', `/v1/projects/shop${path}`);
      expect(status, path).toBe(404);
      expect(text).not.toContain('user:ada');
    }
  });

  it('is free to those who were its administrators, by name or group, with its history', async () => {
    await ada('PUT', '/v1/projects/shop/members/group:owners', { role: 'administrator' });
    await ada('PUT', '/v1/projects/shop/members/user:eve', { role: 'maintainer' });
    await ada('DELETE', '/v1/projects/shop');
    expectProblem(await create(eve), 409, 'already_exists');
    expect((await create(as('bob'))).status).toBe(201);
    const { items } = (await as('bob')('GET', '/v1/projects/shop/events')).body;
    expect(items.map(({ type }: { type: string }) => type)).toEqual([
      'project.created',
      'project.deleted',
      'member.added',
      'member.added',
      'project.created',
    ]);
    expectProblem(await ada('GET', '/v1/projects/shop'), 404);
    expect((await as('bob')('DELETE', '/v1/projects/shop')).status).toBe(204);
    expectProblem(await create(ada), 409, 'already_exists');
  });

  it('is free to those who run the installation', async () => {
    await ada('DELETE', '/v1/projects/shop');
    expect((await create(as('root'))).status).toBe(201);
    await as('root')('DELETE', '/v1/projects/shop');
    expect((await subject.api('POST', '/v1/projects', { name: 'shop' })).status).toBe(201);
  });

  it('is kept where an older Berth deleted the project and left its history alone', async () => {
    await ada('DELETE', '/v1/projects/shop');
    await subject.ports.store.transact([{ delete: deletedProjectKey('shop') }]);
    expectProblem(await create(ada), 409, 'already_exists');
    expect((await create(as('root'))).status).toBe(201);
  });

  it('is not taken between two looks at it', async () => {
    const { store } = subject.ports;
    const { query } = store;
    store.query = async (...args) => {
      const page = await query.apply(store, args);
      store.query = query;
      await create(ada, 'brief');
      await ada('DELETE', '/v1/projects/brief');
      return page as never;
    };
    expectProblem(await create(eve, 'brief'), 409, 'already_exists');
  });
});

describe('Names that others have', () => {
  it('are not guessed by the thousand: attempts are bounded by person, and on record for the platform', async () => {
    const { burst } = defaultRates.names;
    for (let turn = 0; turn < burst; turn++) expectProblem(await create(eve), 409, 'already_exists');
    expectProblem(await create(eve), 429, 'too_many_requests');
    expectProblem(await create(eve, 'free'), 429, 'too_many_requests');
    expect((await create(ada, 'other')).status).toBe(201);
    await subject.app.flush();
    const { text } = await subject.api('GET', '/v1/audit/export');
    const refused = text
      .split('\n')
      .filter((line) => line.includes('access.refused'))
      .map((line) => JSON.parse(line));
    expect(refused).toMatchObject([{ actor: 'user:eve', data: { action: 'project.create' } }]);
    subject.pass(10_000);
    expectProblem(await create(eve), 409, 'already_exists');
  });
});
