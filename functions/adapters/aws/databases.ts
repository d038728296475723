/**
 * Databases on Aurora PostgreSQL, or any server with TLS: the administrator's connection and where workloads
 * connect. The server's certificate and name are always checked.
 */
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { Problem } from '../../core/problem.ts';
import type { DatabaseServer, Databases } from '../../ports/databases.ts';
import { type Credentials, createPostgresServer } from '../postgres/postgres-server.ts';
import type { createRdsInstances, RdsInstance } from './rds-instances.ts';
import { sent } from './sdk-errors.ts';

export interface RdsDatabasesOptions {
  host: string;
  port: number;
  /** The secret with the administrator's credentials, as RDS keeps it: JSON with `username` and `password`. */
  secret: { client: SecretsManagerClient; id: string };
  /** PEM of the authorities to trust; default: the system's. */
  ca?: string;
  /** Default `postgres`. */
  maintenanceDatabase?: string;
  /** Makes servers of their own; they are refused where it is left out. */
  instances?: ReturnType<typeof createRdsInstances>;
  /** How long a paused cluster may take to come back, milliseconds; default 60,000. */
  resumeMs?: number;
}

const credentials = z.object({ username: z.string().min(1), password: z.string().min(1) });

export function createRdsDatabases(options: RdsDatabasesOptions): Databases {
  const { secret, ca, instances, ...rest } = options;
  const tls = ca === undefined ? (true as const) : { ca };
  const { client } = secret;
  const shared = createPostgresServer({
    ...rest,
    tls,
    credentials: () => readCredentials(client, secret.id),
  });
  /** Servers by host: each knows its password, and whether it was closed to the public. */
  const servers = new Map<string, Databases>();

  function serverOf({ host, port, secretArn }: RdsInstance): DatabaseServer {
    const known = servers.get(host);
    if (known) return known;
    const credentials = () => readCredentials(client, secretArn);
    const { resumeMs } = options;
    const made = createPostgresServer({ host, port, tls, credentials, ...(resumeMs && { resumeMs }) });
    servers.set(host, made);
    return made;
  }

  return {
    ...shared,
    ...(instances && {
      dedicated: {
        async ensure(name, owner) {
          const instance = await instances.ensure(name, owner);
          return instance && serverOf(instance);
        },
        remove: (name, tag) => instances.remove(name, tag),
        snapshots: (name, tag) => instances.snapshots(name, tag),
        exists: (name, tag) => instances.exists(name, tag),
      },
    }),
    async close() {
      await Promise.all([shared, ...servers.values()].map((server) => server.close()));
    },
  };
}

/** The administrator's, as RDS keeps them. @throws Problem unavailable */
async function readCredentials(client: SecretsManagerClient, id: string): Promise<Credentials> {
  const value = await sent(client.send(new GetSecretValueCommand({ SecretId: id })));
  let content: unknown;
  try {
    content = JSON.parse(value.SecretString ?? '');
  } catch {
    // The text of the error must not be shown, since it quotes the secret.
  }
  const parsed = credentials.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new Problem('unavailable', 'The database server can not be reached: its secret is not readable.', {
    hint: 'Let it be JSON with username and password, as RDS writes it.',
  });
}
