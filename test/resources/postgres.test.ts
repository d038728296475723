import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectPostgres } from '../../functions/adapters/postgres/connections.ts';
import type { ResourceOutputs } from '../../functions/core/model/index.ts';
import { AUTHORITY_PATH, type Databases } from '../../functions/ports/databases.ts';
import { postgres } from '../../functions/resources/postgres/postgres.ts';
import {
  dropDatabase,
  ensureDatabase,
  listDatabase,
  withDatabaseLock,
} from '../../functions/resources/postgres/postgres-sql.ts';
import { scramVerifier } from '../../functions/resources/postgres/scram.ts';
import { ResourcePending, type ResourceRequest } from '../../functions/resources/type.ts';
import { untilSettled } from '../../functions/workflows/owned-resources.ts';
import { StillProgressing } from '../../functions/workflows/step.ts';
import { temporaryDirectories } from '../support/files/temporary.ts';
import { type Asking, openPorts, problemOf, requestFor, type TestPorts } from './ports.ts';

const makeDirectory = temporaryDirectories();
const directory = makeDirectory();
let ports: TestPorts;

/** Runs statements as the administrator. */
async function admin(...statements: string[]): Promise<Record<string, unknown>[]> {
  const sql = await ports.databases.connect();
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) rows = await sql.query(statement);
    return rows;
  } finally {
    await sql.end();
  }
}

beforeAll(async () => {
  ports = await openPorts(directory);
  // The worst that an administrator may set: every statement in the server's log.
  await admin(`ALTER SYSTEM SET log_statement = 'all'`, 'SELECT pg_reload_conf()');
});
afterAll(() => ports.close());

const ask = (asking: Asking & { params?: Record<string, unknown>; id?: string } = {}): ResourceRequest => {
  const { params = {}, id, ...rest } = asking;
  return requestFor(
    { type: 'postgres', params, ...(id === undefined ? {} : { id }) },
    { name: 'db', ...rest },
  );
};
const provision = (request: ResourceRequest) => postgres.provision(ports, request);

async function secretOf(outputs: ResourceOutputs, name: string): Promise<string> {
  const reference = outputs.secrets[name];
  const value = reference && (await ports.secrets.get(reference.secret, reference.version));
  if (value === undefined) throw new Error(`no secret ${name}`);
  return value;
}

