/** A Berth with all that is around it, and clients before it: where schedules are played. */
import { DatabaseSync } from 'node:sqlite';
import { threadId } from 'node:worker_threads';
// What routes load at their first request is here by then: while a module is read, virtual time would go on.
import '@modelcontextprotocol/server';
import '../../functions/api/agents/agent-server.ts';
import '../../functions/core/score/file/check.ts';
import '../../functions/core/score/file/parse.ts';
import type { Route } from '../../functions/api/http/route-spec.ts';
import { HOME } from '../../functions/core/model/index.ts';
import type { Ports } from '../../functions/ports/index.ts';
import { agedVersions } from './aged-versions.ts';
import { createSimulatedBerth } from './berth.ts';
import { type Client, createClient } from './clients.ts';
import { currentOwner, installClock, type Mortal, monotonicNow, runFor } from './clock.ts';
import { expiredEnvironments } from './expired-environments.ts';
import type { Fates, Planned } from './faults.ts';
import { createBackupOracle } from './oracle/backups.ts';
import { createCloneOracle } from './oracle/clones.ts';
import { createDrainOracle } from './oracle/drains.ts';
import { createLedger } from './oracle/ledger.ts';
import { createOracle } from './oracle/oracle.ts';
import { createPromises } from './oracle/promises.ts';
import { createPromotionOracle } from './oracle/promotions.ts';
import { createPushOracle } from './oracle/pushes.ts';
import { createRecipeOracle } from './oracle/recipes.ts';
import { createVersionsOracle } from './oracle/versions.ts';
import { createSimulatedBuilder } from './ports/builder.ts';
import { createSimulatedDatabases } from './ports/databases.ts';
import { createSimulatedGitHost, type SimulatedGitHost } from './ports/git-host.ts';
import { createSimulatedKeeper, type SimulatedKeeper } from './ports/keeper.ts';
import { createSimulatedPlaces } from './ports/places.ts';
import type { Program } from './ports/programs.ts';
import { createSimulatedReceivers } from './ports/receivers.ts';
import { createRecords, type Records } from './ports/records.ts';
import { createSimulatedRegistry, type SimulatedRegistry } from './ports/registry.ts';
import { createSimulatedSecrets } from './ports/secrets.ts';
import { createSimulatedAnchors, createSimulatedBackups, createSimulatedSources } from './ports/small.ts';
import { createSimulatedStore } from './ports/store.ts';
import { createRandom } from './random.ts';
import {
  asking,
  CLUSTERS,
  digestNamed,
  IMAGES,
  KNOWN_DIGESTS,
  PEOPLE,
  setUpAll,
  workloadOf,
} from './setting.ts';
import { createWorld, pause, type World } from './world.ts';

export interface Outcome {
  violations: string[];
  trace: string[];
  faults: Planned[];
  /** How often each point was called while faults could happen. */
  called: ReadonlyMap<string, number>;
  /** How many operations of each kind ended in each way: `deploy succeeded`. */
  operations: ReadonlyMap<string, number>;
}

export interface Scene {
  world: World;
  around: Omit<Ports, 'workflows'>;
  clients: Client[];
  kept: Records;
  registry: SimulatedRegistry;
  git: SimulatedGitHost;
  keeper: SimulatedKeeper;
  oracle: ReturnType<typeof createOracle>;
  recipes: ReturnType<typeof createRecipeOracle>;
  promises: ReturnType<typeof createPromises>;
  touch(project: string, environment: string): void;
  /** Lets time pass until some work is done, or something is broken. @param time milliseconds that it may take */
  until(time: number, work: Promise<unknown>): Promise<void>;
  /** Ends all faults, and lets time pass until nothing goes on. */
  rest(): Promise<void>;
}

const START = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;
/** More than the slowest program needs. */
const SETTLING_MS = 185_000;
/** More than lies between two sweeps. */
const SWEPT_MS = 61_000;
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
  const world = createWorld(random, fates, seed % 2 === 0);
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
  const { violations, trace, operations } = world;
  return { violations, trace, faults: fates.happened, called: fates.called, operations };
}

