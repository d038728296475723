/**
 * Builds on this machine: source is extracted, recognised, built by npm, pnpm or yarn where it asks for that, and packed into
 * an image. The image holds the app below /app and no operating system: it runs where Node.js is.
 */

import { createHmac, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Readable } from 'node:stream';
import { limits } from '../../../core/limits.ts';
import type { Source } from '../../../core/model/index.ts';
import { Problem } from '../../../core/problem.ts';
import { workloadSettings } from '../../../core/score/settings.ts';
import { type BuildSettings, noDockerfile } from '../../../core/source/build-settings.ts';
import {
  type BuildPlan,
  detect,
  detectDockerfile,
  READ_BY_DETECTION,
  READ_OF_WORKSPACE,
  type SourceFiles,
} from '../../../core/source/detect.ts';
import { confineDockerfile } from '../../../core/source/dockerfile.ts';
import { type ExternalImage, externalImage } from '../../../core/source/external-image.ts';
import { DOCKERFILE, nothingToRun } from '../../../core/source/foreign.ts';
import type { Builder, BuildRequest, BuildResult } from '../../../ports/builder.ts';
import {
  BASE_LABEL,
  type ImageConfig,
  NO_BASE,
  OWN_BASE,
  RELEASE_LABEL,
  type RegistryCredential,
  SCORE_LABEL,
} from '../../../ports/registry.ts';
import { diskProblem } from '../../files/disk-full.ts';
import type { GitOptions } from '../../source/git.ts';
import type { Located } from '../../source/locate.ts';
import type { FoundScore } from '../../source/score-file.ts';
import type { NewImage, OciLayout } from '../registry/registry.ts';
import { refuseSecretsIn } from './leaked-secrets.ts';
import { createNpm } from './npm.ts';
import { staticCommand, staticServer } from './static.ts';
import { createSources } from './uploads.ts';

export interface LocalBuilderOptions {
  /** Holds uploads and builds in progress. */
  directory: string;
  /** What it resolves is of other registries, or refused. */
  layout: Pick<OciLayout, 'push' | 'takeArchive' | 'resolve'>;
  /**
   * Whether nothing of a source may run as the user of Berth: package managers run what packages name. A Dockerfile is built
   * all the same, and what needs no building.
   */
  confined?: boolean;
  /** Whether `git.url` may be a path or file URL of this machine; true if not given. */
  allowLocalGit?: boolean;
  /** The largest upload, compressed bytes; 256 MiB if not given. */
  sourceMaxBytes?: number;
  /** Time of one npm run, milliseconds; 10 minutes if not given. */
  npmTimeoutMs?: number;
  /** Builds Dockerfiles, where there is a container engine; each source is built without one where absent. */
  dockerfiles?: DockerfileBuilder;
  /** Resolves a host to its addresses; the resolver of the system if not given. */
  lookup?: GitOptions['lookup'];
}

export interface DockerfileBuilder {
  /** Why there is no engine that builds, as a clause; undefined where there is one. */
  missing(): Promise<string | undefined>;
  /**
   * Builds a Dockerfile, and hands the image to `take` as `docker save` writes it.
   * @throws Problem build_failed
   */
  build<T extends { digest: string }>(
    build: {
      /** A tar of the folder, with more files in it. */
      context(more: { from: string; to: string }[]): Readable;
      /** Its path in the folder. */
      dockerfile: string;
      /** The stage that is the image; the last one where absent. */
      target?: string;
      /** Values of its arguments. */
      args: Readonly<Record<string, string>>;
      /** Images that it stands on, which their registries have to give. */
      bases: readonly ExternalImage[];
      registries: readonly RegistryCredential[];
      /** Values by name, for steps that ask for them. */
      secrets: Record<string, string>;
      /** An empty directory of this build. */
      scratch: string;
      log: (line: string) => void;
      signal: AbortSignal;
    },
    take: (archive: Readable) => Promise<T>,
  ): Promise<T>;
}

interface DockerfileSource {
  source: Source;
  score: FoundScore | undefined;
  located: Located;
  plan: BuildPlan;
  build: BuildSettings & { dockerfile: string };
}

const OPERATION = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;
/** Where the Node.js is that a source asks for, in its image. */
const NODE_HOME = 'opt/berth/node/bin';
const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What lies beside a site at the root of a source and is not for its visitors. */
const NOT_OF_A_SITE = [
  'score.yaml',
  'score.yml',
  'Procfile',
  'package.json',
  'package-lock.json',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  'yarn.lock',
  'node_modules',
];

interface Workspace {
  request: BuildRequest;
  /** A directory for this build alone, empty at first. */
  directory: string;
  log: (line: string) => void;
  signal: AbortSignal;
}

