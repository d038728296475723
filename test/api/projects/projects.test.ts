import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSubject, expectProblem, type Subject, seed } from '../support.ts';

let subject: Subject;
beforeEach(async () => {
  subject = await createSubject();
});
afterEach(async () => {
  expect(subject.errors).toEqual([]);
  await subject.close();
});

describe('Projects', () => {
  it('creates, reads, changes, lists and deletes', async () => {
    const { api } = subject;
    const created = await api('POST', '/v1/projects', { name: 'demo', displayName: 'Demo' });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ name: 'demo', displayName: 'Demo', createdBy: 'administrator' });
    expect(created.headers.get('location')).toBe('/v1/projects/demo');
    const etag = created.headers.get('etag') ?? '';

    const changed = await api('PATCH', '/v1/projects/demo', { displayName: null }, { 'if-match': etag });
    expect(changed.status).toBe(200);
    expect(changed.body).not.toHaveProperty('displayName');
    expect(changed.headers.get('etag')).not.toBe(etag);
    const read = await api('GET', '/v1/projects/demo');
    expect(read.body).toEqual(changed.body);
    expect(read.headers.get('etag')).toBe(changed.headers.get('etag'));

    expect((await api('GET', '/v1/projects')).body.items).toEqual([changed.body]);
    const deleted = await api('DELETE', '/v1/projects/demo');
    expect(deleted.status).toBe(204);
    expect(deleted.text).toBe('');
    expectProblem(await api('GET', '/v1/projects/demo'), 404, 'not_found');
  });

  it('leaves no rules of masking to the next one of its name', async () => {
    const { api } = subject;
    const masking = '/v1/projects/demo/masking';
    await api('POST', '/v1/projects', { name: 'demo' });
    const rules = [{ resource: 'postgres.default#web.db', sql: '' }];
    expect((await api('PUT', masking, { rules })).status).toBe(200);
    expect((await api('DELETE', '/v1/projects/demo')).status).toBe(204);
    await api('POST', '/v1/projects', { name: 'demo' });
    expect((await api('GET', masking)).body.rules).toEqual([]);
  });

  it('refuses a name twice', async () => {
    await subject.api('POST', '/v1/projects', { name: 'demo' });
    expectProblem(await subject.api('POST', '/v1/projects', { name: 'demo' }), 409, 'already_exists');
  });

  it.each(['', 'A', '-a', 'a-', 'a\n', 'ä', '😀', 'a'.repeat(41), 'a b', '../x'])(
    'refuses the name %j',
    async (name) => {
      const answer = await subject.api('POST', '/v1/projects', { name });
      expectProblem(answer, 400, 'invalid_request');
      expect(answer.body.errors).toEqual([{ path: 'body.name', message: expect.stringContaining('a-z') }]);
    },
  );

  it('refuses to delete one that is not empty, and says what is there', async () => {
    await seed(subject);
    const answer = await subject.api('DELETE', '/v1/projects/demo');
    expectProblem(answer, 409, 'not_empty');
    expect(answer.body.detail).toContain('environment "dev"');
  });

  it('keeps what was created while it was being deleted', async () => {
    const { api, ports } = subject;
    await api('POST', '/v1/projects', { name: 'demo' });
    const { query } = ports.store;
    let looks = 0;
    // The first look finds nothing; then an environment is created, and only then it is deleted.
    ports.store.query = async (...args) => {
      const page = await query.apply(ports.store, args);
      if (++looks === 1) await api('POST', '/v1/projects/demo/environments', { name: 'dev' });
      return page as never;
    };
    const headers = { 'idempotency-key': 'k' };
    expectProblem(await api('DELETE', '/v1/projects/demo', undefined, headers), 409, 'not_empty');
    ports.store.query = query;
    expect((await api('GET', '/v1/projects/demo/environments/dev')).status).toBe(200);
    expectProblem(await api('DELETE', '/v1/projects/demo', undefined, headers), 409, 'not_empty');
  });

  it('writes an event with each change', async () => {
    const { api } = subject;
    await api('POST', '/v1/projects', { name: 'demo' });
    await api('PATCH', '/v1/projects/demo', { displayName: 'x' });
    const { body } = await api('GET', '/v1/projects/demo/events');
    expect(body.items.map((event: { type: string }) => event.type)).toEqual([
      'project.changed',
      'project.created',
    ]);
    expect(body.items[0]).toMatchObject({ project: 'demo', actor: 'administrator' });
  });
});

describe('Services', () => {
  beforeEach(() => seed(subject));
  const path = '/v1/projects/demo/services';

  it('creates with a repository for images, reads, changes and lists', async () => {
    const { api, repositories } = subject;
    const repository = 'https://git.example.com/a/b';
    const created = await api('POST', path, { name: 'web', repository });
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe(`${path}/web`);
    expect(repositories.has('demo/web')).toBe(true);
    expect((await api('GET', `${path}/web`)).body).toEqual(created.body);
    const changed = await api('PATCH', `${path}/web`, { repository: null });
    expect(changed.body).not.toHaveProperty('repository');
    const names = (await api('GET', path)).body.items.map(({ name }: { name: string }) => name);
    expect(names).toEqual(['guestbook', 'web']);
  });

  it('deletes one that is deployed nowhere, with versions and images', async () => {
    const { api, repositories } = subject;
    const { deploy, DIGEST, workload } = await import('../support.ts');
    const version = { image: DIGEST, workload, tags: ['v1'] };
    await api('POST', path, { name: 'web' });
    await api('POST', `${path}/web/versions`, version);
    expect((await api('DELETE', `${path}/web`)).status).toBe(204);
    expect(repositories.has('demo/web')).toBe(false);
    await api('POST', path, { name: 'web' });
    expect((await api('GET', `${path}/web/versions`)).body.items).toEqual([]);

    await deploy(subject);
    const refused = await api('DELETE', `${path}/guestbook`);
    expectProblem(refused, 409, 'not_empty');
    expect(refused.body.detail).toContain('"dev"');
  });

  it('refuses a name twice, and a project that is not there', async () => {
    expectProblem(await subject.api('POST', path, { name: 'guestbook' }), 409, 'already_exists');
    expectProblem(await subject.api('POST', '/v1/projects/nope/services', { name: 'a' }), 404, 'not_found');
  });

  it.each(['javascript:alert(1)', 'https://user:pass@x.example/', 'not a url', 'https://x/\n', 'ftp://x'])(
    'refuses the repository %j',
    async (repository) => {
      expectProblem(await subject.api('POST', path, { name: 'web', repository }), 400, 'invalid_request');
    },
  );
});
