/**
 * Masked snapshots of a database: a copy on the same server that is masked already, for environments that begin with the same data. A
 * copy of it is one of files, made within a second or two where all rows would take as many minutes. What is in it belongs to a role of its
 * own, which nobody logs in as, and the database itself to the administrator: nobody but Berth can write that it is one.
 */
import { limits } from '../../core/limits.ts';
import { shortHash } from '../../core/names.ts';
import type { DatabaseServer, SqlConnection } from '../../ports/databases.ts';
import { ResourcePending } from '../type.ts';
import {
  copyTag,
  dropCopies,
  finish,
  loadBeside,
  type Maker,
  type Making,
  nameOf,
  readyTag,
} from './postgres-copies.ts';
import {
  type DatabaseSpec,
  databasesBeside,
  disableLogin,
  dropDatabase,
  ensureDatabase,
  run,
  withDatabaseLock,
} from './postgres-sql.ts';
import { scramVerifier } from './scram.ts';

/** The operation that copies are made for which become snapshots. */
const OPERATION = 'snapshot';
const WHOLE = ' whole';

interface Snapshot {
  /** Of the role and the database. */
  name: string;
  tag: string;
  /** It can be copied. */
  whole: boolean;
}

const prefixOf = ({ tag }: DatabaseSpec): string => `${tag} snapshot `;

/** Only administrators comment on roles, so that a role with the comment is Berth's. */
const snapshotsOf = (sql: SqlConnection, spec: DatabaseSpec): Promise<Snapshot[]> =>
  sql.query<{ name: string; tag: string; whole: boolean }>(
    `SELECT r.rolname::text AS name, shobj_description(r.oid, 'pg_authid') AS tag, EXISTS (
       SELECT FROM pg_database AS d JOIN pg_roles AS o ON o.oid = d.datdba AND o.rolname = current_user
       WHERE d.datname = r.rolname
         AND shobj_description(d.oid, 'pg_database') = shobj_description(r.oid, 'pg_authid') || $2) AS whole
     FROM pg_roles AS r WHERE starts_with(shobj_description(r.oid, 'pg_authid'), $1) ORDER BY 1`,
    [prefixOf(spec), WHOLE],
  );

const specOfSnapshot = ({ prefix }: DatabaseSpec, { name, tag }: Omit<Snapshot, 'whole'>): DatabaseSpec => ({
  name,
  second: `${prefix}snb_${shortHash(name, 12)}`,
  prefix,
  tag,
});

/**
 * Removes snapshots of a database; whoever calls has the lock of the project. Idempotent.
 * @param which all of them by default
 */
export async function dropSnapshots(
  sql: SqlConnection,
  spec: DatabaseSpec,
  which: (one: Snapshot) => boolean = () => true,
): Promise<void> {
  for (const one of (await snapshotsOf(sql, spec)).filter(which)) {
    if (one.whole) await run(sql, 'DROP DATABASE IF EXISTS %I WITH (FORCE)', one.name);
    await dropDatabase(sql, specOfSnapshot(spec, one));
  }
}

export const listSnapshots = async (sql: SqlConnection, spec: DatabaseSpec): Promise<string[]> =>
  (await snapshotsOf(sql, spec)).map(({ name }) => `snapshot ${name}`);

export interface MaskedCopy extends Maker {
  /** Of this call alone. */
  nonce: string;
  statements: readonly string[];
  signal: AbortSignal;
  now: number;
  /** A password for the time in which the snapshot is filled. */
  password: string;
  /** All of the source, where a snapshot has to be made. */
  read(): AsyncIterable<Uint8Array>;
  ownsSource(): Promise<void>;
  stillOwned?: () => Promise<void>;
}

/**
 * Makes the masked copy of a database beside another one on the same server, from a snapshot that is new enough.
 * @returns whether it is there; not where what is in it can not change its owner, such as a policy for that very role
 * @throws ResourcePending while another call makes the snapshot | Problem backup_failed | masking_failed
 */
