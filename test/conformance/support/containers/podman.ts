/** A Podman of the suite's own: its service on a socket, its images and networks in directories of its own. */
import { copyFile, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEngine, type Engine } from '../../../../functions/adapters/containers/engine.ts';
import { tarOf } from '../../../../functions/adapters/local/registry/tree.ts';
import { cached } from '../cache.ts';
import { missingProgram, run, serve } from '../process.ts';

export interface TestPodman {
  /** As `DOCKER_HOST` names it. */
  host: string;
  engine: Engine;
  /** Runs the command line on the same images and containers. */
  podman(...args: string[]): Promise<string>;
  stop(): Promise<void>;
}

/** The image with Node.js and an operating system that programs of tests stand on. */
export const BASE_IMAGE = 'localhost/base:1';

export async function whyNoPodman(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'containers are reached by their addresses, which takes Linux and its administrator';
  return missingProgram([
    ['podman', '--version'],
    ['runc', '--version'],
  ]);
}

/**
 * @param mirror a registry by plain HTTP that has what Docker Hub has
 * @param other another one by plain HTTP
 */
export async function startPodman(mirror?: { host: string }, other?: { host: string }): Promise<TestPodman> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-podman-'));
  const path = (name: string): string => join(directory, name);
  await writeFile(
    path('containers.conf'),
    '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n' +
      // Steps of builds take these: no more can be given than this machine has.
      '[containers]\ndefault_ulimits = ["nofile=1024:4096", "nproc=1000:1000"]\n',
  );
  await writeFile(
    path('storage.conf'),
    `[storage]\ndriver = "overlay"\ngraphroot = "${path('images')}"\nrunroot = "${path('run')}"\n`,
  );
  await writeFile(
    path('registries.conf'),
    mirror
      ? `unqualified-search-registries = ["docker.io"]
[[registry]]
location = "docker.io"
[[registry.mirror]]
location = "${mirror.host}"
insecure = true
${other ? `[[registry]]\nlocation = "${other.host}"\ninsecure = true\n` : ''}`
      : '',
  );
  const env = {
    CONTAINERS_REGISTRIES_CONF: path('registries.conf'),
    CONTAINERS_CONF: path('containers.conf'),
    CONTAINERS_STORAGE_CONF: path('storage.conf'),
  };
  const options = ['--network-config-dir', path('networks'), '--tmpdir', path('tmp')];
  const socket = path('podman.sock');
  const server = await serve(
    'podman',
    ['--log-level=info', ...options, 'system', 'service', '--time=0', `unix://${socket}`],
    /API service listening/,
    { env },
  );
  const engine = createEngine(`unix://${socket}`);
  if (!engine) throw new Error('no engine');
  for (let tries = 0; tries < 100; tries++) {
    const isUp = await engine.call('GET', '/version').then(
      () => true,
      () => false,
    );
    if (isUp) break;
    await sleep(100);
  }
  const podman = (...args: string[]): Promise<string> =>
    run('env', [
      ...Object.entries(env).map(([key, value]) => `${key}=${value}`),
      'podman',
      ...options,
      ...args,
    ]);
  await buildBase(engine);
  return {
    host: `unix://${socket}`,
    engine,
    podman,
    async stop() {
      await podman('rm', '--all', '--force', '--time=0').catch(() => undefined);
      await podman('network', 'prune', '--force').catch(() => undefined);
      await server.stop();
      // Storage of containers is mounted, until it is told to let go.
      await podman('system', 'reset', '--force').catch(() => undefined);
      await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}

/** Node.js of the packages and the libraries that it is linked with: as much of an operating system as it needs. */
async function buildBase(engine: Engine): Promise<void> {
  const { size } = await stat(process.execPath);
  const base = await cached(`container-base-${process.version}-${size}`, async (directory) => {
    const place = async (from: string, to: string): Promise<void> => {
      await mkdir(dirname(join(directory, to)), { recursive: true });
      await copyFile(from, join(directory, to));
    };
    await place(process.execPath, 'usr/bin/node');
    const libraries = (await run('ldd', [process.execPath])).match(/\/\S+/g) ?? [];
    for (const library of libraries) await place(library, library);
    await writeFile(join(directory, 'Dockerfile'), 'FROM scratch\nCOPY . /\nENV PATH=/usr/bin\n');
  });
  const context = tarOf(
    ['usr', 'lib', 'lib64', 'Dockerfile'].map((name) => ({ from: join(base, name), to: name })),
    () => undefined,
  );
  const output = await engine.stream('POST', '/build', {
    tar: context,
    query: { t: BASE_IMAGE },
    timeoutMs: 0,
  });
  const chunks: Buffer[] = [];
  for await (const chunk of output) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  if (!text.includes('Successfully built')) throw new Error(text.slice(-2000));
}

/** A folder of files, for a Dockerfile and what it takes. */
export async function writeFiles(directory: string, files: Record<string, string>): Promise<string> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), text);
  }
  return directory;
}
