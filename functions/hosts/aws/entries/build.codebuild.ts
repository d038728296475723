/**
 * The program that runs in CodeBuild. It fetches the source by the same rules as on one machine, has it built by its
 * Dockerfile or by buildpacks in containers that see none of our credentials, pushes the image, and leaves the
 * outcome. It needs Node.js, git, docker, the AWS CLI and pack.
 */
import { createHash, randomBytes } from 'node:crypto';
import { lstat, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import {
  type BuildFailure,
  type BuildOutcome,
  type BuildSuccess,
  GIT_TOKEN_VARIABLE,
  REGISTRY_VARIABLE,
  registriesSchema,
  SECRET_VARIABLE,
} from '../../../adapters/aws/builder/buildspec.ts';
import { standForMember } from '../../../adapters/aws/builder/workspace-for-buildpacks.ts';
import { fetchRepository, unpackUpload, uploadGone } from '../../../adapters/source/fetch-source.ts';
import { type Located, locate, readText, refuseLinksOut } from '../../../adapters/source/locate.ts';
import { readScore } from '../../../adapters/source/score-file.ts';
import { type RunResult, run } from '../../../adapters/system/run-program.ts';
import { BUILD_RUN_SECONDS } from '../../../core/operations/kinds/build.ts';
import { Problem, toProblem } from '../../../core/problem.ts';
import { workloadSettings } from '../../../core/score/settings.ts';
import { createMask } from '../../../core/secrets/mask.ts';
import { type BuildSettings, noDockerfile } from '../../../core/source/build-settings.ts';
import { detectDockerfile, refuseWithoutWeb } from '../../../core/source/detect.ts';
import { type ExternalImage, externalImage } from '../../../core/source/external-image.ts';
import { RELEASE_LABEL } from '../../../ports/registry.ts';
import { quoteOutput } from '../../../ports/rules/telling-lines.ts';

const variables = z
  .object({
    BERTH_SOURCE_URL: z.url().optional(),
    BERTH_GIT_URL: z.string().optional(),
    BERTH_GIT_REF: z.string().optional(),
    BERTH_GIT_COMMIT: z.string().optional(),
    BERTH_GIT_USER: z.string().optional(),
    [GIT_TOKEN_VARIABLE]: z.string().optional(),
    BERTH_PATH: z.string().optional(),
    BERTH_REGISTRIES: z.string().optional(),
    BERTH_REPOSITORY: z.string().regex(/^[a-z0-9.:-]+\/[a-z0-9/._-]+$/),
    BERTH_RESULT_URL: z.url(),
    /** The image that holds the buildpacks. */
    BERTH_PACK_BUILDER: z.string(),
    /** The company's account at Docker Hub, which limits what it does not know by their address. */
    BERTH_HUB_USERNAME: z.string().optional(),
    BERTH_HUB_PASSWORD: z.string().optional(),
  })
  .parse(process.env);

const MINUTE = 60_000;
/** What docker knows its own registry by. */
const DOCKER_HUB = 'https://index.docker.io/v1/';
/** What a lifecycle of buildpacks ends with when none of them knows the source. */
const NOT_DETECTED = /status code: 20\b/;

/** By the names that the source knows them by. */
const secrets = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) =>
    name.startsWith(SECRET_VARIABLE) && value !== undefined
      ? [[name.slice(SECRET_VARIABLE.length), value]]
      : [],
  ),
);
const { BERTH_GIT_USER: gitUser, [GIT_TOKEN_VARIABLE]: gitToken } = variables;
const { BERTH_HUB_USERNAME: hubUser, BERTH_HUB_PASSWORD: hubPassword } = variables;
/** What others' registries are signed in to with, by the names that docker knows them by. */
const registries = registriesSchema
  .parse(JSON.parse(variables.BERTH_REGISTRIES ?? '[]'))
  .map(({ registry, username }, at) => ({
    host: registry === 'docker.io' ? DOCKER_HUB : registry,
    username,
    password: process.env[`${REGISTRY_VARIABLE}${at}`] ?? '',
  }));
const known = [hubPassword, gitToken, ...registries.map(({ password }) => password)].flatMap((one) =>
  one ? [one] : [],
);
const mask = createMask([...Object.values(secrets), ...known]);

const log = (line: string): boolean => process.stdout.write(`${mask(line)}\n`);
const { signal } = new AbortController();