/** Also removes uploads of an earlier Berth: see `removeAbandoned` of uploads.ts. */
export async function createLocalBuilder(options: LocalBuilderOptions) {
  const sources = await createSources(
    join(options.directory, 'sources'),
    options.sourceMaxBytes ?? limits.sourceUpload.value,
  );
  const work = join(options.directory, 'work');
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  const npm = createNpm();
  const cacheKey = await keyOfCaches(join(options.directory, 'cache-key'));

  /** Puts the source into `tree`. */
  async function fetchSource(workspace: Workspace, tree: string): Promise<Source> {
    const { request, directory, log, signal } = workspace;
    // What unpacks and fetches is loaded with the first build.
    const { fetchRepository, unpackUpload, uploadGone } = await import('../../source/fetch-source.ts');
    const place = { directory, tree, signal, log };
    if (request.source.kind === 'git') {
      const { lookup, allowLocalGit: allowLocal = true } = options;
      const { credential } = request;
      const signIn = credential && { user: credential.user, token: await credential.read() };
      const from = { ...request.source, ...(signIn && { credential: signIn }) };
      return fetchRepository(place, from, { allowLocal, ...(lookup && { lookup }) });
    }
    const kept = await sources.describe(request.source.id);
    if (!kept) throw uploadGone();
    log(`Unpacking the upload, ${kept.bytes} bytes`);
    await unpackUpload(place, createReadStream(kept.path), request.path);
    return { kind: 'upload', sha256: kept.sha256, bytes: kept.bytes };
  }

  async function buildIn(workspace: Workspace): Promise<BuildResult> {
    const { request, directory, log, signal } = workspace;
    const tree = join(directory, 'app');
    const fetched = await fetchSource(workspace, tree);
    const source = request.path === undefined ? fetched : { ...fetched, path: request.path };
    signal.throwIfAborted();
    // The parser is loaded with the first build.
    const { readScore } = await import('../../source/score-file.ts');
    const { locate, refuseLinksOut } = await import('../../source/locate.ts');
    const located = await locate(tree, request.path);
    const { folder, home, within } = located;
    const score = await readScore(folder);
    const external = score && externalImage(score.workload).image;
    if (score && external) return takeImage(workspace, external, { source, score });
    const files = await filesOf(folder);
    const around = within === '' ? undefined : await filesOf(home, READ_OF_WORKSPACE);
    const { build = {} } = score ? workloadSettings(score.workload) : {};
    const { dockerfile = DOCKERFILE } = build;
    const named = Object.keys(build).length > 0;
    const byDockerfile = detectDockerfile(files, dockerfile);
    if (named && !byDockerfile) throw noDockerfile(dockerfile);
    const missing = byDockerfile ? await builder.dockerfiles() : undefined;
    if (byDockerfile && options.dockerfiles && missing === undefined)
      return buildDockerfile(options.dockerfiles, workspace, {
        source,
        score,
        located,
        plan: byDockerfile,
        build: { ...build, dockerfile },
      });
    // What asks for its Dockerfile in words is nothing else.
    if (named && missing !== undefined) throw nothingToRun(new Map([[DOCKERFILE, undefined]]), missing);
    const plan = detect(files, around) ?? planOfScore(score);
    // A folder with a Dockerfile is a program: as a site it would show all of its source to everyone.
    const isShown = missing !== undefined && plan !== undefined && plan.staticRoots.length > 0;
    if (!plan || isShown) throw nothingToRun(files, missing);
    if (missing !== undefined)
      log(
        `Warning: the Dockerfile is left out, since ${missing}. With Podman or Docker here it is what is built.`,
      );
    log(`Detected: ${plan.detected}${within === '' ? '' : `, ${within} of a workspace`}`);
    for (const note of plan.notes) log(note);
    if (options.confined && plan.runs.length > 0) throw notConfined();
    const timeoutMs = options.npmTimeoutMs ?? 10 * 60_000;
    const secrets = plan.runs.length === 0 ? {} : await readSecrets(workspace);
    const node =
      plan.node === undefined
        ? undefined
        : await npm.node(plan.node, { scratch: directory, timeoutMs, signal, log });
    for (const args of plan.runs) {
      await npm.run({
        node,
        manager: plan.manager,
        args,
        secrets,
        source: args[0] === 'run' && !plan.builtByWorkspace ? folder : home,
        scratch: directory,
        timeoutMs,
        signal,
        log,
      });
    }
    await refuseSecretsIn(home, secrets);
    const root = plan.staticRoots.length === 0 ? undefined : await chooseRoot(folder, plan.staticRoots);
    if (root === undefined) await refuseLinksOut(tree, located);
    const labels = labelsOf(source, score, plan);
    const layers = [
      ...(node !== undefined && root === undefined ? [[{ from: node, to: `${NODE_HOME}/node` }]] : []),
      ...(await layersOf(located, root)),
    ];
    signal.throwIfAborted();
    const image = await options.layout.push(request.repository, {
      layers,
      config: configOf(plan, within, root, labels),
      tags: [tagOf(source)],
      log,
    });
    log(`Image ${image.digest}, ${image.size} bytes`);
    return {
      digest: image.digest,
      ...scoreOf(score),
      ...(plan.worker !== undefined && !score && { worker: plan.worker }),
      ...(plan.processes && !score && { processes: plan.processes }),
      source,
      detected: plan.detected,
    };
  }

  /** The image that the Score file names; nothing of the source but that file is read. */
  async function takeImage(
    { request, log, signal }: Workspace,
    { name }: ExternalImage,
    { source, score }: { source: Source; score: FoundScore },
  ): Promise<BuildResult> {
    const detected = `the image ${name}, which the Score file names`;
    log(`Detected: ${detected}`);
    const credentials = async () => request.registries ?? [];
    const { digest, size } = await options.layout.resolve(request.repository, name, credentials);
    signal.throwIfAborted();
    log(`Image ${digest}, ${size} bytes`);
    const from = source.kind === 'image' ? source : { ...source, image: name };
    return { digest, ...scoreOf(score), source: from, detected };
  }

  async function buildDockerfile(
    dockerfiles: DockerfileBuilder,
    workspace: Workspace,
    { source, score, located, plan, build: settings }: DockerfileSource,
  ): Promise<BuildResult> {
    const { request, log, signal } = workspace;
    const { folder, home, within } = located;
    const { dockerfile, target, args = {} } = settings;
    const { detected } = plan;
    log(`Detected: ${detected}`);
    for (const note of plan.notes) log(note);
    // The engine has one cache for all projects, and whoever knows a scope could get at what is cached for it.
    const scope = createHmac('sha256', cacheKey).update(request.repository.project).digest('hex');
    const file = join(folder, dockerfile);
    const confined = confineDockerfile(await readFile(file, 'utf8'), scope, args);
    // It may be a link: a file of its own takes its place.
    await rm(file);
    await writeFile(file, confined.text);
    const { tarOf } = await import('../registry/tree.ts');
    const parts = (await readdir(home)).map((name) => ({ from: join(home, name), to: name }));
    const labels = { ...labelsOf(source, score, plan), [BASE_LABEL]: OWN_BASE };
    const build = {
      context: (more: typeof parts) => tarOf([...parts, ...more], log),
      dockerfile: within === '' ? dockerfile : `${within}/${dockerfile}`,
      ...(target !== undefined && { target }),
      args,
      bases: confined.bases,
      registries: request.registries ?? [],
      secrets: await readSecrets(workspace),
      scratch: workspace.directory,
      log,
      signal,
    };
    const image = await dockerfiles.build(build, (archive) =>
      options.layout.takeArchive(request.repository, archive, { labels, tags: [tagOf(source)] }),
    );
    log(`Image ${image.digest}, ${image.size} bytes`);
    return {
      digest: image.digest,
      ...scoreOf(score),
      ...(plan.processes && !score && { processes: plan.processes }),
      source,
      detected,
    };
  }

  const builder: Builder = {
    saveSource: (body) => sources.save(body),
    openUpload: (bytes, project) => sources.open(bytes, project),
    hasUpload: (id) => sources.has(id),
    receiveUpload: (id, body) => sources.receive(id, body),
    removeSource: (id) => sources.remove(id),
    dockerfiles: async () =>
      options.dockerfiles ? options.dockerfiles.missing() : 'containers are off on this Berth',

    async build(request, log, signal) {
      if (!OPERATION.test(request.operation))
        throw new TypeError('the operation has no id that names a directory');
      const own = join(work, request.operation);
      // No path is used twice: what a killed build left running writes somewhere else.
      const directory = join(own, randomBytes(6).toString('hex'));
      try {
        signal.throwIfAborted();
        await remove(own);
        await mkdir(directory, { recursive: true });
        return await buildIn({ request, directory, log, signal });
      } catch (error) {
        throw signal.aborted ? canceled(signal) : diskProblem(error);
      } finally {
        await remove(own);
      }
    },
  };
  return { ...builder, removeAbandoned: sources.removeAbandoned };
}