export async function copyMasked(
  server: DatabaseServer,
  from: DatabaseSpec,
  to: DatabaseSpec,
  copy: MaskedCopy,
): Promise<boolean> {
  const name = (await freshSnapshot(server, from, copy)) ?? (await makeSnapshot(server, from, copy));
  const made = nameOf(to, 'new', `${copy.operation} ${copy.nonce}`);
  const isMade = await withDatabaseLock(server, to.prefix, async (sql) => {
    await copy.stillOwned?.();
    await dropCopies(sql, to, copy);
    // Another call may have made a newer one in its place, or the base may be gone with it.
    if (!(await snapshotsOf(sql, from)).some((one) => one.whole && one.name === name))
      throw new ResourcePending('The data are being masked anew.');
    const strategy = await strategyFor(server, sql, name);
    const template = `CREATE DATABASE %I OWNER %I TEMPLATE %I STRATEGY ${strategy} ALLOW_CONNECTIONS false`;
    await run(sql, template, made, to.name, name);
    await run(sql, 'COMMENT ON DATABASE %I IS %L', made, copyTag(to, copy.operation));
    await run(sql, 'REVOKE ALL ON DATABASE %I FROM PUBLIC', made);
    await copySettings(sql, name, made);
    await run(sql, 'ALTER DATABASE %I ALLOW_CONNECTIONS true', made);
    if (await handOver(server, made, { from: name, to: to.name })) return true;
    await dropCopies(sql, to, copy);
    return false;
  });
  if (isMade) await finish(server, to, copy, made);
  return isMade;
}

/** Through the write-ahead log nothing is waited for that others write; for what is large that is twice the work. Bytes. */
const LOGGED_BYTES = 256 * 2 ** 20;

async function strategyFor(
  server: DatabaseServer,
  sql: SqlConnection,
  name: string,
): Promise<'FILE_COPY' | 'WAL_LOG'> {
  // Servers before PostgreSQL 18 have no such setting.
  const clones = (await server.clonesFiles?.()) === true;
  if (clones) await sql.query("SET file_copy_method = 'clone'").catch(() => undefined);
  const [size] = await sql.query<{ bytes: string }>('SELECT pg_database_size($1::name)::text AS bytes', [
    name,
  ]);
  return clones || Number(size?.bytes) > LOGGED_BYTES ? 'FILE_COPY' : 'WAL_LOG';
}

/** The name of a whole snapshot that is masked by the same statements. */
async function freshSnapshot(
  server: DatabaseServer,
  from: DatabaseSpec,
  { statements, now }: MaskedCopy,
): Promise<string | undefined> {
  const sql = await server.connect();
  const found = await snapshotsOf(sql, from).finally(() => sql.end());
  const wanted = `${prefixOf(from)}${keyOf(statements)} `;
  return found.find(({ whole, tag }) => {
    const madeAt = Number(tag.slice(wanted.length));
    return whole && tag.startsWith(wanted) && now - madeAt < limits.snapshotSeconds.value * 1000;
  })?.name;
}

const keyOf = (statements: readonly string[]): string => shortHash(JSON.stringify(statements), 12);

async function makeSnapshot(server: DatabaseServer, from: DatabaseSpec, copy: MaskedCopy): Promise<string> {
  const made = await alone(
    server,
    from,
    async () => (await freshSnapshot(server, from, copy)) ?? (await fill(server, from, copy)),
  );
  if (made === undefined) throw new ResourcePending('The data are being masked.');
  return made;
}

/** Does what one call at a time does to the snapshots of a database. @returns undefined where another one is at it */
async function alone<T>(
  server: DatabaseServer,
  from: DatabaseSpec,
  work: () => Promise<T>,
): Promise<T | undefined> {
  const sql = await server.connect();
  try {
    // Minutes are too long to wait for in a line. The lock goes with the session.
    const [lock] = await sql.query<{ got: boolean }>(
      'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS got',
      [`berth:snapshot:${from.name}`],
    );
    return lock?.got === true ? await work() : undefined;
  } finally {
    await sql.end();
  }
}

