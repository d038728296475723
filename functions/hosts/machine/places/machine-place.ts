/** Workloads as processes of this machine, with a router, a registry, a builder and a database server of its own. */
import { join } from 'node:path';
import { type Containers, createContainers } from '../../../adapters/containers/containers.ts';
import { findEngine } from '../../../adapters/containers/find-engine.ts';
import { createActivity } from '../../../adapters/local/activity/activity.ts';
import { createLocalBucketsAndQueues } from '../../../adapters/local/aws-apis/buckets-and-queues.ts';
import { createLocalBuilder } from '../../../adapters/local/builder/builder.ts';
import { keptPorts, postgresPorts } from '../../../adapters/local/loopback-port.ts';
import { createSpanReceiver } from '../../../adapters/local/otlp/receiver.ts';
import { createSenders } from '../../../adapters/local/otlp/senders.ts';
import { createWorkloadTelemetry } from '../../../adapters/local/otlp/workload-variables.ts';
import { createEmbeddedPostgres } from '../../../adapters/local/postgres/databases.ts';
import { createLocalCaches } from '../../../adapters/local/redis/caches.ts';
import { type FoundRedis, findRedis } from '../../../adapters/local/redis/redis-program.ts';
import { createOciLayout } from '../../../adapters/local/registry/registry.ts';
import { createLocalTraces } from '../../../adapters/local/traces/traces.ts';
import { createProcessWorkloads } from '../../../adapters/processes/workloads.ts';
import { createDomains } from '../../../adapters/router/domains.ts';
import { createRouter } from '../../../adapters/router/router.ts';
import { createTracer } from '../../../adapters/router/tracer.ts';
import { createTraffic } from '../../../adapters/router/traffic.ts';
import { createRuntimeEvents, type RuntimeEvents } from '../../../commands/events/crash-events.ts';
import type { Effects } from '../../../ports/effects.ts';
import type { Logs } from '../../../ports/logs.ts';
import type { LocalConfig } from '../config/config.ts';
import type { LocalLog } from '../terminal-log.ts';
import { withExternalImages } from './external-images.ts';
import type { Place } from './place.ts';
import { pushedImages, withPushedImages } from './pushed-images.ts';
import { createResuming } from './resume.ts';
import { uploadsInUse } from './uploads-in-use.ts';
import { wakeOnRequest } from './woken-by-requests.ts';

export interface MachineOptions {
  config: LocalConfig;
  instanceId: string;
  /** Host and port of Berth itself. */
  baseHost(): string;
  effects: Effects;
  logs: Logs;
  log: LocalLog;
}

/**
 * A Redis server obeys its tenant: where tenants are kept apart it is in a container. Elsewhere a program of the machine
 * is less of a machine.
 */
async function findServers(config: LocalConfig, containers: Containers | undefined): Promise<FoundRedis> {
  const program = await findRedis(process.env.PATH ?? '');
  if ('run' in program && !config.containers?.all) return program;
  const engine = (await containers?.redis.find()) ?? { why: 'containers are off' };
  if ('why' in engine) {
    if (!('why' in program)) return { why: `processes are off, and ${engine.why}`, hint: START_ENGINE };
    return { why: `${program.why}, and ${engine.why}`, hint: program.hint };
  }
  const { redisImage: image } = config;
  if (image === undefined)
    return { why: 'no image of Redis is named', hint: 'Have the platform team set BERTH_REDIS_IMAGE.' };
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  return { run: (request) => engine.run({ ...request, image, account: request.account ?? own }) };
}

const START_ENGINE =
  'Start Docker or Podman on this machine as its administrator, or name its socket in DOCKER_HOST.';

