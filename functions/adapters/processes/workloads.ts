/** The Workloads port on one machine: deployments are process groups. */

import { existsSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { environmentName, instanceName } from '../../core/keys.ts';
import type { EnvironmentRef, InstanceRef } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Effects } from '../../ports/effects.ts';
import type { Logs } from '../../ports/logs.ts';
import type { WorkloadTelemetry } from '../../ports/traces.ts';
import type { Backend, Traffic } from '../../ports/traffic.ts';
import type { WorkloadCrash, Workloads } from '../../ports/workloads.ts';
import type { Containers } from '../containers/containers.ts';
import { diskProblem } from '../files/disk-full.ts';
import { createCommands } from './commands/commands.ts';
import { execBeside } from './commands/exec.ts';
import { type Context, createLog, defaultTiming, type Timing, type UnpackImage } from './context.ts';
import { claim, createFences, gone, isOf } from './fences.ts';
import { createInstance, type Instance, superseded } from './instance.ts';
import { createLayout, discard, makeDirectory, pruneParent, segment, setAside } from './layout.ts';
import { createForwarders } from './network/forwarders.ts';
import { createPortPool } from './network/port-pool.ts';
import { createRunRecords, type RunRecord } from './programs/runs.ts';
import { unmounted } from './programs/unmounted.ts';
import { createTracks } from './tracks.ts';
import { upstreamOf } from './upstream.ts';
import { createUsage } from './usage.ts';

export type { UnpackImage } from './context.ts';

export interface ProcessWorkloadsOptions {
  /** A directory for this adapter alone; it is made if it is not there. */
  directory: string;
  /** Names this Berth among others on the machine: processes with another's mark are left alone. */
  instanceId: string;
  /** Is told of each workload and each change of one. */
  traffic: Traffic;
  logs: Logs;
  effects: Effects;
  unpackImage: UnpackImage;
  /** Runs images that have an operating system. */
  containers?: Containers;
  /** Lets workloads send spans. */
  telemetry?: WorkloadTelemetry;
  timing?: Partial<Timing>;
  /** Is told of each container that ended and is started again. */
  onCrash?: (crash: WorkloadCrash) => void;
}

/** How long a connection to another workload's endpoint waits for it to become ready. */
const ENDPOINT_WAIT_MS = 10_000;
/** `close` has to be over within 10 s. */
const CLOSE_GRACE_MS = 8000;

