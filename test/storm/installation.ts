/** A Berth that a storm may do anything to: its process, its PostgreSQL, its workloads, its disk. */
import { type ChildProcess, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statfsSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, spawnBerth, startCommand } from '../support/process.ts';

export interface Installation {
  directory: string;
  port: number;
  /** A file system of its own, which can be filled. */
  ownDisk: boolean;
  violations: string[];
  /** The process id of Berth; undefined while it is down. */
  pid(): number | undefined;
  token(): string;
  /** Starts Berth and waits until it serves. A start that says why it can not be, is tried again. */
  start(): Promise<void>;
  /** Ends Berth, and resolves when it is gone. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  workloads(): number[];
  /** The postmaster first, then its children. */
  postgres(): number[];
  fill(): Promise<void>;
  free(): void;
  violate(what: string): void;
  /** All that Berth has printed. */
  output(): string;
  dispose(): void;
}

const DISK_MB = 900;
const START_MS = 120_000;
/** Errors of the language, never of the world around: whatever is done to Berth, they are faults of ours. */
const OURS = /\b(TypeError|ReferenceError|RangeError|SyntaxError|AssertionError)\b.*/;

const processes = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

/** Processes of workloads of the Berth that has this directory. */
export function workloadsOf(directory: string): number[] {
  const id = read(join(directory, 'instance-id')).trim();
  return id === ''
    ? []
    : processes().filter((pid) => read(`/proc/${pid}/environ`).includes(`BERTH_WORKLOAD=${id}/`));
}

/** Processes of PostgreSQL servers below a directory, the oldest first. */
export const postgresOf = (directory: string): number[] =>
  processes().filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(join(directory, 'postgres'));
    } catch {
      return false;
    }
  });

export function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, name);
  } catch {
    // It has ended in the meantime.
  }
}

/** @param preload a module that Berth loads before its own */
export async function createInstallation(preload?: string): Promise<Installation> {
  const directory = mkdtempSync(join(tmpdir(), 'berth-storm-'));
  const mount = ['-t', 'tmpfs', '-o', `size=${DISK_MB}m,mode=755`, 'tmpfs', directory];
  const ownDisk = process.getuid?.() === 0 && spawnSync('mount', mount).status === 0;
  const port = await freePort();
  const command = startCommand(preload);
  let child: ChildProcess | undefined;
  let output = '';
  let told = 0;
  let expected = false;

  function listen(printed: () => string): void {
    const now = output + printed();
    for (const line of now.slice(told).split('\n')) {
      const ours = OURS.exec(line);
      if (ours) installation.violate(`Berth printed: ${ours[0].slice(0, 200)}`);
    }
    told = now.length;
  }

  async function once(): Promise<string | undefined> {
    const spawned = spawnBerth(directory, port, command, { BERTH_SWEEP_SECONDS: preload ? '0.1' : '1' });
    const process = spawned.child;
    child = process;
    expected = false;
    const gone = new Promise<void>((resolve) =>
      process.once('exit', (code, by) => {
        listen(spawned.output);
        output += spawned.output();
        if (child === process) child = undefined;
        if (!expected && served)
          installation.violate(`Berth ended by itself: ${code ?? by}\n${output.slice(-2000)}`);
        resolve();
      }),
    );
    let served = false;
    const deadline = Date.now() + START_MS;
    while (Date.now() < deadline && process.exitCode === null && process.signalCode === null) {
      const timeout = AbortSignal.timeout(5_000);
      const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: timeout }).catch(
        () => undefined,
      );
      if (answer?.ok) {
        served = true;
        return undefined;
      }
      await sleep(100);
    }
    if (process.exitCode !== null) return spawned.output();
    expected = true;
    process.kill('SIGKILL');
    await gone;
    return `It did not serve within ${START_MS / 1000} s:\n${spawned.output()}`;
  }

  const installation: Installation = {
    directory,
    port,
    ownDisk,
    violations: [],
    pid: () => child?.pid,
    token: () => read(join(directory, 'admin-token')).trim(),
    async start() {
      for (let tries = 1; child === undefined; tries++) {
        const failed = await once();
        if (failed === undefined) return;
        if (!failed.includes('Next: '))
          installation.violate(`A start failed without a word of what to do:\n${failed.slice(-1500)}`);
        if (tries === 5) throw new Error(`Berth does not start any more:\n${failed.slice(-3000)}`);
        // Whoever runs it makes room, and starts it again.
        installation.free();
        await sleep(1_000 * tries);
      }
    },
    async end(name) {
      const process = child;
      if (process === undefined) return;
      expected = true;
      const exited = new Promise<number | null>((resolve) => process.once('exit', resolve));
      process.kill(name);
      signal(process.pid, 'SIGCONT');
      const code = await Promise.race([exited, sleep(60_000, 'late' as const)]);
      if (code === 'late') {
        installation.violate(`Berth did not end within a minute of ${name}`);
        process.kill('SIGKILL');
        await exited;
      } else if (name === 'SIGTERM' && code !== 0 && code !== null)
        installation.violate(`Berth ended with ${code} on SIGTERM:\n${output.slice(-1500)}`);
    },
    workloads: () => workloadsOf(directory),
    postgres: () => postgresOf(directory),
    async fill() {
      for (let tries = 0; tries < 20; tries++) {
        const { bavail, bsize } = statfsSync(directory);
        if (bavail === 0) return;
        await writeFile(join(directory, 'filler'), Buffer.alloc(Math.min(bavail * bsize, 64 * 2 ** 20)), {
          flag: 'a',
        }).catch(() => undefined);
      }
    },
    free: () => rmSync(join(directory, 'filler'), { force: true }),
    violate(what) {
      installation.violations.push(what);
      console.log(`  VIOLATION ${what}`);
    },
    output: () => output,
    dispose() {
      for (const pid of [...workloadsOf(directory), ...postgresOf(directory)]) signal(pid, 'SIGKILL');
      if (ownDisk) spawnSync('umount', ['-l', directory]);
      if (existsSync(directory))
        rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
  return installation;
}
