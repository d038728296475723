/** A Procfile as Heroku users have it: each process type runs apart, and goes where its service goes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Json, startBerth, type TestBerth } from '../../support/berth.ts';
import { archive } from '../../support/programs.ts';

const DEV = '/v1/projects/shop/environments/dev';
const SHOP = `${DEV}/services/shop`;

const web = `require('node:http').createServer((_, response) => response.end('web')).listen(process.env.PORT, () => console.log('web listens'));`;
const worker = (says: string): string =>
  `console.log('${says} ' + process.env.GREETING + ' ' + process.env.PORT); setInterval(() => {}, 1000);`;

let subject: TestBerth;
const versions: Record<string, string> = {};

const ok = async (method: string, path: string, body?: unknown): Promise<Json> => {
  const ended = await subject.operation(method, path, body);
  expect(ended, JSON.stringify(ended.error)).toMatchObject({ status: 'succeeded' });
  return ended;
};
const instance = async (): Promise<Json> => (await subject.api('GET', SHOP)).body;
const replicas = async (process?: string): Promise<Json[]> =>
  (await instance()).replicas.items.filter((one: Json) => one.process === process);
const lines = async (query: string): Promise<Json[]> =>
  (await subject.api('GET', `${SHOP}/logs?tail=200&${query}`)).body.items;
const messages = async (query: string): Promise<string> =>
  (await lines(query)).map(({ message }) => message).join('\n');

async function build(name: string, procfile: string, program: string): Promise<void> {
  const files = { 'web.js': web, 'worker.js': program, Procfile: procfile };
  const built = await ok('POST', '/v1/projects/shop/services/shop/builds', await archive(files));
  versions[name] = built.result.version;
}
const deploy = (body: object): Promise<Json> => ok('POST', `${SHOP}/deployments`, body);

beforeAll(async () => {
  subject = await startBerth();
  await subject.api('POST', '/v1/projects', { name: 'shop' });
  await subject.api('POST', '/v1/projects/shop/services', { name: 'shop' });
  await ok('POST', '/v1/projects/shop/environments', { name: 'dev' });
  await subject.api('PUT', `${DEV}/variables/GREETING`, { value: 'hello' });
  const both = 'web: node web.js\nworker: node worker.js\n';
  await build('one', both, worker('one'));
  await build('two', `${both}clock: node worker.js\n`, worker('two'));
  await build('broken', both, 'process.exit(3)');
  await deploy({ version: versions.one });
});
afterAll(() => subject?.close());

describe('The processes of a Procfile', () => {
  it('run apart from web, each in one replica, with its variables and without a port', async () => {
    expect(await instance()).toMatchObject({
      state: 'serving',
      replicas: { desired: 1, ready: 1 },
      processes: [{ name: 'worker', desired: 1, ready: 1 }],
    });
    expect([await replicas(), await replicas('worker')].map(({ length }) => length)).toEqual([1, 1]);
    expect((await subject.workload('shop.dev.shop.localhost')).text).toBe('web');
    await expect.poll(() => messages('process=worker')).toContain('one hello undefined');
  });

  it('are read apart in the log, and together', async () => {
    expect(await messages('process=worker')).not.toContain('web listens');
    expect(await messages('process=web')).not.toContain('one hello');
    const all = await lines('');
    expect(all.find(({ message }) => message.startsWith('one hello'))).toMatchObject({ process: 'worker' });
    expect(all.find(({ message }) => message === 'web listens')?.process).toBeUndefined();
  });

  it('have commands and shells beside them, with what they are given, and the audit trail says of which', async () => {
    const command = ['node', '-p', 'process.env.GREETING + " " + process.env.PORT'];
    const printed = async (process?: string): Promise<string> => {
      const { id } = await ok('POST', `${SHOP}/runs`, { command, ...(process && { process }) });
      const { items } = (await subject.api('GET', `/v1/operations/${id}/logs`)).body;
      return items.map(({ message }: Json) => message).join();
    };
    expect(await printed('worker')).toBe('hello undefined');
    expect(await printed()).toMatch(/^hello \d+$/);
    const { items } = (await subject.api('GET', '/v1/projects/shop/events?type=run.started')).body;
    expect(items.map(({ data }: Json) => data.process)).toEqual([undefined, 'worker']);
    expect(await typed('shop', command, 'worker')).toBe('hello undefined\n');
    for (const kind of ['runs', 'shells'])
      expect(await subject.api('POST', `${SHOP}/${kind}`, { command, process: 'mail' })).toMatchObject({
        status: 404,
        body: { code: 'not_found', hint: 'It has web, worker.' },
      });
  });

  it('are scaled apart, and later deployments keep the number', async () => {
    await ok('PUT', `${SHOP}/scale`, { processes: { worker: 2 } });
    expect(await instance()).toMatchObject({
      replicas: { desired: 1, ready: 1 },
      processes: [{ name: 'worker', desired: 2, ready: 2, scale: 2 }],
    });
    await deploy({ version: versions.two });
    expect((await instance()).processes).toEqual([
      { name: 'worker', desired: 2, ready: 2, scale: 2 },
      { name: 'clock', desired: 1, ready: 1 },
    ]);
    const refused = await subject.api('PUT', `${SHOP}/scale`, { processes: { mail: 1 } });
    expect(refused).toMatchObject({ status: 404, body: { hint: 'It has web, worker, clock.' } });
  });

  it('go back together by a rollback, and what the version before does not have is gone', async () => {
    await deploy({ rollbackTo: 1 });
    expect((await instance()).processes).toEqual([{ name: 'worker', desired: 2, ready: 2, scale: 2 }]);
    const { replicas: left } = (await subject.berth.ports.workloads.status(await placed())) ?? {};
    expect(left?.filter(({ process }) => process === 'clock')).toEqual([]);
    await expect
      .poll(async () => (await replicas()).concat(await replicas('worker')).map((one) => one.deployment))
      .toEqual(expect.arrayContaining([4, 4, 4]));
  });

  it('fail the deployment together, and what served is put back', async () => {
    const failed = await subject.operation('POST', `${SHOP}/deployments`, { version: versions.broken });
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'workload_crashed' } });
    expect(failed.error.cause).toContain('process worker of shop');
    await expect.poll(async () => (await replicas('worker')).map((one) => one.deployment)).toEqual([4, 4]);
    const { items } = (await subject.api('GET', '/v1/projects/shop/events?limit=50')).body;
    const crashed = items.filter(({ type }: Json) => type === 'instance.crashed');
    expect(crashed.map(({ service }: Json) => service)).not.toEqual([]);
    expect(new Set(crashed.map(({ service }: Json) => service))).toEqual(new Set(['shop']));
  });

  it('sleep and wake with the environment, and stop with the service', async () => {
    await ok('POST', `${DEV}/hibernate`);
    expect(await subject.berth.ports.workloads.status(await placed())).toMatchObject({
      readyReplicas: 0,
      processes: { worker: { readyReplicas: 0, desiredReplicas: 0 } },
    });
    await ok('POST', `${DEV}/wake`);
    expect((await instance()).processes).toMatchObject([{ name: 'worker', desired: 2, ready: 2 }]);
    await ok('POST', `${SHOP}/stop`);
    expect(await replicas('worker')).toEqual([]);
    await ok('POST', `${SHOP}/start`);
    expect(await replicas('worker')).toHaveLength(2);
    await ok('PUT', `${SHOP}/scale`, { processes: { worker: 0 } });
    expect(await instance()).toMatchObject({ state: 'serving', replicas: { ready: 1 } });
    expect(await replicas('worker')).toEqual([]);
  });
});

it('While web is tried in steps, the processes before work on, and take turns once the new version serves', async () => {
  await subject.api('POST', '/v1/projects/shop/services', { name: 'tried' });
  const score = `apiVersion: score.dev/v1b1
metadata:
  name: tried
  annotations: {berth.dev/processes: worker, berth.dev/strategy: canary, berth.dev/steps: 50% 3s, berth.dev/bake-seconds: "1"}
service: {ports: {www: {port: 80, targetPort: 8080}}}
containers:
  web: {image: ., command: [node, web.js]}
  worker: {image: ., command: [node, worker.js]}`;
  const files = { 'web.js': web, 'worker.js': worker('tried'), 'score.yaml': score };
  const built = await ok('POST', '/v1/projects/shop/services/tried/builds', await archive(files));
  const at = `${DEV}/services/tried`;
  const { version } = built.result;
  await ok('POST', `${at}/deployments`, { version });
  const deployed = ok('POST', `${at}/deployments`, { version });
  const now = async (): Promise<Json> => (await subject.api('GET', at)).body;
  const workers = ({ replicas }: Json): number[] =>
    replicas.items.filter((one: Json) => one.process === 'worker').map((one: Json) => one.deployment);
  await expect.poll(async () => (await now()).candidate?.percent, { timeout: 20_000 }).toBe(50);
  expect(workers(await now())).toEqual([1]);
  await deployed;
  expect(await now()).toMatchObject({ state: 'serving', current: { number: 2 } });
  await expect.poll(async () => workers(await now())).toEqual([2]);
});

it('A Procfile without web runs its first process in place of one, which all commands find by its name', async () => {
  await subject.api('POST', '/v1/projects/shop/services', { name: 'mail' });
  const files = { 'worker.js': worker('mail'), Procfile: 'worker: node worker.js\n' };
  const built = await ok('POST', '/v1/projects/shop/services/mail/builds', await archive(files));
  const at = `${DEV}/services/mail`;
  await ok('POST', `${at}/deployments`, { version: built.result.version });
  await ok('PUT', `${at}/scale`, { processes: { worker: 2 } });
  const now = (await subject.api('GET', at)).body;
  expect(now).toMatchObject({ state: 'serving', process: 'worker', replicas: { desired: 2, ready: 2 } });
  expect(now.url).toBeUndefined();
  const command = ['node', '-p', 'process.env.GREETING'];
  expect(await typed('mail', command)).toBe('hello\n');
  await ok('POST', `${at}/runs`, { command, process: 'worker' });
  expect((await subject.api('POST', `${at}/shells`, { process: 'worker' })).status).toBe(201);
  expect((await subject.api('POST', `${at}/shells`, { process: 'clock' })).body.hint).toMatch(
    /^It has worker alone/,
  );
  const log = async () => (await subject.api('GET', `${at}/logs?process=worker`)).body.items;
  await expect
    .poll(async () => (await log()).map(({ message }: Json) => message))
    .toContain('mail hello undefined');
});

/** What a program beside a replica prints. */
async function typed(service: string, command: string[], process?: string): Promise<string> {
  const { exec } = subject.berth.ports.workloads;
  const ref = { project: 'shop', environment: 'dev', service };
  const session = await exec?.(ref, { command, tty: false, ...(process !== undefined && { process }) });
  const [printed] = await Promise.all([session?.stdout.toArray(), session?.ended]);
  return Buffer.concat(printed ?? []).toString();
}

const placed = async () => ({
  project: 'shop',
  environment: 'dev',
  service: 'shop',
  processes: { worker: { replicas: 2 }, clock: { replicas: 1 } },
});