function createScene(world: World, runs: string, routes: readonly Route[]): Scene {
  const ledger = createLedger(world, {
    touches: (project, environment) => places.touches(project, environment),
    secret: /value-\d+-\d+/,
  });
  const git = createSimulatedGitHost(monotonicNow);
  const keeper = createSimulatedKeeper(monotonicNow);
  const kept = createRecords(monotonicNow, (changed) => {
    ledger.note(changed);
    promises.note(changed);
    pushes.note(changed);
    versions.note(changed);
    promotions.note(changed);
    clones.note(changed);
    drains.note(changed);
    recipes.note(changed);
  });
  const versions = createVersionsOracle(world, { ledger, registry: () => registry });
  const pushes = createPushOracle(world, { git, environments: ledger.environments });
  const promotions = createPromotionOracle(world, ledger);
  const clones = createCloneOracle(world, { ledger, kept: () => kept, databases: () => databases });
  const recipes = createRecipeOracle(world, ledger);
  const drains = createDrainOracle(world, { operations: ledger.operations, logs: () => places.homeLogs });
  const secrets = createSimulatedSecrets(world.effects.id);
  const values = new Map<string, Set<string | undefined>>();

  const databases = createSimulatedDatabases({
    io: world.io,
    caller: currentOwner,
    isGone: (process) => (process as Mortal).dead,
    onDeath: world.onDeath as ((process: object) => void)[],
    superuser: !world.pauses,
  });
  const backups = createSimulatedBackups(world.io);
  const oracle = createOracle(world, {
    backups: createBackupOracle(world, { kept, ledger, databases, backups }),
    kept,
    ledger,
    secrets,
    values,
    databases,
    keeper,
    pushes,
    versions,
    promotions,
    clones,
    drains,
    recipes,
    places: () => places,
  });
  const receivers = createSimulatedReceivers(world, git, drains.take);
  const places = createSimulatedPlaces(
    world,
    CLUSTERS,
    { program: programOf, takes: (program) => takesOf(world, program), fault: oracle.faultOf },
    ({ project, environment }) => ledger.environments.get(`${project}/${environment}`)?.placement ?? HOME,
  );
  const promises = createPromises(world, {
    kept,
    ledger,
    secrets,
    keeper,
    places: () => places,
    receivers,
  });
  const registry = createSimulatedRegistry(
    world,
    IMAGES.map(({ digest }) => digest),
    versions.noteRemoval,
  );
  const io = world.io;
  const around: Omit<Ports, 'workflows'> = {
    store: createSimulatedStore(world, kept),
    ...places.home,
    databases,
    databaseSources: createSimulatedSources(world),
    backups,
    secretKeepers: {
      vault: {
        pin: (source) => io('keeper.pin', () => keeper.pin(source)),
        read: (source) => io('keeper.read', () => keeper.read(source)),
      },
    },
    secrets: {
      put: (path, value, put) => {
        const name = path.split('/').slice(0, 2).join('/');
        values.set(value, (values.get(value) ?? new Set()).add(ledger.environments.get(name)?.id));
        return io('secrets.put', () => secrets.put(path, value, put), false, { writes: true });
      },
      get: (path, version) => io('secrets.get', () => secrets.get(path, version)),
      revoke: (path, version) =>
        io('secrets.revoke', () => secrets.revoke(path, version), true, { writes: true }),
      remove: (path) => io('secrets.remove', () => secrets.remove(path), true, { writes: true }),
      list: (prefix) => io('secrets.list', () => secrets.list(prefix)),
    },
    registry,
    builder: createSimulatedBuilder(world, {
      built: (service) => ({ digest: digestNamed('good'), score: JSON.stringify(workloadOf(service)) }),
      push: registry.upload,
      isOver: (operation) => ledger.operations.get(operation)?.endedAt !== undefined,
    }),
    anchors: createSimulatedAnchors(),
    receivers,
    effects: world.effects,
  };
  const berth = createSimulatedBerth(world, around, places, runs, routes);
  return {
    world,
    around,
    kept,
    registry,
    git,
    keeper,
    oracle,
    recipes,
    promises,
    clients: PEOPLE.map((person) => createClient(world, berth, person, promises)),
    touch: (project, environment) => places.touch({ project, environment }),
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

const programOf = (digest: string): Program | undefined => {
  const image = IMAGES.find((one) => one.digest === digest)?.name;
  if (!KNOWN_DIGESTS.includes(digest)) return undefined;
  switch (image) {
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

/** Without faults: two tenants with all that they have, and what has been there for months. */
export async function setUp(scene: Scene): Promise<void> {
  const { world, kept, git, keeper, registry } = scene;
  await calmly(scene, (client) => setUpAll(asking(client), { git, keeper, drains: !world.pauses }));
  // A sweep has seen the clock before anything fails.
  await calmly(scene, () => pause(SWEPT_MS));
  world.faulty = false;
  await agedVersions(world, kept, registry);
  await expiredEnvironments(world, kept);
  world.faulty = true;
}

/** Lets somebody who runs the installation do something while nothing fails. */
export async function calmly(
  { world, clients: [client], until }: Scene,
  work: (client: Client) => Promise<unknown>,
): Promise<void> {
  if (!client) return;
  world.faulty = false;
  await until(HOUR, work(client));
  world.faulty = true;
}

/** Comes to rest, looks at everything, destroys everything, and looks what is left. */
export async function wrapUp({
  oracle,
  promises,
  clients,
  around,
  until,
  rest,
  world,
}: Scene): Promise<void> {
  await rest();
  await until(HOUR, oracle.atQuiet(around, clients));
  await until(HOUR, promises.atQuiet());
  const [client] = clients;
  if (world.violations.length > 0 || !client) return;
  await until(6 * HOUR, oracle.afterDestroy(client));
}
