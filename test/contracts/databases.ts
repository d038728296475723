/** What every Databases adapter guarantees. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Problem } from '../../functions/core/problem.ts';
import type { Databases, SqlConnection } from '../../functions/ports/databases.ts';
import { ServerNotOurs } from '../../functions/ports/rules/server-not-ours.ts';
import {
  createClosed,
  disableLogin,
  dropDatabase,
  ensureDatabase,
  ensureLogin,
  listDatabase,
  NotOurs,
  withDatabaseLock,
} from '../../functions/resources/postgres/postgres-sql.ts';
import { scramVerifier } from '../../functions/resources/postgres/scram.ts';
import { databaseCopies } from './copies/database-copies.ts';

export interface DatabasesSubject {
  databases: Databases;
  /** Removes what the suite made. The adapter itself is closed by the suite. */
  dispose(): Promise<void>;
}

let names = 0;

export interface DatabasesContractOptions {
  /** Whether servers of their own can be had; `played` where all of them lead to one and the same PostgreSQL. */
  dedicated?: 'real' | 'played';
  /** Knows the statements of the resource type alone, and not all of SQL. */
  statements?: 'of resources';
  /** The part about copies, which takes long, is tried elsewhere. */
  copies?: 'elsewhere';
}

export function databasesContract(
  name: string,
  makeSubject: () => Promise<DatabasesSubject>,
  options: DatabasesContractOptions = {},
): void {
  /** For what is asked for in any words of SQL. */
  const itSpeaks = it.skipIf(options.statements === 'of resources');
  describe(`Databases contract: ${name}`, () => {
    let subject: DatabasesSubject;
    let databases: Databases;
    const opened: SqlConnection[] = [];
    const connect = async (database?: string): Promise<SqlConnection> => {
      const sql = await databases.connect(database);
      opened.push(sql);
      return sql;
    };
    const unique = (): string => `contract_${process.pid}_${Date.now()}_${names++}`;

    beforeAll(async () => {
      subject = await makeSubject();
      databases = subject.databases;
    });
    afterAll(async () => {
      await Promise.all(opened.map((sql) => sql.end()));
      await subject.dispose();
    });

    itSpeaks(
      'connects as one who may make roles and databases, by default where none of them live',
      async () => {
        const sql = await connect();
        const [row] = await sql.query<{ database: string; may: boolean }>(
          'SELECT current_database() AS database, (rolcreatedb AND rolcreaterole) OR rolsuper AS may FROM pg_roles WHERE rolname = current_user',
        );
        expect(row).toEqual({ database: expect.any(String), may: true });
      },
    );

    itSpeaks('passes values apart from the text: nothing in them is read as SQL', async () => {
      const sql = await connect();
      const hostile = [`'; DROP TABLE x; --`, '$1', '\\', '"', 'ü 🚢', ''];
      for (const value of hostile) {
        expect(await sql.query('SELECT $1::text AS value', [value])).toEqual([{ value }]);
      }
    });

    itSpeaks('runs one statement at a time: a text with two is refused and neither is run', async () => {
      const sql = await connect();
      const table = unique();
      await expect(sql.query(`CREATE TABLE ${table} (a int); SELECT 1`)).rejects.toThrow();
      expect(await sql.query('SELECT to_regclass($1)::text AS found', [`public.${table}`])).toEqual([
        { found: null },
      ]);
    });

    itSpeaks('runs statements in the order they were asked for, also when nobody waits', async () => {
      const sql = await connect();
      await sql.query(`SELECT set_config('berth.order', '', false)`);
      const step = (text: string) =>
        sql.query(`SELECT set_config('berth.order', current_setting('berth.order') || $1, false)`, [text]);
      await Promise.all(['a', 'b', 'c', 'd'].map(step));
      expect(await sql.query(`SELECT current_setting('berth.order') AS value`)).toEqual([{ value: 'abcd' }]);
    });

    itSpeaks('goes on after a statement that fails, with the SQLSTATE in its error', async () => {
      const sql = await connect();
      const failing = sql.query('SELECT 1 / 0 AS value');
      const after = sql.query('SELECT 1 AS value');
      await expect(failing).rejects.toMatchObject({ code: '22012' });
      expect(await after).toEqual([{ value: 1 }]);
    });

    itSpeaks('reaches a database that was made, as administrator', async () => {
      const sql = await connect();
      const database = unique();
      await sql.query(`CREATE DATABASE ${database}`);
      const inside = await databases.connect(database);
      expect(await inside.query('SELECT current_database() AS name')).toEqual([{ name: database }]);
      await inside.end();
      await sql.query(`DROP DATABASE ${database} WITH (FORCE)`);
    });

    itSpeaks(
      'a database of a tenant sorts and folds as on every other host, whatever the server does by default',
      async () => {
        const sql = await connect();
        const name = unique();
        const spec = { name, second: `${name}_b`, prefix: name, tag: name };
        await ensureDatabase(sql, { ...spec, login: name, verifier: await scramVerifier(name, 'password') });
        const inside = await databases.connect(name);
        const texts = ['b', 'ä', 'a', 'B', 'z', 'A', 'Z', 'Ä'];
        const rows = await inside.query<{ text: string }>(
          'SELECT text FROM unnest($1::text[]) AS text ORDER BY text',
          [texts],
        );
        expect(rows.map(({ text }) => text).join('')).toBe('ABZabzÄä');
        const [found] = await inside.query(
          `SELECT datlocprovider AS provider, datlocale AS locale, datcollate AS collate, datctype AS ctype,
           upper('ä') AS upper FROM pg_database WHERE datname = current_database()`,
        );
        expect(found).toEqual({ provider: 'b', locale: 'C.UTF-8', collate: 'C', ctype: 'C', upper: 'Ä' });
        await inside.end();
        await dropDatabase(sql, spec);
      },
    );

    itSpeaks('resolves names in pg_catalog alone: what a tenant puts into public is not run', async () => {
      const sql = await connect();
      const database = unique();
      await sql.query(`CREATE DATABASE ${database}`);
      const inside = await databases.connect(database);
      await inside.query(
        `CREATE FUNCTION public.lower(varchar) RETURNS text LANGUAGE sql AS $$ SELECT 'taken over' $$`,
      );
      expect(await inside.query(`SELECT lower('A'::varchar) AS value`)).toEqual([{ value: 'a' }]);
      await inside.end();
      await sql.query(`DROP DATABASE ${database} WITH (FORCE)`);
    });

    describe('for resources', () => {
      const specOf = (tag: string) => {
        const name = unique();
        return { name, second: `${name}_b`, prefix: name, tag };
      };
      const login = async (role: string, password: string) => ({
        login: role,
        verifier: await scramVerifier(role, password),
      });

      it('finds what was made by its tag, twice as once, lets no other tag have it, and leaves nothing of it', async () => {
        const sql = await connect();
        const spec = specOf('one');
        const first = { ...spec, ...(await login(spec.name, 'a password')) };
        await ensureDatabase(sql, first);
        await ensureDatabase(sql, first);
        const own = [`database ${spec.name}`, `role ${spec.name}`];
        expect(await listDatabase(sql, spec)).toEqual(own);
        await ensureLogin(sql, { ...spec, ...(await login(spec.second, 'another')) });
        expect(await listDatabase(sql, spec)).toEqual([...own, `role ${spec.second}`]);
        await disableLogin(sql, spec, spec.name);
        expect(await listDatabase(sql, { ...spec, tag: 'other' })).toEqual([]);
        await expect(ensureDatabase(sql, { ...first, tag: 'other' })).rejects.toThrow(NotOurs);
        await dropDatabase(sql, { ...spec, tag: 'other' });
        expect(await listDatabase(sql, spec)).toHaveLength(3);
        await dropDatabase(sql, spec);
        await dropDatabase(sql, spec);
        expect(await listDatabase(sql, spec)).toEqual([]);
      });

      it('keeps nothing of a transaction that was rolled back, or whose session ended', async () => {
        const spec = specOf('one');
        for (const end of ['ROLLBACK', undefined]) {
          const sql = await connect();
          await sql.query('BEGIN');
          await sql.query(`CREATE ROLE "${spec.name}" NOLOGIN`);
          await sql.query(`COMMENT ON ROLE "${spec.name}" IS 'one'`);
          if (end) await sql.query(end);
          await sql.end();
        }
        expect(await listDatabase(await connect(), spec)).toEqual([]);
      });

      it('gives no database to a role that is not there', async () => {
        const { name } = specOf('one');
        const sql = await connect();
        const made = await createClosed(sql, name, `${name}_gone`).catch((error: unknown) => error);
        expect(String(made)).toContain('does not exist');
      });

      it('lets one at a time work on databases of a project, those of others meanwhile', async () => {
        const [one, other] = [unique(), unique()];
        const order: string[] = [];
        const entered = Promise.withResolvers<void>();
        const leave = Promise.withResolvers<void>();
        const first = withDatabaseLock(databases, one, async () => {
          entered.resolve();
          await leave.promise;
          order.push('first');
        });
        await entered.promise;
        const second = withDatabaseLock(databases, one, async () => void order.push('second'));
        await withDatabaseLock(databases, other, async () => void order.push('other'));
        leave.resolve();
        await Promise.all([first, second]);
        expect(order).toEqual(['other', 'first', 'second']);
      });
    });

    it('names a database that does not exist, says so, and says what to do', async () => {
      const database = unique();
      const error: unknown = await databases.connect(database).catch((reason) => reason);
      expect(error).toBeInstanceOf(Problem);
      expect(error).toMatchObject({ code: 'unavailable', hint: expect.stringMatching(/\w/) });
      expect(String(error)).toContain(`"${database}"`);
      expect(String(error)).toContain('does not exist');
    });

    it('treats a hostile database name as a name', async () => {
      for (const database of [
        `'; SELECT 1; --`,
        `a"b`,
        '../postgres',
        'x'.repeat(100),
        'a b=c host=example',
      ]) {
        await expect(databases.connect(database)).rejects.toMatchObject({ code: 'unavailable' });
      }
    });

    itSpeaks(
      'keeps connections apart, and ends them once, twice, and after the server cut them',
      async () => {
        const [one, two] = await Promise.all([databases.connect(), databases.connect()]);
        const [row] = await one.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        await two.query('SELECT pg_terminate_backend($1::int)', [row?.pid]);
        await expect(one.query('SELECT 1')).rejects.toMatchObject({ name: 'Berth.Transient' });
        expect(await two.query('SELECT 1 AS value')).toEqual([{ value: 1 }]);
        await Promise.all([one.end(), one.end(), two.end()]);
        await two.end();
      },
    );

    it('gives an endpoint that is stable and answers', async () => {
      const first = await databases.endpoint();
      expect(first).toEqual({
        host: expect.stringMatching(/^[a-z0-9.:-]+$/),
        port: expect.any(Number),
        sslmode: expect.stringMatching(/^(disable|require|verify-full)$/),
        ...(first.authority !== undefined && { authority: expect.stringContaining('BEGIN CERTIFICATE') }),
      });
      expect(await databases.endpoint()).toEqual(first);
    });

    itSpeaks('keeps the maintenance database closed to those who are not given it', async () => {
      const sql = await connect();
      const [row] = await sql.query<{ open: boolean }>(
        `SELECT has_database_privilege('public'::name, current_database(), 'CONNECT') AS open`,
      );
      expect(row).toEqual({ open: false });
    });

    if (options.statements !== 'of resources' && options.copies === undefined)
      databaseCopies(() => databases, unique);

    describe.runIf(options.dedicated)('servers of their own', () => {
      const serverName = (): string => unique().replaceAll('_', '-');
      const owner = (tag = 'one') => ({ tag, operation: 'operation' });
      const servers = () => {
        if (!databases.dedicated) throw new Error('there are none');
        return databases.dedicated;
      };
      const made = async (server: string, tag?: string) => {
        for (;;) {
          const found = await servers().ensure(server, owner(tag));
          if (found) return found;
        }
      };
      const removed = async (server: string, tag = 'one') => {
        while (!(await servers().remove(server, tag)));
      };

      it('are made once, whoever asks at the same time, and are none but themselves', async () => {
        const server = serverName();
        expect(await servers().exists(server, 'one')).toBe(false);
        const all = await Promise.all(Array.from({ length: 4 }, () => made(server)));
        const endpoints = await Promise.all(all.map((found) => found.endpoint()));
        for (const endpoint of endpoints) expect(endpoint).toEqual(endpoints[0]);
        expect(endpoints[0]).not.toEqual(await databases.endpoint());
        expect(await servers().exists(server, 'one')).toBe(true);

        const sql = await all[0]!.connect();
        const [row] = await sql.query<{ may: boolean; open: boolean }>(
          `SELECT (rolcreatedb AND rolcreaterole) OR rolsuper AS may,
             has_database_privilege('public'::name, current_database(), 'CONNECT') AS open
           FROM pg_roles WHERE rolname = current_user`,
        );
        expect(row).toEqual({ may: true, open: false });
        const database = unique();
        await sql.query(`CREATE DATABASE ${database}`);
        const shared = await connect();
        const found = await shared.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
        if (options.dedicated === 'real') expect(found).toEqual([]);
        await sql.query(`DROP DATABASE ${database}`);
        await sql.end();
        await removed(server);
      });

      it('are removed with their data, again without effect, and begin with none', async () => {
        const server = serverName();
        const sql = await (await made(server)).connect();
        const database = unique();
        await sql.query(`CREATE DATABASE ${database}`);
        await sql.end();
        await removed(server);
        expect(await servers().exists(server, 'one')).toBe(false);
        await removed(server);
        const again = await (await made(server, 'two')).connect();
        const found = await again.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
        if (options.dedicated === 'real') expect(found).toEqual([]);
        else await again.query(`DROP DATABASE ${database}`);
        await again.end();
        await removed(server, 'two');
      });

      it('of others are neither taken over nor removed', async () => {
        const server = serverName();
        await made(server);
        await expect(servers().ensure(server, owner('other'))).rejects.toThrow(ServerNotOurs);
        await expect(servers().remove(server, 'other')).rejects.toThrow(ServerNotOurs);
        expect(await servers().exists(server, 'other')).toBe(false);
        expect(await servers().exists(server, 'one')).toBe(true);
        await removed(server);
      });
    });

    it('is closed once and for all, again without error; then it is unavailable', async () => {
      await Promise.all([databases.close(), databases.close()]);
      await databases.close();
      await expect(databases.connect()).rejects.toMatchObject({ code: 'unavailable' });
      await expect(databases.endpoint()).rejects.toMatchObject({ code: 'unavailable' });
    });
  });
}
