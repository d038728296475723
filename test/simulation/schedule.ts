/** One schedule: a Berth, its clients and its faults, all from one seed; then quiet, and a look at what is left. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSqliteStore } from '../../functions/adapters/local/store/store.ts';
import type { Route } from '../../functions/api/http/route-spec.ts';
import type { Ports } from '../../functions/ports/index.ts';
import { act } from './actions/act.ts';
import { createSimulatedBerth } from './berth.ts';
import { createClient } from './clients.ts';
import { currentOwner, installClock, type Mortal, runUntil } from './clock.ts';
import { createOracle } from './oracle.ts';
import { createSimulatedBuilder } from './ports/builder.ts';
import { createSimulatedDatabases } from './ports/databases.ts';
import { createSimulatedLogs } from './ports/logs.ts';
import type { Program } from './ports/programs.ts';
import { createSimulatedReceivers } from './ports/receivers.ts';
import { createSimulatedRegistry } from './ports/registry.ts';
import { createSimulatedSecrets } from './ports/secrets.ts';
import { createSimulatedActivity, createSimulatedAnchors } from './ports/small.ts';
import { createSimulatedWorkloads } from './ports/workloads.ts';
import { createPromises } from './promises.ts';
import { createRandom } from './random.ts';
import { IMAGES, PEOPLE, setUp, workloadOf } from './setting.ts';
import { createSimulatedStore } from './store.ts';
import { createWorld, type World } from './world.ts';

export interface Outcome {
  seed: number;
  violations: string[];
  trace: string[];
  reached: Map<string, number>;
  /** How many operations of each kind ended in each way: `deploy succeeded`. */
  operations: Map<string, number>;
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
  const { violations, trace, reached, operations } = world;
  return { seed, violations, trace, reached, operations };
}

async function play(
  world: World,
  kept: Ports['store'],
  workflows: string,
  options: ScheduleOptions,
): Promise<void> {
  const secrets = createSimulatedSecrets(world.effects.id);
  const databaseServer = createSimulatedDatabases({
    io: world.io,
    caller: currentOwner,
    isGone: (process) => (process as Mortal).dead,
    onDeath: world.onDeath as ((process: object) => void)[],
  });
  const activity = createSimulatedActivity(world);
  const oracle = createOracle(world, {
    kept,
    secrets,
    databases: databaseServer,
    workloads: () => workloads,
  });
  const logs = createSimulatedLogs();
  const receivers = createSimulatedReceivers(world);
  const workloads = createSimulatedWorkloads(world, {
    program: programOf,
    takes: (program) => takesOf(world, program),
    fault: oracle.faultOf,
    logs,
  });
  const promises = createPromises(world, {
    kept,
    secrets,
    workloads: () => workloads,
    activity,
    logs,
    receivers,
  });
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
    builder: createSimulatedBuilder(world, (service) => ({
      digest: IMAGES[0]?.digest ?? '',
      score: JSON.stringify(workloadOf(service)),
    })),
    logs,
    anchors: createSimulatedAnchors(),
    receivers,
    effects: world.effects,
  };
  const berth = createSimulatedBerth(world, around, workflows, options.routes);
  const clients = PEOPLE.map((person) => createClient(world, berth, person, promises.leaks));
  const { touch } = activity;
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
  await steps(HOUR, promises.atQuiet());
  if (world.violations.length > 0) return;
  await steps(6 * HOUR, oracle.afterDestroy(clients[0]!));
}

const programOf = (digest: string): Program | undefined => {
  switch (IMAGES.find((image) => image.digest === digest)?.name) {
    case undefined:
      return undefined;
    case 'crashing':
      return { kind: 'ends', code: 1, says: 'It has no table.' };
    case 'slow':
      return { kind: 'serves', slow: true };
    default:
      return { kind: 'serves' };
  }
};

const takesOf = ({ random }: World, program: Program): number =>
  program.kind === 'serves' && program.slow ? 60_000 + random.below(120_000) : 500 + random.below(15_000);