async function fetchSource(directory: string, tree: string): Promise<Partial<BuildSuccess>> {
  const { BERTH_SOURCE_URL: archive, BERTH_GIT_URL: url = '', BERTH_GIT_REF: ref = '' } = variables;
  const place = { directory, tree, signal, log };
  if (archive === undefined) {
    const { BERTH_GIT_COMMIT: wanted } = variables;
    const from = {
      url,
      ref,
      ...(wanted !== undefined && { commit: wanted }),
      ...(gitUser !== undefined &&
        gitToken !== undefined && { credential: { user: gitUser, token: gitToken } }),
    };
    const fetched = await fetchRepository(place, from, { allowLocal: false });
    const { commit, committedAt, author, message } = fetched;
    return {
      ref: fetched.ref,
      commit,
      ...(committedAt === undefined ? {} : { committedAt }),
      ...(author === undefined ? {} : { author }),
      ...(message === undefined ? {} : { message }),
    };
  }
  const response = await fetch(archive, { signal: AbortSignal.timeout(5 * MINUTE) });
  if (!response.ok || response.body === null) throw uploadGone();
  const hash = createHash('sha256');
  const hashed = Readable.from(response.body).map((chunk: Uint8Array) => {
    hash.update(chunk);
    return chunk;
  });
  await unpackUpload(place, hashed, variables.BERTH_PATH);
  return { sha256: hash.digest('hex') };
}

/** Runs a program that sees its directory and how the network is reached, and nothing else of this environment. */
async function program(
  command: string,
  args: readonly string[],
  options: { cwd: string; env?: Record<string, string>; output?: (text: string) => void; minutes?: number },
): Promise<RunResult> {
  const { cwd, env = {}, output, minutes = BUILD_RUN_SECONDS / 60 } = options;
  const { PATH = '', HOME = '', DOCKER_HOST } = process.env;
  const own = { PATH, HOME, ...(DOCKER_HOST === undefined ? {} : { DOCKER_HOST }) };
  return run(command, args, {
    cwd,
    env: { ...own, ...env },
    signal,
    timeoutMs: minutes * MINUTE,
    mask,
    onLine: (line) => void log(line),
    ...(output ? { onStdout: async (stream: Readable) => output((await text(stream)).trim()) } : {}),
  });
}

const failed = (what: string, { exitCode, timedOut, tail }: RunResult): Problem =>
  new Problem(
    'build_failed',
    `The build failed: ${what} ${timedOut ? 'took too long' : `ended with exit code ${exitCode ?? 'none'}`}. ${quoteOutput(tail, 20)}`,
    { hint: 'See the log of the build.' },
  );

/** Leaves credentials where docker and pack look for them, which hand them to no container. */
async function leaveCredentials(
  directory: string,
  known: readonly { host: string; username: string; password: string }[],
): Promise<Record<string, string>> {
  const auths = Object.fromEntries(
    known.map(({ host, username, password }) => [
      host,
      { auth: Buffer.from(`${username}:${password}`).toString('base64') },
    ]),
  );
  const place = join(directory, `docker-${randomBytes(4).toString('hex')}`);
  await mkdir(place, { mode: 0o700 });
  await writeFile(join(place, 'config.json'), JSON.stringify({ auths }), { mode: 0o600 });
  return { DOCKER_CONFIG: place };
}

/** What pulls: by the project's passwords, and at Docker Hub else by the account that the company may have there. */
async function pullCredentials(directory: string): Promise<Record<string, string>> {
  const company =
    hubUser && hubPassword ? [{ host: DOCKER_HUB, username: hubUser, password: hubPassword }] : [];
  const all = [...company, ...registries];
  return all.length > 0 ? leaveCredentials(directory, all) : {};
}

async function signIn(directory: string): Promise<Record<string, string>> {
  const [host = ''] = variables.BERTH_REPOSITORY.split('/');
  let password = '';
  const credentials = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => name.startsWith('AWS_')),
  ) as Record<string, string>;
  const asked = await program('aws', ['ecr', 'get-login-password'], {
    cwd: directory,
    env: credentials,
    output: (told) => {
      password = told;
    },
    minutes: 1,
  });
  if (asked.exitCode !== 0) throw failed('signing in to the registry', asked);
  return leaveCredentials(directory, [{ host, username: 'AWS', password }]);
}

/** What an image was made of. */
type Made = Pick<BuildSuccess, 'detected' | 'image' | 'processes'>;

/** Takes an image of another registry, for the processors of this machine, which are those of the nodes. */
async function takeImage(directory: string, { name }: ExternalImage, image: string): Promise<Made> {
  const env = await pullCredentials(directory);
  const pulled = await program('docker', ['pull', '--quiet', name], { cwd: directory, env });
  if (pulled.exitCode !== 0)
    throw new Problem(
      'image_unavailable',
      `The image ${name} could not be pulled. ${quoteOutput(pulled.tail, 5)}`,
      {
        hint: 'Look at its name and tag; where its registry asks for a password, set it with PUT /v1/projects/<project>/registries/<host>.',
      },
    );
  const tagged = await program('docker', ['tag', name, image], { cwd: directory, minutes: 1 });
  if (tagged.exitCode !== 0) throw failed('docker tag', tagged);
  return { detected: `the image ${name}, which the Score file names`, image: name };
}

/** The texts by which a Dockerfile's Procfile is read; whether there is a Score file. */
async function filesBeside(folder: string, dockerfile: string): Promise<Map<string, string | undefined>> {
  const files = new Map<string, string | undefined>();
  for (const name of [dockerfile, 'Procfile', 'score.yaml', 'score.yml']) {
    const found = await lstat(join(folder, name)).catch(() => undefined);
    if (found?.isFile()) files.set(name, undefined);
  }
  if (files.has('Procfile')) files.set('Procfile', await readText(join(folder, 'Procfile')));
  return files;
}