export async function createMachine(options: MachineOptions): Promise<Place> {
  const { config, instanceId, baseHost, effects, logs, log } = options;
  const path = (name: string): string => join(config.dataDirectory, name);
  const registry = await createOciLayout({ directory: path('registry') });
  const activity = createActivity({ path: path('activity.json'), effects });
  const databases = createEmbeddedPostgres({ directory: path('postgres'), log: (line) => log.info(line) });
  const domains = createDomains();
  const traffic = createTraffic({ baseHost, domains });
  const traces = createLocalTraces({
    path: path('traces.db'),
    effects,
    onLost: (error) => log.error('Traces could not be kept', error),
  });
  const senders = createSenders();
  const receiver = await createSpanReceiver(traces, senders, (error) =>
    log.error('Spans were not taken', error),
  );
  const resuming = createResuming();
  let events: RuntimeEvents | undefined;
  const containers = config.containers && {
    containers: createContainers({
      instanceId,
      registry,
      archive: registry.archive,
      find: () => findEngine(config.containers?.host),
      all: config.containers.all === true,
      sharedPorts: async () => [
        ...(await postgresPorts(path('postgres'))),
        ...(await keptPorts(path('redis'))),
        ...(await keptPorts(path('aws-apis'))),
        receiver.port,
      ],
    }),
  };
  const caches = createLocalCaches({
    directory: path('redis'),
    find: () => findServers(config, containers?.containers),
    log: (line) => log.info(line),
  });
  const bucketsAndQueues = createLocalBucketsAndQueues({
    directory: path('aws-apis'),
    log: (line) => log.info(line),
  });
  const workloads = await createProcessWorkloads({
    directory: path('workloads'),
    instanceId,
    traffic,
    logs,
    effects,
    unpackImage: (repository, digest, target) => registry.unpack(repository, digest, target),
    ...containers,
    telemetry: createWorkloadTelemetry(senders, receiver.port),
    onCrash: (crash) => events?.crashed(crash),
  });
  const images = withExternalImages(registry, containers?.containers);
  const builder = await createLocalBuilder({
    directory: path('builds'),
    layout: { ...registry, resolve: images.resolve },
    // Where tenants are kept apart, none reads or runs anything as the user of Berth.
    ...(config.containers?.all && { confined: true, allowLocalGit: false }),
    ...(containers && { dockerfiles: containers.containers.dockerfiles }),
  });
  const pushed = config.places && pushedImages(registry, config.places, effects);
  return {
    ports: {
      activity,
      bucketsAndQueues,
      builder,
      caches,
      databases,
      logs,
      manifests: {
        // Only somebody who leaves loads it.
        async open(environment, where) {
          const { openManifests } = await import('./manifests.ts');
          return openManifests(registry, config.places).open(environment, where);
        },
      },
      registry: withPushedImages(images, pushed),
      traces,
      workloads: { ...workloads, check: async () => resuming.standing() },
    },
    domains: { served: () => domains, own: ['localhost'] },
    routed: domains,
    ...(pushed && { imagesElsewhere: pushed }),
    serve: (ports, fallback) => ({
      ...createRouter({
        traffic,
        activity,
        tracer: createTracer(traces, effects),
        fallback,
        ...wakeOnRequest(ports, log, resuming.prefer),
      }),
      ...(containers && { refuses: containers.containers.has }),
    }),
    resume: (ports) => {
      const onError = (error: unknown): void => log.error('A crash could not be recorded', error);
      events = createRuntimeEvents(ports, { onError });
      uploadsInUse(ports.store)
        .then((used) => used && builder.removeAbandoned(used))
        .catch((error: unknown) => log.error('Uploads of the last run were not looked through', error));
      const resume = async () =>
        void (await Promise.all([databases.resume(), caches.resume(), bucketsAndQueues.resume()]));
      return resuming.run({ ...ports, databases: { ...databases, resume } }, log);
    },
    async close() {
      resuming.close();
      await events?.close();
      await caches.close();
      await bucketsAndQueues.close();
      await containers?.containers.redis.close();
      await activity.close();
      await receiver.close();
      await traces.close();
    },
  };
}
