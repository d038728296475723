/** Runs the command line as it is packed, as a process of its own, with settings of its own. */
import { execFile, execFileSync } from 'node:child_process';
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
    json: async (args) => {
      const { exitCode, out, err } = await run([...args, '--json']);
      if (exitCode !== 0) throw new Error(`${args.join(' ')} ended with ${exitCode}: ${err}`);
      return JSON.parse(out);
    },
    close: () => rmSync(home, { recursive: true, force: true }),
  };
}
