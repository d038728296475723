/** Runs the command line as it is packed, as a process of its own, with settings of its own. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const entry = join(root, 'cli/dist/berth.mjs');

export interface Run {
  exitCode: number;
  out: string;
  err: string;
}

export interface CommandLine {
  /** The folder that commands run in. */
  folder: string;
  /** Where its settings are. */
  settings: string;
  run(args: readonly string[], options?: { input?: string; env?: Record<string, string> }): Promise<Run>;
  /** A command that goes on until it is told to stop. */
  start(args: readonly string[]): {
    /** Resolves once all that it has printed meets the pattern. */
    printed(pattern: RegExp): Promise<void>;
    stop(): Promise<void>;
  };
  /** How a command is started by another program. */
  started(args: readonly string[]): {
    command: string;
    args: string[];
    cwd: string;
    env: Record<string, string>;
  };
  /** What a command prints with `--json`. */
  json(args: readonly string[]): Promise<any>;
  close(): void;
}

export function createCommandLine(files: Record<string, string> = {}): CommandLine {
  // Nothing is built where it was built before.
  execFileSync(process.execPath, [join(root, 'scripts/console.mjs')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const home = mkdtempSync(join(tmpdir(), 'berth-cli-'));
  const folder = mkdtempSync(join(home, 'shop-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const run: CommandLine['run'] = (args, { input = '', env = {} } = {}) =>
    new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        [entry, ...args],
        { cwd: folder, env: { PATH: process.env.PATH ?? '', XDG_CONFIG_HOME: home, ...env } },
        (error, out, err) => {
          const code = error?.code;
          resolve({ exitCode: error === null ? 0 : typeof code === 'number' ? code : -1, out, err });
        },
      );
      child.stdin?.end(input);
    });
  return {
    folder,
    settings: join(home, 'berth', 'config.json'),
    run,
    start: (args) => {
      const child = spawn(process.execPath, [entry, ...args], {
        cwd: folder,
        env: { PATH: process.env.PATH ?? '', XDG_CONFIG_HOME: home },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let all = '';
      const told = new Set<() => void>();
      const onData = (data: Buffer) => {
        all += data.toString();
        for (const tell of told) tell();
      };
      child.stdout.on('data', onData);
      child.stderr.on('data', onData);
      const ended = new Promise<void>((resolve) => {
        child.once('exit', () => resolve());
      });
      return {
        printed: (pattern) =>
          new Promise((resolve, reject) => {
            const tell = () => {
              if (!pattern.test(all)) return;
              told.delete(tell);
              resolve();
            };
            told.add(tell);
            tell();
            void ended.then(() => reject(new Error(`It ended, and printed: ${all}`)));
          }),
        stop: () => {
          child.kill('SIGINT');
          return ended;
        },
      };
    },
    started: (args) => ({
      command: process.execPath,
      args: [entry, ...args],
      cwd: folder,
      env: { PATH: process.env.PATH ?? '', XDG_CONFIG_HOME: home },
    }),
    json: async (args) => {
      const { exitCode, out, err } = await run([...args, '--json']);
      if (exitCode !== 0) throw new Error(`${args.join(' ')} ended with ${exitCode}: ${err}`);
      return JSON.parse(out);
    },
    close: () => rmSync(home, { recursive: true, force: true }),
  };
}
