/** A Kubernetes control plane: etcd, API server, controllers and scheduler as published, on nodes that kwok simulates. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  createKubernetesClient,
  type KubernetesClient,
} from '../../../functions/adapters/kubernetes/api/client.ts';
import { loadKubeconfig } from '../../../functions/adapters/kubernetes/api/kubeconfig.ts';
import { cached } from './cache.ts';
import { missingProgram } from './process.ts';

const source = resolve(import.meta.dirname, '../cluster');
const BUILD_MS = 40 * 60_000;

/** Why no cluster can be had here; undefined when one can. */
export const whyNoCluster = async (): Promise<string | undefined> =>
  process.env.KUBECONFIG ? undefined : missingProgram([['go', 'version']]);

export interface TestCluster {
  kubeconfig: string;
  client: KubernetesClient;
  /** Containers only seem to run: their nodes are simulated. */
  isSimulated: boolean;
  stop(): Promise<void>;
}

/** The cluster of `KUBECONFIG`, or one of our own that is built on the first run, which takes minutes. */
export async function startCluster(): Promise<TestCluster> {
  if (process.env.KUBECONFIG) {
    const kubeconfig = process.env.KUBECONFIG;
    const client = createKubernetesClient(await loadKubeconfig(kubeconfig));
    return { kubeconfig, client, isSimulated: false, stop: async () => client.close() };
  }
  const program = join(await cached(`cluster-${await sourceHash()}`, build), 'cluster');
  try {
    return await run(program);
  } catch (error) {
    // kwok 0.8 now and then ends at its start: it fills a map from two goroutines.
    if (!String(error).includes('kwok ended')) throw error;
    return run(program);
  }
}

async function run(program: string): Promise<TestCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-cluster-'));
  const child = spawn(program, ['up', '--dir', directory], { stdio: ['pipe', 'pipe', 'pipe'] });
  const exited = new Promise<void>((done) => child.once('close', () => done()));
  // It ends when its input does, so nothing stays behind whatever becomes of the tests.
  const stop = async (): Promise<void> => {
    child.stdin.end();
    await exited;
    await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  let output = '';
  const kubeconfig = await new Promise<string>((found, failed) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const ready = /^ready (.+)$/m.exec(output)?.[1];
      if (ready) found(ready);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('close', () => failed(new Error(`The cluster ended: ${output.slice(-2000)}`)));
  });
  const client = createKubernetesClient(await loadKubeconfig(kubeconfig));
  return {
    kubeconfig,
    client,
    isSimulated: true,
    stop: async () => {
      client.close();
      await stop();
    },
  };
}

async function sourceHash(): Promise<string> {
  const hash = createHash('sha256');
  for (const name of (await readdir(source)).sort())
    hash.update(name).update(await readFile(join(source, name)));
  return hash.digest('hex').slice(0, 12);
}

async function build(directory: string): Promise<void> {
  console.log('Building a Kubernetes control plane from its published modules: this takes minutes, once.');
  const child = spawn(
    'go',
    ['build', '-trimpath', '-buildvcs=false', '-ldflags=-s -w', '-o', join(directory, 'cluster'), '.'],
    {
      cwd: source,
      env: { ...process.env, CGO_ENABLED: '0' },
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: BUILD_MS,
    },
  );
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-4000);
  });
  const code = await new Promise<number | null>((done) => child.once('close', done));
  if (code !== 0) throw new Error(`The control plane could not be built (${code}):\n${output}`);
}
