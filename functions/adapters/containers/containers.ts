/** Containers for images that have an operating system; images that have none are left to processes. */

import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { EnvironmentRef } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { DockerfileBuild } from '../../ports/builder.ts';
import {
  BASE_LABEL,
  type ImageConfig,
  NO_BASE,
  OWN_BASE,
  type Registry,
  type RegistryCredential,
  type RepositoryRef,
} from '../../ports/registry.ts';
import { repositoryOf } from '../../ports/rules/workloads/specs-apart.ts';
import type { ContainerSpec, WorkloadSpec } from '../../ports/workloads.ts';
import { buildDockerfile } from './build-dockerfile.ts';
import { bodyOf, MACHINE_NODE, mountMachine, placeFiles, placeVolumes, userOf } from './container-body.ts';
import type { Engine } from './engine.ts';
import type { Found } from './find-engine.ts';
import { createEngineImages } from './images.ts';
import { toGateway } from './network/loopback-values.ts';
import {
  createNetworks,
  INSTANCE_LABEL,
  labelsOf,
  listContainers,
  listNetworks,
  networkName,
  removeLabelled,
} from './network/networks.ts';
import { createRelays } from './network/relays.ts';
import { pullImage } from './pull-image.ts';
import { type ContainerOutput, type RunningContainer, runContainer } from './run-container.ts';
import { createRedisContainers, type RedisContainers } from './run-redis.ts';

export interface ContainersOptions {
  /** Names this Berth among others of the engine: what has another's label is left alone. */
  instanceId: string;
  registry: Pick<Registry, 'resolve'>;
  /** The image as `docker save` writes it, under the name. @throws Problem image_unavailable */
  archive(repository: RepositoryRef, digest: string, name: string): Promise<Readable>;
  find(): Promise<Found>;
  /** Whether images without an operating system run in containers too. */
  all?: boolean;
  /** Ports of this machine's loopback interface that all containers may reach, such as the database server's. */
  sharedPorts(): Promise<number[]>;
}

/** A container's surroundings on this machine. */
export interface ContainerPlacing {
  /** For its files, of this container alone. */
  directory: string;
  /** Where a volume of the environment is. @throws Problem invalid_score */
  volume(source: string, path: string | undefined): Promise<string>;
  /** Ports of the loopback interface at which the environment's services are reached. */
  endpoints(): number[];
}

export interface ContainerStart {
  words: readonly string[];
  variables: Record<string, string>;
}

/** A container that can be started, any number of times. */
export interface PreparedContainer {
  image: ImageConfig;
  start(start: ContainerStart, output: ContainerOutput): RunningContainer;
}

export interface Containers {
  /**
   * Makes ready what a container needs; undefined where its image runs as a process.
   * @throws Problem image_unavailable | invalid_score
   */
  prepare(
    spec: WorkloadSpec,
    container: ContainerSpec,
    placing: ContainerPlacing,
  ): Promise<PreparedContainer | undefined>;
  removeEnvironment(ref: EnvironmentRef): Promise<void>;
  /** What is left of an environment, by name. */
  inventory(ref: EnvironmentRef): Promise<string[]>;
  /** Removes what a life of this Berth before left: its containers, networks and rules. */
  recover(): Promise<void>;
  /** Whether an address is that of a container. */
  has(address: string | undefined): boolean;
  /** Builds Dockerfiles. */
  dockerfiles: {
    /** Why there is no engine, as a clause; undefined where there is one. */
    missing(): Promise<string | undefined>;
    /** As `buildDockerfile` does. @throws Problem build_failed */
    build<T extends { digest: string }>(
      build: DockerfileBuild,
      take: (archive: Readable) => Promise<T>,
    ): Promise<T>;
  };
  /**
   * An image of another registry, as `pullImage` does.
   * @throws Problem image_unavailable
   */
  pull<T extends { digest: string }>(
    reference: string,
    take: (archive: Readable) => Promise<T>,
    credential?: RegistryCredential,
  ): Promise<T>;
  /** Redis servers of resources. */
  redis: RedisContainers;
  /** Removes what is left of it in the engine; containers have been stopped before. */
  close(): Promise<void>;
}

