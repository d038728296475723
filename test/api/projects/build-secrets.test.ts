import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keptForBuilds } from '../../../functions/commands/secrets/kept-for-builds.ts';
import { createSubject, expectProblem, type Subject, seed } from '../support.ts';

const path = '/v1/projects/demo/build-secrets';
let subject: Subject;
beforeEach(async () => {
  subject = await createSubject();
  await seed(subject);
});
afterEach(() => subject.close());

describe('Secrets for builds', () => {
  it('are set, listed by name, given to builds and deleted; their values are in no answer, event or record', async () => {
    const { api, ports } = subject;
    const value = 'npm_0123456789';
    const answers = [
      await api('PUT', `${path}/NPM_TOKEN`, { value: 'npm_before1' }),
      await api('PUT', `${path}/NPM_TOKEN`, { value }),
      await api('PUT', `${path}/ANOTHER`, { value }),
      await api('GET', path),
      await api('GET', '/v1/projects/demo/events'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(answers[3]?.body.items).toMatchObject([{ name: 'ANOTHER' }, { name: 'NPM_TOKEN' }]);
    const given = (await keptForBuilds(ports, 'demo')).secrets;
    expect(await Promise.all(given.map(async (one) => [one.name, await one.read()]))).toEqual([
      ['NPM_TOKEN', value],
      ['ANOTHER', value],
    ]);
    expect(JSON.stringify([answers.map(({ text }) => text), given])).not.toMatch(/npm_(0123456789|before1)/);
    expect((await api('DELETE', `${path}/NPM_TOKEN`)).status).toBe(204);
    expectProblem(await api('DELETE', `${path}/NPM_TOKEN`), 404, 'not_found');
    expect((await api('GET', path)).body.items).toMatchObject([{ name: 'ANOTHER' }]);
    expect(await ports.secrets.list('-builds/demo')).toEqual(['-builds/demo/ANOTHER']);
    await expect(given[0]?.read()).rejects.toMatchObject({ code: 'build_failed' });
  });

  it.each([
    ['PATH', 'long enough'],
    ['npm_config_registry', 'long enough'],
    ['BERTH_SECRET_X', 'long enough'],
    ['NPM_TOKEN', 'short'],
    ['NPM_TOKEN', '        '],
    ['NPM_TOKEN', 'x'.repeat(16_385)],
    ['NPM_TOKEN', 'with\0nul bytes'],
  ])(
    'of the name %s are refused where the build would not see them, or the log could not hide %j',
    async (name, value) => {
      const answer = await subject.api('PUT', `${path}/${name}`, { value });
      expectProblem(answer, 400, 'invalid_request');
      expect((await subject.api('GET', path)).body.items).toEqual([]);
    },
  );

  it('are at most twenty, and go with their project', async () => {
    const { api, ports } = subject;
    await api('POST', '/v1/projects', { name: 'empty' });
    const put = (index: number) =>
      api('PUT', `/v1/projects/empty/build-secrets/S${index}`, { value: '0123456789' });
    for (let index = 0; index < 20; index++) expect((await put(index)).status).toBe(200);
    expectProblem(await put(20), 409, 'conflict');
    expect((await put(3)).status).toBe(200);
    expect((await api('DELETE', '/v1/projects/empty')).status).toBe(204);
    expect(await ports.secrets.list('-builds/empty')).toEqual([]);
    expect(await keptForBuilds(ports, 'empty')).toEqual({ secrets: [], registries: [] });
  });
});