/** Made once, for a cache is of use as long as it is found again. */
async function keyOfCaches(path: string): Promise<string> {
  const made = randomBytes(32).toString('base64url');
  await writeFile(path, made, { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  return readFile(path, 'utf8');
}

async function readSecrets({ request: { secrets = [] }, log }: Workspace): Promise<Record<string, string>> {
  if (secrets.length > 0) log(`Secrets: ${secrets.map(({ name }) => name).join(', ')}`);
  return Object.fromEntries(
    await Promise.all(secrets.map(async (secret) => [secret.name, await secret.read()] as const)),
  );
}

/** Processes of a build that are still dying may write while their directory is deleted, hence the retries. */
const remove = (path: string) => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });

/** Also of a link, which leads to places in the tree alone. */
const isFile = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isFile() === true;

/** The files below a directory; at its top alone where it is a workspace, of which little is asked. */
async function filesOf(directory: string, read: readonly string[] = READ_BY_DETECTION): Promise<SourceFiles> {
  const files = new Map<string, string | undefined>();
  const recursive = read === READ_BY_DETECTION;
  for (const entry of await readdir(directory, { withFileTypes: true, recursive }))
    if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(join(entry.parentPath, entry.name)))))
      files.set(relative(directory, join(entry.parentPath, entry.name)), undefined);
  const { readText } = await import('../../source/locate.ts');
  for (const name of read) if (files.has(name)) files.set(name, await readText(join(directory, name)));
  return files;
}

