/** Berth in a process of its own, as `npm start` runs it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = join(import.meta.dirname, '..');

export interface BerthProcess {
  url: string;
  port: number;
  /** Milliseconds from spawn to the first 200 of /healthz. */
  startMs: number;
  /** Milliseconds since spawn. */
  sinceSpawn(): number;
  headers(): Promise<Record<string, string>>;
  /** Resident memory of Berth's own process, MB. */
  residentMb(): Promise<number>;
  stop(): Promise<void>;
}

export const makeDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), 'berth-bench-'));
export const removeDirectory = (directory: string): Promise<void> =>
  rm(directory, { recursive: true, force: true });

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export async function startProcess(
  directory: string,
  options: { demo?: boolean } = {},
): Promise<BerthProcess> {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    scripts: { start: string };
  };
  // "exec env NAME=value ... node flags": as npm would run it.
  const words = scripts.start.split(' ');
  const flags = words.slice(words.indexOf('node') + 1);
  const settings = words
    .filter((word) => /^[A-Z_]+=/.test(word))
    .map((word) => word.split('=') as [string, string]);
  const port = await freePort();
  const spawned = performance.now();
  const child = spawn(process.execPath, flags, {
    cwd: root,
    env: {
      ...process.env,
      ...Object.fromEntries(settings),
      BERTH_PORT: String(port),
      BERTH_DATA_DIR: directory,
      BERTH_DEMO: options.demo ? '1' : '0',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}`;
  await untilOk(`${url}/healthz`, child);
  const startMs = performance.now() - spawned;
  return {
    url,
    port,
    startMs,
    sinceSpawn: () => performance.now() - spawned,
    headers: async () => ({
      authorization: `Bearer ${(await readFile(join(directory, 'admin-token'), 'utf8')).trim()}`,
    }),
    residentMb: async () => {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1000;
    },
    stop: async () => {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await exited;
    },
  };
}

async function untilOk(url: string, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`Berth ended with ${child.exitCode}`);
    const response = await fetch(url).catch(() => undefined);
    await response?.arrayBuffer();
    if (response?.ok) return;
    await sleep(5);
  }
}
