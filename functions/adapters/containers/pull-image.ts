/** Images of other registries, which the engine pulls as it is set to: by its mirrors, and with its passwords. */
import type { Readable } from 'node:stream';
import { limits } from '../../core/limits.ts';
import { Problem } from '../../core/problem.ts';
import { createMask } from '../../core/secrets/mask.ts';
import type { ExternalImage } from '../../core/source/external-image.ts';
import type { RegistryCredential } from '../../ports/registry.ts';
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

/** What an engine is told to sign in with, and what hides that in what it answers. */
interface SignIn {
  headers: Record<string, string>;
  hide(text: string): string;
}

const ENGINES_OWN: SignIn = { headers: {}, hide: (text) => text };

/** In a header, which nothing logs, in the form that is safe in an address. */
async function signInOf(credential: RegistryCredential | undefined): Promise<SignIn> {
  if (!credential) return ENGINES_OWN;
  const { registry, username } = credential;
  const password = await credential.read();
  // Docker knows its own registry by the address that it first had.
  const serveraddress = registry === 'docker.io' ? 'https://index.docker.io/v1/' : registry;
  const auth = Buffer.from(JSON.stringify({ username, password, serveraddress })).toString('base64');
  // Podman wants what fills it up as well, which the form for addresses does not have in Node.js.
  const header = auth.replaceAll('+', '-').replaceAll('/', '_');
  return { headers: { 'x-registry-auth': header }, hide: createMask([password]) };
}

async function pull(
  engine: Engine,
  reference: string,
  signal: AbortSignal,
  { headers }: SignIn = ENGINES_OWN,
): Promise<void> {
  const options = { query: { fromImage: reference }, headers, signal, timeoutMs: PATIENCE_MS };
  const output = await engine.stream('POST', '/images/create', options);
  refuseFailure(await textOf(output));
  if (!(await isThere(engine, reference))) throw new Error('the engine says that it has it, and does not');
}

const SET_PASSWORD = 'PUT /v1/projects/<project>/registries/<host>';

const unavailable = (
  reference: string,
  error: unknown,
  signal: AbortSignal,
  signIn: SignIn = ENGINES_OWN,
): Problem => {
  const why =
    error instanceof EngineError || signal.aborted ? (error as Error).message : 'it can not be read';
  const password =
    signIn === ENGINES_OWN
      ? `where its registry asks for a password, set one with ${SET_PASSWORD}`
      : `see that the password of its registry is right, which is set with ${SET_PASSWORD}`;
  return new Problem(
    'image_unavailable',
    `The image ${reference} could not be pulled: ${signIn.hide(why)}.`,
    {
      hint: `Look at its name and tag, and ${password}. What the container engine may reach, "docker pull" or "podman pull" tells on the machine of Berth.`,
      // A cause goes to the log as it is.
      ...(signIn === ENGINES_OWN && { cause: error }),
    },
  );
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
 * @param credential what its registry is signed in to with; without it, what the engine is set to
 * @throws Problem image_unavailable
 */
export async function pullImage<T>(
  engine: Engine,
  reference: string,
  take: (archive: Readable) => Promise<T>,
  credential?: RegistryCredential,
): Promise<T> {
  const signIn = await signInOf(credential);
  const signal = timeUp();
  const wasThere = await isThere(engine, reference);
  try {
    await pull(engine, reference, signal, signIn);
    return await take(
      await engine.stream('GET', `/images/${reference}/get`, { signal, timeoutMs: PATIENCE_MS }),
    );
  } catch (error) {
    throw error instanceof Problem ? error : unavailable(reference, error, signal, signIn);
  } finally {
    if (!wasThere)
      await engine
        .call('DELETE', `/images/${reference}`, { query: { noprune: true } })
        .catch(() => undefined);
  }
}

/**
 * Asks the registry for what a build stands on, and leaves it in the engine: what others pulled with their credentials is there
 * too, and is nobody else's for that.
 * @throws Problem image_unavailable
 */
export async function pullBase(
  engine: Engine,
  { name, registry }: ExternalImage,
  credentials: readonly RegistryCredential[],
  canceled: AbortSignal,
): Promise<void> {
  const signIn = await signInOf(credentials.find((one) => one.registry === registry));
  const signal = AbortSignal.any([timeUp(), canceled]);
  await pull(engine, name, signal, signIn).catch((error: unknown) => {
    throw unavailable(name, error, signal, signIn);
  });
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
