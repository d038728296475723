/** Requests to Vault's HTTP API, signed in by a token, or by what a method of Vault takes as proof. */
import { TransientError } from '../../core/problem.ts';

export type VaultLogin =
  /** Read anew whenever Vault refuses the one before. */
  | { kind: 'token'; read(): Promise<string> }
  /** `auth/<mount>/login`; the proof is made anew for each: `{ jwt }` for the methods `kubernetes` and `jwt`. */
  | { kind: 'role'; mount: string; role: string; proof(): Promise<Record<string, string>> };

export interface VaultOptions {
  /** Without a path. */
  address: string;
  namespace?: string;
  login: VaultLogin;
  now(): number;
}

export interface VaultAnswer {
  status: number;
  body: { data?: unknown; errors?: unknown; auth?: { client_token?: unknown; lease_duration?: unknown } };
}

const TIMEOUT_MS = 5_000;
/** An entry of Vault has at most 1 MiB. */
const ANSWER_MAX = 2 * 1024 * 1024;
/** A token is used for so much of its life. */
const USED_PART = 0.8;
const FOREVER_MS = 365 * 24 * 60 * 60_000;

/** @returns sends GET below `/v1/`; @throws TransientError, or SignInError where nobody is let in */
export function createVaultClient({ address, namespace, login, now }: VaultOptions) {
  let known: Promise<{ token: string; until: number }> | undefined;

  async function send(path: string, init: RequestInit): Promise<VaultAnswer> {
    let answer: Response;
    try {
      answer = await fetch(`${address}/v1/${path}`, {
        ...init,
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: {
          ...init.headers,
          'x-vault-request': 'true',
          ...(namespace !== undefined && { 'x-vault-namespace': namespace }),
        },
      });
      const text = await textOf(answer);
      const { status } = answer;
      if (status >= 500 || status === 429 || status === 412)
        throw new TransientError(`Vault answered with status ${status}.`);
      return { status, body: parse(text) };
    } catch (error) {
      if (error instanceof TransientError) throw error;
      throw new TransientError('Vault could not be asked.', { cause: error });
    }
  }

  async function signIn(): Promise<{ token: string; until: number }> {
    if (login.kind === 'token') return { token: (await login.read()).trim(), until: now() + FOREVER_MS };
    const proof = await login.proof();
    const { status, body } = await send(`auth/${login.mount}/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ role: login.role, ...proof }),
    });
    const { client_token: token, lease_duration: seconds } = body.auth ?? {};
    if (typeof token !== 'string') throw new SignInError(`Vault refused the sign-in with status ${status}.`);
    const lasts = typeof seconds === 'number' && seconds > 0 ? seconds * 1000 * USED_PART : FOREVER_MS;
    return { token, until: now() + lasts };
  }

  async function tokenOf(): Promise<string> {
    if (known && (await known).until <= now()) known = undefined;
    // A sign-in that failed is tried again by the next request.
    known ??= signIn().catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return (await known).token;
  }

  return async (path: string): Promise<VaultAnswer> => {
    const get = async () => send(path, { headers: { 'x-vault-token': await tokenOf() } });
    const first = await get();
    if (first.status !== 403) return first;
    // The token may have run out, or been replaced.
    known = undefined;
    return get();
  };
}

/** Nobody is let in with what the settings name. */
export class SignInError extends Error {
  override name = 'Berth.VaultSignIn';
}

async function textOf(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    size += chunk.length;
    if (size > ANSWER_MAX) throw new TransientError('Vault answered more than an entry can have.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): VaultAnswer['body'] {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? value : {};
  } catch {
    return {};
  }
}
