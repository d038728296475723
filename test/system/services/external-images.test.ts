/** Score files that name an image of others, where nothing pulls it: what is refused, when, and with what helps. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Json, startBerth, type TestBerth } from '../../support/berth.ts';
import { archive } from '../../support/programs.ts';

const WEB = '/v1/projects/shop/services/web';
const score = (...images: string[]): string =>
  JSON.stringify({
    apiVersion: 'score.dev/v1b1',
    metadata: { name: 'web' },
    containers: Object.fromEntries(images.map((image, at) => [`c${at}`, { image }])),
  });

let subject: TestBerth;
const build = async (files: Record<string, string>): Promise<Json> =>
  subject.operation('POST', `${WEB}/builds`, await archive(files));
const register = (body: object) => subject.api('POST', `${WEB}/versions`, body);

beforeAll(async () => {
  subject = await startBerth();
  await subject.api('POST', '/v1/projects', { name: 'shop' });
  await subject.api('POST', '/v1/projects/shop/services', { name: 'web' });
});
afterAll(() => subject?.close());

describe('An image of another registry, without a container engine', () => {
  const refused = {
    code: 'image_unavailable',
    cause: expect.stringContaining('docker.io/library/nginx:1.27 is in another registry'),
    hint: expect.stringContaining('Start Docker or Podman'),
  };

  it('is refused when the version is made, by a build and by a request, and leaves no version', async () => {
    // What lies beside the Score file is not built in its place.
    const files = { 'score.yaml': score('nginx:1.27'), 'server.js': 'setInterval(() => {}, 1000);' };
    expect(await build(files)).toMatchObject({ status: 'failed', error: refused });
    const asked = await register({ workload: JSON.parse(score('nginx:1.27', 'nginx:1.27')) });
    expect(asked).toMatchObject({
      status: 422,
      body: { code: refused.code, detail: refused.cause, hint: refused.hint },
    });
    expect((await subject.api('GET', `${WEB}/versions`)).body.items).toEqual([]);
  });

  it('beside another one is refused as what no version has, which a check of the file tells as well', async () => {
    const several = {
      code: 'image_unavailable',
      hint: expect.stringContaining('Make a service of each image'),
    };
    expect(await build({ 'score.yaml': score('nginx', 'redis') })).toMatchObject({ error: several });
    expect((await register({ workload: JSON.parse(score('.', 'redis')) })).body).toMatchObject(several);
    const check = async (text: string) =>
      (await subject.api('POST', '/v1/score-checks', { score: text })).body.faults;
    expect(await check(score('nginx', 'redis'))).toMatchObject([several]);
    expect(await check(score('nginx'))).toEqual([]);
  });

  it('is asked for by a request once, and not as two', async () => {
    const workload = JSON.parse(score('nginx:1.27'));
    const other = await register({ image: 'redis:7', workload });
    expect([other.status, other.body.code]).toEqual([422, 'image_unavailable']);
    const none = await register({ workload: JSON.parse(score('.')) });
    expect([none.status, none.body.code]).toEqual([400, 'invalid_request']);
  });
});
