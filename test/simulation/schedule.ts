/** One schedule: a Berth, its clients and its faults, all from one seed; then quiet, and a look at what is left. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSqliteStore } from '../../functions/adapters/local/store/store.ts';
import type { Route } from '../../functions/api/http/route-spec.ts';
import type { Ports } from '../../functions/ports/index.ts';
import { act, IMAGES, SERVICES, workloadOf } from './actions.ts';
import { createSimulatedBerth } from './berth.ts';
import { createClient, PROJECT } from './clients.ts';
import { installClock, runUntil } from './clock.ts';
import { createOracle } from './oracle.ts';
import { createSimulatedDatabases } from './ports/databases.ts';
import { createSimulatedSecrets } from './ports/secrets.ts';
import {
  createSimulatedActivity,
  createSimulatedAnchors,
  createSimulatedBuilder,
  createSimulatedLogs,
  createSimulatedReceivers,
  createSimulatedRegistry,
} from './ports/small.ts';
import { type Behaviour, createSimulatedWorkloads } from './ports/workloads.ts';
import { createRandom } from './random.ts';
import { createSimulatedStore } from './store.ts';
import { createWorld, type World } from './world.ts';

export interface Outcome {
  seed: number;
  violations: string[];
  trace: string[];
  reached: Map<string, number>;
}

export interface ScheduleOptions {
  routes: readonly Route[];
  /** How often a call meets a fault, 0 to 1. */
  rate: number;
  /** How many things each of the clients does. */
  actions: number;
}

const START = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

export async function runSchedule(seed: number, options: ScheduleOptions): Promise<Outcome> {
  const random = createRandom(seed);
  const directory = mkdtempSync(join(tmpdir(), 'berth-simulation-'));
  const uninstall = installClock(START, random.next);
  const world = createWorld(random, options.rate);
  const onRejection = (error: unknown): void =>
    world.violate(`unhandled rejection: ${error instanceof Error ? error.stack : String(error)}`);
  process.on('unhandledRejection', onRejection);
  const kept = createSqliteStore({ path: ':memory:' });
  try {
    await play(world, kept, join(directory, 'workflows.db'), options);
  } catch (error) {
    world.violate(error instanceof Error ? error.message : String(error));
  } finally {
    process.off('unhandledRejection', onRejection);
    uninstall();
    await kept.close();
    rmSync(directory, { recursive: true, force: true });
  }
  const { violations, trace, reached } = world;
  return { seed, violations, trace, reached };
}

async function play(
  world: World,
  kept: Ports['store'],
  workflows: string,
  options: ScheduleOptions,
): Promise<void> {
  const secrets = createSimulatedSecrets(world.effects.id);
  const databaseServer = createSimulatedDatabases(world);
  const activity = createSimulatedActivity(world);
  const oracle = createOracle(world, {
    kept,
    secrets,
    databases: databaseServer,
    workloads: () => workloads,
  });
  const workloads = createSimulatedWorkloads(world, { behaviour, fault: oracle.faultOf });
  const io = world.io;
  const around: Omit<Ports, 'workflows'> = {
    store: createSimulatedStore(world, kept),
    workloads,
    databases: databaseServer,
    activity,
    secrets: {
      put: (path, value, put) => io('secrets.put', () => secrets.put(path, value, put)),
      get: (path, version) => io('secrets.get', () => secrets.get(path, version)),
      revoke: (path, version) => io('secrets.revoke', () => secrets.revoke(path, version), true),
      remove: (path) => io('secrets.remove', () => secrets.remove(path), true),
      list: (prefix) => io('secrets.list', () => secrets.list(prefix)),
    },
    registry: createSimulatedRegistry(
      world,
      IMAGES.map(({ digest }) => digest),
    ),
    builder: createSimulatedBuilder(world, () => IMAGES[0]?.digest ?? '', JSON.stringify(workloadOf('web'))),
    logs: createSimulatedLogs(),
    anchors: createSimulatedAnchors(),
    receivers: createSimulatedReceivers(world),
    effects: world.effects,
  };
  const berth = createSimulatedBerth(world, around, workflows, options.routes);
  const names = ['ada', 'bob', 'cyd'];
  const clients = names.map((name) => createClient(world, berth, name));
  const touch = (environment: string): void => activity.touch('shop', environment);
  const steps = async (time: number, work: Promise<unknown>): Promise<void> => {
    let done = false;
    void work.then(
      () => (done = true),
      (error: unknown) => {
        done = true;
        world.violate(`a client: ${error instanceof Error ? error.stack : String(error)}`);
      },
    );
    await runUntil(world.effects.now() + time, () => done || world.violations.length > 0, oracle.look);
    if (!done && world.violations.length === 0) world.violate(`it does not come to an end within ${time} ms`);
  };
  world.faulty = false;
  await steps(HOUR, setUp(clients[0]!));
  world.faulty = true;
  await steps(
    24 * HOUR,
    Promise.all(clients.map((client) => act({ world, client, touch }, options.actions))),
  );
  if (world.violations.length > 0) return;
  world.faulty = false;
  await runUntil(world.effects.now() + 6 * HOUR, oracle.isQuiet, oracle.look);
  await steps(HOUR, oracle.atQuiet(around, clients));
  if (world.violations.length > 0) return;
  await steps(6 * HOUR, oracle.afterDestroy(clients[0]!));
}

const behaviour = (digest: string): Behaviour => {
  const name = IMAGES.find((image) => image.digest === digest)?.name;
  return name === 'crashing' || name === 'slow' ? name : 'good';
};

async function setUp(client: ReturnType<typeof createClient>): Promise<void> {
  const ask = (method: string, path: string, body: unknown) =>
    client.ask(method, path, body, { patient: true });
  await ask('POST', '/v1/projects', { name: 'shop' });
  for (const service of SERVICES) {
    await ask('POST', `${PROJECT}/services`, { name: service });
    for (const { name, digest } of IMAGES)
      await ask('POST', `${PROJECT}/services/${service}/versions`, {
        image: digest,
        workload: workloadOf(service),
        tags: [name],
      });
  }
  await ask('POST', `${PROJECT}/environments`, { name: 'dev', idleAfter: '30m' });
  await ask('POST', `${PROJECT}/environments`, { name: 'prod' });
}
