/** Workloads as processes of this machine, with a router, a registry, a builder and a database server of its own. */
import { join } from 'node:path';
import { createContainers } from '../../../adapters/containers/containers.ts';
import { findEngine } from '../../../adapters/containers/find-engine.ts';
import { createActivity } from '../../../adapters/local/activity/activity.ts';
import { createLocalBuilder } from '../../../adapters/local/builder/builder.ts';
import { createEmbeddedPostgres } from '../../../adapters/local/postgres/databases.ts';
import { postgresPorts } from '../../../adapters/local/postgres/postgres-port.ts';
import { createOciLayout } from '../../../adapters/local/registry/registry.ts';
import { createProcessWorkloads } from '../../../adapters/processes/workloads.ts';
import { createRouter } from '../../../adapters/router/router.ts';
import { createTraffic } from '../../../adapters/router/traffic.ts';
import { createRuntimeEvents, type RuntimeEvents } from '../../../commands/events/crash-events.ts';
import type { Effects } from '../../../ports/effects.ts';
import type { Logs } from '../../../ports/logs.ts';
import type { LocalConfig } from '../config/config.ts';
import type { LocalLog } from '../terminal-log.ts';
import { withExternalImages } from './external-images.ts';
import type { Place } from './place.ts';
import { pushedImages } from './pushed-images.ts';
import { createResuming } from './resume.ts';
import { uploadsInUse } from './uploads-in-use.ts';
import { wakeOnRequest } from './wake.ts';

export interface MachineOptions {
  config: LocalConfig;
  instanceId: string;
  /** Host and port of Berth itself. */
  baseHost(): string;
  effects: Effects;
  logs: Logs;
  log: LocalLog;
}

export async function createMachine(options: MachineOptions): Promise<Place> {
  const { config, instanceId, baseHost, effects, logs, log } = options;
  const path = (name: string): string => join(config.dataDirectory, name);
  const registry = await createOciLayout({ directory: path('registry') });
  const activity = createActivity({ path: path('activity.json'), effects });
  const databases = createEmbeddedPostgres({ directory: path('postgres'), log: (line) => log.info(line) });
  const traffic = createTraffic({ baseHost });
  const resuming = createResuming();
  let events: RuntimeEvents | undefined;
  const containers = config.containers && {
    containers: createContainers({
      instanceId,
      registry,
      archive: registry.archive,
      find: () => findEngine(config.containers?.host),
      all: config.containers.all === true,
      sharedPorts: () => postgresPorts(path('postgres')),
    }),
  };
  const workloads = await createProcessWorkloads({
    directory: path('workloads'),
    instanceId,
    traffic,
    logs,
    effects,
    unpackImage: (repository, digest, target) => registry.unpack(repository, digest, target),
    ...containers,
    onCrash: (crash) => events?.crashed(crash),
  });
  const builder = await createLocalBuilder({
    directory: path('builds'),
    layout: registry,
    // Where tenants are kept apart, none reads or runs anything as the user of Berth.
    ...(config.containers?.all && { confined: true, allowLocalGit: false }),
    ...(containers && { dockerfiles: containers.containers.dockerfiles }),
  });
  return {
    ports: {
      activity,
      builder,
      databases,
      logs,
      registry: withExternalImages(registry, containers?.containers),
      workloads: { ...workloads, check: async () => resuming.standing() },
    },
    imagesFor: (places) => pushedImages(registry, places, effects),
    serve: (ports, fallback) => ({
      ...createRouter({ traffic, activity, fallback, ...wakeOnRequest(ports, log, resuming.prefer) }),
      ...(containers && { refuses: containers.containers.has }),
    }),
    resume: (ports) => {
      const onError = (error: unknown): void => log.error('A crash could not be recorded', error);
      events = createRuntimeEvents(ports, { onError });
      uploadsInUse(ports.store)
        .then((used) => used && builder.removeAbandoned(used))
        .catch((error: unknown) => log.error('Uploads of the last run were not looked through', error));
      return resuming.run({ ...ports, databases }, log);
    },
    async close() {
      resuming.close();
      await events?.close();
      await activity.close();
    },
  };
}
