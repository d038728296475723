/** Databases come in from servers elsewhere, or not at all. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Json, startBerth, type TestBerth } from '../../support/berth.ts';
import { databaseProgram, query as queryAt } from './database-program.ts';
import { type ImportSource, openImportSource, PASSWORD } from './import-source.ts';

const BASE = '/v1/projects/shop';
const DEV = `${BASE}/environments/dev`;
/** What there is before rows, of three schemas. */
const MADE = [
  'CREATE EXTENSION pgcrypto; CREATE EXTENSION citext; CREATE SCHEMA app; CREATE SCHEMA "odd one"',
  'CREATE TABLE app.people (id bigserial PRIMARY KEY, name citext UNIQUE, upper text GENERATED ALWAYS AS (upper(name::text)) STORED)',
  `CREATE TABLE public.orders (id integer GENERATED ALWAYS AS IDENTITY, person bigint NOT NULL REFERENCES app.people, note text, CONSTRAINT "it's some" CHECK (note <> ''))`,
  'CREATE INDEX orders_of ON public.orders (person)',
  `INSERT INTO app.people (name) SELECT 'person ' || n FROM generate_series(1, 1000) AS n`,
  `INSERT INTO public.orders (person, note) SELECT 1 + n % 1000, 'note ' || n FROM generate_series(1, 200000) AS n`,
  'CREATE SEQUENCE "odd one"."a sequence" START 40; ',
  `SELECT nextval('"odd one"."a sequence"')`,
  `SELECT lo_from_bytea(4711, decode(repeat('00ff10', 300000), 'hex'))`,
  'CREATE VIEW app.of_one AS SELECT * FROM public.orders WHERE person = 1',
  'GRANT SELECT ON app.people TO PUBLIC',
];

let source: ImportSource;
let cut: Awaited<ReturnType<ImportSource['way']>>;
let silent: Awaited<ReturnType<ImportSource['way']>>;
let subject: TestBerth;
let url: string;
let database: string;
const directory = mkdtempSync(join(tmpdir(), 'berth-source-'));

const names = async (): Promise<string> =>
  (await queryAt(url, 'SELECT name FROM guests ORDER BY id')).map(({ name }: Json) => name).join(' ');
const importing = (from: string) => subject.operation('POST', `${database}/import`, { url: from });
const kept = async (): Promise<string[]> => {
  const { secrets, backups, databases } = subject.berth.ports;
  const sql = await databases.connect();
  const beside = await sql.query<{ name: string }>(
    `SELECT datname::text AS name FROM pg_database WHERE datname LIKE 'berth%new%'`,
  );
  await sql.end();
  const files = (await backups?.list('shop/')) ?? [];
  return [
    ...(await secrets.list('shop')).filter((path) => path.includes('/import')),
    ...files.filter((path) => path.includes('/import')),
    ...beside.map(({ name }) => name),
  ];
};
/** What the server has of the project, in all forms that people can read. */
const told = async (): Promise<string> => {
  const events = await subject.api('GET', `${BASE}/events?limit=100`);
  const operations = await subject.api('GET', `${DEV}/operations?limit=100`);
  return JSON.stringify([events.body, operations.body]);
};

