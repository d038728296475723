/** How source becomes something that runs: pure rules over the names of files and the texts of two of them. */

import { splitWords, WordsError } from '../command-line.ts';
import { limits } from '../limits.ts';
import { isName } from '../names.ts';
import { Problem } from '../problem.ts';
import { DOCKERFILE, foreignOf, refuseUninstalled } from './foreign.ts';
import { isRecord, parsePackageJson, strings } from './package-json.ts';
import { installWith, type PackageManager, packageManagerOf, pruneWith } from './package-manager.ts';
import { parseProcfile } from './procfile.ts';

/** Paths of all files, relative and with slashes, each with its text where it is named in `READ_BY_DETECTION`. */
export type SourceFiles = ReadonlyMap<string, string | undefined>;

/** What says by itself which containers there are. */
const SCORE_FILES = ['score.yaml', 'score.yml'];

export const READ_BY_DETECTION = [
  'package.json',
  'Procfile',
  'pnpm-lock.yaml',
  'yarn.lock',
  DOCKERFILE,
] as const;
/** What of a workspace says how its members are installed. */
export const READ_OF_WORKSPACE = ['package.json', 'pnpm-lock.yaml', 'yarn.lock'] as const;

export interface BuildPlan {
  /** What the source was recognised by, in words. */
  detected: string;
  /** What installs and builds; absent where there is no package.json. */
  manager?: PackageManager;
  /** Arguments of its runs, in order. They are of the workspace, where the source is a member of one. */
  runs: string[][];
  /** The build script is of the workspace, and the member has none of its own. */
  builtByWorkspace: boolean;
  /** The command that starts it; empty when `staticRoots` says what to serve. */
  command: string[];
  /** Folders that may hold the site, the likeliest first; the choice is made once the build is over. */
  staticRoots: string[];
  /** The range of Node.js versions that `engines` of package.json asks for. */
  node?: string;
  /** The Procfile's `release` line. */
  releaseCommand?: string;
  /** What runs where the Procfile has no web: the name of its first line. No request is for it. */
  worker?: string;
  /** The Procfile's other lines as words, by names that containers can have; absent where there are none. */
  processes?: Record<string, string[]>;
  /** Lines for the log. */
  notes: string[];
}

interface Start {
  command: string[];
  by: string;
}

interface Manifest {
  main?: string;
  scripts: Record<string, string>;
  dependencies: number;
  devDependencies: number;
  packageManager?: string;
  /** Of `engines`. */
  node?: string;
  workspaces: boolean;
}

const FOREIGN_LOCKS = ['bun.lock', 'bun.lockb'];
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepare'];

/**
 * The plan for a source tree; undefined when nothing in it says what to run.
 * @param workspace the files at the top of the workspace that the source is a member of
 * @throws Problem build_failed | nothing_to_run when a file that decides can not be understood
 */
export function detect(files: SourceFiles, workspace?: SourceFiles): BuildPlan | undefined {
  const manifest = readManifest(files);
  const foreign = foreignOf(files);
  if (manifest === undefined) refuseUninstalled(foreign);
  const procfile = readProcfile(files);
  const around = workspace && readManifest(workspace);
  const installed = manifest && installOf(workspace ?? files, manifest, around);
  const node = manifest?.node ?? around?.node;
  const runs = installed?.runs ?? [];
  const start = procfile?.start ?? (manifest && startOf(files, manifest));
  const seen = foreign.map(
    ({ name }) => `${name} is not read: builds on one machine are of Node.js and static sites`,
  );
  const notes = [...(installed?.notes ?? []), ...seen, ...(procfile?.notes ?? [])];
  const releaseCommand = procfile?.release;
  const extra = {
    runs,
    builtByWorkspace: installed?.builtByWorkspace ?? false,
    notes,
    ...(installed && { manager: installed.manager }),
    ...(node !== undefined && { node }),
    ...(releaseCommand !== undefined && { releaseCommand }),
    ...(procfile?.worker !== undefined && { worker: procfile.worker }),
    ...(procfile?.processes && { processes: procfile.processes }),
  };
  if (start) {
    const detected = manifest ? `Node.js app, started by ${start.by}` : `started by ${start.by}`;
    return { detected, command: start.command, staticRoots: [], ...extra };
  }
  const staticRoots = rootsOfSite(files, manifest);
  if (staticRoots.length === 0) return undefined;
  const built = runs.length > 0 ? `, built by ${installed?.manager.name}` : '';
  return { detected: `static site${built}`, command: [], staticRoots, ...extra };
}

/**
 * The plan of a source that a Dockerfile builds; undefined where there is none. What serves is the image's own command, and a
 * Procfile has the processes beside it.
 * @param dockerfile its path
 */
