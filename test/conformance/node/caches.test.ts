/** Redis servers of a cluster on a real node: the contract of the port, with a server and a client that others wrote. */
import { execFile } from 'node:child_process';
import { readFile, realpath } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKubernetesCaches } from '../../../functions/adapters/kubernetes/caches/caches.ts';
import { defaultRenderOptions } from '../../../functions/adapters/kubernetes/manifests/index.ts';
import { ensureEnvironment, removeEnvironment } from '../../../functions/adapters/kubernetes/namespace.ts';
import type { CacheEndpoint } from '../../../functions/ports/caches.ts';
import { cachesContract } from '../../contracts/caches/caches.ts';
import { leastPrivileged } from '../kubernetes/subject.ts';
import { pushProgram } from '../support/node/images.ts';
import { missingProgram, run } from '../support/process.ts';
import { REGISTRY, type RealPlace, STORAGE_CLASS, startPlace, whyNoPlace } from './place.ts';

const why =
  (await whyNoPlace()) ??
  (await missingProgram([
    ['redis-server', '--version'],
    ['redis-cli', '--version'],
  ]));
if (why) console.log(`Skipped: Redis servers on a real node, since ${why}.`);

/** This machine's Redis with the libraries that it needs, and nothing else. */
async function pushRedis({ registry }: RealPlace): Promise<string> {
  const files: Record<string, Uint8Array> = {};
  for (const name of ['redis-server', 'redis-cli']) {
    const program = (await run('which', [name])).trim();
    files[`usr/bin/${name}`] = await readFile(await realpath(program));
    for (const [path] of (await run('ldd', [program])).matchAll(/\/\S+/g))
      files[path.slice(1)] = await readFile(await realpath(path));
  }
  const config = { Env: ['PATH=/usr/bin'] };
  return `${REGISTRY}/redis@${await pushProgram(registry, 'redis', '7', { files, config, isStatic: true })}`;
}

describe.skipIf(why)('Redis servers on a real node', { timeout: 240_000 }, () => {
  let place: RealPlace;
  let image: string;
  beforeAll(async () => {
    place = await startPlace();
    image = await pushRedis(place);
  });
  afterAll(() => place?.stop());

  cachesContract('a real node', async () => {
    const { client } = place.cluster;
    const render = {
      ...defaultRenderOptions,
      namespacePrefix: `c${process.pid}`,
      storageClass: STORAGE_CLASS,
      domain: 'apps.example.com',
      scheme: 'https' as const,
    };
    const environment = { project: 'demo', environment: 'dev', environmentId: 'one' };
    const cluster = { client, render };
    await ensureEnvironment(cluster, environment, 'op');
    const caches = createKubernetesCaches({ client: await leastPrivileged(place.cluster), render, image });
    return {
      caches,
      environment,
      /** By the pod's own address, which the Service stands for inside. */
      async ask({ host, port }: CacheEndpoint, username, password, ...words) {
        const [name, namespace] = host.split('.');
        const { items } = await client.list<{
          metadata: { deletionTimestamp?: string };
          status?: { podIP?: string };
        }>(`/api/v1/namespaces/${namespace}/pods`, { labelSelector: `berth.dev/cache=${name}` });
        // One that was put to sleep is still there for a moment, and no Service leads to it.
        const pod = items.find(({ metadata, status }) => status?.podIP && !metadata.deletionTimestamp);
        const address = pod?.status?.podIP ?? '127.0.0.1';
        const flags = ['-h', address, '-p', String(port), '--user', username, '--no-auth-warning', ...words];
        const env = { ...process.env, REDISCLI_AUTH: password };
        const ran = await promisify(execFile)('redis-cli', flags, { env, timeout: 10_000 }).catch(
          (error) => error as { stdout: string; stderr: string },
        );
        return (ran.stdout + ran.stderr).trim();
      },
      dispose: () => removeEnvironment(cluster, environment),
    };
  });

  it('Nothing is left of the environment', async () => {
    const namespaces = await place.cluster.client.get(`/api/v1/namespaces/c${process.pid}-demo-dev`);
    expect(namespaces).toBeUndefined();
  });
});

it.runIf(why)('is skipped where there is no real node, or no Redis', () => undefined);
