/** A real PostgreSQL as RDS has it: with TLS, and an administrator whose password somebody else keeps. */
import { chmod, chown, copyFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createEmbeddedPostgres } from '../../../functions/adapters/local/postgres/databases.ts';
import type { Databases } from '../../../functions/ports/databases.ts';
import { makeCertificate } from './tls.ts';

export interface PostgresServer {
  /** Reaches it past all that is being tested. */
  databases: Databases;
  port: number;
  /** PEM of the authority that signed its certificate. */
  ca: string;
}

/**
 * @param administrator the password of the role `administrator`
 * @param names hosts that its certificate is for
 */
export async function startPostgres(
  directory: string,
  administrator: string,
  names?: string[],
): Promise<PostgresServer> {
  const databases = createEmbeddedPostgres({ directory });
  const sql = await databases.connect();
  const { certificate, key, ca } = await makeCertificate(directory, names);
  const data = join(directory, 'data');
  const owner = await stat(data);
  for (const file of [certificate, key]) {
    const target = join(data, file === key ? 'server.key' : 'server.crt');
    await copyFile(file, target);
    await chown(target, owner.uid, owner.gid);
    await chmod(target, 0o600);
  }
  await sql.query(
    `CREATE ROLE administrator LOGIN CREATEDB CREATEROLE SUPERUSER PASSWORD '${administrator}'`,
  );
  await sql.query('ALTER SYSTEM SET ssl = on');
  await sql.query('SELECT pg_reload_conf()');
  await sql.end();
  const { port } = await databases.endpoint();
  return { databases, port, ca };
}
