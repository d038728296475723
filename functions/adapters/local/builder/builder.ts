/**
 * Builds on this machine: source is extracted, recognised, built by npm, pnpm or yarn where it asks for that, and packed into
 * an image. The image holds the app below /app and no operating system: it runs where Node.js is.
 */

import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '../../../core/limits.ts';
import type { Source } from '../../../core/model/index.ts';
import { Problem } from '../../../core/problem.ts';
import { workloadSettings } from '../../../core/score/settings.ts';
import { noDockerfile } from '../../../core/source/build-settings.ts';
import { type BuildPlan, detect, detectDockerfile, READ_OF_WORKSPACE } from '../../../core/source/detect.ts';
import { type ExternalImage, externalImage } from '../../../core/source/external-image.ts';
import { DOCKERFILE, nothingToRun } from '../../../core/source/foreign.ts';
import type { Builder, BuildResult } from '../../../ports/builder.ts';
import { diskProblem } from '../../files/disk-full.ts';
import type { GitOptions } from '../../source/git.ts';
import type { FoundScore } from '../../source/score-file.ts';
import type { OciLayout } from '../registry/registry.ts';
import { filesOf, readSecrets, type Workspace } from './build-workspace.ts';
import { buildDockerfile, type DockerfileBuilder, keyOfCaches } from './dockerfile-build.ts';
import { chooseRoot, configOf, labelsOf, layersOf, scoreOf, tagOf } from './image-content.ts';
import { refuseSecretsIn } from './leaked-secrets.ts';
import { createNpm } from './npm.ts';
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

const OPERATION = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;
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
      return buildDockerfile(
        { dockerfiles: options.dockerfiles, layout: options.layout, cacheKey },
        workspace,
        {
          source,
          score,
          located,
          plan: byDockerfile,
          build: { ...build, dockerfile },
        },
      );
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
    const layers = await layersOf(located, root, node);
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

/** Processes of a build that are still dying may write while their directory is deleted, hence the retries. */
const remove = (path: string) => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });

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

function canceled(signal: AbortSignal): Problem {
  if (signal.reason instanceof Problem) return signal.reason;
  return new Problem('canceled', 'The build was canceled: it was asked to stop.', {
    hint: 'Start a new build.',
  });
}