export function createContainers(options: ContainersOptions): Containers {
  const { instanceId, registry } = options;
  const images = createEngineImages(instanceId, options.archive);
  const networks = createNetworks(instanceId);
  const relays = createRelays();
  let found: Engine | undefined;

  async function connect(): Promise<Found> {
    if (found) return { engine: found };
    const answer = await options.find();
    if ('engine' in answer) found = answer.engine;
    return answer;
  }

  /** Ports of this machine's loopback interface that a container may reach. */
  async function portsFor(texts: readonly string[], placing: ContainerPlacing): Promise<Set<number>> {
    const shared = await options.sharedPorts();
    const named = shared.filter((port) => texts.some((text) => text.includes(String(port))));
    return new Set([...placing.endpoints(), ...named]);
  }

  async function removeAll(engine: Engine): Promise<void> {
    await removeLabelled(engine, { [INSTANCE_LABEL]: instanceId });
    await networks.clear();
  }

  return {
    async prepare(spec, container, placing) {
      const image = await registry.resolve(repositoryOf(spec), container.digest);
      const base = image.config.labels[BASE_LABEL];
      const { all = false } = options;
      if (base === NO_BASE && !all) return undefined;
      const answer = await connect();
      if ('why' in answer) {
        if (all) throw noEngine(`processes are off, and ${answer.why}`);
        if (base === OWN_BASE) throw noEngine(`it has an operating system, and ${answer.why}`);
        return undefined;
      }
      const { engine } = answer;
      const machine = base === NO_BASE ? await mountMachine() : [];
      const name = await images.ensure(engine, repositoryOf(spec), container.digest);
      const user = userOf(image.config);
      const mounts = [
        ...machine,
        ...(await placeFiles(container.files, placing.directory, user)),
        ...(await placeVolumes(container, placing.volume, user)),
      ];
      return {
        image: image.config,
        start(start, output) {
          const PATH = `${start.variables.PATH ?? image.config.env.PATH ?? ''}:${MACHINE_NODE}`;
          const variables = { ...start.variables, ...(base === NO_BASE && { PATH }) };
          let gateway = '';
          let ports = new Set<number>();
          const body = async (): Promise<object> => {
            const texts = Object.values(start.variables);
            ports = await portsFor(texts, placing);
            // The network is asked for at each start: someone may have removed it meanwhile.
            const network = await networks.ensure(engine, spec, ports);
            gateway = network.gateway;
            const inside = toGateway(texts, gateway, ports);
            return {
              ...bodyOf(name, start.words, container, { network: network.name, user, mounts }),
              Env: Object.entries(variables).map(([key, value]) => `${key}=${inside(value)}`),
              Labels: { ...labelsOf(instanceId, spec), 'dev.berth.service': spec.service },
            };
          };
          const network = networkName(instanceId, spec);
          const beforeStart = (): Promise<void> => relays.open(gateway, ports);
          return runContainer(engine, { body, networkOf: () => network, beforeStart }, output);
        },
      };
    },

    async removeEnvironment(ref) {
      const answer = await connect();
      if ('why' in answer) return;
      const { engine } = answer;
      const network = await networks.find(engine, ref);
      if (network) relays.close(network.gateway);
      await removeLabelled(engine, labelsOf(instanceId, ref));
      if (network) await networks.release(network);
    },

    async inventory(ref) {
      const answer = await connect();
      if ('why' in answer) return [];
      const labels = labelsOf(instanceId, ref);
      const containers = await listContainers(answer.engine, labels);
      const left = await listNetworks(answer.engine, labels);
      return [
        ...containers.map(
          ({ Id, Labels }) => `container ${Id.slice(0, 12)} (${Labels?.['dev.berth.service']})`,
        ),
        ...left.map(({ Name }) => `network ${Name}`),
      ];
    },

    async recover() {
      const answer = await connect();
      if ('engine' in answer) await removeAll(answer.engine);
    },

    has: networks.has,

    dockerfiles: {
      async missing() {
        const answer = await connect();
        return 'why' in answer ? answer.why : undefined;
      },
      async build(build, take) {
        const answer = await connect();
        if ('why' in answer) throw noEngine(`it has an operating system, and ${answer.why}`);
        const { engine } = answer;
        const name = `localhost/berth-${instanceId}-build:${randomUUID()}`;
        const network = await networks.ensureForBuilds(engine);
        return buildDockerfile(engine, { ...build, name, network }, async (archive) => {
          const image = await take(archive);
          // What was built here needs not be loaded.
          await images.adopt(engine, name, image.digest);
          return image;
        });
      },
    },

    async pull(reference, take, credential) {
      const answer = await connect();
      if ('why' in answer) throw noEngine(`it is of another registry, and ${answer.why}`);
      const { engine } = answer;
      const adopt = async (archive: Readable) => {
        const image = await take(archive);
        await images.adopt(engine, reference, image.digest);
        return image;
      };
      return pullImage(engine, reference, adopt, credential);
    },

    redis: createRedisContainers({ instanceId, networks, connect }),

    async close() {
      relays.closeAll();
      if (found) await removeAll(found).catch(() => undefined);
    },
  };
}

const noEngine = (why: string): Problem =>
  new Problem('image_unavailable', `The image can not be run here: ${why}.`, {
    hint: 'Start Docker or Podman on this machine as its administrator, or name its socket in DOCKER_HOST, then deploy again.',
  });