/** Removes what whoever died over making a snapshot has left of it: it may hold data that are not masked. */
export async function dropHalfMade(server: DatabaseServer, from: DatabaseSpec): Promise<void> {
  await alone(server, from, () =>
    withDatabaseLock(server, from.prefix, (sql) => dropSnapshots(sql, from, ({ whole }) => !whole)),
  );
}

/** Makes a snapshot in the place of those before, which whoever died over making them has left as well. */
async function fill(server: DatabaseServer, from: DatabaseSpec, copy: MaskedCopy): Promise<string> {
  const { statements, signal, now, nonce, password, ownsSource } = copy;
  const tag = `${prefixOf(from)}${keyOf(statements)} ${now}`;
  const spec = specOfSnapshot(from, { name: `${from.prefix}sna_${shortHash(`${tag} ${nonce}`, 12)}`, tag });
  const login = { username: spec.name, password };
  await withDatabaseLock(server, from.prefix, async (sql) => {
    await ownsSource();
    await dropSnapshots(sql, from);
    await ensureDatabase(sql, {
      ...spec,
      login: spec.name,
      verifier: await scramVerifier(spec.name, password),
    });
  });
  try {
    // The role may be gone with its database since it was made.
    const making: Making = { operation: OPERATION, nonce, login, statements, signal, stillOwned: ownsSource };
    await loadBeside(server, spec, copy.read(), making);
    await withDatabaseLock(server, from.prefix, async (sql) => {
      await ownsSource();
      await disableLogin(sql, spec, spec.name);
      const made = (await databasesBeside(sql, spec)).find((one) => one.tag === readyTag(spec, OPERATION));
      if (!made) throw new ResourcePending('Another call masks the data anew.');
      await run(sql, 'ALTER DATABASE %I ALLOW_CONNECTIONS false', made.name);
      await run(sql, 'DROP DATABASE IF EXISTS %I WITH (FORCE)', spec.name);
      await run(sql, 'ALTER DATABASE %I RENAME TO %I', made.name, spec.name);
      // By its owner it is found as long as it is not whole, and by its comment from then on.
      await run(sql, 'COMMENT ON DATABASE %I IS %L', spec.name, `${tag}${WHOLE}`);
      await run(sql, 'ALTER DATABASE %I OWNER TO CURRENT_USER', spec.name);
    });
    return spec.name;
  } catch (error) {
    await withDatabaseLock(server, from.prefix, (sql) => dropSnapshots(sql, from)).catch(() => undefined);
    throw error;
  }
}

/** Settings of a database are none of its files. Their values may be lists, which only the server itself can write down again. */
async function copySettings(sql: SqlConnection, from: string, to: string): Promise<void> {
  const settings = await sql.query<{ name: string; value: string }>(
    `SELECT split_part(setting, '=', 1) AS name, substr(setting, strpos(setting, '=') + 1) AS value
     FROM pg_db_role_setting AS s, unnest(s.setconfig) AS setting
     WHERE s.setrole = 0 AND s.setdatabase IN (SELECT oid FROM pg_database WHERE datname = $1) ORDER BY 1`,
    [from],
  );
  for (const { name, value } of settings) {
    await sql.query('BEGIN');
    try {
      await sql.query('SELECT set_config($1, $2, true)', [name, value]);
      await run(sql, 'ALTER DATABASE %I SET %I FROM CURRENT', to, name);
      await sql.query('COMMIT');
    } catch (error) {
      await sql.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }
}

/**
 * Gives all that is in a database to another role.
 * @returns whether nothing in it names the first one any more
 */
async function handOver(
  server: DatabaseServer,
  database: string,
  { from, to }: { from: string; to: string },
): Promise<boolean> {
  const sql = await server.connect(database);
  try {
    await run(sql, 'REASSIGN OWNED BY %I TO %I', from, to);
    const left = await sql.query(
      `SELECT FROM pg_catalog.pg_shdepend AS d WHERE d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
         AND d.dbid = (SELECT b.oid FROM pg_catalog.pg_database AS b WHERE b.datname = pg_catalog.current_database())
         AND d.refobjid IN (SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = $1) LIMIT 1`,
      [from],
    );
    return left.length === 0;
  } finally {
    await sql.end();
  }
}
