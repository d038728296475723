/** Redis servers of a machine in containers of a real Podman: the contract of the port and of the type. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, realpath, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createContainers } from '../../../functions/adapters/containers/containers.ts';
import { findEngine } from '../../../functions/adapters/containers/find-engine.ts';
import { createLocalCaches, type LocalCaches } from '../../../functions/adapters/local/redis/caches.ts';
import { createOciLayout } from '../../../functions/adapters/local/registry/registry.ts';
import { tarOf } from '../../../functions/adapters/local/registry/tree.ts';
import type { CacheEndpoint } from '../../../functions/ports/caches.ts';
import { cachesContract } from '../../contracts/caches/caches.ts';
import { redisContract } from '../../contracts/caches/redis.ts';
import { openPorts } from '../../resources/ports.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';
import { startPodman, type TestPodman, whyNoPodman } from '../support/containers/podman.ts';
import { missingProgram, run } from '../support/process.ts';

const why =
  (await whyNoPodman()) ??
  (await missingProgram([
    ['redis-server', '--version'],
    ['redis-cli', '--version'],
  ]));
if (why) console.log(`Skipped: no Redis in containers, since ${why}.`);

const IMAGE = 'localhost/redis:7';

/** This machine's Redis with the libraries that it needs, as an image. */
async function buildRedis({ engine }: TestPodman, directory: string): Promise<void> {
  const place = async (from: string, to: string): Promise<void> => {
    await mkdir(dirname(join(directory, to)), { recursive: true });
    await copyFile(await realpath(from), join(directory, to));
  };
  const program = (await run('which', ['redis-server'])).trim();
  await place(program, 'usr/bin/redis-server');
  for (const [library] of (await run('ldd', [program])).matchAll(/\/\S+/g)) await place(library, library);
  await writeFile(join(directory, 'Dockerfile'), 'FROM scratch\nCOPY . /\nENV PATH=/usr/bin\n');
  const context = tarOf(
    ['usr', 'lib', 'lib64', 'Dockerfile'].map((name) => ({ from: join(directory, name), to: name })),
    () => undefined,
  );
  const output = await engine.stream('POST', '/build', { tar: context, query: { t: IMAGE }, timeoutMs: 0 });
  for await (const _ of output);
}

describe.skipIf(why)('Redis in containers', { timeout: 240_000 }, () => {
  const makeDirectory = temporaryDirectories();
  const made: (() => Promise<void>)[] = [];
  let podman: TestPodman;
  beforeAll(async () => {
    podman = await startPodman();
    await buildRedis(podman, makeDirectory());
  });
  afterAll(async () => {
    for (const close of made) await close();
    await podman?.stop();
  });

  /** Another life of the same Berth has its id and its directory. */
  async function open(
    directory = makeDirectory(),
    instanceId = randomUUID().slice(0, 8),
  ): Promise<LocalCaches> {
    const registry = await createOciLayout({ directory: join(makeDirectory(), 'registry') });
    const containers = createContainers({
      instanceId,
      registry,
      archive: registry.archive,
      find: () => findEngine(podman.host),
      sharedPorts: async () => [],
    });
    const caches = createLocalCaches({
      directory,
      async find() {
        const found = await containers.redis.find();
        if ('why' in found) return { ...found, hint: 'Start Podman.' };
        return {
          run: (request) =>
            found.run({ ...request, image: IMAGE, account: request.account ?? { uid: 1000, gid: 1000 } }),
        };
      },
    });
    made.push(async () => {
      await caches.close();
      await containers.redis.close();
      await containers.close();
    });
    return caches;
  }

  async function ask({ host, port }: CacheEndpoint, username: string, password: string, ...words: string[]) {
    const flags = ['-h', host, '-p', String(port), '--user', username, '--no-auth-warning', ...words];
    const env = { ...process.env, REDISCLI_AUTH: password };
    const ran = await promisify(execFile)('redis-cli', flags, { env }).catch(
      (error) => error as { stdout: string; stderr: string },
    );
    return (ran.stdout + ran.stderr).trim();
  }

  cachesContract('containers', async () => ({
    caches: await open(),
    ask,
    environment: { project: 'demo', environment: 'dev', environmentId: 'one' },
    dispose: async () => undefined,
  }));

  redisContract('containers', async () => {
    const ports = await openPorts(makeDirectory());
    return { ports: { ...ports, caches: await open() }, ask, dispose: () => ports.close() };
  });

  it('What an earlier life of Berth left is ended before its data are taken up', async () => {
    const [directory, instanceId] = [makeDirectory(), randomUUID().slice(0, 8)];
    const cache = { project: 'demo', environment: 'dev', name: 'redis-lives', tag: 'berth:one' };
    const spec = { memoryBytes: 64 * 2 ** 20, eviction: 'noeviction', operation: 'op' };
    const login = {
      username: 'app',
      passwordHash: '5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8',
    };
    const label = `dev.berth.server-of=${instanceId}`;
    await podman.podman('run', '--detach', '--label', label, '--network', 'none', IMAGE, 'redis-server');
    const listed = () => podman.podman('ps', '--quiet', '--filter', `label=${label}`);
    const left = (await listed()).trim();
    expect(left).not.toBe('');
    const at = await (await open(directory, instanceId)).ensure(cache, spec, login);
    expect(await ask(at ?? { host: '', port: 0 }, 'app', 'password', 'SET', 'kept', 'yes')).toBe('OK');
    const now = (await listed()).trim().split('\n');
    expect(now).toHaveLength(1);
    expect(now).not.toContain(left);
  });
});

it.runIf(why)('is skipped where Podman or Redis is absent', () => undefined);
