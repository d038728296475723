/**
 * Copies of a database beside it, on the same server: of the same role, under names that nobody is told. Whatever is in a
 * copy is run as the tenant. What is beside a database is told apart by the end of its comment. Each call that makes a copy has
 * names of its own, so that two calls of one step never write to the same one; only what a call has finished is ever swapped.
 */
import { shortHash } from '../../core/names.ts';
import { Problem } from '../../core/problem.ts';
import type { CopySummary, DatabaseLogin, DatabaseServer, SqlConnection } from '../../ports/databases.ts';
import { CopyFailed } from '../../ports/rules/copy-failed.ts';
import { MaskingFailed } from '../../ports/rules/masking-failed.ts';
import { ResourcePending } from '../type.ts';
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

const REPLACED = ' replaced';

/** Comments of the copies of an operation: those that are being made, and the one that is whole and masked. */
export const copyTag = ({ tag }: DatabaseSpec, operation: string): string => `${tag} copy ${operation}`;
export const readyTag = ({ tag }: DatabaseSpec, operation: string): string => `${tag} ready ${operation}`;

/** They are short enough for the longest name of a project, and another operation has others. */
export const nameOf = ({ name, prefix }: DatabaseSpec, kind: 'new' | 'old', what: string): string =>
  `${prefix}${kind}_${shortHash(`${name} ${what}`, 12)}`;

/** @throws Problem backup_failed in place of CopyFailed */
async function told<T>(work: () => Promise<T>): Promise<T> {
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

/** On whose behalf copies are made and removed. */
export interface Maker {
  operation: string;
  /** Whether another operation has ended, so that nothing of it is needed. */
  isOver?: (operation: string) => Promise<boolean>;
}

export interface Making extends Maker {
  /** Of this call alone. */
  nonce: string;
  login: Login;
  /** What masks it; undefined where it stays as it is. */
  statements: readonly string[] | undefined;
  signal: AbortSignal;
  stillOwned?: () => Promise<void>;
}

/**
 * Makes the copy of an operation anew, and compares it. One that is masked is copied once more: files and statistics of the first
 * hold values of before.
 * @throws ResourcePending where another call has begun anew meanwhile
 */
export async function loadBeside(
  server: DatabaseServer,
  spec: DatabaseSpec,
  chunks: AsyncIterable<Uint8Array>,
  making: Making,
): Promise<CopySummary> {
  const { operation, nonce, login, statements, signal, stillOwned } = making;
  const tag = copyTag(spec, operation);
  const fill = (database: string, from: AsyncIterable<Uint8Array>) =>
    told(() => server.loadCopy({ ...login, database }, from, signal));
  const first = nameOf(spec, 'new', `${operation} ${nonce}`);
  const second = nameOf(spec, 'new', `${operation} ${nonce} masked`);
  try {
    await withDatabaseLock(server, spec.prefix, async (sql) => {
      await stillOwned?.();
      await dropCopies(sql, spec, making);
      await create(sql, spec, first, tag);
    });
    const summary = await fill(first, chunks);
    if (!statements) {
      await finish(server, spec, making, first);
      return summary;
    }
    await mask(server, { ...login, database: first }, statements, signal);
    await withDatabaseLock(server, spec.prefix, async (sql) => {
      await checkThere(sql, spec, first);
      await create(sql, spec, second, tag);
    });
    const masked = await fill(second, readDatabase(server, { ...login, database: first }, signal));
    await finish(server, spec, making, second);
    return masked;
  } catch (error) {
    // Where the operation is over by now, nobody comes back for it.
    await withDatabaseLock(server, spec.prefix, (sql) =>
      dropBeside(sql, spec, ({ name }) => name === first || name === second),
    ).catch(() => undefined);
    throw error;
  }
}

type Beside = { name: string; tag: string | null };

const isOf = (spec: DatabaseSpec, operation: string, { tag }: Beside): boolean =>
  tag === copyTag(spec, operation) || tag === readyTag(spec, operation);

/**
 * Removes what an operation has made, and what others have left that are over: their database did not answer at their end. Those without a
 * comment are of calls that died over making them, since who makes one has the lock.
 */
export const dropCopies = (
  sql: SqlConnection,
  spec: DatabaseSpec,
  { operation, isOver }: Maker,
  but?: string,
): Promise<void> =>
  dropBeside(sql, spec, async ({ name, tag }) => {
    if (name === but) return false;
    if (tag === null) return true;
    const begin = [copyTag(spec, ''), readyTag(spec, '')].find((each) => tag.startsWith(each));
    if (begin === undefined) return false;
    const of = tag.slice(begin.length);
    // One that nobody can tell of stays for the next time.
    return of === operation || (await isOver?.(of).catch(() => false)) === true;
  });

async function create(sql: SqlConnection, spec: DatabaseSpec, name: string, tag: string): Promise<void> {
  await createClosed(sql, name, spec.name);
  await transaction(sql, () => openDatabase(sql, name, tag));
}

/** Says that a copy may be swapped, and removes what it was made of. @throws ResourcePending */
export async function finish(
  server: DatabaseServer,
  spec: DatabaseSpec,
  maker: Maker,
  name: string,
): Promise<void> {
  await withDatabaseLock(server, spec.prefix, async (sql) => {
    await checkThere(sql, spec, name);
    await dropCopies(sql, spec, maker, name);
    await run(sql, 'COMMENT ON DATABASE %I IS %L', name, readyTag(spec, maker.operation));
  });
}

async function checkThere(sql: SqlConnection, spec: DatabaseSpec, name: string): Promise<void> {
  if ((await databasesBeside(sql, spec)).some((one) => one.name === name)) return;
  throw new ResourcePending('Another call makes the copy anew.');
}

/** @throws Problem masking_failed in place of MaskingFailed */
async function mask(
  server: DatabaseServer,
  login: DatabaseLogin,
  statements: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  try {
    await server.maskCopy(login, statements, signal);
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
    const wanted = from === 'copy' ? readyTag(spec, operation) : `${spec.tag}${REPLACED}`;
    const source = beside.find(({ tag }) => tag === wanted);
    if (!source && beside.some((one) => isOf(spec, operation, one)))
      throw new ResourcePending('The copy is being made.');
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
  maker: Maker,
  stillOwned?: () => Promise<void>,
): Promise<void> {
  await withDatabaseLock(server, spec.prefix, async (sql) => {
    // A removal of the resource that failed has nobody who comes back for what this operation has made.
    await dropCopies(sql, spec, maker);
    await stillOwned?.();
    await run(sql, 'ALTER DATABASE %I ALLOW_CONNECTIONS true', spec.name);
  });
}

async function dropBeside(
  sql: SqlConnection,
  spec: DatabaseSpec,
  which: (one: Beside) => boolean | Promise<boolean>,
): Promise<void> {
  for (const one of await databasesBeside(sql, spec))
    if (await which(one)) await run(sql, 'DROP DATABASE IF EXISTS %I WITH (FORCE)', one.name);
}

async function close(sql: SqlConnection, name: string): Promise<void> {
  await run(sql, 'ALTER DATABASE %I ALLOW_CONNECTIONS false', name);
  await sql.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'`,
    [name],
  );
}