beforeAll(async () => {
  source = await openImportSource(directory);
  for (const text of MADE) await source.query(text);
  cut = await source.way(3_000_000, 'ends');
  silent = await source.way(3_000_000, 'is silent');
  const trusted = [source, cut, silent].map(({ port }) => `127.0.0.1:${port}`);
  subject = await startBerth({ trustedDatabases: trusted });
  await subject.api('POST', '/v1/projects', { name: 'shop' });
  await subject.api('POST', `${BASE}/services`, { name: 'web' });
  await subject.operation('POST', `${BASE}/environments`, { name: 'dev' });
  const built = await subject.operation('POST', `${BASE}/services/web/builds`, await databaseProgram());
  const { version } = built.result;
  await subject.operation('POST', `${DEV}/services/web/deployments`, { version });
  const { items } = (await subject.api('GET', `${DEV}/resources`)).body;
  database = `${DEV}/resources/${items[0].uid.replace('#', ':')}`;
  url = (await subject.workload('web.dev.shop.localhost')).text;
  await queryAt(url, 'CREATE TABLE guests (id serial PRIMARY KEY, name text NOT NULL)');
  await queryAt(url, `INSERT INTO guests (name) VALUES ('Ada'), ('Bob')`);
});
afterAll(async () => {
  await subject?.close();
  await source?.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('An import', () => {
  it('that can not be is refused by what is wrong with its URL, before anything is begun', async () => {
    for (const [from, why] of [
      ['mysql://a:b@db.example.com/shop', /of the form postgres:/],
      ['postgres://shop@db.example.com/shop', /a user and a password/],
      ['postgres://a:b@/shop', /of the form postgres:/],
      ['postgres://a:b@one.example.com,two.example.com/shop', /name one host/],
      ['postgres://a:b@db.example.com/shop?sslrootcert=/etc/passwd', /not "sslrootcert"/],
      ['postgres://a:b@db.example.com/shop?sslmode=prefer', /one of these as sslmode/],
      ['postgres://a:b@db.example.com/shop%00options', /name a database/],
      ['postgres://a:b@db.example.com/%1b[2J', /name a database/],
      ['postgres://a:b@db.example.com:0/shop', /a port from 1 on/],
      ['postgres://a:b@127.0.0.1:5432/shop', /a public address/],
      ['postgres://a:b@[::ffff:10.0.0.1]/shop', /a public address/],
      ['postgres://a:b@169.254.169.254/shop', /a public address/],
    ] as const) {
      const answer = await subject.api('POST', `${database}/import`, { url: from });
      expect(answer, from).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
      expect(answer.body.detail).toMatch(why);
    }
    expect(
      await subject.api('POST', `${database.replace('db', 'none')}/import`, { url: source.url }),
    ).toMatchObject({
      status: 404,
    });
    expect(await kept()).toEqual([]);
  });

  it('that fails says why, and nothing has changed: a wrong password, a name that leads inside, an end in the middle', async () => {
    for (const [from, why] of [
      [source.url.replace(encodeURIComponent(PASSWORD), 'wrong'), /refuses the user or the password/],
      [source.url.replace('/shop?', '/none?'), /no such database/],
      [source.url.replace('sslmode=disable', 'sslmode=require'), /offers no TLS/],
      [source.url.replace('127.0.0.1', 'localhost'), /no public address/],
      [cut.url, /the connection failed/],
    ] as const) {
      const operation = await importing(from);
      expect(operation, from).toMatchObject({ status: 'failed', error: { code: 'import_failed' } });
      expect(operation.error.cause).toMatch(why);
    }
    expect(await names()).toBe('Ada Bob');
    expect(await kept()).toEqual([]);
  });

  it('that is canceled while the server is silent ends, and leaves nothing', async () => {
    const { body } = await subject.api('POST', `${database}/import`, { url: silent.url });
    await silent.reached;
    expect((await kept()).length).toBe(2);
    await subject.api('POST', `/v1/operations/${body.operation?.id ?? body.id}/cancel`);
    expect(await subject.waitFor(body.operation?.id ?? body.id)).toMatchObject({ status: 'canceled' });
    expect(await names()).toBe('Ada Bob');
    expect(await kept()).toEqual([]);
  });

  it('names what can not come over, and changes nothing', async () => {
    await source.query('CREATE AGGREGATE app.total (integer) (SFUNC = int4pl, STYPE = integer)');
    const operation = await importing(source.url);
    expect(operation).toMatchObject({ status: 'failed', error: { code: 'import_failed' } });
    expect(operation.error.cause).toContain('aggregate app.total(integer)');
    await source.query('DROP AGGREGATE app.total (integer)');
    expect(await names()).toBe('Ada Bob');
  });

  it('takes the place of the data, all of it, as their owner; what was there comes back', async () => {
    const operation = await importing(source.url);
    expect(operation, JSON.stringify(operation.error)).toMatchObject({
      kind: 'restore',
      status: 'succeeded',
      result: { source: `127.0.0.1:${source.port}/shop`, tables: 2, rows: 201_000 },
    });
    const [row] = await queryAt(
      url,
      `SELECT (SELECT count(*)::int FROM app.of_one) AS orders, (SELECT upper FROM app.people WHERE name = 'PERSON 7') AS upper,
         nextval('"odd one"."a sequence"')::int AS next, length(lo_get(4711)) AS large,
         (SELECT count(DISTINCT relowner)::int FROM pg_class WHERE oid >= 16384) AS owners`,
    );
    expect(row).toEqual({ orders: 200, upper: 'PERSON 7', next: 41, large: 900_000, owners: 1 });
    await queryAt(url, `INSERT INTO public.orders (person, note) VALUES (1, 'new')`);
    expect(await kept()).toEqual([]);
    const all = await told();
    expect(all).toContain(`127.0.0.1:${source.port}/shop`);
    for (const secret of [PASSWORD, encodeURIComponent(PASSWORD)]) expect(all).not.toContain(secret);
    await subject.operation('POST', `${database}/restore`, {});
    expect(await names()).toBe('Ada Bob');
  });

  it('of a dump that is sent takes the place of the data too, and nothing is kept of a dump that fails', async () => {
    const type = { 'content-type': 'application/octet-stream' };
    const send = async (text: string) => {
      const { body } = await subject.api('POST', `${database}/import`, Buffer.from(text), type);
      return subject.waitFor(body.id);
    };
    expect(await send('CREATE TABLE guests (id int, name text);\n\\! id\n')).toMatchObject({
      status: 'failed',
      error: { code: 'import_failed', cause: expect.stringContaining('a command of psql') },
    });
    expect(await names()).toBe('Ada Bob');
    const dump = 'CREATE TABLE guests (id int, name text);\nCOPY guests FROM stdin;\n1\tEve\n\\.\n';
    expect(await send(dump)).toMatchObject({ status: 'succeeded', result: { source: 'file', rows: 1 } });
    expect(await names()).toBe('Eve');
    expect(await kept()).toEqual([]);
  });

  it('whose environment is destroyed meanwhile leaves no secret of it', async () => {
    const again = await source.way(3_000_000, 'is silent');
    const { secrets } = subject.berth.ports;
    expect((await subject.api('POST', `${database}/import`, { url: again.url })).status).toBe(400);
    await subject.api('POST', `${database}/import`, { url: silent.url });
    expect(await subject.operation('DELETE', DEV)).toMatchObject({ status: 'succeeded' });
    await expect.poll(() => secrets.list('shop')).toEqual([]);
    await expect.poll(kept).toEqual([]);
  });
});
