/** Containers for images that have an operating system; images that have none are left to processes. */
import { randomUUID } from 'node:crypto';
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { isAbsolute, join, normalize } from 'node:path';
import type { Readable } from 'node:stream';
import { limits as bounds } from '../../core/limits.ts';
import type { EnvironmentRef } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import {
  BASE_LABEL,
  type ImageConfig,
  NO_BASE,
  OWN_BASE,
  type Registry,
  type RepositoryRef,
} from '../../ports/registry.ts';
import type { ContainerSpec, FileSpec, WorkloadSpec } from '../../ports/workloads.ts';
import { buildDockerfile, type DockerfileBuild } from './build-dockerfile.ts';
import type { Engine } from './engine.ts';
import type { Found } from './find-engine.ts';
import { createEngineImages } from './images.ts';
import { toGateway } from './loopback-values.ts';
import {
  ensureNetwork,
  INSTANCE_LABEL,
  labelsOf,
  listContainers,
  listNetworks,
  networkName,
  removeLabelled,
} from './networks.ts';
import { createRelays } from './relays.ts';
import { type ContainerOutput, type RunningContainer, runContainer } from './run-container.ts';

export interface ContainersOptions {
  /** Names this Berth among others of the engine: what has another's label is left alone. */
  instanceId: string;
  registry: Pick<Registry, 'resolve'>;
  /** The image as `docker save` writes it, under the name. @throws Problem image_unavailable */
  archive(repository: RepositoryRef, digest: string, name: string): Promise<Readable>;
  find(): Promise<Found>;
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
  /** Removes the containers that a life of this Berth before left, and networks of environments that are not there. */
  recover(isThere: (ref: EnvironmentRef) => boolean): Promise<void>;
  /** Builds Dockerfiles. */
  dockerfiles: {
    /** Why there is no engine, as a clause; undefined where there is one. */
    missing(): Promise<string | undefined>;
    /** As `buildDockerfile` does. @throws Problem build_failed */
    build<T>(build: DockerfileBuild, take: (archive: Readable) => Promise<T>): Promise<T>;
  };
  close(): void;
}

/** The user of an image that names none, where Berth itself is the administrator. */
const USER = 65_532;
const NANOS = 1e9;

export function createContainers(options: ContainersOptions): Containers {
  const { instanceId, registry } = options;
  const images = createEngineImages(instanceId, options.archive);
  const relays = createRelays();
  let found: Engine | undefined;

  async function connect(): Promise<Found> {
    if (found) return { engine: found };
    const answer = await options.find();
    if ('engine' in answer) found = answer.engine;
    return answer;
  }

  return {
    async prepare(spec, container, placing) {
      const image = await registry.resolve(spec, container.digest);
      const base = image.config.labels[BASE_LABEL];
      if (base === NO_BASE) return undefined;
      const answer = await connect();
      if ('why' in answer) {
        if (base === OWN_BASE) throw noEngine(answer.why);
        return undefined;
      }
      const { engine } = answer;
      const name = await images.ensure(engine, spec, container.digest);
      const user = userOf(image.config);
      const mounts = [
        ...(await placeFiles(container.files, placing.directory, user)),
        ...(await placeVolumes(container, placing, user)),
      ];
      return {
        image: image.config,
        start(start, output) {
          // The network is asked for at each start: someone may have removed it meanwhile.
          const network = networkName(instanceId, spec);
          const texts = Object.values(start.variables);
          let gateway = '';
          const ports = new Set<number>();
          const environment = async (): Promise<string[]> => {
            ({ gateway } = await ensureNetwork(engine, instanceId, spec));
            const shared = (await options.sharedPorts()).filter((port) =>
              texts.some((text) => text.includes(String(port))),
            );
            for (const port of [...placing.endpoints(), ...shared]) ports.add(port);
            const translate = toGateway(texts, gateway, ports);
            return Object.entries(start.variables).map(([key, value]) => `${key}=${translate(value)}`);
          };
          const body = async (): Promise<object> => ({
            ...bodyOf(name, start, container, { network, user, mounts }),
            Env: await environment(),
            Labels: { ...labelsOf(instanceId, spec), 'dev.berth.service': spec.service },
          });
          return runContainer(
            engine,
            { body, network, beforeStart: () => relays.open(gateway, ports) },
            output,
          );
        },
      };
    },

    async removeEnvironment(ref) {
      const answer = await connect();
      if ('why' in answer) return;
      const { engine } = answer;
      const name = networkName(instanceId, ref);
      const [network] = (await listNetworks(engine, labelsOf(instanceId, ref))).filter(
        ({ Name }) => Name === name,
      );
      if (network) relays.close((await ensureNetwork(engine, instanceId, ref)).gateway);
      await removeLabelled(engine, labelsOf(instanceId, ref));
    },

    async inventory(ref) {
      const answer = await connect();
      if ('why' in answer) return [];
      const labels = labelsOf(instanceId, ref);
      const [containers, networks] = [
        await listContainers(answer.engine, labels),
        await listNetworks(answer.engine, labels),
      ];
      return [
        ...containers.map(
          ({ Id, Labels }) => `container ${Id.slice(0, 12)} (${Labels?.['dev.berth.service']})`,
        ),
        ...networks.map(({ Name }) => `network ${Name}`),
      ];
    },

    async recover(isThere) {
      const answer = await connect();
      if ('why' in answer) return;
      await removeLabelled(answer.engine, { [INSTANCE_LABEL]: instanceId }, isThere);
    },

    dockerfiles: {
      async missing() {
        const answer = await connect();
        return 'why' in answer ? answer.why : undefined;
      },
      async build(build, take) {
        const answer = await connect();
        if ('why' in answer) throw noEngine(answer.why);
        const name = `localhost/berth-${instanceId}-build:${randomUUID()}`;
        return buildDockerfile(answer.engine, name, build, take);
      },
    },

    close: () => relays.closeAll(),
  };
}

