/** Pipelines of other systems, against an issuer on a socket whose keys are made here. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOutgoing } from '../../../functions/adapters/outgoing/outgoing.ts';
import { createFederation } from '../../../functions/api/access/federation.ts';
import {
  type Answer,
  createSubject,
  deploy,
  expectProblem,
  instancePath,
  person,
  type Subject,
  seed,
} from '../support.ts';

const { privateKey, publicKey } = await generateKeyPair('RS256');
const other = await generateKeyPair('RS256');
const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' };
const server = createServer((request, response) => {
  const body = request.url === '/keys' ? { keys: [jwk] } : { issuer, jwks_uri: `${issuer}/keys` };
  response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
afterAll(() => void server.close());

const audience = 'https://berth.example.com';
const sub = 'repo:octo/guestbook:ref:refs/heads/main';

let subject: Subject;
let reached: string[];
beforeEach(async () => {
  reached = [];
  const outgoing = createOutgoing({ trusted: [issuer] });
  subject = await createSubject({
    federation: createFederation({
      trusted: [issuer],
      fetch: (url, init) => {
        reached.push(String(url));
        return outgoing(url, init);
      },
    }),
  });
  await seed(subject);
});
afterEach(() => subject.close());

interface Claims {
  [name: string]: unknown;
}
const sign = (claims: Claims = {}, key = privateKey, header: object = {}) =>
  new SignJWT({ iss: issuer, aud: audience, sub, event_name: 'push', repository_id: '42', ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'one', typ: 'JWT', ...header })
    .setIssuedAt()
    .setExpirationTime((claims.exp as number | undefined) ?? '5m')
    .sign(key);

const rule = { issuer, audience, subjects: [sub], role: 'developer' };
const trusts = '/v1/projects/demo/trusts';
const trust = async (change: object = {}): Promise<Answer['body']> => {
  const answer = await subject.api('POST', trusts, { ...rule, ...change });
  expect(answer.status, answer.text).toBe(201);
  return answer.body;
};
const exchange = async (token: string, project = 'demo'): Promise<Answer> =>
  subject.api('POST', '/v1/token-exchange', { project, subject_token: token }, { authorization: '' });
const bearer = (token: string) => (method: string, path: string, body?: unknown) =>
  subject.api(method, path, body, { authorization: `Bearer ${token}` });

describe('A pipeline that a rule trusts', () => {
  it('gets a token for 15 minutes, for what the rule says', async () => {
    await trust({ environments: ['dev'] });
    const { status, body } = await exchange(await sign());
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 900 });
    const pipeline = bearer(body.access_token);
    expect((await pipeline('GET', '/v1/me')).body).toMatchObject({
      kind: 'workflow',
      id: expect.stringMatching(
        /^ci:127\.0\.0\.1=3A\d+:repo=3Aocto=2Fguestbook=3Aref=3Arefs=2Fheads=2Fmain$/,
      ),
      limits: { role: 'developer', project: 'demo', environments: ['dev'] },
    });
    const put = (environment: string) =>
      pipeline('PUT', `/v1/projects/demo/environments/${environment}/secrets/KEY`, { value: 'x' });
    expect((await put('dev')).status).toBe(201);
    expectProblem(await put('production'), 404, 'not_found');
    for (const path of ['/v1/tokens', '/v1/projects/demo/tokens']) {
      expectProblem(await pipeline('POST', path, { name: 'x', role: 'viewer' }), 403, 'forbidden');
    }
    const { items } = (await subject.api('GET', '/v1/projects/demo/events')).body;
    expect(items.find(({ type }: { type: string }) => type === 'token.exchanged')).toMatchObject({
      actor: expect.stringMatching(/^ci:/),
      data: { subject: sub, issuer },
    });
    expect(JSON.stringify(items)).not.toContain(body.access_token);
    subject.pass(15 * 60 * 1000);
    expectProblem(await pipeline('GET', '/v1/me'), 401, 'unauthenticated');
  });

  it('may send the form of RFC 8693', async () => {
    await trust();
    const form = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      subject_token: await sign(),
      project: 'demo',
    });
    const send = (body: string) =>
      subject.api('POST', '/v1/token-exchange', body, {
        authorization: '',
        'content-type': 'application/x-www-form-urlencoded',
      });
    expect((await send(form.toString())).body.access_token).toMatch(/^berth_/);
    expectProblem(await send(`${form}&project=other`), 400);
    form.delete('grant_type');
    expectProblem(await send(form.toString()), 400);
    expectProblem(await send('x'.repeat(70_000)), 413);
  });

  it('ends with the rule, and with the project', async () => {
    const { id } = await trust();
    const { access_token } = (await exchange(await sign())).body;
    expect((await bearer(access_token)('GET', '/v1/projects/demo')).status).toBe(200);
    expect((await subject.api('DELETE', `${trusts}/${id}`)).status).toBe(204);
    expectProblem(await bearer(access_token)('GET', '/v1/projects/demo'), 401, 'unauthenticated');
    expectProblem(await exchange(await sign()), 401, 'unauthenticated');
  });

  it('asks for a deployment, and approves none', async () => {
    await trust({ role: 'maintainer' });
    await subject.api('PUT', '/v1/projects/demo/environments/dev/protection', { approval: true });
    const pipeline = bearer((await exchange(await sign())).body.access_token);
    const path = '/v1/projects/demo/environments/dev/services/guestbook/deployments/1/approve';
    expectProblem(await pipeline('POST', path), 403, 'forbidden');
    expectProblem(await pipeline('POST', trusts, rule), 403, 'forbidden');
    expectProblem(await pipeline('PUT', '/v1/projects/demo/members/user:eve', { role: 'viewer' }), 403);
  });
});

describe('A subject that people could not read', () => {
  it.each(['\u202e', '\u2066', '\u200f', '\u001b[2J', '\n', '\u0085', '\u2028'])(
    'is refused, and never reaches the audit trail: %j',
    async (character) => {
      const environment = 'repo:octo/guestbook:environment:';
      await trust({ subjects: [`${environment}*`] });
      expectProblem(
        await exchange(await sign({ sub: `${environment}pr${character}7` })),
        401,
        'unauthenticated',
      );
      expect((await exchange(await sign({ sub: `${environment}pr 7` }))).status).toBe(200);
      const { text } = await subject.api('GET', '/v1/projects/demo/events');
      expect(text).not.toContain(JSON.stringify(character).slice(1, -1));
    },
  );
});

describe('What a pipeline asks for', () => {
  it('is not approved by who made the trust rule that let it in, but by someone else', async () => {
    for (const name of ['max', 'mia']) {
      subject.people.set(name, person(name));
      await subject.api('PUT', `/v1/projects/demo/members/user:${name}`, { role: 'maintainer' });
    }
    await deploy(subject);
    await subject.api('PUT', '/v1/projects/demo/environments/dev/protection', { approval: true });
    expect((await bearer('max')('POST', trusts, rule)).status).toBe(201);
    const pipeline = bearer((await exchange(await sign())).body.access_token);
    const { body } = await pipeline('POST', `${instancePath}/deployments`, { version: 'v1' });
    expect(body).toMatchObject({ number: 2, approval: { state: 'pending', requestedBy: 'user:max' } });
    const approve = (name: string) => bearer(name)('POST', `${instancePath}/deployments/2/approve`);
    expectProblem(await approve('max'), 403, 'forbidden');
    expect((await approve('mia')).status).toBe(202);
  });
});

describe('A token is refused, and always in the same words,', () => {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  it.each<[string, () => Promise<string> | string]>([
    ['of a fork', () => sign({ sub: 'repo:eve/guestbook:ref:refs/heads/main' })],
    ['of another repository', () => sign({ sub: 'repo:octo/guestbook2:ref:refs/heads/main' })],
    ['of another branch', () => sign({ sub: `${sub}2` })],
    ['of a pull request', () => sign({ sub: 'repo:octo/guestbook:pull_request' })],
    ['of a run for a pull request on the main branch', () => sign({ event_name: 'pull_request_target' })],
    ['of a run for an event that is not known to need write access', () => sign({ event_name: 'gollum' })],
    ['of a run for an event in other letters', () => sign({ event_name: 'PUSH' })],
    ['that does not say what started the run', () => sign({ event_name: undefined })],
    ['of a repository that has taken the name', () => sign({ repository_id: '43' })],
    ['without a subject', () => sign({ sub: undefined })],
    ['with an empty subject', () => sign({ sub: '' })],
    ['with a subject that is no text', () => sign({ sub: [sub] })],
    ['for another audience', () => sign({ aud: 'https://other.example.com' })],
    ['for several audiences', () => sign({ aud: [audience, 'https://other.example.com'] })],
    ['of another issuer', () => sign({ iss: 'https://evil.example' })],
    ['of an issuer by another spelling', () => sign({ iss: `${issuer}/` })],
    ['that has expired', () => sign({ exp: Math.floor(Date.now() / 1000) - 120 })],
    ['signed by another key', () => sign({}, other.privateKey)],
    ['with an unknown key', () => sign({}, privateKey, { kid: 'two' })],
    ['of another type', () => sign({}, privateKey, { typ: 'logout+jwt' })],
    ['without a signature', () => `${part({ alg: 'none' })}.${part({ iss: issuer, aud: audience, sub })}.`],
    [
      'signed with the public key as a secret',
      () =>
        new SignJWT({ iss: issuer, aud: audience, sub })
          .setProtectedHeader({ alg: 'HS256', kid: 'one' })
          .setIssuedAt()
          .setExpirationTime('5m')
          .sign(Buffer.from(JSON.stringify(jwk))),
    ],
    ['that is none', () => 'not-a-token'],
  ])('%s', async (_what, make) => {
    await trust({ repositoryId: '42' });
    const answer = await exchange(await make());
    expectProblem(answer, 401, 'unauthenticated');
    const missing = await exchange(await sign(), 'nope');
    expect(answer.body.detail).toBe(missing.body.detail.replace('nope', 'demo'));
    expect((await exchange(await sign())).status).toBe(200);
  });

  it('of an issuer that no rule of the project names, without asking anyone', async () => {
    await subject.api('POST', '/v1/projects', { name: 'other' });
    await subject.api('POST', '/v1/projects/other/trusts', rule);
    expectProblem(await exchange(await sign()), 401, 'unauthenticated');
    expectProblem(await exchange(await sign({ iss: 'https://169.254.169.254' })), 401);
    expect(reached).toEqual([]);
  });
});

describe('A rule', () => {
  it.each([
    [{ subjects: [] }],
    [{ subjects: ['*'] }],
    [{ subjects: ['repo:octo/*:ref:refs/heads/main'] }],
    [{ subjects: [sub, 'repo:octo/guestbook:*'] }],
    [{ subjects: ['repo:octo/guestbook:pull_request'] }],
    [{ subjects: undefined }],
    [{ audience: '' }],
    [{ audience: undefined }],
    [{ issuer: 'http://issuer.example' }],
    [{ issuer: 'https://user@issuer.example' }],
    [{ issuer: 'https://issuer.example/?x' }],
    [{ issuer: 'https://issuer.example#' }],
    [{ issuer: 'HTTPS://ISSUER.example' }],
    [{ issuer: 'file:///etc/passwd' }],
    [{ role: 'administrator' }],
    [{ subjects: ['repo:octo/guestbook:pull_request'], pullRequests: { reason: 'x' } }],
    [{ subjects: ['repo:octo/guestbook:pull_request'], pullRequests: {}, environments: ['dev'] }],
    [
      {
        subjects: ['repo:octo/guestbook:pull_request'],
        pullRequests: { reason: 'x' },
        environments: ['dev'],
        role: 'maintainer',
      },
    ],
  ])('can not be %j', async (change) => {
    expectProblem(await subject.api('POST', trusts, { ...rule, ...change }), 400, 'invalid_request');
  });

  it('for pull requests gives a reason, and lets them into some environments', async () => {
    await trust({
      subjects: ['repo:octo/guestbook:pull_request'],
      pullRequests: { reason: 'Previews' },
      environments: ['dev'],
    });
    const pull = await sign({ sub: 'repo:octo/guestbook:pull_request', event_name: 'pull_request' });
    expect((await exchange(pull)).status).toBe(200);
    expectProblem(await exchange(await sign()), 401);
  });

  it('is made by people, up to their own role', async () => {
    subject.people.set('max', person('max'));
    const body = { role: 'maintainer', environments: { production: 'viewer' } };
    await subject.api('PUT', '/v1/projects/demo/members/user:max', body);
    const max = bearer('max');
    expectProblem(await max('POST', trusts, rule), 403, 'forbidden');
    expect((await max('POST', trusts, { ...rule, environments: ['dev'] })).status).toBe(201);
    const { token } = (
      await max('POST', '/v1/tokens', { name: 'x', role: 'maintainer', createsTokens: true })
    ).body;
    expectProblem(await bearer(token)('POST', trusts, { ...rule, environments: ['dev'] }), 403, 'forbidden');
  });

  it('with an issuer inside the network can not be used, and the answer tells nothing of it', async () => {
    await trust({ issuer: 'https://127.0.0.1:1' });
    const answer = await exchange(await sign({ iss: 'https://127.0.0.1:1' }));
    expectProblem(answer, 401, 'unauthenticated');
    expect(answer.text).not.toMatch(/ECONN|not public|127/);
  });
});
