/**
 * Who is signed in, and the one way to call the API as them. One signs in at the identity provider: the session is
 * a cookie that no script can read. A token that is given instead stays in this module's memory; neither storage nor
 * the address ever has it.
 */
import { useSyncExternalStore } from 'react';
import { ApiError, problemOf } from '../../client/problem.ts';
import type { Principal } from '../../client/types.generated.ts';
import { connected } from './api/connection.ts';

export interface Session {
  /** `unknown` until the first answer. */
  status: 'unknown' | 'signed-out' | 'signed-in';
  principal?: Principal;
  /** Why nobody is signed in any more. */
  reason?: string;
}

let token: string | undefined;
let session: Session = { status: 'unknown' };
const listeners = new Set<() => void>();

function become(next: Session): void {
  session = next;
  for (const listener of [...listeners]) listener();
}

/** @throws ApiError unauthenticated when nobody is signed in, or TypeError when no answer comes */
async function whoAmI(): Promise<void> {
  const response = await apiFetch('/v1/me');
  become({ status: 'signed-in', principal: (await response.json()) as Principal });
}

const RETRY_MS = 2_000;

/** Asks whether this browser has a session, when the page is loaded, until there is an answer. */
export async function resume(): Promise<void> {
  while (session.status === 'unknown') {
    try {
      await whoAmI();
      connected(true);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) become({ status: 'signed-out' });
      else {
        connected(false);
        await pause();
      }
    }
  }
}

/** Until it is worth another try. */
const pause = (): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(done, RETRY_MS);
    function done() {
      clearTimeout(timer);
      removeEventListener('online', done);
      resolve();
    }
    addEventListener('online', done);
  });

/** Leaves for the identity provider, which leads back to this very place. */
function signIn(): void {
  const { pathname, search, hash } = location;
  location.assign(`/v1/sign-in?return=${encodeURIComponent(pathname + search + hash)}`);
}

/** @throws ApiError unauthenticated, or TypeError when no answer comes */
async function signInWith(given: string): Promise<void> {
  token = given;
  try {
    await whoAmI();
  } catch (error) {
    token = undefined;
    throw error;
  }
}

/**
 * Ends the session, or all of this person's, then leaves to sign out at the identity provider.
 * @throws ApiError or TypeError when it could not be ended
 */
export async function signOut(everywhere = false): Promise<void> {
  const isSession = token === undefined;
  let provider: string | undefined;
  if (isSession || everywhere) {
    const response = await apiFetch('/v1/sign-out', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ everywhere }),
    });
    provider = ((await response.json()) as { location?: string }).location;
  }
  token = undefined;
  become({ status: 'signed-out', reason: 'You are signed out.' });
  if (provider !== undefined) location.assign(provider);
}

const actions = { signIn, signInWith };

/** @example const { status, principal, signIn } = useSession(); */
export function useSession(): Session & typeof actions {
  const now = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => session,
  );
  return { ...now, ...actions };
}

// randomUUID is for secure pages alone, and a console by plain HTTP on a host of one's own is none.
const newKey = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/**
 * `fetch` as who is signed in; writes get an idempotency key.
 * @throws ApiError for every answer that is not 2xx, TypeError when none comes
 */
export async function apiFetch(input: string | Request, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  if (token !== undefined) request.headers.set('authorization', `Bearer ${token}`);
  if (request.method !== 'GET') {
    // No page of another origin can send it: with it, the cookie counts.
    request.headers.set('x-csrf', '1');
    if (!request.headers.has('idempotency-key')) request.headers.set('idempotency-key', newKey());
  }
  const asked = token;
  const response = await fetch(request);
  if (response.ok) return response;
  if (response.status === 401 && session.status === 'signed-in' && asked === token) {
    // The address stays as it is, so that one comes back to it.
    const what = token === undefined ? 'Your session has ended.' : 'Your token is no longer valid.';
    token = undefined;
    become({ status: 'signed-out', reason: `${what} Sign in again to go on where you were.` });
  }
  throw new ApiError(response.status, await problemOf(response));
}
