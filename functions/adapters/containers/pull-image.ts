/** Images of other registries, which the engine pulls as it is set to: by its mirrors, and with its passwords. */
import type { Readable } from 'node:stream';
import { limits } from '../../core/limits.ts';
import { Problem } from '../../core/problem.ts';
import { type Engine, EngineError, isGone } from './engine.ts';

const PATIENCE_MS = 120_000;

const isThere = (engine: Engine, reference: string): Promise<boolean> =>
  engine.call('GET', `/images/${reference}/json`).then(
    () => true,
    (error: unknown) => {
      if (isGone(error)) return false;
      throw error;
    },
  );

async function pull(engine: Engine, reference: string, signal: AbortSignal): Promise<void> {
  const query = { fromImage: reference };
  const output = await engine.stream('POST', '/images/create', { query, signal, timeoutMs: PATIENCE_MS });
  refuseFailure(await textOf(output));
  if (!(await isThere(engine, reference))) throw new Error('the engine says that it has it, and does not');
}

const unavailable = (reference: string, error: unknown, signal: AbortSignal): Problem => {
  const why =
    error instanceof EngineError || signal.aborted ? (error as Error).message : 'it can not be read';
  return new Problem('image_unavailable', `The image ${reference} could not be pulled: ${why}.`, {
    hint: 'Look at its name and tag, and at what the container engine may reach: try "docker pull" or "podman pull" on the machine of Berth.',
    cause: error,
  });
};

const timeUp = (): AbortSignal => AbortSignal.timeout(limits.imagePull.value * 1000);

/** Pulls the image unless the engine has it, and leaves it there. @throws Problem image_unavailable */
export async function ensureImage(engine: Engine, reference: string): Promise<void> {
  const signal = timeUp();
  try {
    if (!(await isThere(engine, reference))) await pull(engine, reference, signal);
  } catch (error) {
    throw unavailable(reference, error, signal);
  }
}

/**
 * Pulls the image, hands it to `take` as `docker save` writes it, and removes it from the engine if it was not there before.
 * @param reference such as `docker.io/library/nginx:1.27`
 * @throws Problem image_unavailable
 */
export async function pullImage<T>(
  engine: Engine,
  reference: string,
  take: (archive: Readable) => Promise<T>,
): Promise<T> {
  const signal = timeUp();
  const wasThere = await isThere(engine, reference);
  try {
    await pull(engine, reference, signal);
    return await take(
      await engine.stream('GET', `/images/${reference}/get`, { signal, timeoutMs: PATIENCE_MS }),
    );
  } catch (error) {
    throw error instanceof Problem ? error : unavailable(reference, error, signal);
  } finally {
    if (!wasThere)
      await engine
        .call('DELETE', `/images/${reference}`, { query: { noprune: true } })
        .catch(() => undefined);
  }
}

async function textOf(output: Readable): Promise<string> {
  // Progress comes in tens of thousands of lines; the failure is in the last.
  let tail = '';
  for await (const chunk of output) tail = (tail + String(chunk)).slice(-20_000);
  return tail;
}

/** Engines answer 200 first, and tell what went wrong in the stream. @throws EngineError */
function refuseFailure(text: string): void {
  for (const line of text.split('\n')) {
    let message: { error?: unknown };
    try {
      message = JSON.parse(line) as { error?: unknown };
    } catch {
      // The first line may be cut.
      continue;
    }
    if (typeof message.error === 'string') throw new EngineError(500, message.error.trim().slice(0, 500));
  }
}
