/**
 * Copies of a database beside it, on the same server: of the same role, under names that nobody is told. Whatever is in a
 * copy is run as the tenant. What is beside a database is told apart by the end of its comment.
 */
import { shortHash } from '../../core/names.ts';
import { Problem } from '../../core/problem.ts';
import type { DatabaseLogin, DatabaseServer, SqlConnection } from '../../ports/databases.ts';
import { CopyFailed } from '../../ports/rules/copy-failed.ts';
import { MaskingFailed } from '../../ports/rules/masking-failed.ts';
import {
  createClosed,
  type DatabaseSpec,
  databasesBeside,
  openDatabase,
  run,
  transaction,
  withDatabaseLock,
} from './postgres-sql.ts';

type Login = Omit<DatabaseLogin, 'database'>;

const COPY = ' copy';
const REPLACED = ' replaced';

/** They are short enough for the longest name of a project, and another operation has others. */
const nameOf = ({ name, prefix }: DatabaseSpec, kind: 'new' | 'old', operation: string): string =>
  `${prefix}${kind}_${shortHash(`${name} ${operation}`, 12)}`;

/** @throws Problem backup_failed in place of CopyFailed */
export async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw copyProblem(error);
  }
}

const copyProblem = (error: unknown): unknown =>
  error instanceof CopyFailed
    ? new Problem('backup_failed', error.message, {
        hint: 'Remove from the database what the message names, where nobody needs it, or back it up by the means of its server.',
        cause: error,
      })
    : error;

export async function* readDatabase(
  server: DatabaseServer,
  login: DatabaseLogin,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    yield* await server.readCopy(login, signal);
  } catch (error) {
    throw copyProblem(error);
  }
}

/** Makes the copy anew, and compares it. */
export async function loadBeside(
  server: DatabaseServer,
  spec: DatabaseSpec,
  operation: string,
  login: Login,
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  stillOwned?: () => Promise<void>,
) {
  const name = nameOf(spec, 'new', operation);
  await withDatabaseLock(server, spec.prefix, async (sql) => {
    await stillOwned?.();
    await dropBeside(sql, spec, (one) => one.name === name);
    await createClosed(sql, name, spec.name);
    await transaction(sql, () => openDatabase(sql, name, `${spec.tag}${COPY}`));
  });
  return told(() => server.loadCopy({ ...login, database: name }, chunks, signal));
}

/** @throws Problem masking_failed in place of MaskingFailed */
export async function maskBeside(
  server: DatabaseServer,
  spec: DatabaseSpec,
  operation: string,
  login: Login,
  statements: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  try {
    await server.maskCopy({ ...login, database: nameOf(spec, 'new', operation) }, statements, signal);
  } catch (error) {
    if (!(error instanceof MaskingFailed)) throw error;
    const { statement, message } = error;
    const which =
      statement === undefined
        ? 'The end of the masking'
        : `Statement ${statement + 1} of the masking, "${short(statements[statement] ?? '')}",`;
    throw new Problem('masking_failed', `${which} failed: ${message}.`, {
      hint: 'Mend the masking of the project, and destroy this environment; then clone again, or deliver the pull request once more.',
      cause: error,
    });
  }
}

const short = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
};

/**
 * Two databases change their names in one transaction. Who was connected is cut off before it, since a name can not change
 * under a connection; new ones find the other database.
 */
export async function swapBeside(
  server: DatabaseServer,
  spec: DatabaseSpec,
  operation: string,
  from: 'copy' | 'replaced',
  stillOwned?: () => Promise<void>,
): Promise<void> {
  await withDatabaseLock(server, spec.prefix, async (sql) => {
    await stillOwned?.();
    const beside = await databasesBeside(sql, spec);
    const replaced = nameOf(spec, 'old', operation);
    if (beside.some(({ name }) => name === replaced)) return;
    const copy = nameOf(spec, 'new', operation);
    const source = beside.find(({ name, tag }) =>
      from === 'copy' ? name === copy : tag === `${spec.tag}${REPLACED}`,
    );
    if (!source)
      throw new Problem('conflict', 'There is nothing to restore: it is not there any more.', {
        hint: 'Restore a backup.',
      });
    for (const name of [spec.name, source.name]) await close(sql, name);
    await transaction(sql, async () => {
      await run(sql, 'ALTER DATABASE %I RENAME TO %I', spec.name, replaced);
      await run(sql, 'COMMENT ON DATABASE %I IS %L', replaced, `${spec.tag}${REPLACED}`);
      await run(sql, 'ALTER DATABASE %I RENAME TO %I', source.name, spec.name);
      await openDatabase(sql, spec.name, spec.tag);
    });
    await dropBeside(sql, spec, ({ name, tag }) => name !== replaced && tag === `${spec.tag}${REPLACED}`);
  });
}

export async function isSwapped(
  server: DatabaseServer,
  spec: DatabaseSpec,
  operation: string,
): Promise<boolean> {
  const sql = await server.connect();
  const beside = await databasesBeside(sql, spec).finally(() => sql.end());
  return beside.some(({ name }) => name === nameOf(spec, 'old', operation));
}

export async function discardBeside(
  server: DatabaseServer,
  spec: DatabaseSpec,
  operation: string,
  stillOwned?: () => Promise<void>,
): Promise<void> {
  const copy = nameOf(spec, 'new', operation);
  await withDatabaseLock(server, spec.prefix, async (sql) => {
    await stillOwned?.();
    await dropBeside(sql, spec, ({ name }) => name === copy);
    await run(sql, 'ALTER DATABASE %I ALLOW_CONNECTIONS true', spec.name);
  });
}

async function dropBeside(
  sql: SqlConnection,
  spec: DatabaseSpec,
  which: (one: { name: string; tag: string | null }) => boolean,
): Promise<void> {
  for (const one of await databasesBeside(sql, spec))
    if (which(one)) await run(sql, 'DROP DATABASE IF EXISTS %I WITH (FORCE)', one.name);
}

async function close(sql: SqlConnection, name: string): Promise<void> {
  await run(sql, 'ALTER DATABASE %I ALLOW_CONNECTIONS false', name);
  await sql.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'`,
    [name],
  );
}
