/** Builds a Dockerfile in the engine. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { Problem } from '../../core/problem.ts';
import { createMask } from '../../core/secrets/mask.ts';
import type { DockerfileBuild } from '../../ports/builder.ts';
import { endSteps } from './end-steps.ts';
import { type Engine, EngineError } from './engine.ts';
import { pullBase } from './pull-image.ts';

interface NamedBuild extends DockerfileBuild {
  /** A name for the image that no other has. */
  name: string;
  /** Where its steps run; the engine's own where undefined. */
  network: string | undefined;
}

interface Message {
  stream?: string;
  error?: string;
  errorDetail?: { message?: string };
}

const HINT = 'Fix what the log of the build says, then build again.';
const TAIL_LINES = 6;

/**
 * Hands the image to `take` as `docker save` writes it; what is left of it in the engine is its cache alone.
 * @throws Problem build_failed
 */
export async function buildDockerfile<T>(
  engine: Engine,
  request: NamedBuild,
  take: (archive: Readable) => Promise<T>,
): Promise<T> {
  const { name, signal } = request;
  try {
    for (const base of request.bases) await pullBase(engine, base, request.registries, signal);
    await build(engine, request);
    return await take(await engine.stream('GET', `/images/${name}/get`, { signal, timeoutMs: 0 }));
  } catch (error) {
    if (error instanceof EngineError && !signal.aborted)
      throw new Problem('build_failed', `The Dockerfile could not be built: ${error.message}.`, {
        hint: HINT,
        cause: error,
      });
    throw error;
  } finally {
    // The image without its name is removed with it; its layers stay while the cache has them.
    await engine
      .call('DELETE', `/images/${name}`, { query: { noprune: true, force: true } })
      .catch(() => undefined);
  }
}

/**
 * Podman takes secrets as files of the folder, and puts them elsewhere before the first step. Docker has a protocol of its
 * own for them, which takes more than HTTP.
 */
async function passSecrets(isPodman: boolean, { secrets, scratch, log }: NamedBuild) {
  const names = Object.keys(secrets);
  if (names.length === 0) return { files: [], query: {} };
  if (!isPodman) {
    log(`Not given to the Dockerfile, since Docker's API takes none: the secrets ${names.join(', ')}`);
    return { files: [], query: {} };
  }
  const files = await Promise.all(
    names.map(async (name) => {
      const to = `podman-build-secret${randomUUID()}`;
      await writeFile(join(scratch, to), secrets[name] ?? '', { mode: 0o600 });
      return { name, from: join(scratch, to), to };
    }),
  );
  const told = files.map(({ name, to }) => `id=${name},src=${to}`);
  return { files, query: { secrets: JSON.stringify(told) } };
}

async function build(engine: Engine, request: NamedBuild): Promise<void> {
  const { name, network, dockerfile, signal } = request;
  const hide = createMask(Object.values(request.secrets));
  const tail: string[] = [];
  const say = (text: string): void => {
    if (text.trim() === '') return;
    const line = hide(text);
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
    request.log(line);
  };
  const { Components = [] } = await engine.call<{ Components?: { Name: string }[] }>('GET', '/version');
  const isPodman = Components.some(({ Name }) => Name.startsWith('Podman'));
  const passed = await passSecrets(isPodman, request);
  const host = `berth-build-${randomUUID()}`;
  const query = {
    t: name,
    dockerfile,
    // Containers of a step that failed or was canceled go too.
    rm: true,
    forcerm: true,
    ...(request.target !== undefined && { target: request.target }),
    ...(Object.keys(request.args).length > 0 && { buildargs: JSON.stringify(request.args) }),
    ...(network !== undefined && { networkmode: network }),
    ...(isPodman && {
      extrahosts: JSON.stringify([`${host}:127.0.0.1`]),
      // Without this Podman passes over the network's name, and lets steps have the network of the machine itself.
      nsoptions: JSON.stringify([{ Name: 'network', Host: false, Path: network ?? '' }]),
    }),
    ...passed.query,
  };
  const tar = request.context(passed.files);
  try {
    const output = await engine.stream('POST', '/build', { tar, query, signal, timeoutMs: 0 });
    await follow(output, say, tail);
  } finally {
    // Docker ends the step by itself.
    if (signal.aborted && isPodman) await endSteps(host);
  }
}

/** @throws Problem build_failed */
async function follow(output: Readable, say: (line: string) => void, tail: readonly string[]): Promise<void> {
  const decoder = new StringDecoder('utf8');
  let text = '';
  let shown = '';
  const read = (line: string): void => {
    const { stream = '', error, errorDetail } = JSON.parse(line) as Message;
    shown += stream;
    const lines = shown.split('\n');
    shown = lines.pop() ?? '';
    for (const each of lines) say(each);
    if (error === undefined) return;
    const why = (errorDetail?.message ?? error).trim();
    const quoted =
      tail.length > 0 ? ` Its last lines: ${tail.map((each) => JSON.stringify(each)).join(', ')}` : '';
    throw new Problem('build_failed', `The Dockerfile could not be built: ${why}.${quoted}`, { hint: HINT });
  };
  for await (const chunk of output) {
    text += decoder.write(chunk as Buffer);
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') read(line);
  }
  if (text.trim() !== '') read(text);
  if (shown !== '') say(shown);
}
