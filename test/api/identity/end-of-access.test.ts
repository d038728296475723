/** The end of all that a person has been given, and which operation brings it about. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rememberPeople } from '../../../functions/api/admission/authenticate.ts';
import { endAccess, hasEnded, rememberPerson } from '../../../functions/commands/access/people.ts';
import { personKey, tokensPartition } from '../../../functions/core/keys.ts';
import { expectProblem, person, STRANGER } from '../support.ts';
import { createSignInSubject, fromConsole, ORIGIN, type SignInSubject, signIn } from './support.ts';

let subject: SignInSubject;
beforeEach(async () => {
  subject = await createSignInSubject();
  expect((await subject.api('POST', '/v1/projects', { name: 'demo' })).status).toBe(201);
  expect(
    (await subject.api('PUT', '/v1/projects/demo/members/user:eve', { role: 'maintainer' })).status,
  ).toBe(201);
});
afterEach(() => subject.close());

type Api = (method: string, path: string, body?: unknown) => ReturnType<SignInSubject['api']>;
const bearer =
  (token: string): Api =>
  (method, path, body) =>
    subject.api(method, path, body, { authorization: `Bearer ${token}` });

/** Eve, with a session and with each kind of token. */
async function eve() {
  const browser = subject.browser();
  await signIn(subject, browser, { sub: 'eve', sid: 's1' });
  subject.people.set('eve', person('eve'));
  const make = async (api: Api, path: string, fields: object = {}) => {
    const answer = await api('POST', path, { name: 'x', role: 'viewer', ...fields });
    expect(answer.status, answer.text).toBe(201);
    return answer.body.token as string;
  };
  const tokens = '/v1/projects/demo/tokens';
  const personal = await make(bearer('eve'), '/v1/tokens');
  const maker = await make(bearer('eve'), '/v1/tokens', { role: 'maintainer', createsTokens: true });
  const child = await make(bearer(maker), '/v1/tokens');
  const childOfProject = await make(bearer(maker), tokens);
  const ofProject = await make(bearer('eve'), tokens);
  const ask = async (token: string) => (await bearer(token)('GET', '/v1/projects/demo')).status;
  return {
    browser,
    session: async () => (await browser.ask(`${ORIGIN}/v1/me`)).status,
    personal: () => Promise.all([personal, maker, child, childOfProject].map(ask)),
    ofProject: () => ask(ofProject),
    make: () => make(bearer('eve'), '/v1/tokens'),
    ask,
  };
}
const all = (status: number) => [status, status, status, status];

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
async function backChannelLogout(claims: object): Promise<void> {
  const logout = { sub: 'eve', events: { [EVENT]: {} }, ...claims };
  const token = await subject.issuer.token({ claims: logout, header: { typ: 'logout+jwt' } });
  const response = await subject.app.request('/v1/sign-in/back-channel-logout', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ logout_token: token }).toString(),
  });
  expect(response.status).toBe(200);
}
const signOut = async ({ browser }: Awaited<ReturnType<typeof eve>>, body: object) => {
  const headers = { ...fromConsole, 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify(body) };
  expect((await browser.ask(`${ORIGIN}/v1/sign-out`, init)).status).toBe(200);
};

type End = (what: Awaited<ReturnType<typeof eve>>) => Promise<unknown>;

