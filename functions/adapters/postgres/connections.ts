/** Connections to any PostgreSQL server, and what every server that Berth administers needs. */
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { Problem, TransientError } from '../../core/problem.ts';
import type { SqlConnection } from '../../ports/databases.ts';
import { type AnswerBounds, boundAnswers } from './bound-answers.ts';
import { copyIn } from './copy-in.ts';

export interface PostgresTarget {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  /** Where it is connected to, in place of what `host` resolves to; certificates are those of `host`. */
  address?: string;
  /** TLS with a verified certificate; `true` trusts the system's authorities, `ca` is PEM. Less is verified where `verify` says so. */
  tls?: true | { ca?: string; verify?: 'nothing' | 'authority' };
  /** Breaks the connection where an answer is larger, or takes longer: for a server that is not ours. */
  answers?: AnswerBounds;
  /** Default 10 seconds. */
  connectTimeoutMs?: number;
  /** Ends the connection at once, with the statement that runs. */
  signal?: AbortSignal;
}

export interface PostgresConnection extends SqlConnection {
  /**
   * Runs a `COPY ... FROM STDIN` with these bytes. After an error the connection is of no use.
   * @returns the number of rows
   */
  copyIn(statement: string, data: AsyncIterable<Uint8Array>): Promise<number>;
}

/** Time of a statement of Berth itself, milliseconds. */
const STATEMENT_TIMEOUT = 120_000;

/**
 * Opens one connection. Statements run one after the other in the order they were asked for, each alone:
 * the extended protocol refuses two in one text. Names resolve in `pg_catalog` only, so nothing that a
 * tenant put into its own database can be run by the administrator.
 * @throws Problem unavailable
 */
export async function connectPostgres(target: PostgresTarget): Promise<PostgresConnection> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({
    host: target.address ?? target.host,
    port: target.port,
    user: target.user,
    password: target.password,
    database: target.database,
    ssl: target.tls === undefined ? false : tlsOptions(target, target.tls),
    application_name: 'berth',
    connectionTimeoutMillis: target.connectTimeoutMs ?? 10_000,
    options: `-c search_path=pg_catalog -c statement_timeout=${STATEMENT_TIMEOUT}`,
  });
  // A connection that breaks while nothing runs must not end the process; the next statement reports it.
  client.on('error', () => undefined);
  const bounded = target.answers ? boundAnswers(client, target.answers) : <T>(ask: () => Promise<T>) => ask();
  try {
    await bounded(() => client.connect());
  } catch (error) {
    await client.end().catch(() => undefined);
    throw connectProblem(error, target);
  }

  const cut = (): void => void client.end().catch(() => undefined);
  if (target.signal?.aborted) cut();
  target.signal?.addEventListener('abort', cut, { once: true });
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(ask: () => Promise<T>): Promise<T> => {
    const run = async (): Promise<T> => {
      try {
        return await bounded(ask);
      } catch (error) {
        throw isTransient(error) ? new TransientError(messageOf(error), { cause: error }) : error;
      }
    };
    const result = last.then(run, run);
    last = result;
    return result;
  };
  return {
    query: <Row extends Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row[]> =>
      inTurn(async () => {
        const config = { text, values, queryMode: 'extended' };
        return (await client.query<Row>(config)).rows;
      }),
    copyIn: (statement, data) => inTurn(() => copyIn(client, statement, data)),
    async end() {
      target.signal?.removeEventListener('abort', cut);
      await last.catch(() => undefined);
      await client.end().catch(() => undefined);
    },
  };
}

function tlsOptions(
  { host, address }: PostgresTarget,
  tls: NonNullable<PostgresTarget['tls']>,
): ConnectionOptions {
  const { ca, verify } = tls === true ? {} : tls;
  return {
    ...(ca !== undefined && { ca }),
    ...(address !== undefined && isIP(host) === 0 && { servername: host }),
    ...(verify === 'nothing' && { rejectUnauthorized: false }),
    ...(verify === 'authority' && { checkServerIdentity: () => undefined }),
  };
}

/**
 * Revokes what everybody may do by default on the databases that come with a server; idempotent. One at a time:
 * two that revoke at once would fail on each other. The lock goes with the session, which the caller ends.
 */
export async function closeToPublic(sql: SqlConnection): Promise<void> {
  await sql.query("SELECT pg_advisory_lock(hashtextextended('berth:close-to-public', 0))");
  await sql.query('REVOKE ALL ON DATABASE postgres FROM PUBLIC');
  await sql.query('REVOKE ALL ON DATABASE template1 FROM PUBLIC');
}

/** The SQLSTATE of a server's error, or the system's code of a network error. */
export const sqlState = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Lost connections, shutdowns, deadlocks, serialization failures, lock and statement time-outs. */
function isTransient(error: unknown): boolean {
  const state = sqlState(error);
  if (state === undefined) return /^(Connection terminated|Client has encountered)/.test(messageOf(error));
  return /^(08...|57P0[1-3]|40001|40P01|55P03|57014|53300|ECONNRESET|EPIPE|ETIMEDOUT)$/.test(state);
}

function connectProblem(error: unknown, target: PostgresTarget): Problem {
  const failed = `The database "${target.database}" on ${target.host}:${target.port} can not be reached`;
  const problem = (why: string, hint: string) =>
    new Problem('unavailable', `${failed}: ${why}`, { hint, cause: error });
  switch (sqlState(error)) {
    case '3D000':
      return problem('it does not exist.', 'Deploy again: that provides the databases a workload asks for.');
    case '55000':
      return problem('it does not accept connections yet.', 'Wait until the operation on it has ended.');
    case '28P01':
    case '28000':
      return problem(
        'the server refused the credentials.',
        'Check the administrator’s password of the server.',
      );
    case '53300':
      return problem('the server has no free connection.', 'Stop workloads that hold many, then try again.');
    case '57P03':
      return problem('the server is starting or stopping.', 'Try again in a few seconds.');
    default:
      return problem(`${messageOf(error)}.`, 'See that the server runs and can be reached, then try again.');
  }
}