/** Ends what an earlier life with the same `instanceId` left running, then resolves. */
export async function createProcessWorkloads(options: ProcessWorkloadsOptions): Promise<Workloads> {
  const { effects, instanceId, traffic } = options;
  const layout = createLayout(options.directory);
  const runs = createRunRecords(layout.runs);
  for (const path of [layout.runs, layout.trash]) await makeDirectory(path);
  await runs.sweep(`${instanceId}/`, () => true);
  await runs.clear();
  await options.containers?.recover();
  // Specs are in memory only, so whatever earlier replicas left is of no use to this life.
  await rename(layout.replicas, join(layout.trash, `replicas-${process.pid}-${effects.id()}`)).catch(
    () => undefined,
  );
  const cleaning = setTimeout(() => {
    void readdir(layout.trash)
      .then((names) =>
        Promise.all(names.map((name) => rm(join(layout.trash, name), { recursive: true, force: true }))),
      )
      .catch(() => undefined);
  }, 1000);
  cleaning.unref();

  const context: Context = {
    layout,
    instanceId,
    timing: { ...defaultTiming, ...options.timing },
    ports: createPortPool(),
    runs,
    unpackImage: options.unpackImage,
    ...(options.containers && { containers: options.containers }),
    ...(options.telemetry && { telemetry: options.telemetry }),
    effects,
    log: createLog(options.logs, effects),
    ...(options.onCrash && { crashed: options.onCrash }),
  };
  const instances = new Map<string, Instance>();
  const fences = createFences(layout);
  const commands = createCommands(context, (spec) => {
    requirePlace(spec);
    fences.check(spec, spec.fence);
  });
  const usage = createUsage(context, () => instances.values());
  const forwarders = createForwarders(layout, findUpstream);
  let closed = false;

  /** An instance that was removed may still change while another one of its name is there. */
  function tell({ ref }: Instance): void {
    const present = instances.get(instanceName(ref));
    if (present) traffic.declare(upstreamOf(present));
    else traffic.withdraw(ref);
  }

  function instanceOf(ref: InstanceRef): Instance {
    const key = instanceName(ref);
    const present = instances.get(key);
    if (present) return present;
    const { project, environment, service } = ref;
    const instance: Instance = createInstance({
      context,
      ref: { project, environment, service },
      onChange: () => tell(instance),
    });
    instances.set(key, instance);
    return instance;
  }

  function requirePlace(ref: EnvironmentRef): void {
    if (closed) {
      throw new Problem('unavailable', 'Nothing can be started: Berth is stopping.', {
        hint: 'Try again in a moment.',
      });
    }
    if (existsSync(layout.environment(ref)) && isOf(layout, ref) === 'same') return;
    throw gone(ref);
  }

  async function findUpstream(ref: InstanceRef, port: number): Promise<Backend | undefined> {
    const patience = AbortSignal.timeout(ENDPOINT_WAIT_MS);
    for (;;) {
      const found = traffic.next(ref, port);
      if (found || patience.aborted || closed) return found;
      await traffic.nextChange(patience);
    }
  }

  const inEnvironment =
    (ref: EnvironmentRef) =>
    (other: EnvironmentRef): boolean =>
      other.project === ref.project && other.environment === ref.environment;
  const prefixOf = (ref: EnvironmentRef): string => `${environmentName(ref)}/`;
  const markersOf = (ref: EnvironmentRef): string => `${instanceId}/${prefixOf(ref)}`;

  return {
    async ensureEnvironment(environment) {
      if (isOf(layout, environment) === 'later') throw gone(environment);
      await makeDirectory(layout.volumes(environment));
      claim(layout, environment);
    },

    async removeEnvironment(environment) {
      if (isOf(layout, environment) === 'later') return;
      const inIt = inEnvironment(environment);
      // The place goes first, so that nothing new gets in while the rest goes.
      const place = layout.environment(environment);
      const aside = await setAside(layout, place);
      await pruneParent(place);
      forwarders.close({ ...environment, service: '' }, true);
      fences.forget(prefixOf(environment));
      context.telemetry?.forget(environment);
      const going = [...instances.values()].filter(({ ref }) => inIt(ref));
      await Promise.all([commands.abort(inIt), ...going.map((instance) => removeInstance(instance, false))]);
      await runs.sweep(markersOf(environment), (record: RunRecord) => inIt(record));
      await context.containers?.removeEnvironment(environment);
      if (aside) await rm(aside, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
      await discard(layout, layout.environmentReplicas(environment));
      await pruneParent(layout.environmentReplicas(environment));
    },

    async inventory(environment) {
      const processes = await runs.find(markersOf(environment), inEnvironment(environment));
      const list = (path: string): Promise<string[]> => readdir(path).catch(() => []);
      const services = await list(layout.environmentReplicas(environment));
      const volumes = await list(layout.volumes(environment));
      return [
        ...processes.map(({ pid, label }) => `process ${pid} (${label})`),
        ...((await context.containers?.inventory(environment)) ?? []),
        ...services.map((name) => `files of ${name}`),
        ...volumes.map((name) => `volume ${name}`),
        ...(existsSync(layout.environment(environment)) ? [`directory of ${environment.environment}`] : []),
      ];
    },

    async apply(spec) {
      requirePlace(spec);
      fences.raise(spec, spec.fence);
      await forwarders.reopen(spec);
      requirePlace(spec);
      await instanceOf(spec)
        .apply(spec)
        .catch((error: unknown) => {
          throw diskProblem(error);
        });
    },

    async awaitRollout(instance, number, signal) {
      const present = instances.get(instanceName(instance));
      if (present) return present.awaitRollout(number, signal);
      return { state: 'failed', error: superseded(number, 'it is not what runs here') };
    },

    runRelease: async (spec, command, signal) => commands.release(spec, command, signal),
    runCommand: async (spec, run, signal) => commands.run(spec, run, signal),
    exec: async (instance, request) => {
      requirePlace(instance);
      return execBeside(context, instance, instances.get(instanceName(instance))?.serving, request);
    },
    endCommand: (_instance, operation) => commands.end(operation),

    async scale(instance, replicas, fence) {
      if (replicas > 0 || instance.environmentId !== undefined) requirePlace(instance);
      if (existsSync(layout.environment(instance))) fences.raise(instance, fence);
      const present = instances.get(instanceName(instance));
      if (present) return present.scale(replicas);
      if (replicas === 0) return;
      throw new Problem(
        'not_found',
        `${instance.service} can not be scaled: nothing of it has been applied here.`,
        {
          hint: 'Deploy it first.',
        },
      );
    },

    async remove(instance, fence) {
      if (isOf(layout, instance) !== 'same') return;
      if (existsSync(layout.environment(instance))) fences.raise(instance, fence);
      await commands.abort((ref) => instanceName(ref) === instanceName(instance));
      const present = instances.get(instanceName(instance));
      if (present) await removeInstance(present, true);
      forwarders.close(instance);
      await discard(layout, layout.instance(instance));
      await pruneParent(layout.instance(instance));
    },

    async status(instance) {
      return instances.get(instanceName(instance))?.status();
    },

    async kill(instance, replica) {
      instances.get(instanceName(instance))?.kill(replica);
    },

    tracks: createTracks(fences, (instance) => instances.get(instanceName(instance))),

    keepsClients: true,

    disturb: traffic.disturb,

    async metrics(instance, windowSeconds) {
      return usage.read(instanceName(instance), effects.now() - windowSeconds * 1000);
    },

    url: async (instance) => traffic.url(instance),
    host: async (environment, label) => traffic.host(environment, label),

    async endpoint(instance, port) {
      requirePlace(instance);
      if (port.protocol !== 'TCP') {
        throw new Problem(
          'invalid_resource',
          `The port ${port.name} can not be reached by others: it is UDP.`,
          {
            hint: 'On one machine workloads reach each other by TCP alone.',
          },
        );
      }
      return { hostname: '127.0.0.1', port: await forwarders.open(instance, port.port) };
    },

    async ensureVolume(environment, name) {
      requirePlace(environment);
      await makeDirectory(join(layout.volumes(environment), segment(name)));
      return name;
    },

    async removeVolume(environment, name) {
      await discard(layout, join(layout.volumes(environment), segment(name)));
    },

    warnings: unmounted,

    async close() {
      if (closed) return;
      closed = true;
      usage.close();
      clearTimeout(cleaning);
      context.timing.graceMs = Math.min(context.timing.graceMs, CLOSE_GRACE_MS);
      await Promise.all([
        commands.abort(() => true),
        ...[...instances.values()].map((instance) => instance.close()),
      ]);
      forwarders.closeAll();
      await context.containers?.close();
      await runs.sweep(`${instanceId}/`, () => true);
    },
  };

  async function removeInstance(instance: Instance, drain: boolean): Promise<void> {
    const key = instanceName(instance.ref);
    await instance.remove(drain);
    if (instances.get(key) === instance) instances.delete(key);
    usage.forget(key);
    tell(instance);
  }
}