describe('All that a person has been given', () => {
  it.each<[string, End]>([
    ['signing out everywhere', (what) => signOut(what, { everywhere: true })],
    ['the platform team', async () => subject.api('DELETE', '/v1/sessions?principal=user:eve')],
    ['a back-channel logout without a session', () => backChannelLogout({})],
  ])('ends by %s: sessions, personal tokens and what those made; not the project’s', async (_how, end) => {
    const what = await eve();
    expect([await what.session(), ...(await what.personal())]).toEqual([200, ...all(200)]);
    await end(what);
    expect([await what.session(), ...(await what.personal())]).toEqual([401, ...all(401)]);
    expect(await what.ofProject()).toBe(200);
    // Who comes back gets new ones.
    subject.pass(1);
    expect(await what.ask(await what.make())).toBe(200);
    const { items } = (await bearer('eve')('GET', '/v1/tokens')).body;
    expect(items).toHaveLength(1);
  });

  it.each<[string, End]>([
    ['signing out here', (what) => signOut(what, {})],
    ['a back-channel logout of one session', () => backChannelLogout({ sid: 's1' })],
  ])('goes on after %s, which ends that session alone', async (_how, end) => {
    const what = await eve();
    await end(what);
    expect([await what.session(), ...(await what.personal())]).toEqual([401, ...all(200)]);
  });

  it('has ended with the one record, before what is void is removed', async () => {
    const what = await eve();
    const kept = await subject.ports.store.query({ pk: tokensPartition('user:eve'), limit: 10 });
    expect(kept.items).toHaveLength(3);
    const key = personKey('user:eve');
    const item = await subject.ports.store.get<object>(key);
    const notBefore = new Date(subject.ports.effects.now()).toISOString();
    await subject.ports.store.transact([{ put: { ...key, data: { ...item?.data, notBefore } } }]);
    expect(await what.personal()).toEqual(all(401));
    expect(await what.ofProject()).toBe(200);
  });

  it('stays ended when the person is seen again', async () => {
    const what = await eve();
    await subject.api('DELETE', '/v1/sessions?principal=user:eve');
    subject.pass(2 * 60 * 60 * 1000);
    await rememberPerson(subject.ports, person('eve', { name: 'Eve' }));
    expect(await what.personal()).toEqual(all(401));
    expect(await hasEnded(subject.ports, 'user:eve', subject.ports.effects.now() - 3 * 60 * 60 * 1000)).toBe(
      true,
    );
  });

  it('includes tokens that the provider gave a terminal before, of someone who was never seen too', async () => {
    const seconds = Math.floor(subject.ports.effects.now() / 1000);
    const authenticate = rememberPeople(subject.ports, () => person('zoe'));
    const known = async (iat: number) => {
      const bearer = `x.${Buffer.from(JSON.stringify({ iat })).toString('base64url')}.x`;
      return (await authenticate({ method: 'GET', bearer, header: () => undefined }))?.id;
    };
    await endAccess(subject.ports, { actor: 'administrator' }, 'user:zoe');
    expect(await known(seconds - 60)).toBeUndefined();
    expect(await known(seconds + 60)).toBe('user:zoe');
  });

  it('is on record in the audit trail of the platform', async () => {
    await subject.api('DELETE', '/v1/sessions?principal=user:eve');
    const { text } = await subject.api('GET', '/v1/audit/export');
    expect(text).toMatch(/"type":"access.ended"/);
  });
});

describe('The platform team', () => {
  it('lists and ends the tokens and sessions of a person one by one, and nobody else does', async () => {
    const what = await eve();
    const of = '?principal=user:eve';
    const tokens = (await subject.api('GET', `/v1/tokens${of}`)).body.items;
    expect(tokens).toHaveLength(3);
    expect(JSON.stringify(tokens)).not.toContain('berth_');
    const [session] = (await subject.api('GET', `/v1/sessions${of}`)).body.items;
    subject.people.set('root', person('root', { administrator: true }));
    const limited = { name: 'x', role: 'administrator', createsTokens: true };
    const { token } = (await bearer('root')('POST', '/v1/tokens', limited)).body;
    for (const other of [STRANGER, token]) {
      for (const [method, path] of [
        ['GET', '/v1/tokens'],
        ['DELETE', `/v1/tokens/${tokens[0].id}`],
        ['GET', '/v1/sessions'],
        ['DELETE', `/v1/sessions/${session.id}`],
        ['DELETE', '/v1/sessions'],
      ] as const) {
        expectProblem(await bearer(other)(method, path + of), 403, 'forbidden');
      }
    }
    expect([await what.session(), ...(await what.personal())]).toEqual([200, ...all(200)]);
    for (const { id } of tokens) {
      expect((await bearer('root')('DELETE', `/v1/tokens/${id}${of}`)).status).toBe(204);
    }
    expect([await what.session(), ...(await what.personal())]).toEqual([200, ...all(401)]);
    expect((await bearer('root')('DELETE', `/v1/sessions/${session.id}${of}`)).status).toBe(204);
    expect(await what.session()).toBe(401);
  });
});
