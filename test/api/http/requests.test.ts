/** What holds for every request, whatever the route: bodies, keys, ETags, cursors, credentials. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { administratorToken, localAdministrator } from '../../../functions/api/admission/authenticate.ts';
import { idempotencyKey } from '../../../functions/core/keys.ts';
import { StoreConflict } from '../../../functions/ports/store.ts';
import {
  ADMINISTRATOR,
  type Answer,
  createSubject,
  DIGEST,
  expectProblem,
  instancePath,
  STRANGER,
  type Subject,
  seed,
  workload,
} from '../support.ts';

let subject: Subject;
beforeEach(async () => {
  subject = await createSubject();
});
afterEach(() => subject.close());

const json = { 'content-type': 'application/json' };

describe('Credentials', () => {
  it.each([
    ['none', {}],
    ['a wrong token', { authorization: 'Bearer nope' }],
    ['another scheme', { authorization: `Basic ${btoa(`x:${ADMINISTRATOR}`)}` }],
    ['an empty token', { authorization: 'Bearer ' }],
    ['two tokens', { authorization: `Bearer ${ADMINISTRATOR} ${ADMINISTRATOR}` }],
    ['a cookie', { cookie: `token=${ADMINISTRATOR}` }],
  ])('%s: 401 with a challenge', async (_name, headers) => {
    const response = await subject.app.request('/v1/me', { headers: headers as Record<string, string> });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(await response.json()).toMatchObject({
      code: 'unauthenticated',
      hint: expect.stringMatching(/Bearer/),
    });
  });

  it('a token in the URL is no credential', async () => {
    const response = await subject.app.request(`/v1/me?token=${ADMINISTRATOR}`);
    expect(response.status).toBe(401);
  });

  it('compares the one token whatever its length', () => {
    const authenticate = administratorToken('0123456789abcdef');
    expect(authenticate('0123456789abcdef')).toMatchObject({ id: 'administrator', administrator: true });
    for (const token of ['', '0', '0123456789abcdeg', '0123456789abcdef0'])
      expect(authenticate(token)).toBeUndefined();
    expect(() => administratorToken('')).toThrow(RangeError);
  });

  it('tell who one is', async () => {
    const administrator = { id: 'administrator', kind: 'system', groups: [], administrator: true };
    expect((await subject.api('GET', '/v1/me')).body).toEqual(administrator);
    const stranger = { authorization: `Bearer ${STRANGER}` };
    const { body } = await subject.api('GET', '/v1/me', undefined, stranger);
    expect(body).toEqual({ id: 'user:stranger', kind: 'user', groups: [], administrator: false });
  });
});

describe('A foreign thing', () => {
  const headers = { authorization: `Bearer ${STRANGER}` };

  it('is answered as one that is not there', async () => {
    await seed(subject);
    const { body } = await subject.api('POST', '/v1/projects/demo/environments/dev/hibernate');
    const same = async (there: string, gone: string, method = 'GET') => {
      const mine = await subject.api(method, there, undefined, headers);
      const missing = await subject.api(method, gone, undefined, headers);
      expectProblem(mine, 404, 'not_found');
      const blank = (text: string) => text.replaceAll(/nope|demo|[0-9A-Z]{26}/g, '*');
      expect(blank(mine.text)).toBe(blank(missing.text));
      return mine;
    };
    const project = await same('/v1/projects/demo', '/v1/projects/nope');
    // And as an administrator is told that it is not there.
    const missing = await subject.api('GET', '/v1/projects/nope');
    expect(project.body.detail.replace('demo', 'nope')).toBe(missing.body.detail);
    expect(project.body.hint).toBe(missing.body.hint);
    await same('/v1/projects/demo/environments/dev', '/v1/projects/nope/environments/dev');
    await same('/v1/projects/demo', '/v1/projects/nope', 'DELETE');
    await same(`/v1/operations/${body.id}`, `/v1/operations/${'0'.repeat(26)}`);
    await same(`/v1/operations/${body.id}/cancel`, `/v1/operations/${'0'.repeat(26)}/cancel`, 'POST');
  });

  it('is in no list', async () => {
    await seed(subject);
    const { body } = await subject.api('GET', '/v1/projects', undefined, headers);
    expect(body).toEqual({ items: [] });
  });
});

describe('Bodies', () => {
  const post = (body: unknown, headers: Record<string, string> = json) =>
    subject.api('POST', '/v1/projects', body, headers);

  it.each([
    ['', 'malformed_json'],
    ['{', 'malformed_json'],
    ['{"name":"a"} x', 'malformed_json'],
    ['\u0000', 'malformed_json'],
    ['{"__proto__":{"name":"a"}}', 'malformed_json'],
    [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'malformed_json'],
    ['null', 'invalid_request'],
    ['[]', 'invalid_request'],
    ['"a"', 'invalid_request'],
    ['{"name":"a","constructor":{}}', 'invalid_request'],
    ['{"name":"a","name2":"b"}', 'invalid_request'],
  ])('%.40j: 400', async (body, code) => {
    expectProblem(await post(body), 400, code);
  });

  it('that are not UTF-8 are malformed', async () => {
    expectProblem(await post(new Uint8Array([0x22, 0xff, 0x22])), 400, 'malformed_json');
  });

  it.each([
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/x-www-form-urlencoded' },
    { 'content-type': 'application/json; charset=utf-16' },
    { 'content-type': 'application/jsonp' },
    { 'content-type': '' },
    { 'content-type': 'application/json', 'content-encoding': 'gzip' },
  ] as Record<string, string>[])('%j: 415', async (headers) => {
    expectProblem(await post('{"name":"a"}', headers), 415, 'unsupported_media_type');
  });

  it('with a charset of UTF-8 are fine', async () => {
    const headers = { 'content-type': 'Application/JSON; charset="UTF-8"' };
    expect((await post('{"name":"a"}', headers)).status).toBe(201);
  });

  it('over 1 MiB are refused while they stream, whatever Content-Length says', async () => {
    let sent = 0;
    let canceled = false;
    const endless = new ReadableStream({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536).fill(0x20));
      },
      cancel() {
        canceled = true;
      },
    });
    expectProblem(await post(endless, { ...json, 'content-length': '10' }), 413, 'payload_too_large');
    expect(canceled).toBe(true);
    expect(sent).toBeLessThan(2 * 1024 * 1024);
  });

  it('where none is taken are refused unless empty', async () => {
    await seed(subject);
    const path = '/v1/projects/demo/environments/dev/hibernate';
    expectProblem(await subject.api('POST', path, { force: true }), 400, 'invalid_request');
    expectProblem(await subject.api('POST', path, 'x', { 'content-type': 'text/plain' }), 415);
    expect((await subject.api('POST', path, {})).status).toBe(202);
  });

  it('tell all that is wrong, twenty at most', async () => {
    const body = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`k${at}`, at]));
    const answer = await post({ ...body, name: 7 });
    expect(answer.body.errors).toHaveLength(20);
    expect(answer.body.errors[0]).toEqual({ path: 'body.name', message: 'must be text' });
    expect((await post({})).body.errors).toEqual([{ path: 'body.name', message: 'is required' }]);
  });
});

describe('Paths', () => {
  it.each([
    '/v1/projects/%64emo',
    '/v1/projects/a%2Fb',
    '/v1/projects/a%0a',
    '/v1/projects/%F0%9F%98%80',
    '/v1/projects/%zz',
    '/v1/projects/%2e%2e%2fetc',
    '/v1//projects',
    '/v1/projects/Demo',
    '/v1/projects/-a',
    `/v1/projects/${'a'.repeat(41)}`,
    '/v1/projects/a_b',
    '/v1/operations/x',
    '/v1/projects/demo/environments/dev/services/a/deployments/0',
    '/v1/projects/demo/environments/dev/services/a/deployments/1e3',
  ])('%s: 400', async (path) => {
    expectProblem(await subject.api('GET', path), 400);
  });

  it.each(['/nope', '/v1', '/v1/projects/', '/v2/projects', '/v1/projects/demo/nope', '/.env'])(
    '%s: 404 with a hint',
    async (path) => {
      expectProblem(await subject.api('GET', path), 404, 'not_found');
    },
  );

  it('that are too long: 414', async () => {
    expectProblem(await subject.api('GET', `/v1/projects/${'a'.repeat(9000)}`), 414, 'uri_too_long');
    expectProblem(await subject.api('GET', `/nope?${'a'.repeat(9000)}`), 414, 'uri_too_long');
  });

  it('with another method: 405 with Allow', async () => {
    for (const method of ['PUT', 'OPTIONS', 'PROPFIND']) {
      const answer = await subject.api(method, '/v1/projects/demo');
      expectProblem(answer, 405, 'method_not_allowed');
      expect(answer.headers.get('allow')).toBe('DELETE, GET, HEAD, PATCH');
    }
  });

  it('answer HEAD as GET, without a body', async () => {
    const answer = await subject.api('HEAD', '/v1/me');
    expect(answer.status).toBe(200);
    expect(answer.text).toBe('');
  });
});

describe('Queries', () => {
  it.each([
    'x=1',
    'limit=0',
    'limit=201',
    'limit=1.5',
    'limit=',
    'limit=1&limit=2',
    '__proto__=1',
    'LIMIT=1',
  ])('?%s: 400', async (query) => {
    expectProblem(await subject.api('GET', `/v1/projects?${query}`), 400, 'invalid_request');
  });

  it('page through a list, each item once and in order', async () => {
    const names = Array.from({ length: 7 }, (_, at) => `p${at}`);
    for (const name of names) await subject.api('POST', '/v1/projects', { name });
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await subject.api('GET', `/v1/projects?limit=3${cursor && `&cursor=${cursor}`}`);
      seen.push(...body.items.map(({ name }: { name: string }) => name));
      cursor = body.nextCursor ?? '';
    } while (cursor);
    expect(seen).toEqual(names);
  });

  const encode = (text: string) => Buffer.from(text).toString('base64url');
  it.each([
    '!',
    'YQ==',
    encode('environment#dev'),
    encode('service#a\n'),
    encode('service#\u00e4'),
    encode(''),
  ])('cursor %j: invalid_cursor', async (cursor) => {
    await seed(subject);
    const answer = await subject.api(
      'GET',
      `/v1/projects/demo/services?cursor=${encodeURIComponent(cursor)}`,
    );
    expectProblem(answer, 400, 'invalid_cursor');
  });
});

describe('ETags', () => {
  let etag = '';
  beforeEach(async () => {
    etag = (await subject.api('POST', '/v1/projects', { name: 'demo' })).headers.get('etag') ?? '';
  });
  const patch = (ifMatch: string) =>
    subject.api('PATCH', '/v1/projects/demo', { displayName: 'x' }, { 'if-match': ifMatch });

  it.each(['"2"', 'W/"1"', '"abc"', '""'])('If-Match: %s fails', async (ifMatch) => {
    expectProblem(await patch(ifMatch), 412, 'precondition_failed');
  });
  it.each(['1', '"1", "2"', 'x"', '"a'])('If-Match: %s is malformed', async (ifMatch) => {
    expectProblem(await patch(ifMatch), 400, 'invalid_request');
  });
  it('If-Match: * and the current one go through', async () => {
    expect((await patch('*')).status).toBe(200);
    expect((await patch(etag)).status).toBe(412);
    const { headers } = await subject.api('GET', '/v1/projects/demo');
    expect((await patch(headers.get('etag') ?? '')).status).toBe(200);
  });
  it.each(['ETAG', 'W/ETAG', '"0", ETAG', '*'])('If-None-Match: %s is 304', async (tags) => {
    const tag = tags.replace('ETAG', etag);
    const answer = await subject.api('GET', '/v1/projects/demo', undefined, { 'if-none-match': tag });
    expect(answer.status).toBe(304);
    expect(answer.text).toBe('');
    expect(answer.headers.get('etag')).toBe(etag);
  });
  it('of what was made anew under a name are not those of what had the name before', async () => {
    const at = '/v1/projects/demo/services/web';
    const make = () => subject.api('POST', '/v1/projects/demo/services', { name: 'web' });
    const old = { 'if-match': (await make()).headers.get('etag') ?? '' };
    await subject.api('DELETE', at, undefined, old);
    subject.pass(1000);
    await make();
    expectProblem(await subject.api('PATCH', at, { repository: null }, old), 412, 'precondition_failed');
    expectProblem(await subject.api('DELETE', at, undefined, old), 412, 'precondition_failed');
  });
  it('If-Match is refused by what does not honour it, so that nothing is done as if it had', async () => {
    const created = await subject.api('POST', '/v1/projects', { name: 'other' }, { 'if-match': etag });
    expectProblem(created, 400, 'invalid_request');
    expect((await subject.api('GET', '/v1/projects/other')).status).toBe(404);
  });
});

describe('Idempotency keys', () => {
  const key = { 'idempotency-key': 'key-1' };
  const create = (name: string, headers: Record<string, string> = key) =>
    subject.api('POST', '/v1/projects', { name }, headers);

  it('give the same answer again, marked, and one effect (I2)', async () => {
    const first = await create('demo');
    const second = await create('demo');
    expect(second.status).toBe(201);
    expect(second.body).toEqual(first.body);
    for (const name of ['etag', 'location']) expect(second.headers.get(name)).toBe(first.headers.get(name));
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    const { body } = await subject.api('GET', '/v1/projects/demo/events');
    expect(body.items).toHaveLength(1);
  });

  it('are refused for another body, method or path', async () => {
    await create('demo');
    expectProblem(await create('other'), 422, 'idempotency_key_reused');
    const elsewhere = await subject.api('DELETE', '/v1/projects/demo', undefined, key);
    expectProblem(elsewhere, 422, 'idempotency_key_reused');
    expect((await subject.api('GET', '/v1/projects/demo')).status).toBe(200);
  });

  it('are refused for another path or method with the same body', async () => {
    await seed(subject);
    const path = '/v1/projects/demo/environments/dev';
    await subject.api('POST', `${path}/hibernate`, undefined, key);
    expectProblem(await subject.api('POST', `${path}/wake`, undefined, key), 422, 'idempotency_key_reused');
    expectProblem(await subject.api('DELETE', path, undefined, key), 422, 'idempotency_key_reused');
    const put = (name: string, method = 'PUT') =>
      subject.api(method, `${path}/secrets/${name}`, { value: 'x' }, { 'idempotency-key': 'other' });
    expect((await put('A')).status).toBe(201);
    expectProblem(await put('B'), 422, 'idempotency_key_reused');
  });

  it('make many equal requests at once one', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => create('demo')));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(201));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    await seed(subject).catch(() => undefined);
    const headers = { 'idempotency-key': 'env' };
    const environments = await Promise.all(
      Array.from({ length: 10 }, () =>
        subject.api('POST', '/v1/projects/demo/environments', { name: 'x' }, headers),
      ),
    );
    expect(new Set(environments.map(({ body }) => body.id)).size).toBe(1);
  });

  it('have one effect (I2) though the same request was done between its look and its change', async () => {
    await seed(subject);
    const image = { image: DIGEST, workload, tags: ['v1'] };
    await subject.api('POST', '/v1/projects/demo/services/guestbook/versions', image);
    const request = () => subject.api('POST', `${instancePath}/deployments`, { version: 'v1' }, key);
    const { store } = subject.ports;
    const { get } = store;
    let faster: Promise<Answer> | undefined;
    store.get = async (wanted) => {
      const found = await get<never>(wanted);
      if (faster || wanted.pk !== idempotencyKey(localAdministrator.id, 'key-1').pk) return found;
      faster = request();
      await faster;
      return found;
    };
    const slower = await request();
    expect(slower.status, slower.text).toBe(202);
    expect(slower.body).toEqual((await faster)?.body);
    expect(slower.headers.get('idempotency-replayed')).toBe('true');
    expect((await subject.api('GET', `${instancePath}/deployments`)).body.items).toHaveLength(1);
  });

  it('replay a deletion although the thing is gone', async () => {
    await create('demo', {});
    const remove = () => subject.api('DELETE', '/v1/projects/demo', undefined, key);
    const answers = await Promise.all([remove(), remove(), remove()]);
    expect(answers.map(({ status }) => status)).toEqual([204, 204, 204]);
    expect((await remove()).headers.get('idempotency-replayed')).toBe('true');
  });

  it('belong to one principal', async () => {
    await create('demo');
    const stranger = { ...key, authorization: `Bearer ${STRANGER}` };
    expectProblem(await create('demo', stranger), 409, 'already_exists');
  });

  it('do not keep what was refused', async () => {
    expectProblem(await subject.api('DELETE', '/v1/projects/demo', undefined, key), 404);
    await create('demo', {});
    expect((await subject.api('DELETE', '/v1/projects/demo', undefined, key)).status).toBe(204);
  });

  it.each(['', 'x'.repeat(256), 'k\u00e9y'])('%.10j is not one', async (value) => {
    expectProblem(await create('demo', { 'idempotency-key': value }), 400, 'invalid_request');
  });
});

describe('Errors', () => {
  it('that nobody expected tell nothing, and are reported with the request id', async () => {
    const reported: unknown[][] = [];
    const other = await createSubject({ onError: (...args) => reported.push(args) });
    other.ports.store.get = async () => {
      throw new Error('password=hunter2 at /home/someone');
    };
    const answer = await other.api('GET', '/v1/projects/demo');
    expectProblem(answer, 500, 'internal');
    expect(answer.text).not.toMatch(/hunter2|home/);
    expect(reported).toEqual([[expect.any(Error), answer.headers.get('request-id')]]);
    await other.close();
  });

  it('of a conflict that nobody handled are 409', async () => {
    await seed(subject);
    subject.ports.store.transact = async () => {
      throw new StoreConflict([1]);
    };
    expectProblem(await subject.api('POST', '/v1/projects/demo/services', { name: 'a' }), 409, 'conflict');
  });

  it('have types that can be looked up', async () => {
    const { body } = await subject.api('GET', '/v1/projects/nope');
    expect((await subject.api('GET', body.type)).body).toEqual({
      code: 'not_found',
      status: 404,
      title: 'Not found',
    });
  });

  it.each(['starting', 'incomplete'] as const)(
    'of workloads that are %s degrade the health check',
    async (workloads) => {
      subject.ports.workloads.check = async () => workloads;
      expect(await subject.api('GET', '/healthz')).toMatchObject({
        status: 200,
        body: { status: 'degraded', workloads },
      });
    },
  );

  it('of an unreadable store make the health check fail', async () => {
    expect((await subject.api('GET', '/healthz')).body).toEqual({ status: 'ok' });
    subject.ports.store.get = async () => {
      throw new Error('gone');
    };
    expectProblem(await subject.api('GET', '/healthz'), 503, 'unavailable');
  });
});
