/**
 * A Kubernetes cluster: etcd, API server, controllers and scheduler as published, on nodes that kwok simulates, and
 * one real node where a suite asks for it.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import {
  createKubernetesClient,
  type KubernetesClient,
} from '../../../functions/adapters/kubernetes/api/client.ts';
import { loadKubeconfig } from '../../../functions/adapters/kubernetes/api/kubeconfig.ts';
import { cached } from './cache.ts';
import { startGateway } from './gateway.ts';
import { nodePrograms } from './node/programs.ts';
import { missingProgram } from './process.ts';
import { whyNoPython } from './python.ts';

const source = resolve(import.meta.dirname, '../cluster');
const BUILD_MS = 40 * 60_000;

/** Why no cluster can be had here; undefined when one can. */
export const whyNoCluster = async (): Promise<string | undefined> =>
  process.env.KUBECONFIG ? undefined : ((await missingProgram([['go', 'version']])) ?? (await whyNoPython()));

export interface TestCluster {
  kubeconfig: string;
  client: KubernetesClient;
  /** Containers only seem to run: their nodes are simulated. */
  isSimulated: boolean;
  /** Where the gateway takes requests on the loopback interface; 0 where it is not of our own. */
  gateway: number;
  stop(): Promise<void>;
}

/** The one node of a cluster on which containers run; pods go there, and to simulated ones if they tolerate those. */
export interface RealNode {
  name: string;
  /** Where this machine is reached from the node and its pods. */
  host: string;
  /** Files of the cluster: logs of its components, `registries`, `volumes`. */
  directory: string;
  /** Takes it away as a power cut does. */
  kill(): Promise<void>;
  /** Brings it back after that. */
  start(): Promise<void>;
  /** From now on the API server takes requests, and answers none. */
  freezeApi(): Promise<void>;
  thawApi(): Promise<void>;
}

export interface RealCluster extends TestCluster {
  node: RealNode;
}

export interface ClusterOptions {
  /** kube-router, where network policies are to be in force. */
  policies?: string;
  /** Without the gateway beside it: the suite has its own, or none. */
  isBare?: boolean;
}

/** The cluster of `KUBECONFIG`, or one of our own that is built on the first run, which takes minutes. */
export async function startCluster({
  isBare = false,
}: Pick<ClusterOptions, 'isBare'> = {}): Promise<TestCluster> {
  if (process.env.KUBECONFIG) {
    const kubeconfig = process.env.KUBECONFIG;
    const client = createKubernetesClient(await loadKubeconfig(kubeconfig));
    return { kubeconfig, client, isSimulated: false, gateway: 0, stop: async () => client.close() };
  }
  const started = await up();
  return { ...(isBare ? { ...started, gateway: 0 } : await withGateway(started)), isSimulated: true };
}

/** Runs the gateway beside a cluster. */
async function withGateway<T extends Pick<TestCluster, 'client' | 'kubeconfig' | 'stop'>>(cluster: T) {
  try {
    const gateway = await startGateway(cluster.client, cluster.kubeconfig);
    const stop = async (): Promise<void> => {
      await gateway.stop();
      await cluster.stop();
    };
    return { ...cluster, gateway: gateway.port, stop };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** One of our own with a real node. */
export async function startRealCluster({
  policies,
  isBare = false,
}: ClusterOptions = {}): Promise<RealCluster> {
  // Neither waits for the other: the first run builds both.
  const [programs] = await Promise.all([nodePrograms(), clusterProgram()]);
  const turn = await takeTurn();
  const begun = await up([
    ...['--node', programs],
    ...(policies === undefined ? [] : ['--policies', policies]),
  ]).catch((error: unknown) => {
    turn.end();
    throw error;
  });
  const started = { ...begun, stop: () => begun.stop().finally(turn.end) };
  const { kubeconfig, client, stop, gateway, host, directory, command } = isBare
    ? { ...started, gateway: 0 }
    : await withGateway(started);
  const node = {
    name: 'node-real',
    host,
    directory,
    kill: () => command('kill node'),
    start: () => command('start node'),
    freezeApi: () => command('freeze api'),
    thawApi: () => command('thaw api'),
  };
  return { kubeconfig, client, isSimulated: false, gateway, node, stop };
}

/** One real node at a time: a node that is killed gives back its addresses, which another one would take meanwhile. */
async function takeTurn(): Promise<{ end(): void }> {
  const path = join(tmpdir(), 'berth-real-node.turn');
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return { end: () => rmSync(path, { force: true }) };
    } catch {
      const holder = Number(await readFile(path, 'utf8').catch(() => '0'));
      if (holder > 0 && !isAlive(holder)) rmSync(path, { force: true });
      await setTimeout(500);
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const clusterProgram = async (): Promise<string> =>
  join(await cached(`cluster-${await sourceHash()}`, build), 'cluster');

async function up(options: string[] = []) {
  const program = await clusterProgram();
  try {
    return await run(program, options);
  } catch (error) {
    // kwok 0.8 now and then ends at its start: it fills a map from two goroutines.
    if (!String(error).includes('kwok ended')) throw error;
    return run(program, options);
  }
}

async function run(program: string, options: string[]) {
  const directory = await mkdtemp(join(tmpdir(), 'berth-cluster-'));
  const child = spawn(program, ['up', '--dir', directory, ...options], { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  let look: () => void = () => undefined;
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      look();
    });
  let hasExited = false;
  const exited = new Promise<void>((done) =>
    child.once('close', () => {
      hasExited = true;
      done();
      look();
    }),
  );
  /** Waits for a line of its output. */
  const told = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((found, failed) => {
      look = () => {
        const match = pattern.exec(output);
        if (match) found(match);
        else if (hasExited) failed(new Error(`The cluster ended: ${output.slice(-2000)}`));
      };
      look();
    });
  const [, kubeconfig = '', host = ''] = await told(/^ready (\S+) ?(\S*)$/m);
  const client = createKubernetesClient(await loadKubeconfig(kubeconfig));
  return {
    kubeconfig,
    client,
    host,
    directory,
    async command(line: string) {
      output = '';
      child.stdin.write(`${line}\n`);
      await told(new RegExp(`^done ${line}$`, 'm'));
    },
    async stop() {
      client.close();
      // It ends when its input does, so nothing stays behind whatever becomes of the tests.
      child.stdin.end();
      await exited;
      await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

async function sourceHash(): Promise<string> {
  const hash = createHash('sha256');
  const files = await readdir(source, { recursive: true, withFileTypes: true });
  const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  for (const path of paths.sort()) hash.update(relative(source, path)).update(await readFile(path));
  return hash.digest('hex').slice(0, 12);
}

async function build(directory: string): Promise<void> {
  console.log('Building Kubernetes from its published modules: this takes minutes, once.');
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
  if (code !== 0) throw new Error(`Kubernetes could not be built (${code}):\n${output}`);
}
