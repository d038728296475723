/** npm for builds: found once, run with none of Berth's own environment. */
import { access, constants, mkdir, realpath, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { Problem } from '../../../core/problem.ts';
import { networkEnvironment } from '../../source/program-environment.ts';
import { type RunResult, run } from '../../system/run-program.ts';

interface Npm {
  command: string;
  /** Arguments that stand before npm's own. */
  args: string[];
  /** Settings of the machine that a build needs: registry, cache, certificates. */
  settings: string[];
}

export interface NpmRequest {
  args: readonly string[];
  /** Where package.json is. */
  source: string;
  /** Made if missing; holds `home` and `tmp`. */
  scratch: string;
  timeoutMs: number;
  signal: AbortSignal;
  log: (line: string) => void;
}

const SHARED_SETTINGS = ['registry', 'cache', 'cafile'];
const SYSTEM_PATH = ['/usr/local/bin', '/usr/bin', '/bin'];

export function createNpm() {
  let found: Promise<Npm> | undefined;

  return {
    /** Runs npm to its end. @throws Problem build_failed */
    async run(request: NpmRequest): Promise<void> {
      // Where npm is does not change while Berth runs. A failure is not remembered.
      found ??= findNpm().catch((error: unknown) => {
        found = undefined;
        throw error;
      });
      const npm = await found;
      const home = join(request.scratch, 'home');
      const temporary = join(request.scratch, 'tmp');
      await mkdir(home, { recursive: true });
      await mkdir(temporary, { recursive: true });
      // What the machine has set is the least of all. As variables it would outrank the .npmrc of the source.
      await writeFile(join(home, '.npmrc'), [...PATIENCE, ...npm.settings, ''].join('\n'));
      const title = `npm ${request.args.join(' ')}`;
      request.log(`$ ${title}`);
      const result = await run(npm.command, [...npm.args, ...request.args, '--no-audit', '--no-fund'], {
        cwd: request.source,
        env: { ...baseEnvironment(npm), NODE_ENV: 'production', HOME: home, TMPDIR: temporary },
        signal: request.signal,
        timeoutMs: request.timeoutMs,
        onLine: request.log,
      });
      if (result.exitCode !== 0) throw failure(title, result, request.timeoutMs);
    },
  };
}

/** Node first: the one that runs Berth is the one that runs the workload. */
const searchPath = (npm: Pick<Npm, 'args' | 'command'>): string =>
  [
    dirname(process.execPath),
    ...(npm.args.length === 0 ? [dirname(npm.command)] : []),
    ...pathDirectories(),
    ...SYSTEM_PATH,
  ].join(delimiter);

const baseEnvironment = (npm: Pick<Npm, 'args' | 'command'>): Record<string, string> => ({
  ...networkEnvironment(process.env),
  PATH: searchPath(npm),
  LC_ALL: 'C.UTF-8',
  npm_config_update_notifier: 'false',
});

/** Someone waits for the build: npm's own pause before it asks again is ten seconds, its patience five minutes. */
const PATIENCE = [
  'fetch-retries=4',
  'fetch-retry-mintimeout=1000',
  'fetch-retry-maxtimeout=10000',
  'fetch-timeout=60000',
];

/** Berth's PATH without the programs of Berth's own packages. */
const pathDirectories = (): string[] =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .filter((directory) => directory !== '' && !/node_modules/.test(directory));

async function findNpm(): Promise<Npm> {
  const program = await findProgram();
  // npm is asked with the machine's own settings, for these three alone; tokens stay where they are.
  const lines: string[] = [];
  const result = await run(program.command, [...program.args, 'config', 'get', ...SHARED_SETTINGS], {
    cwd: '/',
    env: { ...baseEnvironment(program), HOME: process.env.HOME ?? '/' },
    signal: AbortSignal.timeout(30_000),
    timeoutMs: 30_000,
    onLine: (line) => lines.push(line),
  });
  const settings: string[] = [];
  if (result.exitCode === 0)
    for (const line of lines) {
      const [, name = '', value = ''] = /^([a-z]+)=(.+)$/.exec(line) ?? [];
      if (SHARED_SETTINGS.includes(name) && value !== 'null' && !value.includes('@'))
        settings.push(`${name}=${value}`);
    }
  return { ...program, settings };
}

async function findProgram(): Promise<{ command: string; args: string[] }> {
  const candidates = pathDirectories().map((directory) => join(directory, 'npm'));
  const own = process.env.npm_execpath;
  if (own !== undefined && /npm-cli\.c?js$/.test(own)) candidates.unshift(own);
  for (const candidate of candidates) {
    try {
      const path = await realpath(candidate);
      await access(path, constants.R_OK);
      return path.endsWith('.js') ? { command: process.execPath, args: [path] } : { command: path, args: [] };
    } catch {
      // Not here: try the next directory.
    }
  }
  throw new Problem('build_failed', 'The build failed: npm is not installed on this machine.', {
    hint: 'Install npm (it comes with Node.js) so that it is on the PATH of Berth, then build again.',
  });
}

function failure(title: string, result: RunResult, timeoutMs: number): Problem {
  let how = `exit code ${result.exitCode}`;
  if (result.timedOut) how = `no end within ${Math.round(timeoutMs / 1000)} seconds`;
  else if (result.exitCode === null) how = `ended by ${result.endedBy}`;
  const last = result.tail
    .map((line) => line.replace(/\u001b\[[0-9;]*m/g, '').replace(/[\u0000-\u001f\u007f]/g, ' '))
    .filter((line) => line.trim() !== '' && !/complete log of this run|debug-\d+\.log/.test(line))
    .slice(-8)
    .join('\n')
    .slice(-1500);
  return new Problem(
    'build_failed',
    `\`${title}\` failed: ${how}.${last === '' ? '' : ` Last lines:\n${last}`}`,
    {
      hint: `Run \`${title}\` on a fresh clone to see the same, correct it, and build again. The operation's log has all of the output.`,
    },
  );
}
