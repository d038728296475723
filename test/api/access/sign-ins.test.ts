/** Sign-ins from a terminal: tokens that are their person. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rememberPeople } from '../../../functions/api/admission/authenticate.ts';
import { berthTokens } from '../../../functions/api/admission/berth-tokens.ts';
import { personKey } from '../../../functions/core/keys.ts';
import { type Answer, createSubject, expectProblem, person, type Subject, seed } from '../support.ts';

let subject: Subject;
beforeEach(async () => {
  subject = await createSubject();
  await seed(subject);
  subject.people.set('ada', person('ada', { name: 'Ada' }));
});
afterEach(() => subject.close());

const bearer =
  (token: string) =>
  (method: string, path: string, body?: unknown): Promise<Answer> =>
    subject.api(method, path, body, { authorization: `Bearer ${token}` });

const WHOLE = { name: 'berth on laptop', role: 'administrator', signIn: true, expiresIn: '30d' };

async function signIn(): Promise<{ id: string; token: string }> {
  const answer = await bearer('ada')('POST', '/v1/tokens', WHOLE);
  expect(answer.status, answer.text).toBe(201);
  return answer.body;
}

describe('A sign-in from a terminal', () => {
  it('may do what its person may: make a project, let people in, and make tokens', async () => {
    const ada = bearer((await signIn()).token);
    expect((await ada('GET', '/v1/me')).body).toMatchObject({ id: 'user:ada', kind: 'user', name: 'Ada' });
    expect((await ada('POST', '/v1/projects', { name: 'own' })).status).toBe(201);
    const member = await ada('PUT', '/v1/projects/own/members/user:grace', { role: 'viewer' });
    expect(member.body).toMatchObject({ createdBy: 'user:ada' });
    expect((await ada('POST', '/v1/tokens', { name: 'other', role: 'viewer' })).status).toBe(201);
    // And no more than the person.
    expectProblem(await ada('GET', '/v1/projects/demo'), 404, 'not_found');
    expectProblem(await ada('GET', '/v1/places'), 403, 'forbidden');
  });

  it('ends, and what it made for others stays', async () => {
    const { id, token } = await signIn();
    const ada = bearer(token);
    await ada('POST', '/v1/projects', { name: 'own' });
    const made = await ada('POST', '/v1/projects/own/tokens', {
      name: 'ci',
      role: 'developer',
      expiresIn: '90d',
    });
    expect(made.status, made.text).toBe(201);
    expect((await ada('DELETE', `/v1/tokens/${id}`)).status).toBe(204);
    expectProblem(await ada('GET', '/v1/me'), 401, 'unauthenticated');
    expect((await bearer(made.body.token)('GET', '/v1/projects/own')).status).toBe(200);
  });

  it('ends with all that its person has, and when it expires', async () => {
    const first = bearer((await signIn()).token);
    subject.pass(1000);
    expect((await first('DELETE', '/v1/sessions')).status).toBe(204);
    expectProblem(await first('GET', '/v1/me'), 401, 'unauthenticated');
    subject.pass(1000);
    const second = bearer((await signIn()).token);
    subject.pass(30 * 24 * 60 * 60 * 1000);
    expectProblem(await second('GET', '/v1/me'), 401, 'unauthenticated');
  });

  it('is made by somebody who has signed in alone: not by a token, and not by itself', async () => {
    const { token } = await signIn();
    expectProblem(await bearer(token)('POST', '/v1/tokens', WHOLE), 403, 'forbidden');
    const maker = { name: 'x', role: 'administrator', createsTokens: true };
    const made = await bearer('ada')('POST', '/v1/tokens', maker);
    expectProblem(await bearer(made.body.token)('POST', '/v1/tokens', WHOLE), 403, 'forbidden');
  });

  it('has no limits but its time, and 90 days at most', async () => {
    for (const change of [
      { role: 'developer' },
      { project: 'demo' },
      { createsTokens: true },
      { expiresIn: '91d' },
    ]) {
      expectProblem(
        await bearer('ada')('POST', '/v1/tokens', { ...WHOLE, ...change }),
        400,
        'invalid_request',
      );
    }
    // A token with a smaller role is as limited as ever.
    const less = await bearer('ada')('POST', '/v1/tokens', { name: 'x', role: 'developer' });
    expectProblem(await bearer(less.body.token)('POST', '/v1/projects', { name: 'own' }), 403, 'forbidden');
  });

  it('keeps what is known of its person as old as it is', async () => {
    const { token } = await signIn();
    const { store } = subject.ports;
    const read = () => store.get(personKey('user:ada'));
    const before = await read();
    subject.pass(2 * 60 * 60 * 1000);
    const authenticate = rememberPeople(subject.ports, ({ bearer: text = '' }) =>
      berthTokens(subject.ports)(text),
    );
    expect(await authenticate({ method: 'GET', bearer: token, header: () => undefined })).toMatchObject({
      id: 'user:ada',
    });
    expect(await read()).toEqual(before);
  });
});
