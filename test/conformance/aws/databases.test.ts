/** Databases of RDS: a PostgreSQL with TLS, whose administrator's password is in moto's Secrets Manager. */

import { execFile } from 'node:child_process';
import dns from 'node:dns';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CreateDBSubnetGroupCommand, RDSClient } from '@aws-sdk/client-rds';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRdsDatabases } from '../../../functions/adapters/aws/databases.ts';
import { createRdsInstances } from '../../../functions/adapters/aws/rds-instances.ts';
import { databasesContract } from '../../contracts/databases.ts';
import { queryError, startProxy } from '../support/faults.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { missingProgram } from '../support/process.ts';
import { whyNoTls } from '../support/tls.ts';
import { clientOptions, subnetIds, withMoto } from './support.ts';

const PASSWORD = 'first-password';
const run = promisify(execFile);
const noPsql = await missingProgram([['psql', '--version']]);
/** Says who is connected, and that TLS is in use. */
const QUERY = `
import pg from 'pg';
const client = new pg.Client({ connectionString: process.argv[1] });
await client.connect();
const { rows } = await client.query('SELECT current_user AS me, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
process.stdout.write(rows[0].me + ' ' + rows[0].ssl);
await client.end();
`;
const noTls = await whyNoTls();
if (noTls !== undefined) console.log(`Skipped, the databases of RDS: ${noTls}`);

/** The names by which the servers are reached: the shared ones, and those that RDS gives. */
const NAMES = ['localhost', '*.us-east-1.rds.amazonaws.com', '*.aaaaaaaaaa.us-east-1.rds.amazonaws.com'];

