import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keptForBuilds } from '../../../functions/commands/secrets/kept-for-builds.ts';
import { createSubject, expectProblem, type Subject, seed } from '../support.ts';

const path = '/v1/projects/demo/registries';
const password = 'ghp_0123456789';
let subject: Subject;
beforeEach(async () => {
  subject = await createSubject();
  await seed(subject);
});
afterEach(() => subject.close());

describe('Passwords of registries', () => {
  it('are set, listed by host, given to builds beside secrets and deleted; they are in no answer, event or record', async () => {
    const { api, ports } = subject;
    const put = (host: string, username: string, given: string) =>
      api('PUT', `${path}/${host}`, { username, password: given });
    const answers = [
      await put('ghcr.io', 'ada', 'ghp_before1'),
      await put('GHCR.io', 'bot', password),
      await put('index.docker.io', 'acme', password),
      await put('registry.example.com:5000', 'acme', password),
      await api('PUT', '/v1/projects/demo/build-secrets/TOKEN', { value: password }),
      await api('GET', path),
      await api('GET', '/v1/projects/demo/events'),
    ];
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(answers[5]?.body.items).toMatchObject([
      { registry: 'docker.io', username: 'acme' },
      { registry: 'ghcr.io', username: 'bot' },
      { registry: 'registry.example.com:5000', username: 'acme' },
    ]);
    const given = await keptForBuilds(ports, 'demo');
    expect(given.secrets.map(({ name }) => name)).toEqual(['TOKEN']);
    expect(await Promise.all(given.registries.map((one) => one.read()))).toEqual(Array(3).fill(password));
    expect(JSON.stringify([answers.map(({ text }) => text), given])).not.toMatch(/ghp_(0123456789|before1)/);
    expect((await api('DELETE', `${path}/ghcr.io`)).status).toBe(204);
    expectProblem(await api('DELETE', `${path}/ghcr.io`), 404, 'not_found');
    await expect(given.registries[0]?.read()).rejects.toMatchObject({ code: 'image_unavailable' });
    expect((await keptForBuilds(ports, 'demo')).secrets).toHaveLength(1);
  });

  it.each([
    ['ghcr', 'bot', password],
    ['localhost', 'bot', password],
    ['ghcr..io', 'bot', password],
    ['ghcr.io', 'a:b', password],
    ['ghcr.io', '', password],
    ['ghcr.io', 'bot', 'short'],
  ])(
    'of %s for %j are refused where no registry could be signed in to with them',
    async (host, username, given) => {
      expectProblem(
        await subject.api('PUT', `${path}/${host}`, { username, password: given }),
        400,
        'invalid_request',
      );
      expect((await subject.api('GET', path)).body.items).toEqual([]);
    },
  );

  it('are of at most twenty, and go with their project', async () => {
    const { api, ports } = subject;
    await api('POST', '/v1/projects', { name: 'empty' });
    const put = (index: number) =>
      api('PUT', `/v1/projects/empty/registries/r${index}.example.com`, { username: 'bot', password });
    for (let index = 0; index < 20; index++) expect((await put(index)).status).toBe(200);
    expectProblem(await put(20), 409, 'conflict');
    expect((await api('DELETE', '/v1/projects/empty')).status).toBe(204);
    expect(await ports.secrets.list('-builds/empty')).toEqual([]);
  });
});
