/** A Berth with all that is around it, and clients before it: where schedules are played. */
import { DatabaseSync } from 'node:sqlite';
import { threadId } from 'node:worker_threads';
import type { Route } from '../../functions/api/http/route-spec.ts';
import type { Ports } from '../../functions/ports/index.ts';
import { IMAGES, SERVICES, workloadOf } from './actions.ts';
import { createSimulatedBerth } from './berth.ts';
import { type Client, createClient, PROJECT } from './clients.ts';
import { installClock, monotonicNow, runFor } from './clock.ts';
import type { Fates, Planned } from './faults.ts';
import { createLedger } from './oracle/ledger.ts';
import { createOracle } from './oracle/oracle.ts';
import { createSimulatedDatabases } from './ports/databases.ts';
import { createRecords } from './ports/records.ts';
import { createSimulatedSecrets } from './ports/secrets.ts';
import {
  createSimulatedActivity,
  createSimulatedAnchors,
  createSimulatedBuilder,
  createSimulatedLogs,
  createSimulatedReceivers,
  createSimulatedRegistry,
} from './ports/small.ts';
import { createSimulatedStore } from './ports/store.ts';
import { type Behaviour, createSimulatedWorkloads } from './ports/workloads.ts';
import { createRandom } from './random.ts';
import { createWorld, type World } from './world.ts';

export interface Outcome {
  violations: string[];
  trace: string[];
  faults: Planned[];
  /** How often each point was called while faults could happen. */
  called: ReadonlyMap<string, number>;
}

export interface Scene {
  world: World;
  around: Omit<Ports, 'workflows'>;
  clients: Client[];
  oracle: ReturnType<typeof createOracle>;
  touch(environment: string): void;
  /** Lets time pass until some work is done, or something is broken. @param time milliseconds that it may take */
  until(time: number, work: Promise<unknown>): Promise<void>;
  /** Ends all faults, and lets time pass until nothing goes on. */
  rest(): Promise<void>;
}

const START = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;
/** More than the slowest program needs. */
const SETTLING_MS = 185_000;
const NAMES = ['ada', 'bob', 'cyd'];
let scenes = 0;

/** Plays on a new scene, in virtual time; what breaks a promise is told in the outcome. */
export async function play(
  seed: number,
  fates: Fates,
  routes: readonly Route[],
  plot: (scene: Scene) => Promise<void>,
): Promise<Outcome> {
  const random = createRandom(seed);
  const uninstall = installClock(START, random.next);
  const world = createWorld(random, fates);
  const onRejection = (error: unknown): void =>
    world.violate(`unhandled rejection: ${error instanceof Error ? error.stack : String(error)}`);
  process.on('unhandledRejection', onRejection);
  // A file in memory, which is there as long as somebody has it open.
  const runs = `file:berth-simulation-${threadId}-${scenes++}?mode=memory&cache=shared`;
  const held = new DatabaseSync(runs);
  try {
    await plot(createScene(world, runs, routes));
  } catch (error) {
    world.violate(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    process.off('unhandledRejection', onRejection);
    uninstall();
    held.close();
  }
  const { violations, trace } = world;
  return { violations, trace, faults: fates.happened, called: fates.called };
}

function createScene(world: World, runs: string, routes: readonly Route[]): Scene {
  const activity = createSimulatedActivity(world);
  const touches = new Map<string, number>();
  const ledger = createLedger(world, {
    lastTouch: (project, environment) => touches.get(`${project}/${environment}`),
    secret: /value-\d+-\d+/,
  });
  const kept = createRecords(monotonicNow, ledger.note);
  const secrets = createSimulatedSecrets(world.effects.id);
  const values = new Map<string, string | undefined>();
  const databases = createSimulatedDatabases(world);
  const logs = createSimulatedLogs();
  const oracle = createOracle(world, {
    kept,
    ledger,
    secrets,
    values,
    databases,
    logs,
    workloads: () => workloads,
  });
  const workloads = createSimulatedWorkloads(world, { behaviour, fault: oracle.faultOf });
  const io = world.io;
  const around: Omit<Ports, 'workflows'> = {
    store: createSimulatedStore(world, kept),
    workloads,
    databases,
    activity,
    secrets: {
      put: (path, value, put) => {
        const name = path.split('/').slice(0, 2).join('/');
        values.set(value, ledger.environments.get(name)?.id);
        return io('secrets.put', () => secrets.put(path, value, put), false, { writes: true });
      },
      get: (path, version) => io('secrets.get', () => secrets.get(path, version)),
      revoke: (path, version) =>
        io('secrets.revoke', () => secrets.revoke(path, version), true, { writes: true }),
      remove: (path) => io('secrets.remove', () => secrets.remove(path), true, { writes: true }),
      list: (prefix) => io('secrets.list', () => secrets.list(prefix)),
    },
    registry: createSimulatedRegistry(
      world,
      IMAGES.map(({ digest }) => digest),
    ),
    builder: createSimulatedBuilder(world, () => IMAGES[0]?.digest ?? '', JSON.stringify(workloadOf('web'))),
    logs,
    anchors: createSimulatedAnchors(),
    receivers: createSimulatedReceivers(world),
    effects: world.effects,
  };
  const berth = createSimulatedBerth(world, around, runs, routes);
  return {
    world,
    around,
    oracle,
    clients: NAMES.map((name) => createClient(world, berth, name)),
    touch(environment) {
      touches.set(`shop/${environment}`, world.effects.now());
      activity.touch('shop', environment);
    },
    async until(time, work) {
      let done = false;
      void work.then(
        () => (done = true),
        (error: unknown) => {
          done = true;
          world.violate(`a client: ${error instanceof Error ? error.stack : String(error)}`);
        },
      );
      await runFor(time, () => done || world.violations.length > 0, oracle.look);
      if (!done && world.violations.length === 0)
        world.violate(`it does not come to an end within ${time} ms`);
    },
    async rest() {
      world.heal();
      const broken = (): boolean => world.violations.length > 0;
      const look = (): void => {
        oracle.look();
        oracle.lookAtBounds();
      };
      await runFor(12 * HOUR, () => oracle.isQuiet() || broken(), look);
      // What an operation has declared at its end comes up a little later.
      await runFor(SETTLING_MS, broken, look);
      await runFor(12 * HOUR, () => oracle.isQuiet() || broken(), look);
    },
  };
}

const behaviour = (digest: string): Behaviour => {
  const name = IMAGES.find((image) => image.digest === digest)?.name;
  return name === 'crashing' || name === 'slow' ? name : 'good';
};

/** A project with services and their versions, and two environments. */
export async function setUp({ world, clients, until }: Scene): Promise<void> {
  world.faulty = false;
  const [client] = clients;
  if (!client) return;
  const ask = (method: string, path: string, body: unknown) =>
    client.ask(method, path, body, { patient: true });
  const all = async (): Promise<void> => {
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
  };
  await until(HOUR, all());
  world.faulty = true;
}

/** Comes to rest, looks at everything, destroys everything, and looks what is left. */
export async function wrapUp({ oracle, clients, around, until, rest, world }: Scene): Promise<void> {
  await rest();
  await until(HOUR, oracle.atQuiet(around, clients));
  const [client] = clients;
  if (world.violations.length > 0 || !client) return;
  await until(6 * HOUR, oracle.afterDestroy(client));
}
