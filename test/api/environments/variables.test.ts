import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { environmentKey, variablesKey } from '../../../functions/core/keys.ts';
import { createSubject, expectProblem, type Subject, seed } from '../support.ts';

const DEV = '/v1/projects/demo/environments/dev';
const LIST = `${DEV}/variables`;

let subject: Subject;
beforeEach(async () => {
  subject = await createSubject();
  await seed(subject);
});
afterEach(() => subject.close());

const values = async (): Promise<Record<string, string>> => {
  const { body } = await subject.api('GET', LIST);
  return Object.fromEntries(body.items.map(({ name, value }: any) => [name, value]));
};

describe('Variables of an environment', () => {
  it('are set one by one, may be empty, are shown, and are removed', async () => {
    const { api } = subject;
    expect((await api('PUT', `${LIST}/LOG_LEVEL`, { value: 'debug' })).body).toMatchObject({
      name: 'LOG_LEVEL',
      value: 'debug',
    });
    expect((await api('PUT', `${LIST}/EMPTY`, { value: '' })).status).toBe(200);
    expect(await values()).toEqual({ EMPTY: '', LOG_LEVEL: 'debug' });
    expect((await api('DELETE', `${LIST}/EMPTY`)).status).toBe(204);
    expectProblem(await api('DELETE', `${LIST}/EMPTY`), 404, 'not_found');
    expect(await values()).toEqual({ LOG_LEVEL: 'debug' });
  });

  it('are replaced as a whole, and refused whole when the list was changed meanwhile', async () => {
    const { api } = subject;
    const first = await api('PUT', LIST, { variables: { A: '1', B: '2' } });
    const etag = first.headers.get('etag') ?? '';
    expect((await api('PUT', LIST, { variables: { C: '3' } }, { 'if-match': etag })).status).toBe(200);
    expectProblem(
      await api('PUT', LIST, { variables: { D: '4' } }, { 'if-match': etag }),
      412,
      'precondition_failed',
    );
    expect(await values()).toEqual({ C: '3' });
  });

  it('of an environment that never had any have an ETag as good as another', async () => {
    const { api } = subject;
    const etag = (await api('GET', LIST)).headers.get('etag') ?? '';
    expect((await api('PUT', LIST, { variables: { A: '1' } }, { 'if-match': etag })).status).toBe(200);
    expectProblem(await api('PUT', LIST, { variables: {} }, { 'if-match': etag }), 412);
  });

  it('are not changed by who read those of an earlier environment of the name, nor taken for unchanged', async () => {
    const { api, ports } = subject;
    const first = await api('PUT', LIST, { variables: { A: 'old' } });
    const etag = first.headers.get('etag') ?? '';
    const key = environmentKey({ project: 'demo', environment: 'dev' });
    const of = { project: 'demo', environment: 'dev' };
    await ports.store.transact([{ delete: key }, { delete: variablesKey(of) }]);
    await api('POST', '/v1/projects/demo/environments', { name: 'dev' });
    await api('PUT', LIST, { variables: { A: 'new' } });
    expectProblem(
      await api('PUT', LIST, { variables: {} }, { 'if-match': etag }),
      412,
      'precondition_failed',
    );
    expect((await api('GET', LIST, undefined, { 'if-none-match': etag })).status).toBe(200);
    expect(await values()).toEqual({ A: 'new' });
  });

  it('share their names with secrets: a name is one or the other', async () => {
    const { api } = subject;
    await api('PUT', `${DEV}/secrets/API_KEY`, { value: 'correct horse' });
    expectProblem(await api('PUT', `${LIST}/API_KEY`, { value: 'x' }), 409, 'conflict');
    expectProblem(await api('PUT', LIST, { variables: { A: '1', API_KEY: 'x' } }), 409, 'conflict');
    expect(await values()).toEqual({});
    await api('PUT', `${LIST}/LOG_LEVEL`, { value: 'debug' });
    expectProblem(await api('PUT', `${DEV}/secrets/LOG_LEVEL`, { value: 'x' }), 409, 'conflict');
    const both = await Promise.all([
      api('PUT', `${LIST}/BOTH`, { value: 'x' }),
      api('PUT', `${DEV}/secrets/BOTH`, { value: 'x' }),
    ]);
    expect(both.filter(({ status }) => status === 409)).toHaveLength(1);
  });

  it('are told in the audit trail by name, without values', async () => {
    const { api } = subject;
    await api('PUT', `${LIST}/LOG_LEVEL`, { value: 'very verbose' });
    const { body, text } = await api('GET', '/v1/projects/demo/events');
    expect(body.items[0]).toMatchObject({
      type: 'variables.changed',
      data: { set: ['LOG_LEVEL'], removed: [] },
    });
    expect(text).not.toContain('very verbose');
  });

  it.each([[{ value: 'x'.repeat(65_537) }], [{ value: 'a\0b' }], [{ value: 1 }], [{}]])(
    'refuse the body %#',
    async (body) => {
      expectProblem(await subject.api('PUT', `${LIST}/A`, body), 400, 'invalid_request');
    },
  );

  it('are refused by name where it is none, with the rule', async () => {
    const answer = await subject.api('PUT', LIST, { variables: { '1X': 'x' } });
    expectProblem(answer, 400, 'invalid_request');
    expect(answer.body.detail).toMatch(/variables\.1X must be 1 to 128 of letters/);
  });

  it('have a budget, all together', async () => {
    const many = Object.fromEntries(Array.from({ length: 501 }, (_, at) => [`V${at}`, '']));
    expectProblem(await subject.api('PUT', LIST, { variables: many }), 400, 'invalid_request');
    const large = { A: 'x'.repeat(65_000), B: 'x'.repeat(65_000), C: 'x'.repeat(65_000) };
    expectProblem(await subject.api('PUT', LIST, { variables: large }), 400, 'invalid_request');
    expect(await values()).toEqual({});
  });
});