export function detectDockerfile(files: SourceFiles, dockerfile = DOCKERFILE): BuildPlan | undefined {
  if (!files.has(dockerfile)) return undefined;
  const { release, processes, notes } = processesBeside(files);
  return {
    detected: dockerfile === DOCKERFILE ? 'built by its Dockerfile' : `built by ${dockerfile}`,
    runs: [],
    builtByWorkspace: false,
    command: [],
    staticRoots: [],
    notes,
    ...(release !== undefined && { releaseCommand: release }),
    ...(processes && { processes }),
  };
}

function readManifest(files: SourceFiles): Manifest | undefined {
  const text = files.get('package.json');
  if (text === undefined) return undefined;
  const parsed = parsePackageJson(text);
  const { node } = strings(parsed.engines);
  return {
    ...(node !== undefined && node.trim() !== '' && { node: node.trim() }),
    ...(typeof parsed.main === 'string' && parsed.main !== '' ? { main: parsed.main } : {}),
    scripts: strings(parsed.scripts),
    dependencies: count(parsed.dependencies) + count(parsed.optionalDependencies),
    devDependencies: count(parsed.devDependencies),
    ...(typeof parsed.packageManager === 'string' ? { packageManager: parsed.packageManager } : {}),
    workspaces: parsed.workspaces !== undefined || files.has('pnpm-workspace.yaml'),
  };
}

/** @param files of the workspace, where there is one */
function installOf(files: SourceFiles, manifest: Manifest, workspace: Manifest | undefined) {
  const notes: string[] = [];
  const runs: string[][] = [];
  const manifests = workspace ? [manifest, workspace] : [manifest];
  const manager = packageManagerOf(files, (workspace ?? manifest).packageManager);
  const foreign = FOREIGN_LOCKS.find((name) => files.has(name));
  if (foreign && !manager.locked) notes.push(`${foreign} is not read: npm resolves the versions anew`);
  const has = (name: string): boolean => manifests.some(({ scripts }) => scripts[name] !== undefined);
  const builds = has('build');
  const installs = INSTALL_SCRIPTS.some(has);
  const workspaces = workspace !== undefined || manifest.workspaces;
  // Scripts that npm runs by itself see the packages that `build` sees; members of a workspace may have some too.
  const dev = (builds || installs || workspaces) && manifests.some((one) => one.devDependencies > 0);
  const needed = manifest.dependencies > 0 || dev || workspaces || installs;
  if (needed) runs.push(installWith(manager, dev));
  if (builds) runs.push(['run', 'build']);
  const prune = dev ? pruneWith(manager) : undefined;
  if (prune) runs.push(prune);
  else if (dev)
    notes.push('packages for development stay in the image: this version of yarn can not remove them');
  const builtByWorkspace = builds && manifest.scripts.build === undefined;
  return { manager, runs, builtByWorkspace, notes };
}

function startOf(files: SourceFiles, manifest: Manifest): Start | undefined {
  const { scripts, main } = manifest;
  const line = scripts.start;
  if (line !== undefined && line.trim() !== '') {
    const hooked = scripts.prestart !== undefined || scripts.poststart !== undefined;
    const words = hooked ? undefined : directWords(line);
    return { command: words ?? ['npm', 'start'], by: 'its start script' };
  }
  const file = main === undefined ? undefined : relativeFile(main);
  // The output of a build script does not exist yet.
  const found =
    file === undefined ? undefined : [file, `${file}.js`, `${file}/index.js`].find((name) => files.has(name));
  if (found !== undefined) return { command: ['node', found], by: 'main of package.json' };
  if (file !== undefined && scripts.build !== undefined)
    return { command: ['node', file], by: 'main of package.json' };
  for (const name of ['server.js', 'index.js'])
    if (files.has(name)) return { command: ['node', name], by: name };
  return undefined;
}

/** The words of a line that needs no shell; undefined where it needs one. */
function directWords(line: string): string[] | undefined {
  try {
    return splitWords(line);
  } catch (error) {
    if (error instanceof WordsError) return undefined;
    throw error;
  }
}

function procfileWords(type: string, line: string): string[] {
  try {
    return splitWords(line);
  } catch (error) {
    if (!(error instanceof WordsError)) throw error;
    throw new Problem('build_failed', `The Procfile's ${type} process can not be run: ${error.message}.`, {
      hint: `Or put the line into a script of package.json and write "${type}: npm run <script>".`,
    });
  }
}

/** Heroku has names in capitals and with underscores, which a container can not have. */
const containerNameOf = (type: string): string => type.toLowerCase().replaceAll('_', '-');

interface ReadProcfile extends Pick<BuildPlan, 'worker' | 'processes' | 'notes'> {
  start: Start;
  release?: string;
}

