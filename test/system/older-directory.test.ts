/** The data directory of the version before: its data is found, and data newer than this version is left alone. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFileLogs } from '../../functions/adapters/local/logs/logs.ts';
import { createSecretsFile } from '../../functions/adapters/local/secrets/secrets.ts';
import { encodeLine } from '../../functions/adapters/local/secrets/secrets-format.ts';
import { loadKeys } from '../../functions/adapters/local/secrets/secrets-key.ts';
import { createSqliteStore } from '../../functions/adapters/local/store/store.ts';
import { CONVERSIONS } from '../../functions/adapters/local/store/store-conversions.ts';
import { createEffects } from '../../functions/adapters/system/effects.ts';
import { secretPath } from '../../functions/core/keys.ts';
import type { Environment } from '../../functions/core/model/index.ts';
import { Problem } from '../../functions/core/problem.ts';
import { verifyChain } from '../../functions/records/audit-trail.ts';
import { startBerth, type TestBerth } from '../support/berth.ts';

const FIXTURE = join(import.meta.dirname, '../fixtures/berth-1.tar.gz');
const PROJECT = '/v1/projects/shop';
const SERVICE = `${PROJECT}/environments/dev/services/web`;
const directories: string[] = [];

function unpacked(): string {
  const directory = mkdtempSync(join(tmpdir(), 'berth-older-'));
  directories.push(directory);
  execFileSync('tar', ['-xzf', FIXTURE, '-C', directory]);
  return directory;
}
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

const get = async (subject: TestBerth, path: string) => {
  const answer = await subject.api('GET', path);
  expect(answer.status, path).toBe(200);
  return answer.body;
};

describe('A directory of the Berth before', () => {
  let subject: TestBerth;
  beforeAll(async () => {
    subject = await startBerth({ sweepSeconds: 3600, copyOf: unpacked() });
  });
  afterAll(() => subject?.close());

  it('has its project, member, service and versions with their workloads', async () => {
    expect(await get(subject, PROJECT)).toMatchObject({ displayName: 'The shop' });
    const members = await get(subject, `${PROJECT}/members`);
    expect(members.items).toMatchObject([{ principal: 'user:ann', role: 'maintainer' }]);
    const { items } = await get(subject, `${PROJECT}/services/web/versions`);
    expect(items).toHaveLength(2);
    for (const { id } of items) {
      const version = await get(subject, `${PROJECT}/services/web/versions/${id}`);
      expect(version.workload.containers.main.variables).toEqual({ KEY: '${resources.env.API_KEY}' });
    }
  });

  it('has its environment, and the deployments in it', async () => {
    const instance = await get(subject, SERVICE);
    expect(instance).toMatchObject({ current: { number: 3 }, newest: { number: 3 } });
    const { items } = await get(subject, `${SERVICE}/deployments`);
    expect(items).toMatchObject([
      { number: 3, kind: 'rollback', rollbackTo: 1, status: 'succeeded' },
      { number: 2, kind: 'deploy', status: 'succeeded' },
      { number: 1, kind: 'deploy', status: 'succeeded' },
    ]);
    const one = await get(subject, `${SERVICE}/deployments/1`);
    expect(one.workload.metadata.name).toBe('program');
    expect((await get(subject, `${PROJECT}/environments/dev/inventory`)).services).toEqual([
      { service: 'web', deployments: 3, current: 3 },
    ]);
  });

  it('has its operations, each whole', async () => {
    const { items } = await get(subject, `${PROJECT}/operations`);
    expect(items.map(({ kind }: { kind: string }) => kind)).toEqual([
      'rollback',
      'deploy',
      'deploy',
      'build',
      'build',
      'provision-environment',
    ]);
    for (const { id } of items)
      expect(await get(subject, `/v1/operations/${id}`)).toMatchObject({ status: 'succeeded' });
  });

  it('has an audit chain without a gap', async () => {
    expect(await verifyChain(subject.berth.ports, 'shop')).toMatchObject({ intact: true, events: 18 });
  });

  it('has the values of secrets, and its logs', async () => {
    const { secrets } = subject.berth.ports;
    const path = secretPath({ project: 'shop', environment: 'dev' }, 'API_KEY');
    expect(await secrets.get(path)).toBe('kept-by-the-old-one');
    const { items } = await get(subject, `${SERVICE}/logs`);
    expect(items.map(({ message }: { message: string }) => message)).toContain('one listens');
  });

  it('serves what served, with its secret, and takes the next deployment and a rollback', async () => {
    const served = await subject.workload('web.dev.shop.localhost', '/env');
    expect(JSON.parse(served.text).KEY).toBe('kept-by-the-old-one');
    const path = `${SERVICE}/deployments`;
    expect(await subject.operation('POST', path, { rollbackTo: 2 })).toMatchObject({
      number: 4,
      status: 'succeeded',
    });
    expect((await subject.workload('web.dev.shop.localhost')).text).toBe('two');
  });
});

describe('The conversion of a store', () => {
  it('that was cut short is done again, and done once only', async () => {
    const path = join(unpacked(), 'berth.db');
    const cut = new DatabaseSync(path);
    cut.exec(`BEGIN IMMEDIATE; ${CONVERSIONS[1]}`);
    cut.close();
    for (let times = 0; times < 2; times++) {
      const store = createSqliteStore({ path });
      const item = await store.get<Environment>({ pk: 'project#shop', sk: 'environment#dev' });
      expect(item?.data.services).toEqual({ web: { newest: 3, current: 3 } });
      const { items } = await store.query({ pk: 'environment#shop#dev', limit: 10 });
      expect(items.map(({ sk }) => sk)).toEqual(['secret#API_KEY']);
      await store.close();
    }
  });

  it('gives an environment without services none, and tells services apart that have names of others', async () => {
    const path = join(unpacked(), 'berth.db');
    const db = new DatabaseSync(path);
    const put = db.prepare('INSERT INTO items (pk, sk, data, version) VALUES (?, ?, ?, 1)');
    const environment = (name: string) =>
      put.run('project#shop', `environment#${name}`, JSON.stringify({ project: 'shop', name }));
    environment('empty');
    environment('de');
    const waiting = { project: 'shop', environment: 'de', service: 'constructor', newest: 0, highest: 2 };
    put.run('environment#shop#de', 'instance#constructor', JSON.stringify(waiting));
    db.close();
    const store = createSqliteStore({ path });
    const services = async (name: string) =>
      (await store.get<Environment>({ pk: 'project#shop', sk: `environment#${name}` }))?.data.services;
    expect(await services('empty')).toEqual({});
    expect(Object.entries((await services('de')) ?? {})).toEqual([
      ['constructor', { newest: 0, highest: 2 }],
    ]);
    await store.close();
  });
});

describe('What a newer Berth wrote', () => {
  const refused = async (open: () => unknown): Promise<Problem> => {
    try {
      await open();
    } catch (error) {
      if (error instanceof Problem) return error;
    }
    throw new Error('It was opened');
  };

  it('is refused and left as it is: logs and secrets as well', async () => {
    const directory = unpacked();
    const logs = join(directory, 'logs');
    writeFileSync(join(logs, '@format'), '2\n');
    expect(await refused(() => createFileLogs({ directory: logs }))).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('format 2'),
      hint: expect.stringContaining('newer version'),
    });
    expect(readFileSync(join(logs, '@format'), 'utf8')).toBe('2\n');
    const [path, keyPath] = [join(directory, 'secrets'), join(directory, 'secrets.key')];
    const newer = encodeLine(await loadKeys(keyPath, true), { op: 'head', format: 2 });
    writeFileSync(path, newer);
    const open = () => createSecretsFile({ path, keyPath, effects: createEffects() });
    expect(await refused(open)).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('format 2'),
      hint: expect.stringContaining('newer version'),
    });
    expect(readFileSync(path).equals(newer)).toBe(true);
    expect(existsSync(`${path}.tmp`)).toBe(false);
  });
});
