/**
 * The SQL behind the `postgres` type: a role, and a database that it owns. It needs an administrator who may
 * create both, no superuser, and is the same on every host.
 *
 * Ownership is a tag in the comment of both. A role gets it in the transaction that creates it. A database can
 * not be created in a transaction; but it belongs to its role from the start, and nobody else can give it to
 * that role, so one that a crash left without a comment is known by its owner. Until all is done it accepts no
 * connections.
 */
import { limits } from '../../core/limits.ts';
import { TransientError } from '../../core/problem.ts';
import type { DatabaseServer, SqlConnection } from '../../ports/databases.ts';

export interface DatabaseSpec {
  /** Of the database and of the role that owns it. */
  name: string;
  /**
   * A second role that acts as the owner: with two roles that log in, the password of one can change while the other
   * stays good.
   */
  second: string;
  /** What the names of all databases and roles of the project begin with. */
  prefix: string;
  /** What `ownerTag` gives. */
  tag: string;
}

const LOCK_TIMEOUT = '30s';
/** Servers have defaults of their own: a database sorts and folds the same on every host. PostgreSQL 17 or newer. */
const COLLATION =
  "TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'";

/** The name is taken by something that does not carry our tag. */
export class NotOurs extends Error {
  readonly kind: 'database' | 'role';

  constructor(kind: 'database' | 'role') {
    super(`a ${kind} of that name does not carry the tag`);
    this.kind = kind;
  }
}

/** The project has as many databases on the server as its share of connections is enough for. */
export class ShareUsedUp extends Error {
  constructor(most: number) {
    super(`the project has ${most} databases on the shared server already, which is the most`);
  }
}

/** The server has the extension but can not add it here. */
export class ExtensionFailed extends Error {
  readonly extension: string;

  constructor(extension: string, cause: unknown) {
    super(`the extension ${extension} can not be added`, { cause });
    this.extension = extension;
  }
}

/** Runs the work while nobody else, in any process, works on databases of this project. @param name their prefix */
export async function withDatabaseLock<T>(
  databases: Pick<DatabaseServer, 'connect'>,
  name: string,
  work: (sql: SqlConnection) => Promise<T>,
): Promise<T> {
  const sql = await databases.connect();
  try {
    await sql.query("SELECT set_config('lock_timeout', $1, false)", [LOCK_TIMEOUT]);
    await sql.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [`berth:${name}`]);
    return await work(sql);
  } finally {
    // The lock goes with the session.
    await sql.end();
  }
}

/**
 * Makes the role and its database, or finds them.
 * @param spec.login which of the two roles logs in
 * @param spec.verifier what to store of its password
 * @throws NotOurs
 */
export async function ensureDatabase(
  sql: SqlConnection,
  spec: DatabaseSpec & { login: string; verifier: string },
): Promise<void> {
  const { name, tag, login, verifier } = spec;
  const found = await look(sql, spec);
  if (found.role === 'foreign') throw new NotOurs('role');
  if (found.database === 'foreign') throw new NotOurs('database');

  if (found.role === undefined) await checkShare(sql, spec);
  await transaction(sql, async () => {
    if (found.role === undefined) {
      await run(sql, 'CREATE ROLE %I NOLOGIN', name);
      await run(sql, 'COMMENT ON ROLE %I IS %L', name, tag);
      // An administrator who is no superuser has to be a member of a role to give it a database.
      if (!found.superuser) await run(sql, 'GRANT %I TO CURRENT_USER', name);
    }
  });
  await ensureLogin(sql, { ...spec, login, verifier });

  if (found.database === 'complete') return;
  // An interrupted DROP DATABASE leaves a database that can only be dropped again.
  if (found.database === 'broken') await run(sql, 'DROP DATABASE %I', name);
  if (found.database !== 'partial') await createClosed(sql, name, name);
  await transaction(sql, () => openDatabase(sql, name, tag));
}

/** Makes a database that nobody can connect to yet. */
export const createClosed = (sql: SqlConnection, name: string, owner: string): Promise<void> =>
  run(sql, `CREATE DATABASE %I OWNER %I ${COLLATION} ALLOW_CONNECTIONS false`, name, owner);

export async function openDatabase(sql: SqlConnection, name: string, tag: string): Promise<void> {
  await run(sql, 'COMMENT ON DATABASE %I IS %L', name, tag);
  await run(sql, 'REVOKE ALL ON DATABASE %I FROM PUBLIC', name);
  await run(sql, 'ALTER DATABASE %I ALLOW_CONNECTIONS true', name);
}

