/** The ports of the simulation keep what real ones keep. */
import { createHash } from 'node:crypto';
import { createByPlace } from '../../functions/adapters/placement/by-place.ts';
import { instanceName } from '../../functions/core/keys.ts';
import type { Activity } from '../../functions/ports/activity.ts';
import type { Item } from '../../functions/ports/store.ts';
import type { Workloads } from '../../functions/ports/workloads.ts';
import { activityContract } from '../contracts/activity.ts';
import { anchorsContract } from '../contracts/anchors.ts';
import { backupsContract } from '../contracts/copies/backups.ts';
import { databasesContract } from '../contracts/databases.ts';
import { logsContract } from '../contracts/logs/logs.ts';
import { registryContract } from '../contracts/registry.ts';
import { secretKeeperContract } from '../contracts/secret-keepers.ts';
import { secretsContract } from '../contracts/secrets.ts';
import { programs } from '../contracts/workloads/workload-programs.ts';
import { workloadsContract } from '../contracts/workloads/workloads.ts';
import type { WorkloadsSubject } from '../contracts/workloads/workloads-bench.ts';
import { calmWorld } from './calm-world.ts';
import { createSimulatedDatabases } from './ports/databases.ts';
import { createSimulatedKeeper } from './ports/keeper.ts';
import { createSimulatedLogs } from './ports/logs.ts';
import type { Program } from './ports/programs.ts';
import { createSimulatedRegistry } from './ports/registry.ts';
import { createSimulatedSecrets } from './ports/secrets.ts';
import { createSimulatedActivity, createSimulatedAnchors, createSimulatedBackups } from './ports/small.ts';
import { createSimulatedWorkloads } from './ports/workloads.ts';

let ids = 0;
secretsContract('simulation', async () => ({
  secrets: createSimulatedSecrets(() => `version-${++ids}`),
  dispose: async () => undefined,
}));

const does = (source: string): Program => {
  if (source === programs.deaf) return { kind: 'deaf' };
  if (source === programs.crash) return { kind: 'ends', code: 3, says: 'no table "guests"' };
  return source.startsWith('console.log') ? { kind: 'ends', code: 0, says: 'done' } : { kind: 'serves' };
};

/** @param through what the calls go through on their way */
const workloadsSubject =
  (through: (workloads: Workloads) => Workloads = (workloads) => workloads) =>
  async (): Promise<WorkloadsSubject> => {
    const images = new Map<string, Program>();
    const logs = createSimulatedLogs();
    const world = calmWorld();
    const workloads = createSimulatedWorkloads(world, {
      program: (digest) => images.get(digest),
      takes: () => 5,
      fault: () => undefined,
      logs,
    });
    return {
      workloads: through(workloads),
      async image(source) {
        const digest = `sha256:${createHash('sha256').update(source).digest('hex')}`;
        images.set(digest, does(source));
        return digest;
      },
      logs: (instance) => logs.linesOf(instanceName(instance)),
      close: async () => undefined,
    };
  };

workloadsContract('simulation', workloadsSubject(), { runsPrograms: false });

/** Every environment is in that place, and nothing may come to the installation's own. */
const elsewhere = (there: Workloads): Workloads => {
  const nothing = new Proxy({} as Workloads, {
    get: (_, name) => (name === 'close' ? async () => undefined : undefined),
  });
  const others = { activity: {} as Activity, logs: createSimulatedLogs() };
  const place = { name: 'emea', labels: {}, databases: false, createdAt: '', createdBy: '' };
  const byPlace = createByPlace({
    home: { workloads: nothing, ...others },
    store: {
      get: async <T>({ pk }: { pk: string }) =>
        ({ data: pk === 'places' ? { places: [place] } : { id: 'one', placement: 'emea' } }) as Item<T>,
    },
    effects: { now: Date.now },
    accept: () => undefined,
    open: async () => ({ workloads: there, ...others }),
  });
  return byPlace.workloads;
};
workloadsContract('simulation, in another place', workloadsSubject(elsewhere), { runsPrograms: false });

secretKeeperContract('simulation', async () => {
  const keeper = createSimulatedKeeper(Date.now);
  return {
    keeper,
    from: 'vault',
    put: async (name, value) => {
      const entry = `secret/${name}`;
      return { entry, version: keeper.put(entry, value) };
    },
    forget: async (entry, version) => keeper.forget(entry, version),
    noVersion: '99',
    dispose: async () => undefined,
  };
});

registryContract('simulation', async () => {
  const registry = createSimulatedRegistry(calmWorld());
  return { registry, push: registry.push, keep: registry.put, dispose: async () => undefined };
});

logsContract('simulation', async () => ({ logs: createSimulatedLogs(), dispose: async () => undefined }));

activityContract('simulation', { tellsDeployments: true }, async () => {
  const activity = createSimulatedActivity(calmWorld());
  return {
    activity,
    async request(instance, status, durationMs, deployment) {
      activity.touch(instance.project, instance.environment, { ...instance, status, durationMs, deployment });
      return durationMs;
    },
    now: Date.now,
    dispose: async () => undefined,
  };
});

const anchors = createSimulatedAnchors();
anchorsContract('simulation', () => anchors);

backupsContract('simulation', async () => ({
  backups: createSimulatedBackups(async (_point, effect) => effect()),
  dispose: async () => undefined,
}));

databasesContract(
  'simulation',
  async () => {
    const around = { io: calmWorld().io, caller: () => undefined, isGone: () => false, onDeath: [] };
    return { databases: createSimulatedDatabases(around), dispose: async () => undefined };
  },
  { statements: 'of resources' },
);
