import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, describe, expect, it, vi } from 'vitest';
import {
  createEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../../../functions/adapters/local/postgres/databases.ts';
import { closeToPublic } from '../../../../functions/adapters/postgres/connections.ts';
import type { SqlConnection } from '../../../../functions/ports/databases.ts';
import { databasesContract } from '../../../contracts/databases.ts';
import { temporaryDirectories } from '../../../support/files/temporary.ts';

const made: EmbeddedPostgres[] = [];
const makeDirectory = temporaryDirectories();
// Hooks after all run in the reverse of their order: servers are stopped before directories go.
afterAll(() => Promise.all(made.map((databases) => databases.close())));

const open = (directory: string, lines: string[] = []): EmbeddedPostgres => {
  const databases = createEmbeddedPostgres({ directory, log: (line) => lines.push(line) });
  made.push(databases);
  return databases;
};

/** Runs one statement on a connection of its own. */
async function query(databases: EmbeddedPostgres, text: string): Promise<Record<string, unknown>[]> {
  const sql = await databases.connect();
  return sql.query(text).finally(() => sql.end());
}

const STARTED = 'SELECT pg_postmaster_start_time()::text AS started';
const pidOf = (directory: string): number =>
  Number(readFileSync(join(directory, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);

async function until(check: () => boolean): Promise<void> {
  while (!check()) await sleep(20);
}

databasesContract(
  'embedded PostgreSQL',
  async () => ({
    databases: open(join(makeDirectory(), 'postgres')),
    dispose: async () => undefined,
  }),
  // Copies are in test/e2e/contracts.
  { dedicated: 'real', copies: 'elsewhere' },
);

// One server after the other on this directory, so that the data are made once.
describe('embedded PostgreSQL: one directory', () => {
  const directory = join(makeDirectory(), 'not', 'yet', 'there');

  it('starts nothing until it is needed, nor on resume where there are no data', async () => {
    const databases = open(directory);
    await databases.resume();
    expect(existsSync(directory)).toBe(false);
    await databases.close();
    expect(existsSync(directory)).toBe(false);
  });

  it('starts once for many first calls, listens on this machine alone and keeps its password to itself', async () => {
    const lines: string[] = [];
    const databases = open(directory, lines);
    const connections = await Promise.all(Array.from({ length: 8 }, () => databases.connect()));
    const { host, port } = await databases.endpoint();
    expect(lines).toEqual([expect.stringMatching(/^PostgreSQL started on port \d+/)]);
    await Promise.all(connections.map((sql) => sql.end()));
    expect(await query(databases, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    expect(await query(databases, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
    expect(await query(databases, 'SHOW unix_socket_directories')).toEqual([{ unix_socket_directories: '' }]);

    for (const file of ['password', 'port', 'postgres.log']) {
      expect(statSync(join(directory, file)).mode & 0o777, file).toBe(0o600);
    }
    for (const folder of ['', 'data']) {
      expect(statSync(join(directory, folder)).mode & 0o777, folder).toBe(0o700);
    }
    const password = readFileSync(join(directory, 'password'), 'utf8').trim();
    expect(Buffer.from(password, 'base64url')).toHaveLength(32);
    expect(readFileSync(join(directory, 'postgres.log'), 'utf8')).not.toContain(password);

    for (const wrong of ['', 'password', 'postgres', `${password}x`]) {
      const client = new pg.Client({ host, port, user: 'postgres', password: wrong, database: 'postgres' });
      client.on('error', () => undefined);
      await expect(client.connect(), wrong).rejects.toThrow();
      await client.end();
    }
    expect(await query(databases, 'SELECT rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL')).toEqual(
      [{ rolpassword: expect.stringMatching(/^SCRAM-SHA-256\$/) }],
    );
  });

  it('is closed to the public by many at once, as those who adopt one server do', async () => {
    const databases = open(directory);
    const connections = await Promise.all(Array.from({ length: 8 }, () => databases.connect()));
    const close = async (sql: SqlConnection): Promise<void> => closeToPublic(sql).finally(() => sql.end());
    // Rights that an earlier run revoked are granted anew, so that each connection has something to write.
    await query(databases, 'GRANT CONNECT ON DATABASE template1 TO PUBLIC');
    const ended = await Promise.allSettled(connections.map(close));
    expect(ended.filter(({ status }) => status === 'rejected')).toEqual([]);
    await databases.close();
  });

  it('starts again by itself, on the same port, when its server is killed', async () => {
    const databases = open(directory);
    const before = await databases.endpoint();
    const [first] = await query(databases, STARTED);
    const killed = pidOf(directory);
    process.kill(killed, 'SIGKILL');
    // The instance of the test before started the server, so it is the one to notice; this one adopted it.
    await until(() => {
      try {
        return pidOf(directory) !== killed;
      } catch {
        return false;
      }
    });
    // It may still be recovering from its crash: connecting waits for that, though not for as long as a busy machine.
    const [second] = await vi.waitFor(() => query(databases, STARTED), { timeout: 60_000, interval: 200 });
    expect(second).not.toEqual(first);
    expect(await databases.endpoint()).toEqual(before);
    await Promise.all(made.map((each) => each.close()));
    expect(existsSync(join(directory, 'data', 'postmaster.pid'))).toBe(false);
  });

  const owners: ChildProcess[] = [];
  afterAll(() => owners.forEach((owner) => void owner.kill('SIGKILL')));

  /** A process that started the server; resolves to what it says. */
  const startOwner = async (): Promise<{ port: number; started: string; kill(): Promise<void> }> => {
    const script = join(import.meta.dirname, 'databases-owner.ts');
    const owner = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    owners.push(owner);
    const [chunk] = (await once(owner.stdout, 'data')) as [Buffer];
    return {
      ...(JSON.parse(chunk.toString()) as { port: number; started: string }),
      async kill() {
        owner.kill('SIGKILL');
        await once(owner, 'exit');
      },
    };
  };

  it('adopts the server of an owner that was killed, keeps what was committed, and stops it in the end', async () => {
    const owner = await startOwner();
    await owner.kill();
    const pid = pidOf(directory);
    const file = join(directory, 'data', 'postmaster.pid');
    const lines: string[] = [];
    const databases = open(directory, lines);
    await databases.resume();
    expect(await query(databases, STARTED)).toEqual([{ started: owner.started }]);
    expect((await databases.endpoint()).port).toBe(owner.port);
    expect(lines[0]).toContain(`still runs on port ${owner.port} (process ${pid})`);
    expect(await query(databases, 'SELECT * FROM public.kept')).toEqual([{ value: 1 }]);
    await databases.close();
    expect(existsSync(file)).toBe(false);
    const client = new pg.Client({ host: '127.0.0.1', port: owner.port });
    client.on('error', () => undefined);
    await expect(client.connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('starts where owner and server were both killed: data survive, the stale pid file does not matter', async () => {
    const owner = await startOwner();
    await owner.kill();
    process.kill(pidOf(directory), 'SIGKILL');
    const databases = open(directory);
    expect(await query(databases, 'SELECT * FROM public.kept')).toEqual([{ value: 1 }, { value: 1 }]);
    await databases.close();
  });

  it('leaves a process alone whose number the stale pid file happens to hold', async () => {
    // Of the server's own user: those of others the server tells from its predecessor by itself.
    const { uid, gid } = statSync(join(directory, 'data'));
    const stranger = spawn('sleep', ['60'], { cwd: '/', stdio: 'ignore', uid, gid });
    owners.push(stranger);
    const port = readFileSync(join(directory, 'port'), 'utf8').trim();
    const lines = [stranger.pid, '/somewhere', 1, port, '', '127.0.0.1', '  0  0', 'ready   '];
    writeFileSync(join(directory, 'data', 'postmaster.pid'), `${lines.join('\n')}\n`);
    const databases = open(directory);
    expect(await query(databases, 'SELECT count(*)::int AS rows FROM public.kept')).toEqual([{ rows: 2 }]);
    expect(pidOf(directory)).not.toBe(stranger.pid);
    await databases.close();
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  });

  it('takes another port when its own is taken meanwhile, and keeps that one', async () => {
    const before = Number(readFileSync(join(directory, 'port'), 'utf8'));
    const blocker = createServer().listen(before, '127.0.0.1');
    await once(blocker, 'listening');
    const databases = open(directory);
    const { port } = await databases.endpoint();
    expect(port).not.toBe(before);
    await databases.close();
    blocker.close();
    const again = open(directory);
    expect((await again.endpoint()).port).toBe(port);
    await again.close();
  });

  it('says what to do when the password file is lost', async () => {
    const file = join(directory, 'password');
    const password = readFileSync(file);
    writeFileSync(file, '');
    await expect(open(directory).connect()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('password file is missing'),
      hint: expect.stringContaining('"password"'),
    });
    writeFileSync(file, password);
  });

  it('says why the server does not start, and starts once that is mended', async () => {
    const file = join(directory, 'data', 'postgresql.conf');
    const settings = readFileSync(file);
    writeFileSync(file, 'no_such_setting = 1\n');
    const databases = open(directory);
    await expect(databases.connect()).rejects.toMatchObject({
      code: 'unavailable',
      hint: expect.stringContaining('postgres.log'),
    });
    writeFileSync(file, settings);
    expect(await query(databases, 'SELECT 1 AS value')).toEqual([{ value: 1 }]);
    await databases.close();
  });
});

describe('embedded PostgreSQL: two directories', () => {
  it('are two servers, and neither knows the password or the data of the other', async () => {
    const [a, b] = [join(makeDirectory(), 'a'), join(makeDirectory(), 'b')];
    const [one, two] = [open(a), open(b)];
    await Promise.all([query(one, 'CREATE TABLE public.mine (a int)'), query(two, 'SELECT 1')]);
    expect(await query(two, `SELECT to_regclass('public.mine')::text AS found`)).toEqual([{ found: null }]);
    const { host, port } = await two.endpoint();
    const password = readFileSync(join(a, 'password'), 'utf8').trim();
    const client = new pg.Client({ host, port, user: 'postgres', password, database: 'postgres' });
    client.on('error', () => undefined);
    await expect(client.connect()).rejects.toMatchObject({ code: '28P01' });
    await client.end();
    await one.close();
    expect(await query(two, 'SELECT 1 AS value')).toEqual([{ value: 1 }]);
    await two.close();
  });

  it('clears away an attempt that was killed, and takes no port that only root may', async () => {
    const directory = makeDirectory();
    writeFileSync(join(directory, 'port'), '1\n');
    const databases = open(directory);
    const taken = join(directory, 'data-leftover');
    writeFileSync(taken, 'of an attempt that was killed');
    await databases.endpoint();
    expect(existsSync(taken)).toBe(false);
    expect(Number(readFileSync(join(directory, 'port'), 'utf8'))).toBeGreaterThan(1023);
    await databases.close();
  });
});
