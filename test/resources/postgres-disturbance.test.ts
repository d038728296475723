import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ResourceOutputs } from '../../functions/core/model/index.ts';
import { postgres } from '../../functions/resources/postgres/postgres.ts';
import { temporaryDirectories } from '../support/files/temporary.ts';
import { openPorts, requestFor, type TestPorts } from './ports.ts';

const makeDirectory = temporaryDirectories();
const request = requestFor({ type: 'postgres', params: {} }, { name: 'db' });
const neighbour = requestFor({ type: 'postgres', params: {} }, { name: 'db', environment: 'next' });
const { disturbance } = postgres;

let ports: TestPorts;
let tenant: pg.Client;
let next: pg.Client;

async function connect({ secrets }: ResourceOutputs): Promise<pg.Client> {
  const reference = secrets.url!;
  const client = new pg.Client({
    connectionString: await ports.secrets.get(reference.secret, reference.version),
  });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

beforeAll(async () => {
  ports = await openPorts(makeDirectory());
  tenant = await connect(await postgres.provision(ports, request));
  next = await connect(await postgres.provision(ports, neighbour));
  for (const client of [tenant, next]) await client.query('CREATE TABLE entries (message text)');
});
afterAll(async () => {
  await next?.end();
  await ports?.close();
});

/** How long the slowest of some statements takes, milliseconds. */
async function slowest(client: pg.Client, count: number): Promise<number> {
  const times: number[] = [];
  for (let left = count; left > 0; left--) {
    const from = performance.now();
    await client.query('SELECT FROM entries');
    times.push(performance.now() - from);
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  return Math.max(...times);
}

describe('A database on a game day', () => {
  it('makes statements wait until it is over, and leaves others alone', async () => {
    const over = new AbortController();
    const slow = disturbance!.slow(ports, request, 500, over.signal);
    expect(await slowest(tenant, 10)).toBeGreaterThan(100);
    await next.query('SELECT FROM entries');
    over.abort();
    await slow;
    const { rows: locks } = await tenant.query(
      `SELECT FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'entries'::regclass`,
    );
    expect(locks).toEqual([]);
  });

  it('loses its connections, takes new ones, and keeps those of others', async () => {
    const ended = new Promise((resolve) => tenant.once('end', resolve));
    await disturbance!.cut(ports, request);
    await ended;
    tenant = await connect(await postgres.provision(ports, request));
    await tenant.query('SELECT FROM entries');
    await next.query('SELECT FROM entries');
    await tenant.end();
  });

  it('is refused where the administrator is not allowed to do that', () => {
    const { superuser: _none, ...databases } = ports.databases;
    expect(disturbance!.refusal(ports, request)).toBeUndefined();
    expect(disturbance!.refusal({ ...ports, databases }, request)).toMatch(/administrator/);
  });
});
