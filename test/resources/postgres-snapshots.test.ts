/** Masked snapshots: what is copied from one is masked, belongs to its new owner alone, and goes with the database that it is of. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectPostgres } from '../../functions/adapters/postgres/connections.ts';
import { factsOf } from '../../functions/adapters/postgres/copy/facts.ts';
import { limits } from '../../functions/core/limits.ts';
import type { SqlConnection } from '../../functions/ports/databases.ts';
import { readDatabase, swapBeside } from '../../functions/resources/postgres/postgres-copies.ts';
import {
  copyMasked,
  dropHalfMade,
  dropSnapshots,
  listSnapshots,
  type MaskedCopy,
} from '../../functions/resources/postgres/postgres-snapshots.ts';
import { type DatabaseSpec, ensureDatabase } from '../../functions/resources/postgres/postgres-sql.ts';
import { scramVerifier } from '../../functions/resources/postgres/scram.ts';
import { ResourcePending } from '../../functions/resources/type.ts';
import { temporaryDirectories } from '../support/files/temporary.ts';
import { openPorts, type TestPorts } from './ports.ts';

const directory = temporaryDirectories()();
const PASSWORD = 'a password';
const MASK = ["UPDATE people SET name = 'masked'"];
const signal = AbortSignal.timeout(120_000);
const HOUR_MS = limits.snapshotSeconds.value * 1000;
let ports: TestPorts;
let from: DatabaseSpec;
let made = 0;
let reads = 0;

const asAdministrator = async <T>(work: (sql: SqlConnection) => Promise<T>): Promise<T> => {
  const sql = await ports.databases.connect();
  return work(sql).finally(() => sql.end());
};

async function make(name: string): Promise<DatabaseSpec> {
  const spec = { name, second: `${name}_b`, prefix: 'berth_snap_', tag: name };
  const verifier = await scramVerifier(name, PASSWORD);
  await asAdministrator((sql) => ensureDatabase(sql, { ...spec, login: name, verifier }));
  return spec;
}

async function within<T>({ name }: DatabaseSpec, work: (sql: SqlConnection) => Promise<T>): Promise<T> {
  const { host, port } = await ports.databases.endpoint();
  const sql = await connectPostgres({ host, port, user: name, password: PASSWORD, database: name });
  await sql.query('SET search_path = public');
  return work(sql).finally(() => sql.end());
}
const run = (spec: DatabaseSpec, ...texts: string[]) =>
  within(spec, async (sql) => {
    let rows: Record<string, unknown>[] = [];
    for (const text of texts) rows = await sql.query(text);
    return rows;
  });
const namesIn = async (spec: DatabaseSpec) =>
  (await run(spec, 'SELECT DISTINCT name FROM people ORDER BY 1')).map(({ name }) => name);

const how = (more: Partial<MaskedCopy> = {}): MaskedCopy => ({
  operation: `op-${++made}`,
  nonce: String(made),
  statements: MASK,
  signal,
  now: 1_000_000,
  password: PASSWORD,
  async *read() {
    reads++;
    const login = { database: from.name, username: from.name, password: PASSWORD };
    yield* readDatabase(ports.databases, login, signal);
  },
  ownsSource: async () => undefined,
  ...more,
});

/** A database of its own that begins with the masked data. */
async function copied(more?: Partial<MaskedCopy>): Promise<DatabaseSpec> {
  const to = await make(`berth_snap_to_${made}`);
  const copy = how(more);
  expect(await copyMasked(ports.databases, from, to, copy)).toBe(true);
  await swapBeside(ports.databases, to, copy.operation, 'copy');
  return to;
}

beforeAll(async () => {
  ports = await openPorts(directory);
  from = await make('berth_snap_from');
  await run(
    from,
    'CREATE SCHEMA private',
    'CREATE TABLE people (id serial PRIMARY KEY, name text)',
    'CREATE VIEW private.some AS SELECT * FROM people WHERE id < 10',
    'CREATE FUNCTION private.one() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
    'REVOKE ALL ON people FROM PUBLIC',
    'GRANT SELECT ON people TO PUBLIC',
    "INSERT INTO people (name) SELECT 'Ada ' || n FROM generate_series(1, 50) AS n",
    `ALTER DATABASE ${from.name} SET search_path = private, public`,
  );
});
afterAll(() => ports.close());

it('A copy is masked, has all that the database has, and is its new owner’s', async () => {
  const to = await copied();
  expect(await namesIn(to)).toEqual(['masked']);
  const facts = (spec: DatabaseSpec) =>
    within(spec, async (sql) =>
      (await factsOf(sql, signal)).lines.filter((line) => !/^rows /.test(line)).sort(),
    );
  // Names of the two owners are none of the facts.
  expect(await facts(to)).toEqual(await facts(from));
  await run(to, 'DROP VIEW private.some', 'DROP FUNCTION private.one()', 'DROP TABLE people');
});

it('The second one is made of the first one’s snapshot, until that is too old', async () => {
  const before = reads;
  await run(from, "INSERT INTO people (name) VALUES ('late')");
  const rows = async (more?: Partial<MaskedCopy>) =>
    Number((await run(await copied(more), 'SELECT count(*) AS count FROM people'))[0]?.count);
  expect([await rows({ now: 1_000_000 + HOUR_MS - 1 }), reads]).toEqual([50, before]);
  expect([await rows({ now: 1_000_000 + HOUR_MS }), reads]).toEqual([51, before + 1]);
  expect(await asAdministrator((sql) => listSnapshots(sql, from))).toHaveLength(1);
});

