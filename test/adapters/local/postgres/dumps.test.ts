/** Dumps of pg_dump become databases, as their owner and with no more rights. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../../../functions/adapters/local/postgres/databases.ts';
import { connectPostgres } from '../../../../functions/adapters/postgres/connections.ts';
import { createSplitter } from '../../../../functions/adapters/postgres/dump/statements.ts';
import type { CopySummary } from '../../../../functions/ports/databases.ts';
import { dropDatabase, ensureDatabase } from '../../../../functions/resources/postgres/postgres-sql.ts';
import { scramVerifier } from '../../../../functions/resources/postgres/scram.ts';
import { temporaryDirectories } from '../../../support/files/temporary.ts';

/** pg_dump 15 has made them of one database, by default and with -Fc. */
const [SCRIPT, ARCHIVE] = ['shop.sql', 'shop.dump'].map((name) =>
  readFileSync(join(import.meta.dirname, 'dumps', name)),
) as [Buffer, Buffer];
const WHAT = `SELECT (SELECT count(*)::int FROM app.of_one) AS orders, (SELECT upper FROM app.people WHERE name::text = 'person 7') AS upper,
  nextval('"odd; schema"."a ""sequence"')::int AS next, length(lo_get(4711)) AS large, app.both(3, 4) AS both,
  (SELECT note FROM public.orders WHERE id = 7) AS note, (SELECT count(DISTINCT relowner)::int FROM pg_class WHERE oid >= 16384) AS owners`;
const SPEC = { name: 'berth_dumps', second: 'berth_dumps_b', prefix: 'berth_dumps', tag: 'dumps' };
const LOGIN = { database: SPEC.name, username: SPEC.name, password: 'pw' };

const makeDirectory = temporaryDirectories();
let databases: EmbeddedPostgres;
beforeAll(() => {
  databases = createEmbeddedPostgres({ directory: makeDirectory() });
});
afterAll(() => databases.close());

/** A new database. */
async function make(): Promise<void> {
  const sql = await databases.connect();
  const verifier = await scramVerifier(SPEC.name, LOGIN.password);
  await dropDatabase(sql, SPEC);
  await ensureDatabase(sql, { ...SPEC, login: SPEC.name, verifier });
  await sql.end();
}

/** Loads a dump in small parts. */
async function load(dump: Uint8Array): Promise<CopySummary> {
  async function* parts(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < dump.length; at += 1000) yield dump.subarray(at, at + 1000);
  }
  return databases.loadCopy(LOGIN, parts(), AbortSignal.timeout(30_000));
}

async function query(text: string): Promise<Record<string, unknown> | undefined> {
  const { host, port } = await databases.endpoint();
  const sql = await connectPostgres({ host, port, user: SPEC.name, password: 'pw', database: SPEC.name });
  return (await sql.query(text).finally(() => sql.end()))[0];
}

/** Data of which it can be seen whether they are held open still. */
function watched(data: Uint8Array) {
  const seen = { isClosed: false };
  async function* parts(): AsyncGenerator<Uint8Array> {
    try {
      yield data;
      for (;;) yield gzipSync('\n'.repeat(1000));
    } finally {
      seen.isClosed = true;
    }
  }
  return { seen, parts: parts() };
}

