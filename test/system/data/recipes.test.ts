/** A database that a recipe makes stays the same one when the recipe changes, and when one goes back. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Json, startBerth, type TestBerth } from '../../support/berth.ts';
import { databaseProgram, query } from './database-program.ts';

const DEV = '/v1/projects/shop/environments/dev';
const WEB = `${DEV}/services/web`;

const recipe = (extensions: string[], name: string) => ({
  type: 'shop-database',
  description: 'A database of the shop',
  resources: { main: { type: 'postgres', params: { extensions } } },
  outputs: { url: `\${resources.main.url}&application_name=${name}` },
});

let subject: TestBerth;
let version: string;

const put = async (body: object): Promise<number> =>
  (await subject.api('PUT', '/v1/recipes/shop-database', body)).body.version;
const deploy = async (body: object): Promise<number> => {
  const ended = await subject.operation('POST', `${WEB}/deployments`, body);
  expect(ended, JSON.stringify(ended.error)).toMatchObject({ status: 'succeeded' });
  return ended.result.number;
};
/** What its workload was given, and by which version of the recipe. */
async function serves(number: number): Promise<{ url: string; name: string | null; version: number }> {
  const { body } = await subject.api('GET', `${WEB}/deployments/${number}`);
  const url = (await subject.workload('web.dev.shop.localhost')).text;
  return { url, name: new URL(url).searchParams.get('application_name'), version: body.recipes.db.version };
}
const extensions = async (url: string): Promise<string> =>
  (await query(url, 'SELECT extname FROM pg_extension ORDER BY 1'))
    .map(({ extname }: Json) => extname)
    .join(' ');
const guests = async (url: string): Promise<string> => (await query(url, 'SELECT name FROM guests'))[0].name;

beforeAll(async () => {
  subject = await startBerth();
  await subject.api('POST', '/v1/projects', { name: 'shop' });
  await subject.api('POST', '/v1/projects/shop/services', { name: 'web' });
  await subject.operation('POST', '/v1/projects/shop/environments', { name: 'dev' });
  expect(await put(recipe([], 'one'))).toBe(1);
  const source = await databaseProgram('shop-database');
  const built = await subject.operation('POST', '/v1/projects/shop/services/web/builds', source);
  expect(built, JSON.stringify(built.error)).toMatchObject({ status: 'succeeded' });
  version = built.result.version;
});
afterAll(() => subject?.close());

it('A database keeps its data through a new version of its recipe, which the next deployment brings, and a rollback takes back', async () => {
  const first = await serves(await deploy({ version }));
  expect(first).toMatchObject({ name: 'one', version: 1 });
  await query(first.url, `CREATE TABLE guests AS SELECT 'Ada' AS name`);

  expect(await put(recipe(['pg_trgm'], 'two'))).toBe(2);
  const { items } = (await subject.api('GET', '/v1/recipes/shop-database/uses')).body;
  expect(items).toMatchObject([{ service: 'web', version: 1, problems: [] }]);
  // What serves is as it was, and stays so when it is started again.
  const restarted = await subject.operation('POST', `${WEB}/restart`);
  expect(await serves(restarted.result.number)).toMatchObject({ name: 'one', version: 1 });

  const second = await serves(await deploy({ version }));
  expect(second).toMatchObject({ name: 'two', version: 2 });
  expect(await guests(second.url)).toBe('Ada');
  expect(await extensions(second.url)).toContain('pg_trgm');
  const { body: resources } = await subject.api('GET', `${DEV}/resources`);
  expect(resources.items).toMatchObject([{ uid: 'postgres.default#program.db', type: 'postgres' }]);

  const back = await serves(await deploy({ rollbackTo: 1 }));
  expect(back).toMatchObject({ name: 'one', version: 1 });
  expect(await guests(back.url)).toBe('Ada');

  // What a start reads is read from what was kept, not from what a process still knew.
  await subject.restart();
  await expect.poll(async () => (await subject.workload('web.dev.shop.localhost')).text).toContain('=one');
});