/**
 * Lets one of the two roles log in with a password. Whatever the role makes belongs to the owner, whichever of the
 * two it is.
 * @throws NotOurs
 */
export async function ensureLogin(
  sql: SqlConnection,
  { name, prefix, tag, login, verifier }: DatabaseSpec & { login: string; verifier: string },
): Promise<void> {
  const found = await look(sql, { name: login, tag });
  if (found.role === 'foreign') throw new NotOurs('role');
  await transaction(sql, async () => {
    if (found.role === undefined) {
      await run(sql, 'CREATE ROLE %I NOLOGIN', login);
      await run(sql, 'COMMENT ON ROLE %I IS %L', login, tag);
      await run(sql, 'GRANT %I TO %I', name, login);
      await run(sql, 'ALTER ROLE %I SET role = %L', login, name);
      if (!found.superuser) await run(sql, 'GRANT %I TO CURRENT_USER', login);
    }
    await run(sql, 'ALTER ROLE %I LOGIN PASSWORD %L', login, verifier);
    await shareConnections(sql, prefix);
  });
}

/** Takes the password from a role that is ours, and ends its sessions. Idempotent. */
export async function disableLogin(sql: SqlConnection, spec: DatabaseSpec, login: string): Promise<void> {
  const { role } = await look(sql, { name: login, tag: spec.tag });
  if (role !== 'ours') return;
  await run(sql, 'ALTER ROLE %I NOLOGIN PASSWORD NULL', login);
  await shareConnections(sql, spec.prefix);
  await sql.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [login]);
}

/**
 * Removes the database and both roles with everything in them, and ends their sessions; things that are not ours
 * stay. Idempotent.
 */
export async function dropDatabase(sql: SqlConnection, spec: DatabaseSpec): Promise<void> {
  const found = await look(sql, spec);
  if (found.database !== undefined && found.database !== 'foreign') {
    await run(sql, 'DROP DATABASE IF EXISTS %I WITH (FORCE)', spec.name);
  }
  for (const { name } of await databasesBeside(sql, spec, found))
    await run(sql, 'DROP DATABASE IF EXISTS %I WITH (FORCE)', name);
  for (const role of [spec.second, spec.name]) {
    if ((await look(sql, { name: role, tag: spec.tag })).role !== 'ours') continue;
    await transaction(sql, async () => {
      await run(sql, 'DROP OWNED BY %I', role);
      await run(sql, 'DROP ROLE %I', role);
    });
  }
  await shareConnections(sql, spec.prefix);
}

/** Copies and what was replaced: they belong to the role as its database does, and nobody else can give it one. */
export async function databasesBeside(
  sql: SqlConnection,
  spec: DatabaseSpec,
  found?: Found,
): Promise<{ name: string; tag: string | null }[]> {
  const { role } = found ?? (await look(sql, spec));
  if (role !== 'ours') return [];
  return sql.query(
    `SELECT datname::text AS name, shobj_description(oid, 'pg_database') AS tag FROM pg_database
     WHERE datdba = (SELECT oid FROM pg_roles WHERE rolname = $1) AND datname <> $1 ORDER BY 1`,
    [spec.name],
  );
}

/** The roles of a project that log in, and how many connections they may have together: half of the server's. */
async function shareOf(sql: SqlConnection, prefix: string) {
  // An administrator who is no superuser may change those roles alone that they made.
  const logins = await sql.query<{ role: string; current: number; may: boolean }>(
    `SELECT rolname::text AS role, rolconnlimit AS current, pg_has_role(oid, 'MEMBER WITH ADMIN OPTION') AS may
     FROM pg_roles WHERE rolcanlogin AND starts_with(rolname, $1)`,
    [prefix],
  );
  const [server] = await sql.query<{ most: number }>(
    `SELECT current_setting('max_connections')::int AS most`,
  );
  return { logins, share: Math.floor((server?.most ?? 0) / 2) };
}

/** @throws ShareUsedUp */
async function checkShare(sql: SqlConnection, { prefix }: DatabaseSpec): Promise<void> {
  const { logins, share } = await shareOf(sql, prefix);
  const most = Math.max(1, Math.floor(share / limits.databaseConnectionsLeast.value));
  if (logins.length >= most) throw new ShareUsedUp(most);
}

/**
 * Divides the project's connections among its roles, so that one tenant can not use up those of the server, however many
 * databases it has. What is open already stays open.
 */