const noEngine = (why: string): Problem =>
  new Problem('image_unavailable', `The image can not be run here: it has an operating system, and ${why}.`, {
    hint: 'Start Docker or Podman on this machine as its administrator, or name its socket in DOCKER_HOST, then deploy again.',
  });

interface User {
  /** What the engine is told; absent where the image says it. */
  user?: string;
  /** Undefined where the image names its user, which the image alone knows. */
  id: number | undefined;
}

/** The image's user if it names one; else never the administrator. */
function userOf({ user }: ImageConfig): User {
  const named = user?.split(':')[0] ?? '';
  if (named !== '') return { id: /^\d+$/.test(named) ? Number(named) : undefined };
  const own = process.getuid?.() ?? 0;
  const id = own === 0 ? USER : own;
  return { user: `${id}:${id}`, id };
}

interface Mount {
  Type: 'bind';
  Source: string;
  Target: string;
  ReadOnly: boolean;
}

function targetOf(path: string): string {
  const clean = normalize(path).replace(/\/+$/, '');
  if (isAbsolute(path) && clean !== '' && !path.includes('\0') && !path.split('/').includes('..'))
    return clean;
  throw new Problem('invalid_score', `The path ${JSON.stringify(path.slice(0, 200))} can not be mounted.`, {
    hint: 'Use an absolute path inside the container, without `..`.',
  });
}

/** The directory is closed to other users of this machine, so that a file may be readable where its reader is unknown. */
async function placeFiles(files: readonly FileSpec[], directory: string, { id }: User): Promise<Mount[]> {
  const place = join(directory, 'files');
  await mkdir(place, { recursive: true, mode: 0o711 });
  const mounts: Mount[] = [];
  for (const [index, { target, content, mode }] of files.entries()) {
    const path = join(place, String(index));
    await writeFile(path, content, { mode: 0o600 });
    const isOwned = await own(path, id);
    await chmod(path, isOwned ? mode & 0o777 : (mode & 0o777) | 0o444);
    mounts.push({ Type: 'bind', Source: path, Target: targetOf(target), ReadOnly: true });
  }
  return mounts;
}

async function placeVolumes(
  { volumes }: ContainerSpec,
  { volume }: ContainerPlacing,
  { id }: User,
): Promise<Mount[]> {
  const mounts: Mount[] = [];
  for (const { source, path, target, readOnly } of volumes) {
    const place = await volume(source, path);
    if (!(await own(place, id))) await chmod(place, 0o777);
    mounts.push({ Type: 'bind', Source: place, Target: targetOf(target), ReadOnly: readOnly });
  }
  return mounts;
}

/** @returns whether the user owns it now */
async function own(path: string, id: number | undefined): Promise<boolean> {
  if (id === undefined) return false;
  if (id === process.getuid?.()) return true;
  return chown(path, id, id).then(
    () => true,
    () => false,
  );
}

function bodyOf(
  image: string,
  { words }: ContainerStart,
  { limits }: ContainerSpec,
  { network, user, mounts }: { network: string; user: User; mounts: readonly Mount[] },
): object {
  const { cpu, memoryBytes } = limits;
  return {
    Image: image,
    Entrypoint: words.slice(0, 1),
    Cmd: words.slice(1),
    ...(user.user !== undefined && { User: user.user }),
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: {
      NetworkMode: network,
      Mounts: mounts,
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': `rw,nosuid,nodev,mode=1777,size=${bounds.containerTemporary.value}` },
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      PidsLimit: bounds.containerProcesses.value,
      Ulimits: ['nofile', 'nproc'].map((name) => ({
        Name: name,
        Soft: bounds.containerFiles.value,
        Hard: bounds.containerFiles.value,
      })),
      ...(memoryBytes !== undefined && { Memory: memoryBytes, MemorySwap: memoryBytes }),
      ...(cpu !== undefined && { NanoCpus: Math.round(cpu * NANOS) }),
      LogConfig: { Type: 'none' },
      RestartPolicy: { Name: 'no' },
    },
  };
}