it('What can not be given to another owner is copied the long way, and nothing of the try stays', async () => {
  await run(
    from,
    'ALTER TABLE people ENABLE ROW LEVEL SECURITY',
    `CREATE POLICY own ON people TO ${from.name} USING (true)`,
  );
  const to = await make('berth_snap_policy');
  const before = reads;
  // Other statements mask other data.
  const statements = ["UPDATE people SET name = 'else'"];
  const copy = how({ now: 1_000_000 + HOUR_MS, statements });
  expect([await copyMasked(ports.databases, from, to, copy), reads]).toEqual([false, before + 1]);
  const names = await asAdministrator((sql) =>
    sql.query("SELECT datname FROM pg_database WHERE datname ~ '_new_'"),
  );
  expect(names).toEqual([]);
  await run(from, 'DROP POLICY own ON people', 'ALTER TABLE people DISABLE ROW LEVEL SECURITY');
});

it('Nobody logs in to a snapshot, and it goes with its database', async () => {
  const [snapshot] = await asAdministrator((sql) =>
    sql.query<{ name: string; login: boolean; open: boolean }>(
      "SELECT datname::text AS name, datallowconn AS open, rolcanlogin AS login FROM pg_database JOIN pg_roles ON rolname = datname WHERE datname ~ '_sna_'",
    ),
  );
  expect(snapshot).toMatchObject({ login: false, open: false });
  await asAdministrator((sql) => dropSnapshots(sql, from));
  const left = await asAdministrator((sql) =>
    sql.query(
      "SELECT rolname FROM pg_roles WHERE rolname ~ '_sn[ab]_' UNION SELECT datname FROM pg_database WHERE datname ~ '_sna_'",
    ),
  );
  expect(left).toEqual([]);
});

it('A second call does not wait for the first one, which is masking, and nothing is made of a base that is gone', async () => {
  const to = await make('berth_snap_wait');
  const second = async (): Promise<void> => {
    const pending = copyMasked(ports.databases, from, to, how({ now: 2e10 }));
    await expect(pending).rejects.toBeInstanceOf(ResourcePending);
  };
  let owned = 0;
  const first = how({
    now: 2e10,
    async ownsSource() {
      if (++owned === 1) return second();
      throw new Error('The base was destroyed.');
    },
  });
  await expect(copyMasked(ports.databases, from, to, first)).rejects.toThrow('destroyed');
  expect(await asAdministrator((sql) => listSnapshots(sql, from))).toEqual([]);
});

it('A base that goes while the role of its snapshot is made is no error of the server, and nothing of it is read', async () => {
  await asAdministrator((sql) => dropSnapshots(sql, from));
  const to = await make('berth_snap_gone');
  const before = reads;
  let owned = 0;
  const copy = how({
    now: 2.5e10,
    async ownsSource() {
      if (++owned === 1) return;
      await asAdministrator((sql) => dropSnapshots(sql, from));
      throw new Error('The base was destroyed.');
    },
  });
  await expect(copyMasked(ports.databases, from, to, copy)).rejects.toThrow('destroyed');
  expect([reads, await asAdministrator((sql) => listSnapshots(sql, from))]).toEqual([before, []]);
});

it('One that is replaced before it is copied is waited for anew, and no error', async () => {
  await copied({ now: 3e10 });
  const to = await make('berth_snap_replaced');
  const stale = how({
    now: 3e10,
    // The masking of the project was changed, and another preview made its own in the meantime.
    stillOwned: async () => void (await asAdministrator((sql) => dropSnapshots(sql, from))),
  });
  await expect(copyMasked(ports.databases, from, to, stale)).rejects.toBeInstanceOf(ResourcePending);
});

it('What whoever died has left half made is removed, unless another call is at it; what is whole stays', async () => {
  await asAdministrator((sql) => dropSnapshots(sql, from));
  const to = await make('berth_snap_half');
  const listed = () => asAdministrator((sql) => listSnapshots(sql, from));
  let meanwhile: string[] = [];
  const copy = how({ now: 4e10 });
  const watched = {
    ...copy,
    async *read() {
      await dropHalfMade(ports.databases, from);
      meanwhile = await listed();
      yield* copy.read();
    },
  };
  expect(await copyMasked(ports.databases, from, to, watched)).toBe(true);
  expect(meanwhile).toHaveLength(1);
  const name = 'berth_snap_sna_half';
  const spec = { name, second: `${name}_b`, prefix: from.prefix, tag: `${from.tag} snapshot other 1` };
  const verifier = await scramVerifier(name, PASSWORD);
  await asAdministrator((sql) => ensureDatabase(sql, { ...spec, login: name, verifier }));
  expect(await listed()).toHaveLength(2);
  await dropHalfMade(ports.databases, from);
  expect(await listed()).toEqual(meanwhile);
  const left = await asAdministrator((sql) =>
    sql.query('SELECT datname FROM pg_database WHERE starts_with(datname, $1)', [name]),
  );
  expect(left).toEqual([]);
});
