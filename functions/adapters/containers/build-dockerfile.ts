/** Builds a Dockerfile in the engine. */
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { Problem } from '../../core/problem.ts';
import { type Engine, EngineError } from './engine.ts';

export interface DockerfileBuild {
  /** A tar of the folder. */
  context: Readable;
  log(line: string): void;
  signal: AbortSignal;
}

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

async function build(engine: Engine, { name, network, context, log, signal }: NamedBuild): Promise<void> {
  const tail: string[] = [];
  const say = (line: string): void => {
    if (line.trim() === '') return;
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
    log(line);
  };
  // Containers of a step that failed or was canceled go too.
  const query = {
    t: name,
    rm: true,
    forcerm: true,
    ...(network !== undefined && { networkmode: network }),
  };
  const output = await engine.stream('POST', '/build', { tar: context, query, signal, timeoutMs: 0 });
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
