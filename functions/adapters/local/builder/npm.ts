/** Package managers for builds: npm is found once and fetches the others. They see none of Berth's own environment. */
import { access, constants, mkdir, realpath, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { Problem } from '../../../core/problem.ts';
import { createMask } from '../../../core/secrets/mask.ts';
import type { PackageManager } from '../../../core/source/package-manager.ts';
import { quoteOutput } from '../../../ports/rules/telling-lines.ts';
import { networkEnvironment } from '../../source/program-environment.ts';
import { type RunOptions, type RunResult, run } from '../../system/run-program.ts';

interface Npm {
  command: string;
  /** Arguments that stand before npm's own. */
  args: string[];
  /** Settings of the machine that a build needs: registry, cache, certificates. */
  settings: string[];
}

export interface NpmRequest {
  /** Where the Node.js is that the source asks for; that of Berth if not given. */
  node: string | undefined;
  /** The npm of the machine if not given. */
  manager: PackageManager | undefined;
  args: readonly string[];
  /** Variables that the source asks for, by name; they are hidden in output and errors. */
  secrets: Readonly<Record<string, string>>;
  /** Where package.json is. */
  source: string;
  /** Made if missing; holds `home` and `tmp`. */
  scratch: string;
  timeoutMs: number;
  signal: AbortSignal;
  log: (line: string) => void;
}

const SHARED_SETTINGS = ['registry', 'cache', 'cafile'];
const cacheOf = ({ settings }: Npm): string | undefined =>
  settings.find((line) => line.startsWith('cache='))?.slice('cache='.length);

const SYSTEM_PATH = ['/usr/local/bin', '/usr/bin', '/bin'];

export function createNpm() {
  let found: Promise<Npm> | undefined;

  async function theNpm(): Promise<Npm> {
    // Where npm is does not change while Berth runs. A failure is not remembered.
    found ??= findNpm().catch((error: unknown) => {
      found = undefined;
      throw error;
    });
    return found;
  }

  return {
    /**
     * The Node.js that a range asks for, from the registry of the machine.
     * @returns where it is; undefined where that of Berth will do
     * @throws Problem build_failed where there is none
     */
    async node(range: string, request: Pick<NpmRequest, 'scratch' | 'timeoutMs' | 'signal' | 'log'>) {
      const npm = await theNpm();
      const semver = semverOf(npm);
      if (semver === undefined || semver.satisfies(process.version, range)) return undefined;
      const refused = (why: string) =>
        new Problem(
          'build_failed',
          `The build failed: engines.node of package.json asks for Node.js ${JSON.stringify(range.slice(0, 100))}, ${why}.`,
          {
            hint: `Ask for a version that there is, such as "${process.versions.node.split('.')[0]}.x", which is the one that Berth has.`,
          },
        );
      if (semver.validRange(range) === null) throw refused('which is no range of versions');
      const directory = join(request.scratch, 'node');
      await mkdir(directory, { recursive: true });
      const prefix = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
      const name = `${prefix}-${process.platform}-${process.arch}`;
      request.log(`Fetching Node.js ${range}`);
      const flags = ['--prefix', directory, '--ignore-scripts', '--no-audit', '--no-fund'];
      const result = await run(npm.command, [...npm.args, 'install', ...flags, '--', `${name}@${range}`], {
        cwd: directory,
        env: { ...baseEnvironment(npm), HOME: process.env.HOME ?? '/' },
        signal: request.signal,
        timeoutMs: request.timeoutMs,
        onLine: request.log,
      });
      const missing = result.tail.some((line) => /\b(ETARGET|E404)\b/.test(line));
      if (missing) throw refused(`of which the registry has none for ${process.platform} on ${process.arch}`);
      if (result.exitCode !== 0) throw failure(`npm install ${name}@${range}`, result, request.timeoutMs);
      return join(directory, 'node_modules', name, 'bin', 'node');
    },

    /** Runs the package manager to its end. @throws Problem build_failed */
    async run(request: NpmRequest): Promise<void> {
      const npm = await theNpm();
      const home = join(request.scratch, 'home');
      const temporary = join(request.scratch, 'tmp');
      await mkdir(home, { recursive: true });
      await mkdir(temporary, { recursive: true });
      // What the machine has set is the least of all. As variables it would outrank the .npmrc of the source.
      await writeFile(join(home, '.npmrc'), [...PATIENCE, ...npm.settings, ''].join('\n'));
      const mask = createMask(Object.values(request.secrets));
      // What was had by a token of one project is not kept where the builds of others look.
      const shared = Object.keys(request.secrets).length === 0 ? cacheOf(npm) : undefined;
      const env: Record<string, string> = {
        ...request.secrets,
        ...baseEnvironment(npm),
        NODE_ENV: 'production',
        // pnpm asks nobody whether it may replace what it has installed.
        CI: 'true',
        HOME: home,
        TMPDIR: temporary,
        // As variables these outrank the .npmrc of the source: where things are kept is not its to say.
        npm_config_cache: shared ?? join(home, '.npm'),
        npm_config_prefix: join(home, '.npm-global'),
      };
      if (request.node !== undefined) env.PATH = `${dirname(request.node)}${delimiter}${env.PATH}`;
      const { signal, timeoutMs, log } = request;
      const start = (
        program: Pick<Npm, 'command' | 'args'>,
        args: string[],
        more: Partial<RunOptions> = {},
      ) =>
        run(program.command, [...program.args, ...args], {
          cwd: request.source,
          env,
          signal,
          timeoutMs,
          mask,
          onLine: log,
          ...more,
        });

      /** The package manager itself, from the registry of the machine: the source has no say in where it comes from. */
      async function fetchManager({ from }: PackageManager): Promise<Pick<Npm, 'command' | 'args'>> {
        if (from === undefined) return npm;
        const tools = join(request.scratch, 'tools');
        env.PATH = `${join(tools, 'node_modules/.bin')}${delimiter}${env.PATH}`;
        const program = {
          command: process.execPath,
          args: [join(tools, 'node_modules', from.package, from.bin)],
        };
        if (
          await access(program.args[0] ?? '').then(
            () => true,
            () => false,
          )
        )
          return program;
        await mkdir(tools, { recursive: true });
        const wanted = `${from.package}@${from.version}`;
        log(`Fetching ${wanted}`);
        const flags = ['--prefix', tools, '--ignore-scripts', '--no-audit', '--no-fund'];
        const result = await start(npm, ['install', ...flags, '--', wanted], { cwd: tools });
        if (result.exitCode !== 0) throw failure(`npm install ${wanted}`, result, timeoutMs);
        return program;
      }

      const manager = request.manager ?? { name: 'npm' as const, berry: false, locked: false };
      const program = await fetchManager(manager);
      if (manager.berry) {
        Object.assign(env, { YARN_NODE_LINKER: 'node-modules', YARN_ENABLE_TELEMETRY: '0' });
        const registry = npm.settings.find((line) => line.startsWith('registry='))?.slice('registry='.length);
        if (registry)
          await writeFile(join(home, '.yarnrc.yml'), `npmRegistryServer: ${JSON.stringify(registry)}\n`);
      }
      const title = `${manager.name} ${request.args.join(' ')}`;
      log(`$ ${title}`);
      const quiet = manager.name === 'npm' ? ['--no-audit', '--no-fund'] : [];
      const result = await start(program, [...request.args, ...quiet]);
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

interface Semver {
  satisfies(version: string, range: string): boolean;
  validRange(range: string): string | null;
}

/** The rules of ranges that npm itself goes by come with it; undefined where it is not a program of JavaScript. */
function semverOf({ args: [cli] }: Npm): Semver | undefined {
  return cli === undefined ? undefined : (createRequire(cli)('semver') as Semver);
}

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

/** Lines of output in the cause of a failed build: every error of most builds. */
const ERROR_LINES = 20;

/** What helps, by the code that npm gives. */
const byCode: Readonly<Record<string, string>> = {
  EUSAGE:
    'Run `npm install` and commit package-lock.json, so that it agrees with package.json. Then build again.',
  ERESOLVE:
    'Run `npm install` on a fresh clone and correct the versions that do not go together, or put "legacy-peer-deps=true" into .npmrc. Then build again.',
  E404: 'Correct the name or the version of the package that the cause names; one of a private registry needs its registry in .npmrc. Then build again.',
  ETARGET: 'Ask for a version of the package that the registry has. Then build again.',
  E401: 'The registry asks for a token: set one with PUT /v1/projects/<project>/build-secrets/NPM_TOKEN, and name it in .npmrc: //<registry>/:_authToken=${NPM_TOKEN}. Then build again.',
  E403: 'The registry refuses the package: see the rules of the registry. Then build again.',
  EINTEGRITY:
    'What the registry has is not what package-lock.json says: delete the lock file, run `npm install`, commit the new one, then build again.',
  EBADENGINE:
    'Correct engines in package.json, or choose versions of the packages for this Node.js. Then build again.',
  EJSONPARSE: 'Correct the JSON of package.json at the place that the cause names. Then build again.',
  ENOSPC: 'Make room on the disk that holds the data directory, then build again.',
  ENOTFOUND: 'The registry can not be reached from this machine: see its network, then build again.',
  ECONNREFUSED: 'The registry can not be reached from this machine: see its network, then build again.',
  ETIMEDOUT: 'The registry can not be reached from this machine: see its network, then build again.',
};

function hintOf(title: string, tail: readonly string[]): string {
  const code = tail
    .map((line) => /^npm (?:error|ERR!) code (\w+)/.exec(line)?.[1])
    .find((found) => found !== undefined);
  const known = code !== undefined && Object.hasOwn(byCode, code) ? byCode[code] : undefined;
  return (
    known ??
    `Run \`${title}\` on a fresh clone to see the same, correct it, and build again. The operation's log has all of the output.`
  );
}

function failure(title: string, result: RunResult, timeoutMs: number): Problem {
  let how = `exit code ${result.exitCode}`;
  if (result.timedOut) how = `no end within ${Math.round(timeoutMs / 1000)} seconds`;
  else if (result.exitCode === null) how = `ended by ${result.endedBy}`;
  return new Problem(
    'build_failed',
    `\`${title}\` failed: ${how}. ${quoteOutput(result.tail, ERROR_LINES)}`,
    {
      hint: hintOf(title, result.tail),
    },
  );
}
