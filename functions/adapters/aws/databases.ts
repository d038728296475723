/**
 * Databases on Aurora PostgreSQL, or any server with TLS: the administrator's connection and where workloads
 * connect. The server's certificate and name are always checked.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { Problem } from '../../core/problem.ts';
import type { Databases, SqlConnection } from '../../ports/databases.ts';
import { closeToPublic, connectPostgres, sqlState } from '../postgres.ts';
import { sent } from './sdk-errors.ts';

export interface RdsDatabasesOptions {
  host: string;
  port: number;
  /** The administrator's, as RDS keeps it: JSON with `username` and `password`. */
  secret: { client: SecretsManagerClient; id: string };
  /** PEM of the authorities to trust; default: the system's. */
  ca?: string;
  /** Default `postgres`. */
  maintenanceDatabase?: string;
  /** How long a paused cluster may take to come back, milliseconds; default 60,000. */
  resumeMs?: number;
}

const credentials = z.object({ username: z.string().min(1), password: z.string().min(1) });
type Credentials = z.infer<typeof credentials>;

const CONNECT_TIMEOUT_MS = 15_000;
const RETRY_MS = 1_000;
/** The password was changed since it was read. */
const REFUSED = '28P01';
/** Paused, starting, or failing over. */
const NOT_YET = /^(57P03|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTFOUND)$/;

export function createRdsDatabases(options: RdsDatabasesOptions): Databases {
  const { host, port, secret, ca, maintenanceDatabase = 'postgres', resumeMs = 60_000 } = options;
  let known: Promise<Credentials> | undefined;
  let prepared: Promise<void> | undefined;
  let closed = false;

  async function readCredentials(): Promise<Credentials> {
    const value = await sent(secret.client.send(new GetSecretValueCommand({ SecretId: secret.id })));
    let content: unknown;
    try {
      content = JSON.parse(value.SecretString ?? '');
    } catch {
      // Its text must not get into an error.
    }
    const parsed = credentials.safeParse(content);
    if (parsed.success) return parsed.data;
    throw new Problem('unavailable', 'The database server can not be reached: its secret is not readable.', {
      hint: 'Let it be JSON with username and password, as RDS writes it.',
    });
  }

  async function attempt(database: string): Promise<SqlConnection> {
    known ??= readCredentials();
    const reading = known;
    try {
      const { username: user, password } = await reading;
      const tls = ca === undefined ? (true as const) : { ca };
      const target = { host, port, user, password, database, tls, connectTimeoutMs: CONNECT_TIMEOUT_MS };
      return await connectPostgres(target);
    } catch (error) {
      const read = await reading.then(
        () => true,
        () => false,
      );
      if ((!read || stateOf(error) === REFUSED) && known === reading) known = undefined;
      throw error;
    }
  }

  async function open(database: string): Promise<SqlConnection> {
    const end = Date.now() + resumeMs;
    for (let refused = false; ; ) {
      if (closed) throw stopped();
      try {
        return await attempt(database);
      } catch (error) {
        const state = stateOf(error) ?? '';
        if (state === REFUSED && !refused) refused = true;
        else if (NOT_YET.test(state) && Date.now() < end) await sleep(RETRY_MS);
        else throw error;
      }
    }
  }

  /** What comes with a server is open to everybody: closed once, before anything else is done. */
  function prepare(): Promise<void> {
    prepared ??= (async () => {
      const sql = await open(maintenanceDatabase);
      await closeToPublic(sql).finally(() => sql.end());
    })();
    const preparing = prepared;
    preparing.catch(() => {
      if (prepared === preparing) prepared = undefined;
    });
    return preparing;
  }

  return {
    async connect(database = maintenanceDatabase) {
      await prepare();
      return open(database);
    },
    async endpoint() {
      if (closed) throw stopped();
      return { host, port, sslmode: 'verify-full' };
    },
    async close() {
      closed = true;
    },
  };
}

const stateOf = (error: unknown): string | undefined =>
  sqlState(error instanceof Problem ? error.cause : error);

const stopped = (): Problem =>
  new Problem('unavailable', 'The database server is not there: Berth is stopping.', {
    hint: 'Try again once Berth runs again.',
  });