function readProcfile(files: SourceFiles): ReadProcfile | undefined {
  const text = files.get('Procfile');
  if (text === undefined) return undefined;
  const { processes, ignored } = parseProcfile(text);
  const [main] = processes.has('web') ? ['web'] : [...processes.keys()].filter((type) => type !== 'release');
  const line = processes.get(main ?? '');
  if (main === undefined || line === undefined)
    throw new Problem('nothing_to_run', 'Nothing to run was found: the Procfile names no process.', {
      hint: 'Add a line such as "web: node server.js" or "worker: node worker.js", or remove the Procfile.',
    });
  const command = procfileWords(main, line);
  const own = isName(containerNameOf(main)) ? containerNameOf(main) : 'main';
  const others = othersOf(files, processes, procfileWords, { type: main, name: own });
  const release = processes.get('release');
  // The version keeps the line as it is, so it is better refused now than at a deployment.
  if (release !== undefined) procfileWords('release', release);
  return {
    start: { command, by: 'the Procfile' },
    notes: [
      ...(main === 'web'
        ? []
        : [`Procfile has no web: ${main} runs in its place, without a port and an address`]),
      ...ignored.map(ignoredLine),
      ...others.notes,
    ],
    ...(release !== undefined && { release }),
    ...(main !== 'web' && { worker: own }),
    ...(others.processes && { processes: others.processes }),
  };
}

/** What buildpacks build begins with `web`, unless a Score file says otherwise. @throws Problem nothing_to_run */
export function refuseWithoutWeb(files: SourceFiles): void {
  const { processes } = parseProcfile(files.get('Procfile') ?? '');
  if (processes.size === 0 || processes.has('web') || files.has('score.yaml') || files.has('score.yml'))
    return;
  throw new Problem('nothing_to_run', 'The Procfile names no web process, which is what buildpacks start.', {
    hint: 'Add a "web" line to it, or a Dockerfile whose own command is what runs.',
  });
}

const ignoredLine = (line: string): string => `Procfile: this line is no process and is ignored: ${line}`;

/** What a Procfile has beside the command of an image. Images are built without it, so that nothing in it ends a build. */
function processesBeside(files: SourceFiles): {
  release?: string;
  processes?: Record<string, string[]>;
  notes: string[];
} {
  const { processes, ignored } = parseProcfile(files.get('Procfile') ?? '');
  const notes = ignored.map(ignoredLine);
  if (processes.has('web')) notes.push("Procfile: web is left out, since the image's own command serves");
  const wordsOf = (type: string, line: string): string[] | undefined => {
    try {
      return procfileWords(type, line);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      notes.push(`Procfile: ${type} does not run. ${error.message}`);
      return undefined;
    }
  };
  const others = othersOf(files, processes, wordsOf);
  const release = processes.get('release');
  const isTaken = release !== undefined && wordsOf('release', release) !== undefined;
  return {
    notes: [...notes, ...others.notes],
    ...(isTaken && { release }),
    ...(others.processes && { processes: others.processes }),
  };
}

/**
 * @param wordsOf the words of a process; undefined where it can not be run
 * @param main the line that the others are beside, and the name of its container
 */
function othersOf(
  files: SourceFiles,
  processes: ReadonlyMap<string, string>,
  wordsOf: (type: string, line: string) => string[] | undefined,
  main = { type: 'web', name: 'web' },
): { processes?: Record<string, string[]>; notes: string[] } {
  const notes: string[] = [];
  const others = new Map<string, string[]>();
  const hasScore = SCORE_FILES.some((name) => files.has(name));
  for (const [type, line] of processes) {
    if (type === main.type || type === 'release') continue;
    const name = containerNameOf(type);
    if (hasScore)
      notes.push(
        `Procfile: ${type} runs where score.yaml has a container ${name} with its command, and names it in berth.dev/processes`,
      );
    else if (
      !isName(name) ||
      [main.name, 'web'].includes(name) ||
      others.has(name) ||
      others.size >= limits.processes.value
    )
      notes.push(
        `Procfile: ${type} does not run: its name, or the number of processes, is more than Berth takes`,
      );
    else {
      const words = wordsOf(type, line);
      if (words) others.set(name, words);
    }
  }
  return { notes, ...(others.size > 0 && { processes: Object.fromEntries(others) }) };
}

function rootsOfSite(files: SourceFiles, manifest: Manifest | undefined): string[] {
  if (manifest?.scripts.build !== undefined) return ['dist', 'build', 'out', 'public', '.'];
  const roots = ['.', 'public', 'dist'];
  return roots.filter((root) => files.has(root === '.' ? 'index.html' : `${root}/index.html`));
}

/** `main` as a path in the tree; undefined where it leaves it or would be read as an option. */
function relativeFile(name: string): string | undefined {
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (name.startsWith('/') || segments.includes('..') || segments[0]?.startsWith('-')) return undefined;
  return segments.join('/') || undefined;
}

const count = (value: unknown): number => (isRecord(value) ? Object.keys(value).length : 0);
