/** Berth as a process of its own, which a test may kill. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import packageJson from '../../package.json' with { type: 'json' };
import { type ApiClient, apiClient } from './client.ts';

const root = join(import.meta.dirname, '../..');

/** `npm start` without npm: `exec env NAME=value … node --option … script`. */
const [SETTINGS = '', OPTIONS = ''] = packageJson.scripts.start.replace(/^exec env /, '').split(' node ');

/** The command of `npm start`. @param preload a module that is loaded before Berth's own */
export const startCommand = (preload?: string): [string, ...string[]] => [
  process.execPath,
  ...(preload === undefined ? [] : ['--import', preload]),
  ...OPTIONS.split(' '),
];

export interface BerthChild extends ApiClient {
  child: ChildProcess;
  /** All that it printed. */
  output(): string;
  port: number;
  kill(signal: NodeJS.Signals): Promise<number | null>;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Spawns without waiting until it serves. */
export function spawnBerth(
  directory: string,
  port: number,
  command: readonly [string, ...string[]] = startCommand(),
  settings: Record<string, string> = {},
): { child: ChildProcess; output: () => string } {
  let output = '';
  const child = spawn(command[0], command.slice(1), {
    cwd: root,
    env: {
      ...process.env,
      ...Object.fromEntries(SETTINGS.split(' ').map((one) => one.split('='))),
      BERTH_PORT: String(port),
      BERTH_DATA_DIR: directory,
      BERTH_DEMO: '0',
      BERTH_SWEEP_SECONDS: '0.2',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) stream!.on('data', (chunk) => (output += String(chunk)));
  return { child, output: () => output };
}

/** @param settings variables of its environment beside the usual ones */
export async function startChild(
  directory: string,
  port: number,
  settings: Record<string, string> = {},
): Promise<BerthChild> {
  const { child, output } = spawnBerth(directory, port, undefined, settings);
  const url = `http://127.0.0.1:${port}`;
  while (!(await fetch(`${url}/healthz`).catch(() => undefined))?.ok) {
    if (child.exitCode !== null) throw new Error(`Berth ended with ${child.exitCode}:\n${output()}`);
    await sleep(20);
  }
  const token = (await readFile(join(directory, 'admin-token'), 'utf8')).trim();
  const subject: BerthChild = {
    child,
    output,
    port,
    ...apiClient(() => ({ url, token })),
    kill: (signal) => end(child, signal),
  };
  return subject;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill(signal);
  return exited;
}