/** Runs statements as the tenant, by the resource's URL, against its own or another database. */
async function asTenant(outputs: ResourceOutputs, statement: string, database?: string): Promise<unknown[]> {
  const url = new URL(await secretOf(outputs, 'url'));
  if (database !== undefined) url.pathname = `/${encodeURIComponent(database)}`;
  const client = new pg.Client({ connectionString: url.href });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

describe('postgres: what is not owned any more', () => {
  it('is not made once the lock is had, with no secret of it either', async () => {
    const request = ask({ id: 'gone' });
    const gone = (): Promise<void> => Promise.reject(new Error('It was removed.'));
    await expect(postgres.provision(ports, request, gone)).rejects.toThrow('It was removed.');
    expect(await postgres.inventory(ports, request)).toEqual([]);
  });
});

describe('postgres: what it gives', () => {
  it('gives outputs of which the secret ones are references alone, and a URL that works', async () => {
    const outputs = await provision(ask());
    const { host, port } = await ports.databases.endpoint();
    const name = outputs.values.name ?? '';
    expect(name).toMatch(/^berth_demo_dev_guestbook-db-[0-9a-f]{8}$/);
    expect(outputs.values).toEqual({
      host,
      port: String(port),
      name,
      database: name,
      username: name,
      sslmode: 'disable',
      sslrootcert: '',
    });
    const prefix = 'demo/dev/resources/postgres.default#guestbook.db';
    expect(outputs.secrets).toEqual({
      password: { secret: `${prefix}/password`, version: expect.stringMatching(/^[0-9a-f]{32}$/) },
      url: { secret: `${prefix}/url`, version: expect.stringMatching(/^[0-9a-f]{32}$/) },
    });
    const password = await secretOf(outputs, 'password');
    expect(Buffer.from(password, 'base64url')).toHaveLength(32);
    expect(JSON.stringify(outputs)).not.toContain(password);
    expect(Object.keys({ ...outputs.values, ...outputs.secrets }).sort()).toEqual(
      Object.keys(postgres.outputs).sort(),
    );

    await asTenant(outputs, 'CREATE TABLE IF NOT EXISTS entries (message text)');
    await asTenant(outputs, `INSERT INTO entries VALUES ('ahoy')`);
    expect(await asTenant(outputs, 'SELECT current_user::text AS me, message FROM entries')).toEqual([
      { me: name, message: 'ahoy' },
    ]);
  });

  it('changes nothing on a second run, neither outputs nor data nor the role’s verifier', async () => {
    const first = await provision(ask());
    const state = () =>
      admin(`SELECT rolname, rolpassword, rolconnlimit, d.datacl::text, d.oid, d.datallowconn
             FROM pg_authid JOIN pg_database d ON datdba = pg_authid.oid WHERE rolname LIKE 'berth%'`);
    const before = await state();
    expect(await provision(ask())).toEqual(first);
    expect(await state()).toEqual(before);
    expect(await asTenant(first, 'SELECT message FROM entries')).toEqual([{ message: 'ahoy' }]);
  });

  it('marks database and role with the environment and the resource', async () => {
    const { values } = await provision(ask());
    const [row] = await admin(
      `SELECT shobj_description(d.oid, 'pg_database') AS database, shobj_description(r.oid, 'pg_authid') AS role
       FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE datname = '${values.name}'`,
    );
    const tag = 'berth:id-of-demo-dev:postgres.default#guestbook.db';
    expect(row).toEqual({ database: tag, role: tag });
  });

  it('gives the role no more than its database', async () => {
    const { values } = await provision(ask());
    const [row] = await admin(
      `SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls AS more, rolconnlimit,
        (SELECT count(*)::int FROM pg_auth_members WHERE member = pg_roles.oid) AS memberships
       FROM pg_roles WHERE rolname = '${values.username}'`,
    );
    expect(row).toEqual({ more: false, rolconnlimit: 40, memberships: 0 });
  });

  it('names the file with the server’s authority in the URL, where systems do not know that', async () => {
    const place = { host: 'db.internal', port: 5433, sslmode: 'verify-full' as const };
    const given = async (authority?: string) => {
      const endpoint = async () => ({ ...place, ...(authority !== undefined && { authority }) });
      const databases: Databases = { ...ports.databases, endpoint };
      const outputs = await postgres.provision({ ...ports, databases }, ask());
      const url = new URL(await secretOf(outputs, 'url')).searchParams;
      return { file: outputs.values.sslrootcert, url };
    };
    const own = await given('a certificate');
    expect(own.file).toBe(AUTHORITY_PATH);
    expect([...own.url]).toEqual([
      ['sslmode', 'verify-full'],
      ['sslrootcert', AUTHORITY_PATH],
    ]);
    expect([...(await given()).url]).toEqual([['sslmode', 'verify-full']]);
  });

  it('follows the server to another port: the URL is a new version, the password stays', async () => {
    const before = await provision(ask());
    const moved: Databases = {
      ...ports.databases,
      endpoint: async () => ({ host: 'db.internal', port: 6543, sslmode: 'verify-full' }),
    };
    const after = await postgres.provision({ ...ports, databases: moved }, ask());
    expect(after.values).toMatchObject({ host: 'db.internal', port: '6543', sslmode: 'verify-full' });
    expect(after.secrets.password).toEqual(before.secrets.password);
    expect(after.secrets.url?.version).not.toBe(before.secrets.url?.version);
    expect(await secretOf(after, 'url')).toContain('@db.internal:6543/');
    expect(await secretOf(before, 'url')).not.toContain('db.internal');
    expect(await provision(ask())).toEqual(before);
  });

  it('mends a role whose password was changed behind its back', async () => {
    const outputs = await provision(ask());
    await admin(`ALTER ROLE "${outputs.values.username}" PASSWORD 'other'`);
    await expect(asTenant(outputs, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    await provision(ask());
    expect(await asTenant(outputs, 'SELECT 1 AS value')).toEqual([{ value: 1 }]);
  });

  it('never lets a password or a URL reach the server’s log, even when it logs every statement', async () => {
    const outputs = await provision(ask({ environment: 'logged' }));
    await asTenant(outputs, 'SELECT 1');
    const files = readdirSync(join(directory, 'postgres')).filter((name) => name.includes('.log'));
    const log = files.map((name) => readFileSync(join(directory, 'postgres', name), 'utf8')).join('\n');
    expect(log).toContain('CREATE ROLE');
    expect(log).toContain('SCRAM-SHA-256$4096:');
    expect(log).not.toContain(await secretOf(outputs, 'password'));
    expect(log).not.toContain(readFileSync(join(directory, 'postgres', 'password'), 'utf8').trim());
    expect(log).not.toContain('postgresql://');
  });
});

describe('postgres: isolation', () => {
  it('keeps environments, projects and services apart: no role reaches another’s database', async () => {
    const own = await provision(ask());
    const others = await Promise.all(
      [{ environment: 'production' }, { project: 'other' }, { service: 'shop' }, { id: 'shared' }].map(
        (asking) => provision(ask(asking)),
      ),
    );
    const names = [own, ...others].map(({ values }) => values.name);
    expect(new Set(names).size).toBe(5);
    expect(new Set([own, ...others].map(({ secrets }) => secrets.password?.version)).size).toBe(5);
    for (const other of others) {
      await expect(asTenant(own, 'SELECT 1', other.values.name)).rejects.toMatchObject({ code: '42501' });
      await expect(asTenant(other, 'SELECT 1', own.values.name)).rejects.toMatchObject({ code: '42501' });
    }
    for (const common of ['postgres', 'template1']) {
      await expect(asTenant(own, 'SELECT 1', common)).rejects.toMatchObject({ code: '42501' });
    }
  });

  it('gives the tenant nothing of the server: files, programs, roles, databases, other sessions', async () => {
    const own = await provision(ask());
    for (const statement of [
      `COPY (SELECT 1) TO PROGRAM 'true'`,
      `SELECT pg_read_file('postmaster.pid')`,
      `COPY (SELECT 1) TO '/tmp/berth-test'`,
      'CREATE ROLE mine',
      'CREATE DATABASE mine',
      `ALTER ROLE "${own.values.username}" CONNECTION LIMIT -1`,
      `COMMENT ON ROLE "${own.values.username}" IS 'berth:other'`,
      'SET ROLE postgres',
      `SET session_preload_libraries = 'x'`,
      'SELECT rolpassword FROM pg_authid',
      'CREATE EXTENSION file_fdw',
    ]) {
      await expect(asTenant(own, statement), statement).rejects.toMatchObject({ code: '42501' });
    }
  });

  it('closes a database again that its tenant opened to everybody', async () => {
    const own = await provision(ask());
    const other = await provision(ask({ environment: 'production' }));
    await asTenant(own, `GRANT CONNECT ON DATABASE "${own.values.name}" TO PUBLIC`);
    expect(await asTenant(other, 'SELECT 1 AS value', own.values.name)).toEqual([{ value: 1 }]);
    await provision(ask());
    await expect(asTenant(other, 'SELECT 1', own.values.name)).rejects.toMatchObject({ code: '42501' });
  });

  it('tells names at the length limit apart that differ only behind the cut', async () => {
    const long = 'p'.repeat(40);
    const requests = ['a', 'b'].flatMap((end) => [
      ask({ project: long, environment: `${'e'.repeat(39)}${end}` }),
      ask({ project: long, environment: 'e'.repeat(40), id: `${'i'.repeat(62)}${end}` }),
    ]);
    const outputs = await Promise.all(requests.map(provision));
    const names = outputs.map(({ values }) => values.name ?? '');
    expect(new Set(names).size).toBe(4);
    for (const name of names) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
    expect(await asTenant(outputs[0]!, 'SELECT 1 AS value')).toEqual([{ value: 1 }]);
    await expect(asTenant(outputs[0]!, 'SELECT 1', names[2])).rejects.toMatchObject({ code: '42501' });
    for (const request of requests) await postgres.deprovision(ports, request);
  });

  it.each([
    [{ project: 'pg', environment: 'catalog' }, 'a reserved prefix'],
    [{ project: 'a', environment: 'b-c' }, 'parts that read alike when joined'],
    [{ project: 'a-b', environment: 'c' }, 'parts that read alike when joined'],
  ])('takes %o: %s', async (asking) => {
    const outputs = await provision(ask(asking));
    expect(await asTenant(outputs, 'SELECT 1 AS value')).toEqual([{ value: 1 }]);
    await postgres.deprovision(ports, ask(asking));
  });
});

describe('postgres: only its own', () => {
  const request = ask({ environment: 'taken' });
  let name = '';
  beforeAll(async () => {
    name = (await provision(request)).values.name ?? '';
    await postgres.deprovision(ports, request);
  });

  it('does not adopt a database, a role, or either with another tag, and leaves them alone', async () => {
    const foreign = [
      [`CREATE DATABASE "${name}"`],
      [`CREATE DATABASE "${name}"`, `COMMENT ON DATABASE "${name}" IS 'berth:older:${request.uid}'`],
      [`CREATE ROLE "${name}" LOGIN PASSWORD 'x'`],
      [`CREATE ROLE "${name}"`, `COMMENT ON ROLE "${name}" IS 'berth:older:${request.uid}'`],
    ];
    for (const statements of foreign) {
      await admin(...statements);
      const { code, text } = await problemOf(provision(request));
      expect(code).toBe('invalid_resource');
      expect(text).toContain('not its own');
      await postgres.deprovision(ports, request);
      const kind = statements[0]?.includes('DATABASE') ? 'DATABASE' : 'ROLE';
      const table = kind === 'DATABASE' ? 'pg_database WHERE datname' : 'pg_roles WHERE rolname';
      expect(await admin(`SELECT 1 AS there FROM ${table} = '${name}'`)).toEqual([{ there: 1 }]);
      expect(await postgres.inventory(ports, request)).toEqual([]);
      await admin(`DROP ${kind} "${name}"`);
    }
  });

  it('does not take over what an earlier environment of the same name left', async () => {
    await provision(request);
    const next = { ...request, environmentId: 'the-next' };
    expect((await problemOf(provision(next))).code).toBe('invalid_resource');
    expect(await postgres.inventory(ports, next)).not.toContain(`database ${name}`);
    await postgres.deprovision(ports, request);
    const outputs = await provision(next);
    expect(await asTenant(outputs, 'SELECT 1 AS value')).toEqual([{ value: 1 }]);
    await postgres.deprovision(ports, next);
  });

  it.each(['the role is there', 'the database is there, without its tag'])(
    'goes on after a crash when %s',
    async (what) => {
      const tag = `berth:${request.environmentId}:${request.uid}`;
      await admin(`CREATE ROLE "${name}" LOGIN`, `COMMENT ON ROLE "${name}" IS '${tag}'`);
      if (what.includes('database')) {
        await admin(`CREATE DATABASE "${name}" OWNER "${name}" ALLOW_CONNECTIONS false`);
        expect(await postgres.inventory(ports, request)).toEqual([`database ${name}`, `role ${name}`]);
      }
      const outputs = await provision(request);
      expect(await asTenant(outputs, 'SELECT 1 AS value')).toEqual([{ value: 1 }]);
      await postgres.deprovision(ports, request);
      expect(await postgres.inventory(ports, request)).toEqual([]);
    },
  );
});

describe('postgres: twice at once', () => {
  it('gives the same to all who ask for the same at the same time', async () => {
    const request = ask({ environment: 'busy' });
    const all = await Promise.all(Array.from({ length: 6 }, () => provision(request)));
    for (const outputs of all) expect(outputs).toEqual(all[0]);
    expect(await asTenant(all[0]!, 'SELECT 1 AS value')).toEqual([{ value: 1 }]);
    await Promise.all(Array.from({ length: 4 }, () => postgres.deprovision(ports, request)));
    expect(await postgres.inventory(ports, request)).toEqual([]);
  });

  it('makes many different ones at once', async () => {
    const requests = Array.from({ length: 5 }, (_, index) => ask({ environment: `pr-${index}` }));
    const all = await Promise.all(requests.map(provision));
    expect(new Set(all.map(({ values }) => values.name)).size).toBe(5);
    await Promise.all(requests.map((request) => postgres.deprovision(ports, request)));
  });
});

describe('postgres: removal', () => {
  it('ends sessions, leaves nothing, and does so again without error', async () => {
    const request = ask({ environment: 'gone' });
    const outputs = await provision(request);
    const client = new pg.Client({ connectionString: await secretOf(outputs, 'url') });
    const ended = new Promise((resolve) => client.on('error', resolve));
    await client.connect();
    await client.query('CREATE SCHEMA mine');
    await client.query('CREATE TABLE mine.things (a int)');
    await client.query(`SELECT lo_create(0)`);
    const { name } = outputs.values;
    expect(await postgres.inventory(ports, request)).toEqual([
      `database ${name}`,
      `role ${name}`,
      'secret demo/gone/resources/postgres.default#guestbook.db/password',
      'secret demo/gone/resources/postgres.default#guestbook.db/url',
    ]);
    await postgres.deprovision(ports, request);
    await ended;
    expect(await postgres.inventory(ports, request)).toEqual([]);
    await postgres.deprovision(ports, request);
    expect(await admin(`SELECT 1 FROM pg_database WHERE datname = '${name}'`)).toEqual([]);
    await expect(secretOf(outputs, 'password')).rejects.toThrow();

    const again = await provision(request);
    expect(again.values).toEqual(outputs.values);
    expect(again.secrets.password?.version).not.toBe(outputs.secrets.password?.version);
    expect(await asTenant(again, `SELECT to_regclass('mine.things') AS found`)).toEqual([{ found: null }]);
    await postgres.deprovision(ports, request);
  });

  it('removes what was never made', async () => {
    await postgres.deprovision(ports, ask({ environment: 'never' }));
    expect(await postgres.inventory(ports, ask({ environment: 'never' }))).toEqual([]);
  });
});

describe('postgres: params', () => {
  it('adds extensions that the server trusts to owners, and again without error', async () => {
    const request = ask({
      environment: 'extended',
      params: { extensions: ['pg_trgm', 'uuid-ossp', 'hstore'] },
    });
    const outputs = await provision(request);
    expect(await provision(request)).toEqual(outputs);
    // Added by the tenant's role: what the tenant left in the database could not trick the administrator.
    expect(
      await asTenant(
        outputs,
        `SELECT extname::text AS name FROM pg_extension WHERE extowner::regrole::text = format('%I', current_user) ORDER BY 1`,
      ),
    ).toEqual([{ name: 'hstore' }, { name: 'pg_trgm' }, { name: 'uuid-ossp' }]);
    expect(await asTenant(outputs, `SELECT similarity('berth', 'birth') > 0 AS near`)).toEqual([
      { near: true },
    ]);
    await postgres.deprovision(ports, request);
    expect(await postgres.inventory(ports, request)).toEqual([]);
  });

  it('refuses extensions that reach beyond the database or are not there, and says which there are', async () => {
    for (const extension of ['file_fdw', 'dblink', 'plpython3u', 'no_such']) {
      const request = ask({ environment: 'refused', params: { extensions: [extension] } });
      const { code, text } = await problemOf(provision(request));
      expect(code).toBe('invalid_resource');
      expect(text).toContain(extension);
      expect(text).toContain('pg_trgm');
      expect(await postgres.inventory(ports, request)).toEqual([]);
    }
  });

  it.each([
    { extensions: ['hstore"; DROP DATABASE postgres; --'] },
    { extensions: ['hstore\n'] },
    { extensions: [`a'b`] },
    { extensions: ['../x'] },
    { extensions: 'hstore' },
    { extensions: Array(21).fill('hstore') },
    { version: '17' },
    { name: 'postgres' },
    [],
    null,
  ])('refuses %j', (params) => {
    expect(postgres.params.safeParse(params).success).toBe(false);
  });

  it('refuses another class, and ids that would reach other secrets', async () => {
    const large = { ...ask(), class: 'large', uid: 'postgres.large#guestbook.db' };
    expect((await problemOf(provision(large))).code).toBe('invalid_resource');
    for (const id of ['../../production/env/API_KEY', 'a/b', '..', '', 'a b', 'a\n', `'; --`]) {
      const hostile = { ...ask(), id, uid: id };
      expect((await problemOf(provision(hostile))).code, id).toBe('invalid_resource');
    }
  });
});

describe('postgres: a server of its own', () => {
  const dedicated = (asking: Asking = {}): ResourceRequest =>
    requestFor({ type: 'postgres', class: 'dedicated' }, { name: 'db', ...asking });

  it('gives what the shared one gives, on another server, and leaves nothing', async () => {
    const request = dedicated({ project: 'own--a', environment: 'dev' });
    const outputs = await provision(request);
    expect(await provision(request)).toEqual(outputs);
    const shared = await ports.databases.endpoint();
    expect(outputs.values.port).not.toBe(String(shared.port));
    expect(await asTenant(outputs, 'SELECT current_user::text AS name')).toEqual([
      { name: outputs.values.username },
    ]);
    expect(await admin(`SELECT 1 FROM pg_database WHERE datname = '${outputs.values.name}'`)).toEqual([]);
    expect(await postgres.inventory(ports, request)).toEqual([
      expect.stringMatching(/^database server berth-own-a-dev-[0-9a-f]{12}$/),
      expect.stringMatching(/^secret /),
      expect.stringMatching(/^secret /),
    ]);
    // A later environment of the same name does not get the resources of the former one.
    const later = { ...request, environmentId: 'later' };
    expect((await problemOf(provision(later))).code).toBe('invalid_resource');

    await postgres.deprovision(ports, request);
    await postgres.deprovision(ports, request);
    expect(await postgres.inventory(ports, request)).toEqual([]);
    await expect(asTenant(outputs, 'SELECT 1')).rejects.toThrow();
    expect(readdirSync(join(directory, 'postgres', 'dedicated'))).toEqual([]);
  });

  it('is refused where there are none, before anything is kept of it', async () => {
    const { dedicated: _, ...shared } = ports.databases;
    const without = { ...ports, databases: shared };
    for (const call of [postgres.check!, postgres.provision]) {
      const { code, text } = await problemOf(call(without, dedicated()));
      expect(code).toBe('invalid_resource');
      expect(text).toContain('no servers of their own');
    }
  });

  it('that takes its time is asked for again, and handed over near the end of the step’s', async () => {
    const slow = {
      ...ports,
      databases: { ...ports.databases, dedicated: { ensure: async () => undefined } },
    };
    await expect(postgres.provision(slow as unknown as TestPorts, dedicated())).rejects.toThrow(
      ResourcePending,
    );
    let asked = 0;
    const pending = async () => {
      asked++;
      throw new ResourcePending('not yet');
    };
    await expect(untilSettled(AbortSignal.abort(), pending)).rejects.toThrow(StillProgressing);
    expect(asked).toBe(1);
  });

  it('tells which snapshots of it stay where the place makes them, and none of a shared server', async () => {
    const asked: string[] = [];
    const snapshots = async (name: string, tag: string) => {
      asked.push(tag);
      return [`${name}-last-0a1b2c3d`];
    };
    const keeping = { ...ports, databases: { ...ports.databases, dedicated: { snapshots } } };
    const kept = (request: ResourceRequest) => postgres.kept?.(keeping as unknown as TestPorts, request);
    expect(await kept(dedicated())).toEqual([
      expect.stringMatching(/^database snapshot berth-.*-last-0a1b2c3d$/),
    ]);
    expect(asked).toHaveLength(1);
    expect(await kept(requestFor({ type: 'postgres' }, { name: 'db' }))).toEqual([]);
    expect(await postgres.kept?.(ports, dedicated())).toEqual([]);
  });
});

describe('postgres: an administrator who is no superuser, as on Aurora', () => {
  it('makes and removes the same with the same SQL', async () => {
    await admin(
      `CREATE ROLE manager LOGIN CREATEDB CREATEROLE PASSWORD '${await scramVerifier('manager', 'secret')}'`,
      'GRANT CONNECT ON DATABASE postgres TO manager',
      // RDS gives its master user the like.
      'GRANT pg_signal_backend TO manager',
    );
    const { host, port } = await ports.databases.endpoint();
    const target = { host, port, user: 'manager', password: 'secret' };
    const databases: Databases = {
      ...ports.databases,
      connect: (database = 'postgres') => connectPostgres({ ...target, database }),
    };
    const managed = { ...ports, databases };
    const request = ask({ environment: 'managed', params: { extensions: ['citext'] } });
    const outputs = await postgres.provision(managed, request);
    expect(await postgres.provision(managed, request)).toEqual(outputs);
    await asTenant(outputs, 'CREATE TABLE things (name citext)');
    await expect(asTenant(outputs, 'SET ROLE manager')).rejects.toMatchObject({ code: '42501' });
    await postgres.deprovision(managed, request);
    expect(await postgres.inventory(managed, request)).toEqual([]);
    await admin('REVOKE CONNECT ON DATABASE postgres FROM manager', 'DROP ROLE manager');
  });
});

describe('postgres: rotation', () => {
  const request = ask({ id: 'rotated' });
  const { rotate, restore, retire } = postgres.rotation!;
  const refused = (outputs: ResourceOutputs) =>
    asTenant(outputs, 'SELECT 1').then(
      () => false,
      () => true,
    );

  it('has two roles take turns: the one in use is good until it is retired, and what either makes is common', async () => {
    const first = await provision(request);
    await asTenant(first, 'CREATE TABLE notes (text text)');
    const second = await rotate(ports, request, first);
    expect(second.values.username).not.toBe(first.values.username);
    expect(second.values.database).toBe(first.values.database);
    await asTenant(first, `INSERT INTO notes VALUES ('by the first')`);
    await asTenant(second, `INSERT INTO notes VALUES ('by the second'); CREATE TABLE more (x int)`);
    await asTenant(first, 'DROP TABLE more');
    expect(await provision(request)).toEqual(second);
    await retire(ports, request, first, second);
    await retire(ports, request, first, second);
    expect(await ports.secrets.get(first.secrets.url!.secret, first.secrets.url!.version)).toBeUndefined();
    expect(await asTenant(second, 'SELECT count(*)::int AS n FROM notes')).toEqual([{ n: 2 }]);
    const third = await rotate(ports, request, second);
    expect(third.values.username).toBe(first.values.username);
    await retire(ports, request, second, third);
    expect(await refused(second)).toBe(true);
    expect(await asTenant(third, 'SELECT count(*)::int AS n FROM notes')).toEqual([{ n: 2 }]);
    expect(await provision(request)).toEqual(third);
  });

  it('ends the sessions of the role that is retired', async () => {
    const first = await provision(request);
    const client = new pg.Client({ connectionString: await secretOf(first, 'url') });
    const ended = new Promise((resolve) => client.on('error', resolve));
    await client.connect();
    const second = await rotate(ports, request, first);
    await retire(ports, request, first, second);
    expect(String(await ended)).toContain('terminating connection');
    expect(await asTenant(second, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('that is taken back leaves the role in use, again and again', async () => {
    const first = await provision(request);
    for (let round = 0; round < 2; round++) {
      await rotate(ports, request, first);
      expect(await restore(ports, request, first)).toEqual(first);
      expect(await provision(request)).toEqual(first);
      expect(await asTenant(first, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    }
  });

  it('run twice before anyone took the new credentials gives ones that work', async () => {
    const first = await provision(request);
    await rotate(ports, request, first);
    const again = await rotate(ports, request, first);
    expect(await asTenant(again, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await asTenant(first, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('leaves nothing behind when the resource goes', async () => {
    await postgres.deprovision(ports, request);
    expect(await postgres.inventory(ports, request)).toEqual([]);
    expect(await admin(`SELECT rolname FROM pg_roles WHERE rolname LIKE '%rotated%'`)).toEqual([]);
  });
});

describe('postgres: connections are shared among projects', () => {
  it('A project has at most half of the connections of the server, however many databases it has', async () => {
    const made: ResourceRequest[] = [];
    const request = (at: number): ResourceRequest => {
      const asked = ask({ project: 'crowd', name: `db${at}` });
      made.push(asked);
      return asked;
    };
    const sums = () =>
      admin(`SELECT sum(rolconnlimit)::int AS sum, min(rolconnlimit) AS least, count(*)::int AS roles
             FROM pg_roles WHERE rolcanlogin AND starts_with(rolname, 'berth_crowd_')`);
    const [server] = await admin(`SELECT current_setting('max_connections')::int AS most`);
    const half = Number(server?.most) / 2;
    // The others are roles alone: databases would be the same to the shares, and take longer.
    const others = Array.from({ length: half / 4 - 2 }, (_, at) => `berth_crowd_other${at}`);
    await provision(request(0));
    await admin(...others.map((role) => `CREATE ROLE ${role} LOGIN`));
    await provision(request(1));
    expect(await sums()).toEqual([{ sum: half, least: 4, roles: half / 4 }]);
    expect(await problemOf(provision(request(99)))).toMatchObject({ code: 'invalid_resource' });

    const [crowded] = await admin(
      `SELECT shobj_description(oid, 'pg_authid') AS tag FROM pg_roles WHERE rolname LIKE 'berth_crowd_%' LIMIT 1`,
    );
    expect(crowded).toBeDefined();
    // What one role holds takes nothing from another project.
    const url = await secretOf(await provision(made[0]!), 'url');
    // One after the other: PostgreSQL counts one that it is about to refuse as well.
    const open: pg.Client[] = [];
    for (let at = 0; at < 6; at++) {
      const client = new pg.Client({ connectionString: url });
      client.on('error', () => undefined);
      await client.connect().then(
        () => open.push(client),
        () => undefined,
      );
    }
    expect(open).toHaveLength(4);
    expect(await asTenant(await provision(ask()), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await Promise.all(open.map((client) => client.end()));

    await admin(...others.map((role) => `DROP ROLE ${role}`));
    for (const one of made) await postgres.deprovision(ports, one);
  });

  it('What a removed database had goes to the others of its project', async () => {
    const requests = [0, 1, 2, 3].map((at) => ask({ project: 'less', name: `db${at}` }));
    for (const one of requests) await provision(one);
    const limitsNow = () =>
      admin(`SELECT DISTINCT rolconnlimit AS most FROM pg_roles WHERE starts_with(rolname, 'berth_less_')`);
    expect(await limitsNow()).toEqual([{ most: 25 }]);
    for (const one of requests.slice(1)) await postgres.deprovision(ports, one);
    expect(await limitsNow()).toEqual([{ most: 40 }]);
    await postgres.deprovision(ports, requests[0]!);
  });
});

describe('postgres: names are data to the SQL', () => {
  it.each([
    `x"; DROP DATABASE postgres; --`,
    `x'; SELECT 1; --`,
    '%I %s %L $1',
    'back\\slash',
    'ÜBERGRÖSSE 🚢',
    'public"."x',
  ])('makes, finds and removes %s', async (name) => {
    const spec = { name, second: `${name} b`, prefix: name, tag: `berth:${name}:'"\\` };
    const verifier = await scramVerifier(name, 'password');
    await withDatabaseLock(ports.databases, name, async (sql) => {
      await ensureDatabase(sql, { ...spec, login: name, verifier });
      await ensureDatabase(sql, { ...spec, login: name, verifier });
      expect(await listDatabase(sql, spec)).toEqual([`database ${name}`, `role ${name}`]);
      await ensureDatabase(sql, { ...spec, login: spec.second, verifier });
      expect(await listDatabase(sql, { ...spec, tag: 'berth:other' })).toEqual([]);
      await dropDatabase(sql, { ...spec, tag: 'berth:other' });
      expect(await listDatabase(sql, spec)).toEqual([
        `database ${name}`,
        `role ${name}`,
        `role ${spec.second}`,
      ]);
      await dropDatabase(sql, spec);
      await dropDatabase(sql, spec);
      expect(await listDatabase(sql, spec)).toEqual([]);
    });
    expect(await admin(`SELECT count(*)::int AS n FROM pg_database WHERE datname = 'postgres'`)).toEqual([
      { n: 1 },
    ]);
  });
});
