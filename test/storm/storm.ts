/** A storm: clients act, troubles befall, and in between all is left alone and has to hold. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../simulation/random.ts';
import { packExample } from '../support/berth.ts';
import { act, ENVIRONMENTS } from './actions.ts';
import { type Client, createClient, createPromised, PROJECT } from './client.ts';
import { corrupt, holdingsOf } from './corruption.ts';
import { createInstallation } from './installation.ts';
import { createOracle } from './oracle.ts';
import { duplicates, staleWriters } from './repeats.ts';
import { troubles } from './troubles.ts';

export interface StormOptions {
  minutes: number;
  seed: number;
  /** Of the time, for damaged files: 0 to 1. */
  damage: number;
}

const CLIENTS = ['ADA', 'BOB', 'CYD'];
/** How long a storm goes on between two looks, milliseconds. */
const ROUND_MS = 90_000;

/** @returns what was violated */
export async function storm({ minutes, seed, damage }: StormOptions): Promise<string[]> {
  const random = createRandom(seed);
  const end = Date.now() + minutes * 60_000;
  const installation = await createInstallation();
  const promised = createPromised();
  const clients = CLIENTS.map((name) => createClient(installation, name, promised));
  const [client] = clients as [Client];
  const oracle = createOracle(installation, client);
  const befell = new Map<string, number>();
  const onEnd = (): void => {
    signalAll();
    installation.dispose();
    process.exit(130);
  };
  const signalAll = (): void => {
    const pid = installation.pid();
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  };
  process.once('SIGINT', onEnd).once('SIGTERM', onEnd);
  try {
    if (!installation.ownDisk)
      console.log('Skipped: filling the disk, which takes root, to mount one of its own.');
    await installation.start();
    await setUp(client);
    console.log('Set up.');
    await duplicates(installation, client, 1_000);
    await staleWriters(installation, client, random, 5_000);
    await oracle.atRest();
    const calm = end - minutes * 60_000 * damage;
    for (let round = 1; Date.now() < calm; round++) {
      const until = Math.min(Date.now() + ROUND_MS, calm);
      await Promise.all([...clients.map((one) => keepActing(one, until)), trouble(until)]);
      await installation.start();
      await oracle.atRest();
      console.log(
        `Round ${round}: ${[...befell.values()].reduce((sum, count) => sum + count, 0)} troubles, ${installation.violations.length} violations`,
      );
    }
    const before = await holdingsOf(installation.directory, installation.port);
    await installation.end('SIGTERM');
    const { tried, refused } = await corrupt(installation, random, before, end);
    console.log(`${tried} damaged files: ${refused} refused with a reason, the others serve.`);
    await installation.start();
    await oracle.atRest();
    await oracle.afterDestroy();
    await installation.end('SIGTERM');
    if (installation.workloads().length + installation.postgres().length > 0)
      installation.violate('Processes are left after Berth has stopped in order');
    for (const [name, count] of befell) console.log(`  ${count} x ${name}`);
  } catch (error) {
    installation.violate(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    process.off('SIGINT', onEnd).off('SIGTERM', onEnd);
    await installation.end('SIGKILL');
    installation.dispose();
  }
  return installation.violations;

  async function keepActing(one: Client, until: number): Promise<void> {
    while (Date.now() < until) {
      await act(one, random);
      await sleep(random.below(1_500));
    }
  }

  async function trouble(until: number): Promise<void> {
    const possible = troubles.filter(({ disk }) => !disk || installation.ownDisk);
    while (Date.now() < until) {
      await sleep(1_000 + random.below(8_000));
      const one = random.pick(possible);
      befell.set(one.name, (befell.get(one.name) ?? 0) + 1);
      console.log(`  ${new Date().toISOString().slice(11, 19)} ${one.name}`);
      await one.befall(installation, random);
    }
  }
}

export async function setUp(client: Client): Promise<void> {
  const must = async (method: string, path: string, body: unknown): Promise<string> => {
    const told = await client.ask(method, path, body);
    if (!told || told.status >= 300)
      throw new Error(`${method} ${path}: ${told?.status} ${JSON.stringify(told?.body)}`);
    for (let operation = told; told.status === 202; ) {
      if (operation.body.status === 'succeeded') break;
      if (['failed', 'canceled'].includes(operation.body.status))
        throw new Error(JSON.stringify(operation.body));
      await sleep(200);
      operation = (await client.ask('GET', `/v1/operations/${told.body.id}`)) ?? operation;
    }
    return told.body.id;
  };
  await must('POST', '/v1/projects', { name: 'shop' });
  await must('POST', `${PROJECT}/services`, { name: 'guestbook' });
  for (const tag of ['one', 'two', 'broken']) {
    const source = await packExample('guestbook', (name, text) => {
      if (name === 'server.js' && tag === 'broken') return "console.error('broken'); process.exit(1);";
      return name === 'server.js' ? text.replace('Welcome aboard', `Welcome aboard of ${tag}`) : text;
    });
    await must('POST', `${PROJECT}/services/guestbook/builds?tag=${tag}`, source);
  }
  for (const name of ENVIRONMENTS) {
    await must('POST', `${PROJECT}/environments`, { name });
    await must('POST', `${PROJECT}/environments/${name}/services/guestbook/deployments`, { version: 'one' });
  }
}