async function buildImage(
  directory: string,
  located: Located,
  image: string,
  settings: BuildSettings | undefined,
): Promise<Made> {
  const env = { ...secrets, ...(await pullCredentials(directory)) };
  const { folder, home, within } = located;
  const { dockerfile = 'Dockerfile', target, args: values = {} } = settings ?? {};
  const files = await filesBeside(folder, dockerfile);
  const plan = detectDockerfile(files, dockerfile);
  if (settings && !plan) throw noDockerfile(dockerfile);
  if (plan) {
    for (const note of plan.notes) log(note);
    const { releaseCommand, processes, detected } = plan;
    // A step of it sees one where it asks for it: RUN --mount=type=secret,id=NPM_TOKEN,env=NPM_TOKEN.
    const mounts = Object.keys(secrets).flatMap((name) => ['--secret', `id=${name},env=${name}`]);
    const told = [
      ...(target === undefined ? [] : ['--target', target]),
      ...Object.entries(values).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
      ...(releaseCommand === undefined ? [] : ['--label', `${RELEASE_LABEL}=${releaseCommand}`]),
    ];
    const args = ['build', '--tag', image, ...mounts, ...told, '--file', join(within, dockerfile), '.'];
    const built = await program('docker', args, { cwd: home, env });
    if (built.exitCode !== 0) throw failed('docker build', built);
    return { detected, ...(processes && { processes }) };
  }
  refuseWithoutWeb(files);
  // Without a value it is taken from the environment of pack, so that no list of arguments has it.
  const named = Object.keys(secrets).flatMap((name) => ['--env', name]);
  const builder = ['--builder', variables.BERTH_PACK_BUILDER];
  const args = ['build', image, '--path', '.', ...builder, ...named, '--no-color'];
  if (within !== '') await standForMember(located);
  const built = await program('pack', args, { cwd: home, env });
  if (built.exitCode === 0) return { detected: 'built by buildpacks' };
  if (!built.tail.some((line) => NOT_DETECTED.test(line))) throw failed('pack build', built);
  throw new Problem(
    'nothing_to_run',
    'Nothing to run was found: the source has no Dockerfile, and no buildpack knows what it is.',
    { hint: 'Add a Dockerfile, or what the buildpack of your language looks for.' },
  );
}

async function push(directory: string, image: string): Promise<string> {
  const pushed = await program('docker', ['push', image], { cwd: directory, env: await signIn(directory) });
  if (pushed.exitCode !== 0) throw failed('docker push', pushed);
  let told = '';
  const inspected = await program(
    'docker',
    ['image', 'inspect', '--format', '{{json .RepoDigests}}', image],
    {
      cwd: directory,
      output: (output) => {
        told = output;
      },
      minutes: 1,
    },
  );
  const prefix = `${variables.BERTH_REPOSITORY}@`;
  const digests = z.array(z.string()).safeParse(inspected.exitCode === 0 ? JSON.parse(told) : undefined);
  const digest = digests.data?.find((one) => one.startsWith(prefix))?.slice(prefix.length);
  if (digest === undefined) throw failed('docker image inspect', inspected);
  return digest;
}

async function build(directory: string): Promise<BuildSuccess> {
  const tree = join(directory, 'app');
  const source = await fetchSource(directory, tree);
  const located = await locate(tree, variables.BERTH_PATH);
  await refuseLinksOut(tree, located);
  const score = await readScore(located.folder);
  // Tags can not be moved, so each build has a tag of its own.
  const image = `${variables.BERTH_REPOSITORY}:build-${randomBytes(6).toString('hex')}`;
  const external = score && externalImage(score.workload).image;
  const made = external
    ? await takeImage(directory, external, image)
    : await buildImage(directory, located, image, score && workloadSettings(score.workload).build);
  const digest = await push(directory, image);
  log(`Image ${digest}`);
  const { processes, ...rest } = made;
  return {
    digest,
    ...rest,
    files: score?.files ?? {},
    ...source,
    ...(score ? { score: score.text } : processes && { processes }),
  };
}

const directory = await mkdtemp(join(tmpdir(), 'berth-build-'));
const outcome = await build(directory).catch((error: unknown): BuildOutcome => {
  const problem = toProblem(error);
  // The log belongs to the team, so an error that is not meant for users goes there too.
  log(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  // A code that builds do not have is read as a failure without an explanation.
  return { error: problem.toDetail() as BuildFailure['error'] };
});
await rm(directory, { recursive: true, force: true });
const told = await fetch(variables.BERTH_RESULT_URL, { method: 'PUT', body: JSON.stringify(outcome) });
if (!told.ok) throw new Error(`The outcome was refused with status ${told.status}`);
if ('error' in outcome) process.exitCode = 1;
