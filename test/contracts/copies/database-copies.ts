/** The part of the contract of Databases that is about copies. It needs a server that knows all of SQL. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectPostgres } from '../../../functions/adapters/postgres/connections.ts';
import type { Databases, SqlConnection } from '../../../functions/ports/databases.ts';
import { CopyFailed } from '../../../functions/ports/rules/copy-failed.ts';
import { dropDatabase, ensureDatabase } from '../../../functions/resources/postgres/postgres-sql.ts';
import { scramVerifier } from '../../../functions/resources/postgres/scram.ts';

/** Statements that make something of each kind that an owner of a database can make and a copy holds. */
const EVERYTHING = readFileSync(join(import.meta.dirname, 'everything.sql'), 'utf8')
  .split(';;\n')
  .filter((statement) => statement.trim() !== '');
const PASSWORD = 'a password';

export function databaseCopies(databasesOf: () => Databases, unique: () => string): void {
  describe('copies', () => {
    let databases: Databases;
    let name: string;
    let copy: Uint8Array[];
    const made: string[] = [];
    const specOf = (database: string) => ({
      name: database,
      second: `${database}_b`,
      prefix: database,
      tag: 'copies',
    });
    const login = (database: string) => ({ database, username: database, password: PASSWORD });
    const signal = () => AbortSignal.timeout(60_000);

    async function database(): Promise<string> {
      const database = unique();
      const sql = await databases.connect();
      const verifier = await scramVerifier(database, PASSWORD);
      await ensureDatabase(sql, { ...specOf(database), login: database, verifier }).finally(() => sql.end());
      made.push(database);
      return database;
    }
    async function within<T>(database: string, work: (sql: SqlConnection) => Promise<T>): Promise<T> {
      const { host, port } = await databases.endpoint();
      const sql = await connectPostgres({ host, port, user: database, password: PASSWORD, database });
      return work(sql).finally(() => sql.end());
    }
    async function read(database: string): Promise<Uint8Array[]> {
      const chunks: Uint8Array[] = [];
      for await (const chunk of await databases.readCopy(login(database), signal())) chunks.push(chunk);
      return chunks;
    }
    async function* chunksOf(chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
      yield* chunks;
    }
    /** An empty database beside that of an owner, which is where copies of it belong. */
    async function beside<T>(
      owner: string,
      work: (into: ReturnType<typeof login>) => Promise<T>,
    ): Promise<T> {
      const target = unique();
      const sql = await databases.connect();
      await sql.query(
        `CREATE DATABASE ${target} OWNER ${owner} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'`,
      );
      try {
        return await work({ ...login(owner), database: target });
      } finally {
        await sql.query(`DROP DATABASE ${target} WITH (FORCE)`);
        await sql.end();
      }
    }
    const load = (owner: string, chunks: Uint8Array[]) =>
      beside(owner, (into) => databases.loadCopy(into, chunksOf(chunks), signal()));
    beforeAll(async () => {
      databases = databasesOf();
      name = await database();
      await within(name, async (sql) => {
        for (const statement of EVERYTHING) await sql.query(statement);
      });
      copy = await read(name);
    });
    afterAll(async () => {
      const sql = await databases.connect();
      for (const one of made) await dropDatabase(sql, specOf(one));
      await sql.end();
    });

    it('are equal in every object, row, sequence and large object, and go on as the database would', async () => {
      await beside(name, async (into) => {
        expect(await databases.loadCopy(into, chunksOf(copy), signal())).toEqual({ tables: 9, rows: 2999 });
        const { host, port } = await databases.endpoint();
        const sql = await connectPostgres({
          host,
          port,
          user: name,
          password: PASSWORD,
          database: into.database,
        });
        const insert = (team: number) =>
          sql.query(
            `INSERT INTO public.people (team, name) VALUES (${team}, 'of ${team}') RETURNING id::text, mood`,
          );
        expect(await insert(10)).toEqual([{ id: '3001', mood: 'happy' }]);
        await sql.query('SET CONSTRAINTS ALL IMMEDIATE');
        await expect(insert(11)).rejects.toMatchObject({ code: '23503' });
        await sql.end();
      });
    });

    it('are of one moment, whatever is written meanwhile', async () => {
      const other = await database();
      await within(other, async (sql) => {
        await sql.query(
          'CREATE TABLE public.pairs AS SELECT n AS a, n AS b FROM generate_series(1, 20000) AS n',
        );
        const chunks: Uint8Array[] = [];
        let isFirst = true;
        for await (const chunk of await databases.readCopy(login(other), signal())) {
          chunks.push(chunk);
          if (isFirst) await sql.query('UPDATE public.pairs SET b = 0 WHERE a > 10000');
          isFirst = false;
        }
        expect(await load(other, chunks)).toEqual({ tables: 1, rows: 20_000 });
        expect(Buffer.concat(chunks).equals(Buffer.concat(await read(other)))).toBe(false);
      });
    });

    it('belong to whoever they are loaded for, and can be masked, or say what failed without data', async () => {
      const other = await database();
      await beside(other, async (into) => {
        expect(await databases.loadCopy(into, chunksOf(copy), signal())).toEqual({ tables: 9, rows: 2999 });
        const fails = ["UPDATE people SET note = 'x'", 'INSERT INTO people (id, team) VALUES (1, 7)'];
        await expect(databases.maskCopy(into, fails, signal())).rejects.toMatchObject({
          name: 'MaskingFailed',
          statement: 1,
          message: expect.stringMatching(/"people_pkey" \(SQLSTATE 23505\)$/),
        });
        // What came up while a statement ran can hold values; what was found in its text holds none.
        for (const [statement, told] of [
          ['SELECT name::regclass FROM people', /^a name.+is wrong \(SQLSTATE 42\w+\)$/],
          ["DO $$ BEGIN RAISE USING MESSAGE = 'Ada', CONSTRAINT = 'Ada'; END $$", /^code.+P0001\)$/],
          ['UPDATE pepole SET id = 1', /^relation "pepole" does not exist \(SQLSTATE 42P01\)$/],
        ] as const)
          await expect(databases.maskCopy(into, [statement], signal())).rejects.toThrow(told);
        await databases.maskCopy(into, ["UPDATE people SET name = 'x' || id"], signal());
        const { host, port } = await databases.endpoint();
        const sql = await connectPostgres({
          host,
          port,
          user: other,
          password: PASSWORD,
          database: into.database,
        });
        const [row] = await sql.query(
          "SELECT count(*)::int AS n, count(*) FILTER (WHERE note = 'x')::int AS kept FROM public.people WHERE name = 'x' || id",
        );
        await sql.end();
        expect(row).toEqual({ n: 2990, kept: 0 });
      });
    });

    it('are masked by what the statements say, whatever the database is set to and its triggers do', async () => {
      const other = await database();
      await within(other, async (sql) => {
        for (const statement of [
          'CREATE SCHEMA app',
          `ALTER DATABASE ${other} SET search_path = app, public`,
          `ALTER DATABASE ${other} SET standard_conforming_strings = off`,
          'CREATE TABLE app.people (name text)',
          'CREATE TABLE public.people (name text)',
          "INSERT INTO app.people VALUES ('Ada')",
          'CREATE TABLE app.guests (name text)',
          "INSERT INTO app.guests VALUES ('Ada')",
          'CREATE RULE kept AS ON UPDATE TO app.guests DO INSTEAD NOTHING',
          'CREATE FUNCTION app.nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$',
          'CREATE TRIGGER kept BEFORE UPDATE ON app.people FOR EACH ROW EXECUTE FUNCTION app.nothing()',
          'ALTER TABLE app.people ENABLE ALWAYS TRIGGER kept',
        ])
          await sql.query(statement);
      });
      await within(other, async (sql) => {
        const mask = ["UPDATE people SET name = 'a\\nb'", 'UPDATE guests SET name = NULL'];
        await databases.maskCopy(login(other), mask, signal());
        const rows = 'SELECT p.name, g.name AS guest FROM app.people AS p, app.guests AS g';
        expect(await sql.query(rows)).toEqual([{ name: 'a\\nb', guest: null }]);
        // They are as they were.
        await sql.query("UPDATE app.guests SET name = 'x'");
        await sql.query("UPDATE app.people SET name = 'x'");
        expect(await sql.query(rows)).toEqual([{ name: 'a\\nb', guest: null }]);
        expect(
          await sql.query("SELECT tgenabled::text AS state FROM pg_trigger WHERE tgname = 'kept'"),
        ).toEqual([{ state: 'A' }]);
      });
    });

    it('are equal whichever role is older of those that something is granted to', async () => {
      const other = await database();
      const between = await database();
      const younger = await database();
      await within(other, async (sql) => {
        await sql.query('CREATE TABLE public.shared (a integer)');
        await sql.query(`GRANT SELECT ON public.shared TO ${between}`);
      });
      expect(await load(younger, await read(other))).toEqual({ tables: 1, rows: 0 });
      // What is granted goes before the role can.
      await within(other, (sql) => sql.query('DROP TABLE public.shared'));
    });

    it('of a format that is not known fail, and rows that can not be written do not tell their values', async () => {
      const lines = (...some: object[]) => [
        gzipSync(some.map((line) => `${JSON.stringify(line)}\n`).join('')),
      ];
      await expect(load(name, lines({ format: 3 }))).rejects.toThrow(/newer Berth/);
      const run = ['CREATE TABLE public.numbers (a integer)'];
      const rows = { table: 'public.numbers', columns: ['a'], rows: ['(Ada)'] };
      await expect(load(name, lines({ format: 2 }, { run }, rows))).rejects.toThrow(
        /^Rows of public\.numbers can not be written: a value does not fit \(SQLSTATE 22P02\)\.$/,
      );
    });

    it('of what they do not hold fail, and say of what', async () => {
      const other = await database();
      const statement = 'CREATE AGGREGATE public.total (integer) (SFUNC = int4pl, STYPE = integer)';
      await within(other, (sql) => sql.query(statement));
      await expect(load(other, await read(other))).rejects.toThrow(
        /not equal.+aggregate public\.total\(integer\)/,
      );
    });

    it('that are cut off or damaged fail', async () => {
      const whole = Buffer.concat(copy);
      const half = whole.length >> 1;
      await expect(load(name, [whole.subarray(0, half)])).rejects.toThrow(CopyFailed);
      const damaged = Buffer.from(whole);
      damaged.fill(7, half, half + 50);
      await expect(load(name, [damaged])).rejects.toThrow(CopyFailed);
      await expect(load(name, [])).rejects.toThrow(CopyFailed);
    });

    it('run code of the tenant as the tenant', async () => {
      const other = await database();
      await within(other, async (sql) => {
        await sql.query(`CREATE FUNCTION public.takes_over(value integer) RETURNS boolean LANGUAGE plpgsql AS $$
          BEGIN EXECUTE 'RESET ROLE'; EXECUTE 'RESET SESSION AUTHORIZATION'; RETURN session_user = '${other}' AND current_user = '${other}'
            AND NOT (SELECT rolsuper OR rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = current_user); END $$`);
        await sql.query('CREATE TABLE public.checked (a integer CHECK (public.takes_over(a)))');
        await sql.query('INSERT INTO public.checked VALUES (1)');
      });
      expect(await load(other, await read(other))).toEqual({ tables: 1, rows: 1 });
    });

    it('end when they are to stop', async () => {
      const stop = new AbortController();
      stop.abort(new Error('stop'));
      const reading = (async () => {
        for await (const _ of await databases.readCopy(login(name), stop.signal));
      })();
      await expect(reading).rejects.toThrow('stop');
      const late = new AbortController();
      const masking = databases.maskCopy(login(name), ['SELECT pg_sleep(50)'], late.signal);
      setTimeout(() => late.abort(new Error('late')), 200);
      await expect(masking).rejects.toThrow('late');
    });
  });
}