describe('Dumps', () => {
  it('that can not come are let go of, so that no file and no connection stays open', async () => {
    for (const dump of [gzipSync('{"format":2}\n{"format":9}\n'), gzipSync('SELECT 1/0;\n')]) {
      await make();
      const { seen, parts } = watched(dump);
      await expect(databases.loadCopy(LOGIN, parts, AbortSignal.timeout(30_000))).rejects.toThrow();
      await expect.poll(() => seen.isClosed).toBe(true);
    }
  });

  it('whose statements answer more than can be kept, or copy rows out, end themselves alone', async () => {
    await make();
    const many = "SELECT repeat('x', 1000000) FROM generate_series(1, 280);\n";
    await expect(load(Buffer.from(many))).rejects.toThrow(/An answer of the server is larger/);
    // Empty rows are few bytes, and much memory.
    await expect(load(Buffer.from('SELECT FROM generate_series(1, 4400000);\n'))).rejects.toThrow(
      /is larger/,
    );
    await load(Buffer.from("COPY (SELECT ' FROM stdin') TO STDOUT;\n\\.\n"));
  });

  it.each([
    ['of SQL', SCRIPT],
    ['of SQL, compressed', gzipSync(SCRIPT)],
    ['of pg_dump -Fc', ARCHIVE],
  ])('%s are loaded whole, with their owner alone', async (_form, dump) => {
    await make();
    expect(await load(dump)).toEqual({ tables: 2, rows: 220 });
    const note = 'note; \\ 7\n\\.\ttab';
    expect(await query(WHAT)).toEqual({
      orders: 10,
      upper: 'PERSON 7',
      next: 41,
      large: 9_000,
      both: 7,
      note,
      owners: 1,
    });
  });

  it('that are damaged, or no dumps, say so', async () => {
    for (const [dump, why] of [
      [Buffer.alloc(0), /empty/],
      [SCRIPT.subarray(0, -SCRIPT.length / 2), /not whole/],
      [ARCHIVE.subarray(0, 300), /not whole/],
      [ARCHIVE.subarray(0, -200), /not whole|damaged/],
      [Buffer.concat([ARCHIVE.subarray(0, 6), Buffer.from([99]), ARCHIVE.subarray(7)]), /format 1\.99/],
      [gzipSync(SCRIPT).subarray(0, 3_000), /damaged/],
      [Buffer.from('BEGIN;\nCREATE TABLE t (a text);\n'), /does not commit/],
      ...['null', '{"run":5}', '{"format":2,"from":{}}'].map(
        (line) => [gzipSync(`{"format":2}\n${line}\n`), /damaged/] as const,
      ),
      [Buffer.from('\0\0\0 no text\n'), /neither SQL/],
    ] as const) {
      await make();
      await expect(load(dump)).rejects.toMatchObject({
        name: 'CopyFailed',
        message: expect.stringMatching(why),
      });
    }
  });

  it('run no command of psql, nothing on the machine, and nothing that takes more rights than their owner has', async () => {
    await make();
    for (const [statement, why] of [
      ['\\! touch /tmp/berth-was-here', /a command of psql.*\\! touch/],
      ['\\connect postgres', /a command of psql/],
      ['SELECT 1 \\! touch /tmp/berth-was-here\n;', /failed/],
      ["CREATE TABLE t (a text);\nCOPY t FROM PROGRAM 'id';", /COPY t FROM PROGRAM.*may not do that.*42501/],
      ["CREATE TABLE t (a text);\nCOPY t FROM '/etc/passwd';", /42501/],
      ["CREATE TABLE t (a text);\nCOPY t TO PROGRAM 'id';", /42501/],
      ["CREATE FUNCTION f() RETURNS integer LANGUAGE c AS '/lib/libc.so.6', 'getpid';", /42501/],
      ["SELECT pg_read_file('/etc/passwd');", /42501/],
      ["SELECT lo_import('/etc/passwd');", /42501/],
      [
        'CREATE OR REPLACE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN END $$;\nCREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f();',
        /CREATE EVENT TRIGGER.*42501/,
      ],
      ['ALTER ROLE CURRENT_USER SUPERUSER;', /42501/],
      ['CREATE ROLE other SUPERUSER;', /42501/],
      ['CREATE EXTENSION postgres_fdw;', /42501/],
      ['CREATE EXTENSION "no such";', /failed/],
      ["SET session_replication_role = 'replica';", /42501/],
      ["ALTER SYSTEM SET shared_preload_libraries = 'x';", /42501|25001/],
      [
        "DO $$ BEGIN EXECUTE 'RESET SESSION AUTHORIZATION; ALTER ROLE CURRENT_USER SUPERUSER'; END $$;",
        /42501/,
      ],
      ["SET client_encoding = 'LATIN1';", /encoding LATIN1/],
      ['CREATE DATABASE other;', /without --create/],
    ] as const)
      await expect(
        load(Buffer.from(`${statement}\n`.replace('CREATE TABLE t', 'CREATE TABLE IF NOT EXISTS t'))),
        statement,
      ).rejects.toMatchObject({
        name: 'CopyFailed',
        message: expect.stringMatching(why),
      });
    // The database that is served meanwhile has the same owner.
    for (const text of ['DROP DATABASE other', '/* \n */;; -- a\n drop\fdatabase "other" WITH (FORCE)'])
      await expect(load(gzipSync(`{"format":2}\n${JSON.stringify({ run: [text] })}\n`))).rejects.toThrow(
        /drops a database/,
      );
    // Roles that are not here are left out, as is who takes whose place.
    const left =
      'SET SESSION AUTHORIZATION postgres;\nCREATE TABLE u (a text);\nALTER TABLE u OWNER TO postgres;\n';
    await load(Buffer.from(left));
    const who = await query("SELECT tableowner::text AS who FROM pg_tables WHERE tablename = 'u'");
    expect(who).toEqual({ who: SPEC.name });
  });
});

it('A long statement of many lines, quotes and comments takes time by its length alone', () => {
  const splitter = createSplitter();
  const begin = performance.now();
  splitter.feed('INSERT INTO t VALUES\n');
  for (let at = 0; at < 20_000; at++) {
    if (splitter.isBetween()) throw new Error('It has ended.');
    splitter.feed(`(${at}, 'text', E'it\\'s', 'one more'),\n`);
  }
  expect(splitter.feed(`(0)${'/* '.repeat(200_000)}${'*/'.repeat(200_000)};`)).toHaveLength(1);
  expect(performance.now() - begin).toBeLessThan(5_000);
});

it('Statements end at semicolons that are in nothing else, wherever lines end', () => {
  const sql = [
    "SELECT ';' || E'\\';' || \"a;\"\"b\"",
    'SELECT $$;$$ || $a$ ; $$ ; $a$ || a$b$c',
    'CREATE RULE r AS ON DELETE TO t DO (SELECT 1; SELECT 2)',
    'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END',
    "SELECT 'it''s;'",
    "SELECT e '\\' || E'''\\\\;'",
  ];
  const text = `${sql.join(';\n/* ; /* nested ; */ ; */ -- ; comment\n')};\n`;
  for (const line of [text.length, 1]) {
    const splitter = createSplitter();
    // A word or a quote of dollars is never cut in two by a line.
    const lines = line === 1 ? text.split(/(?<=\n)/) : [text];
    expect(lines.flatMap((one) => splitter.feed(one))).toEqual(sql);
    expect(splitter.isBetween()).toBe(true);
  }
});
