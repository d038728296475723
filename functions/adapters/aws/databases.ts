/**
 * Databases on Aurora PostgreSQL, or any server with TLS: the administrator's connection and where workloads
 * connect. The server's certificate and name are always checked.
 */
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { Problem } from '../../core/problem.ts';
import type { Databases } from '../../ports/databases.ts';
import { createPostgresServer } from '../postgres-server.ts';
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

export function createRdsDatabases(options: RdsDatabasesOptions): Databases {
  const { secret, ca, ...rest } = options;
  return createPostgresServer({
    ...rest,
    tls: ca === undefined ? true : { ca },
    async credentials() {
      const value = await sent(secret.client.send(new GetSecretValueCommand({ SecretId: secret.id })));
      let content: unknown;
      try {
        content = JSON.parse(value.SecretString ?? '');
      } catch {
        // Its text must not get into an error.
      }
      const parsed = credentials.safeParse(content);
      if (parsed.success) return parsed.data;
      throw new Problem(
        'unavailable',
        'The database server can not be reached: its secret is not readable.',
        {
          hint: 'Let it be JSON with username and password, as RDS writes it.',
        },
      );
    },
  });
}