const notConfined = (): Problem =>
  new Problem(
    'build_failed',
    'It is not built: installing packages and build scripts would run as the user of Berth, and processes are off here.',
    { hint: 'Add a Dockerfile that does both; its steps run in containers.' },
  );

/** Where the Score file says what to start, no rule of ours is needed. */
function planOfScore(score: FoundScore | undefined): BuildPlan | undefined {
  const starts = Object.values(score?.workload.containers ?? {}).some(
    ({ image, command }) => image === '.' && command !== undefined && command.length > 0,
  );
  if (!starts) return undefined;
  return {
    detected: 'started by the Score file',
    runs: [],
    builtByWorkspace: false,
    command: [],
    staticRoots: [],
    notes: [],
  };
}

async function chooseRoot(tree: string, candidates: readonly string[]): Promise<string> {
  for (const candidate of candidates) {
    const found = await lstat(join(tree, candidate, 'index.html')).catch(() => undefined);
    if (found?.isFile()) return candidate;
  }
  throw nothingToRun(new Map());
}

/** Dependencies come first: they change less often than the app, and the same layer is stored once. */
async function layersOf(
  { folder, home }: Located,
  staticRoot: string | undefined,
): Promise<NewImage['layers']> {
  if (staticRoot !== undefined) {
    const site =
      staticRoot === '.'
        ? { from: folder, to: 'app', exclude: NOT_OF_A_SITE }
        : { from: join(folder, staticRoot), to: `app/${staticRoot}` };
    return [await staticServer(), [site]];
  }
  const own = [{ from: home, to: 'app', exclude: ['node_modules'] }];
  const modules = join(home, 'node_modules');
  const hasModules = (await lstat(modules).catch(() => undefined))?.isDirectory() === true;
  return hasModules ? [[{ from: modules, to: 'app/node_modules' }], own] : [own];
}

function configOf(
  plan: BuildPlan,
  within: string,
  staticRoot: string | undefined,
  labels: ImageConfig['labels'],
): ImageConfig {
  const workingDir = within === '' || staticRoot !== undefined ? '/app' : `/app/${within}`;
  const programs = [...new Set([workingDir, '/app'])].map((place) => `${place}/node_modules/.bin`);
  const PATH = [`/${NODE_HOME}`, ...programs, SYSTEM_PATH].join(':');
  const cmd = staticRoot === undefined ? plan.command : staticCommand(staticRoot);
  return { entrypoint: [], cmd, env: { NODE_ENV: 'production', PATH }, workingDir, labels };
}

const scoreOf = (score: FoundScore | undefined): Pick<BuildResult, 'score' | 'files'> => ({
  ...(score && { score: score.text }),
  files: score?.files ?? {},
});

function labelsOf(source: Source, score: FoundScore | undefined, plan?: BuildPlan): ImageConfig['labels'] {
  const labels: ImageConfig['labels'] = { [BASE_LABEL]: NO_BASE };
  if (score) labels[SCORE_LABEL] = score.text;
  if (plan?.releaseCommand !== undefined) labels[RELEASE_LABEL] = plan.releaseCommand;
  if (source.kind === 'git') {
    labels['org.opencontainers.image.source'] = source.url;
    labels['org.opencontainers.image.revision'] = source.commit;
  }
  return labels;
}

/** This helps people who look into the layout. */
function tagOf(source: Source): string {
  if (source.kind === 'git') return `git-${source.commit.slice(0, 12)}`;
  return source.kind === 'upload' ? `upload-${source.sha256.slice(0, 12)}` : 'latest';
}

function canceled(signal: AbortSignal): Problem {
  if (signal.reason instanceof Problem) return signal.reason;
  return new Problem('canceled', 'The build was canceled: it was asked to stop.', {
    hint: 'Start a new build.',
  });
}