await withMoto((url) => {
  describe.skipIf(noTls !== undefined)('with TLS', () => {
    let server: PostgresServer;
    let client: SecretsManagerClient;
    let directory: string;
    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'berth-rds-'));
      server = await startPostgres(directory, PASSWORD, NAMES);
      client = new SecretsManagerClient(clientOptions(url()));
      const SecretString = JSON.stringify({ username: 'administrator', password: PASSWORD });
      await client.send(new CreateSecretCommand({ Name: 'cluster', SecretString }));
    });
    afterAll(async () => {
      client.destroy();
      await server.databases.close();
      await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    });
    const make = (options: { host?: string; ca?: string | undefined } = {}) =>
      createRdsDatabases({
        host: 'localhost',
        port: server.port,
        secret: { client, id: 'cluster' },
        ca: server.ca,
        resumeMs: 2_000,
        ...(options as { host?: string; ca?: string }),
      });

    databasesContract('RDS', async () => ({ databases: make(), dispose: async () => undefined }));

    // What a pod has: the URL, and the file that it names. The authority is known to no system.
    describe('a workload with the URL and the file', () => {
      let url = '';
      let file = '';
      beforeAll(async () => {
        const databases = make();
        const sql = await databases.connect();
        await sql.query(`CREATE ROLE tenant LOGIN PASSWORD 'tenants-password'`);
        await sql.query('CREATE DATABASE tenant OWNER tenant');
        await sql.end();
        const { authority = '', host, port, sslmode } = await databases.endpoint();
        await databases.close();
        file = join(directory, 'authority.pem');
        await writeFile(file, authority);
        const tls = new URLSearchParams({ sslmode, sslrootcert: file });
        url = `postgresql://tenant:tenants-password@${host}:${port}/tenant?${tls}`;
      });
      const without = () => url.replace(/&sslrootcert=.*/, '');
      const node = (address: string, env: Record<string, string> = {}) =>
        run(process.execPath, ['--input-type=module', '-e', QUERY, address], {
          env: { ...process.env, ...env },
        });

      it('connects by node-postgres, by the URL alone and by the variable of Node.js', async () => {
        await expect(node(without())).rejects.toThrow();
        expect((await node(url)).stdout).toBe('tenant true');
        expect((await node(without(), { NODE_EXTRA_CA_CERTS: file })).stdout).toBe('tenant true');
      });

      it.skipIf(noPsql !== undefined)('connects by libpq, by the URL alone and by its variable', async () => {
        const psql = (address: string, env: Record<string, string> = {}) =>
          run('psql', ['-XAtc', 'SELECT current_user', address], {
            env: { PATH: process.env.PATH, HOME: directory, ...env },
          });
        await expect(psql(without())).rejects.toThrow('root certificate');
        expect((await psql(url)).stdout).toBe('tenant\n');
        expect((await psql(without(), { PGSSLROOTCERT: file })).stdout).toBe('tenant\n');
      });
    });

    describe('and instances', () => {
      // Moto's instances have names and secrets that lead nowhere: names lead to the one server, and the proxy plays
      // what RDS would keep in the secret.
      const { lookup } = dns;
      beforeAll(() => {
        const there = (name: string, given: object, done: (...answer: unknown[]) => void) =>
          lookup(name.endsWith('.rds.amazonaws.com') ? 'localhost' : name, given, done as never);
        dns.lookup = there as unknown as typeof dns.lookup;
      });
      afterAll(() => {
        dns.lookup = lookup;
      });

      databasesContract(
        'RDS with instances',
        async () => {
          const credentials = JSON.stringify({ username: 'administrator', password: PASSWORD });
          const made = new Set<string>();
          const proxy = await startProxy(url, ({ action, body }) => {
            if (action === 'GetSecretValue' && body.includes(':secret:rds!'))
              return { status: 200, body: JSON.stringify({ SecretString: credentials }) };
            const name = new URLSearchParams(body.toString()).get('DBInstanceIdentifier') ?? '';
            if (action === 'DeleteDBInstance') made.delete(name);
            if (action !== 'CreateDBInstance' || !made.has(name)) {
              if (action === 'CreateDBInstance') made.add(name);
              return 'forward';
            }
            // Moto stumbles over its own snapshot where AWS says this.
            return queryError(400, 'DBInstanceAlreadyExists');
          });
          const using = new RDSClient(clientOptions(proxy.url));
          const secrets = new SecretsManagerClient(clientOptions(proxy.url));
          await using.send(
            new CreateDBSubnetGroupCommand({
              DBSubnetGroupName: 'berth',
              DBSubnetGroupDescription: 'x',
              SubnetIds: await subnetIds(url()),
            }),
          );
          const instances = createRdsInstances({
            client: using,
            subnetGroup: 'berth',
            securityGroupIds: [],
            port: server.port,
          });
          return {
            databases: createRdsDatabases({
              host: 'localhost',
              port: server.port,
              secret: { client: secrets, id: 'cluster' },
              ca: server.ca,
              resumeMs: 2_000,
              instances,
            }),
            async dispose() {
              using.destroy();
              secrets.destroy();
              await proxy.stop();
            },
          };
        },
        { dedicated: 'played' },
      );
    });

    it('talks over TLS, and tells workloads to check the certificate too', async () => {
      const databases = make();
      const sql = await databases.connect();
      expect(await sql.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')).toEqual([
        { ssl: true },
      ]);
      await sql.end();
      expect(await databases.endpoint()).toEqual({
        host: 'localhost',
        port: server.port,
        sslmode: 'verify-full',
        authority: server.ca,
      });
    });

    it('does not talk to a server with another name, or with a certificate of somebody else', async () => {
      await expect(make({ host: '127.0.0.1' }).connect()).rejects.toMatchObject({ code: 'unavailable' });
      await expect(make({ ca: undefined }).connect()).rejects.toMatchObject({ code: 'unavailable' });
    });

    it('reads the password again when it was changed', async () => {
      const databases = make();
      await (await databases.connect()).end();
      const sql = await server.databases.connect();
      await sql.query(`ALTER ROLE administrator PASSWORD 'second-password'`);
      await sql.end();
      const SecretString = JSON.stringify({ username: 'administrator', password: 'second-password' });
      await client.send(new PutSecretValueCommand({ SecretId: 'cluster', SecretString }));
      await (await databases.connect()).end();
    });

    it('does not tell what is in a secret that it can not read', async () => {
      await client.send(new CreateSecretCommand({ Name: 'odd', SecretString: 'hunter2' }));
      const databases = createRdsDatabases({
        host: 'localhost',
        port: server.port,
        secret: { client, id: 'odd' },
      });
      const error: unknown = await databases.connect().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'unavailable' });
      expect(String(error)).not.toContain('hunter2');
    });
  });
});