async function shareConnections(sql: SqlConnection, prefix: string): Promise<void> {
  const { logins, share } = await shareOf(sql, prefix);
  // While passwords rotate a database has two roles that log in, so that there can be more roles than databases.
  const each = Math.max(1, Math.min(limits.databaseConnections.value, Math.floor(share / logins.length)));
  for (const { role, current, may } of logins)
    if (may && current !== each) await run(sql, `ALTER ROLE %I CONNECTION LIMIT ${each}`, role);
}

/** The names of those that exist and are ours. */
export async function listDatabase(sql: SqlConnection, spec: DatabaseSpec): Promise<string[]> {
  const found = await look(sql, spec);
  const second = await look(sql, { name: spec.second, tag: spec.tag });
  const beside = await databasesBeside(sql, spec, found);
  return [
    ...beside.map(({ name }) => `database ${name}`),
    ...(found.database === undefined || found.database === 'foreign' ? [] : [`database ${spec.name}`]),
    ...(found.role === 'ours' ? [`role ${spec.name}`] : []),
    ...(second.role === 'ours' ? [`role ${spec.second}`] : []),
  ];
}

/** Extensions that the server has and trusts to owners of databases; others would reach beyond a database. */
export async function trustedExtensions(sql: SqlConnection): Promise<string[]> {
  const rows = await sql.query<{ name: string }>(
    'SELECT DISTINCT name::text FROM pg_available_extension_versions WHERE trusted ORDER BY 1',
  );
  return rows.map(({ name }) => name);
}

/**
 * Adds trusted extensions as the tenant's role: a tenant's own code must not run as the administrator.
 * @throws ExtensionFailed
 */
export async function ensureExtensions(
  databases: Pick<DatabaseServer, 'connect'>,
  name: string,
  extensions: readonly string[],
): Promise<void> {
  if (extensions.length === 0) return;
  const sql = await databases.connect(name);
  try {
    await run(sql, 'SET ROLE %I', name);
    for (const extension of extensions) {
      const statement = 'CREATE EXTENSION IF NOT EXISTS %I WITH SCHEMA public CASCADE';
      await run(sql, statement, extension).catch((cause) => {
        throw cause instanceof TransientError ? cause : new ExtensionFailed(extension, cause);
      });
    }
  } finally {
    await sql.end();
  }
}

interface Found {
  superuser: boolean;
  role: 'ours' | 'foreign' | undefined;
  database: 'complete' | 'partial' | 'broken' | 'foreign' | undefined;
}

const LOOK = `
  SELECT rolsuper AS superuser, role.oid AS role, role.tag AS role_tag, base.*
  FROM pg_roles
  LEFT JOIN (
    SELECT oid, shobj_description(oid, 'pg_authid') AS tag FROM pg_roles WHERE rolname = $1
  ) AS role ON true
  LEFT JOIN (
    SELECT datdba AS owner, datallowconn AS open, datconnlimit = -2 AS broken,
      shobj_description(oid, 'pg_database') AS tag,
      has_database_privilege('public'::name, oid, 'CONNECT') AS public
    FROM pg_database WHERE datname = $1
  ) AS base ON true
  WHERE rolname = current_user`;

async function look(sql: SqlConnection, { name, tag }: Pick<DatabaseSpec, 'name' | 'tag'>): Promise<Found> {
  const [row] = await sql.query<{
    superuser: boolean;
    role: number | null;
    role_tag: string | null;
    owner: number | null;
    open: boolean;
    broken: boolean;
    tag: string | null;
    public: boolean;
  }>(LOOK, [name]);
  if (row === undefined) throw new Error('The administrator is not among the roles.');
  const role = row.role === null ? undefined : row.role_tag === tag ? 'ours' : 'foreign';
  const database = (): Found['database'] => {
    if (row.owner === null) return undefined;
    if (row.tag !== tag && !(role === 'ours' && row.owner === row.role)) return 'foreign';
    if (row.broken) return 'broken';
    return row.tag === tag && row.open && !row.public ? 'complete' : 'partial';
  };
  return { superuser: row.superuser, role, database: database() };
}

/** Statements that take no parameters: the server itself quotes identifiers (%I) and literals (%L). */
export async function run(sql: SqlConnection, template: string, ...values: string[]): Promise<void> {
  const [row] = await sql.query<{ statement: string }>(
    'SELECT format($1, VARIADIC $2::text[]) AS statement',
    [template, values],
  );
  if (row === undefined) throw new Error('The server formatted nothing.');
  await sql.query(row.statement);
}

export async function transaction(sql: SqlConnection, work: () => Promise<void>): Promise<void> {
  await sql.query('BEGIN');
  try {
    await work();
    await sql.query('COMMIT');
  } catch (error) {
    await sql.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
