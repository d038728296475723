/** A token that is limited to an environment ends with it: a later one of the same name is another one. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { environmentKey } from '../../../functions/core/keys.ts';
import type { Environment } from '../../../functions/core/model/index.ts';
import { type Answer, createSubject, expectProblem, person, type Subject, seed } from '../support.ts';

const tokens = '/v1/projects/demo/tokens';
const environments = '/v1/projects/demo/environments';
let subject: Subject;
const as =
  (token: string) =>
  (method: string, path: string, body?: unknown): Promise<Answer> =>
    subject.api(method, path, body, { authorization: `Bearer ${token}` });

/** Ends the environment, and makes another one of the same name. */
async function replace(environment: string): Promise<void> {
  await subject.ports.store.transact([{ delete: environmentKey({ project: 'demo', environment }) }]);
  subject.pass(1000);
  expect((await subject.api('POST', environments, { name: environment })).status).toBe(202);
}
const make = async (path: string, fields: object, by = subject.api): Promise<string> => {
  const { status, body } = await by('POST', path, { name: 'x', role: 'maintainer', ...fields });
  expect(status).toBe(201);
  return body.token;
};

beforeEach(async () => {
  subject = await createSubject();
  await seed(subject);
  subject.people.set('ada', person('ada'));
  await subject.api('PUT', '/v1/projects/demo/members/user:ada', { role: 'maintainer' });
});
afterEach(() => subject.close());

describe('A token that is limited to an environment', () => {
  it.each([
    ['of a project', tokens, {}],
    ['of a person', '/v1/tokens', { project: 'demo' }],
  ])('%s does not reach a later environment of the same name, nor what is its', async (_, path, fields) => {
    const token = await make(path, { environments: ['dev'], ...fields }, as('ada'));
    expect((await as(token)('GET', `${environments}/dev`)).status).toBe(200);
    await replace('dev');
    const { data } = (await subject.ports.store.get<Environment>(
      environmentKey({ project: 'demo', environment: 'dev' }),
    ))!;
    for (const [method, path] of [
      ['GET', `${environments}/dev`],
      ['GET', `${environments}/dev/secrets`],
      ['PUT', `${environments}/dev/secrets/KEY`],
      ['DELETE', `${environments}/dev`],
      ['GET', `/v1/operations/${data.operation}`],
    ] as const) {
      expectProblem(await as(token)(method, path, method === 'PUT' ? { value: 'x' } : undefined), 404);
    }
    const anew = await make(path, { environments: ['dev'], ...fields }, as('ada'));
    expect((await as(anew)('GET', `${environments}/dev`)).status).toBe(200);
  });

  it('does not reach what an earlier environment of the same name left', async () => {
    const { data } = (await subject.ports.store.get<Environment>(
      environmentKey({ project: 'demo', environment: 'dev' }),
    ))!;
    const made = await subject.api('POST', environments, { name: 'pr-1' });
    const operation = `/v1/operations/${made.body.id}`;
    expect(data.id).not.toBe(made.body.id);
    const former = await make(tokens, { environments: ['pr-1'] });
    expect((await as(former)('GET', operation)).status).toBe(200);
    await replace('pr-1');
    const later = await make(tokens, { environments: ['pr-1'] });
    expectProblem(await as(later)('GET', operation), 404);
    expectProblem(await as(later)('GET', `${operation}/logs`), 404);
  });

  it('makes none that reaches a later environment', async () => {
    const token = await make(tokens, { environments: ['dev'], createsTokens: true }, as('ada'));
    await replace('dev');
    const child = { name: 'x', role: 'viewer', environments: ['dev'] };
    expect((await as(token)('POST', tokens, child)).status).toBeGreaterThanOrEqual(400);
  });

  it('is not made for an environment that is not there', async () => {
    const answer = await subject.api('POST', tokens, {
      name: 'x',
      role: 'viewer',
      environments: ['dev', 'nope'],
    });
    expectProblem(answer, 400, 'invalid_request');
    expect(answer.body.errors).toMatchObject([{ path: 'body.environments[1]' }]);
  });
});
