/** The ports of the simulation keep what real ones keep. */
import { createHash } from 'node:crypto';
import { instanceName } from '../../functions/core/keys.ts';
import { activityContract } from '../contracts/activity.ts';
import { anchorsContract } from '../contracts/anchors.ts';
import { databasesContract } from '../contracts/databases.ts';
import { logsContract } from '../contracts/logs/logs.ts';
import { registryContract } from '../contracts/registry.ts';
import { secretsContract } from '../contracts/secrets.ts';
import { programs } from '../contracts/workload-programs.ts';
import { workloadsContract } from '../contracts/workloads.ts';
import { fatesByPlan } from './faults.ts';
import { createSimulatedDatabases } from './ports/databases.ts';
import { createSimulatedLogs } from './ports/logs.ts';
import type { Program } from './ports/programs.ts';
import { createSimulatedRegistry } from './ports/registry.ts';
import { createSimulatedSecrets } from './ports/secrets.ts';
import { createSimulatedActivity, createSimulatedAnchors } from './ports/small.ts';
import { createSimulatedWorkloads } from './ports/workloads.ts';
import { createRandom } from './random.ts';
import { createWorld } from './world.ts';

/** In the time of this machine, and without faults. */
function calmWorld() {
  const world = createWorld(createRandom(1), fatesByPlan([]));
  Object.assign(world.effects, { now: Date.now });
  return { ...world, io: async <T>(_point: string, effect: () => T | Promise<T>) => effect() };
}

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

workloadsContract(
  'simulation',
  async () => {
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
      workloads,
      async image(source) {
        const digest = `sha256:${createHash('sha256').update(source).digest('hex')}`;
        images.set(digest, does(source));
        return digest;
      },
      logs: (instance) => logs.linesOf(instanceName(instance)),
      close: async () => undefined,
    };
  },
  { runsPrograms: false },
);

registryContract('simulation', async () => {
  const registry = createSimulatedRegistry(calmWorld());
  return { registry, push: registry.push, keep: registry.put, dispose: async () => undefined };
});

logsContract('simulation', async () => ({ logs: createSimulatedLogs(), dispose: async () => undefined }));

activityContract('simulation', async () => {
  const activity = createSimulatedActivity(calmWorld());
  return {
    activity,
    request: async (instance, status, durationMs, deployment) =>
      activity.touch(instance.project, instance.environment, { ...instance, status, durationMs, deployment }),
    now: Date.now,
    dispose: async () => undefined,
  };
});

const anchors = createSimulatedAnchors();
anchorsContract('simulation', () => anchors);

databasesContract(
  'simulation',
  async () => {
    const around = { io: calmWorld().io, caller: () => undefined, isGone: () => false, onDeath: [] };
    return { databases: createSimulatedDatabases(around), dispose: async () => undefined };
  },
  { statements: 'of resources' },
);
