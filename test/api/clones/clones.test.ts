/** Environments that begin as other ones, over real records; what would run them is played. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Connected, connect } from '../connections/support.ts';
import { expectProblem, person } from '../support.ts';

const DEV = '/v1/projects/demo/environments/dev';
let at: Connected;
const api: Connected['subject']['api'] = (...request) => at.subject.api(...request);
const as = (token: string) => ({ authorization: `Bearer ${token}` });

async function version(service: string): Promise<string> {
  const { body } = await api('POST', `/v1/projects/demo/services/${service}/builds`, {
    git: { url: `https://git.example.com/octo/${service}`, ref: 'main' },
  });
  await at.settle();
  return (await api('GET', `/v1/operations/${body.id}`)).body.result.version;
}

beforeAll(async () => {
  at = await connect('gitea');
  for (const service of ['api', 'web']) {
    await api('POST', '/v1/projects/demo/services', { name: service });
    await api('POST', `${DEV}/services/${service}/deployments`, { version: await version(service) });
    await at.settle();
  }
  await api('PUT', `${DEV}/variables`, { variables: { GREETING: 'Ahoy' } });
  await api('PUT', `${DEV}/secrets/API_KEY`, { value: 'secret-of-dev' });
  for (const [token, role] of Object.entries({ dan: 'developer', mia: 'maintainer', vic: 'viewer' })) {
    at.subject.people.set(token, person(token));
    await api('PUT', `/v1/projects/demo/members/user:${token}`, { role });
  }
});
afterAll(() => at.close());

it('A clone begins with variables, secrets and versions, and the same request again is the same clone', async () => {
  const headers = { 'idempotency-key': 'once', ...as('mia') };
  const asked = await api('POST', `${DEV}/clone`, { name: 'copy', ttl: '3d' }, headers);
  expect(asked.status, asked.text).toBe(202);
  const again = await api('POST', `${DEV}/clone`, { name: 'copy', ttl: '3d' }, headers);
  expect(again.body.id).toBe(asked.body.id);
  await at.settle();
  const copy = '/v1/projects/demo/environments/copy';
  const { body: origin } = await api('GET', `${copy}/origin`);
  expect(origin).toMatchObject({ from: 'dev', state: 'succeeded', createdBy: 'user:mia', secrets: true });
  const there = async (path: string) =>
    (await api('GET', `${path}/services`)).body.items.map((one: any) => [one.service, one.current?.version]);
  expect(await there(copy)).toEqual(await there(DEV));
  expect((await api('GET', `${copy}/variables`)).text).toContain('Ahoy');
  expect(await at.subject.ports.secrets.get('demo/copy/env/API_KEY')).toBe('secret-of-dev');
  expect((await api('GET', copy)).body).toMatchObject({ kind: 'persistent', expiresAt: expect.any(String) });
  const { items } = (await api('GET', '/v1/projects/demo/events?type=clone')).body;
  expect(items.map(({ type }: { type: string }) => type)).toEqual(['clone.succeeded', 'clone.started']);
  expectProblem(await api('POST', `${DEV}/clone`, { name: 'copy' }), 409, 'already_exists');
  expectProblem(await api('GET', `${DEV}/origin`), 404, 'not_found');
});

it('Who may not see secrets is told which those are, and gets a clone without them when asked for', async () => {
  const refused = await api('POST', `${DEV}/clone`, { name: 'mine' }, as('dan'));
  expectProblem(refused, 403, 'forbidden');
  expect(refused.body.detail).toContain('API_KEY');
  expectProblem(await api('POST', `${DEV}/clone`, { name: 'mine', secrets: false }, as('vic')), 403);
  const asked = await api('POST', `${DEV}/clone`, { name: 'mine', secrets: false }, as('dan'));
  expect(asked.status, asked.text).toBe(202);
  await at.settle();
  expect((await api('GET', '/v1/projects/demo/environments/mine/origin')).body.state).toBe('succeeded');
  expect(await at.subject.ports.secrets.get('demo/mine/env/API_KEY')).toBeUndefined();
});

it('Of a protected environment, its administrators alone take the secrets along, where they say so', async () => {
  await api('PUT', `${DEV}/protection`, { approval: true });
  expectProblem(await api('POST', `${DEV}/clone`, { name: 'bare', secrets: false }, as('dan')), 403);
  expectProblem(await api('POST', `${DEV}/clone`, { name: 'bare', secrets: true }, as('mia')), 403);
  const asked = await api('POST', `${DEV}/clone`, { name: 'bare' }, as('mia'));
  expect(asked.status, asked.text).toBe(202);
  await at.settle();
  const taken = async (name: string, body: object) => {
    await api('POST', `${DEV}/clone`, { name, ...body });
    await at.settle();
    return at.subject.ports.secrets.get(`demo/${name}/env/API_KEY`);
  };
  expect(await taken('unsaid', {})).toBeUndefined();
  expect(await taken('said', { secrets: true })).toBe('secret-of-dev');
});

it('No secret that comes later comes along with a clone of somebody who may not see it', async () => {
  await api('POST', '/v1/projects/demo/environments', { name: 'plain', kind: 'persistent' });
  await at.settle();
  const clone = '/v1/projects/demo/environments/plain/clone';
  expect((await api('POST', clone, { name: 'later' }, as('dan'))).status).toBe(202);
  const { body } = await api('GET', '/v1/projects/demo/environments/later/origin');
  expect(body.secrets).toBe(false);
  await at.settle();
});

it('A service that fails is named, and the others are there', async () => {
  await api('POST', `${DEV}/clone`, { name: 'half' });
  await at.settle(({ service }) => (service === 'api' ? 'failed' : 'succeeded'));
  const { body } = await api('GET', '/v1/projects/demo/environments/half/origin');
  expect(body).toMatchObject({ state: 'failed', error: { cause: expect.stringContaining('api') } });
  const states = body.services.map((one: any) => `${one.service} ${one.state}`);
  expect(states).toEqual(['api failed', 'web succeeded']);
});

it('A clone that is destroyed while it begins ends with its environment', async () => {
  await api('POST', `${DEV}/clone`, { name: 'brief' });
  const destroyed = await api('DELETE', '/v1/projects/demo/environments/brief');
  expect(destroyed.status, destroyed.text).toBe(202);
  await at.settle();
  expectProblem(await api('GET', '/v1/projects/demo/environments/brief'), 404);
});
