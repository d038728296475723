/**
 * Who is signed in, and the one way to call the API as them. The administrator's token stays in this module's
 * memory: neither storage nor the address ever has it.
 */
import { useSyncExternalStore } from 'react';
import { ApiError, problemOf } from './api/problem.ts';
import type { Principal } from './api/types.generated.ts';

export interface Session {
  /** `unknown` until the first answer. */
  status: 'unknown' | 'signed-out' | 'signed-in';
  principal?: Principal;
  /** Why nobody is signed in any more. */
  reason?: string;
}

let token: string | undefined;
let session: Session = { status: 'signed-out' };
const listeners = new Set<() => void>();

function become(next: Session): void {
  session = next;
  for (const listener of [...listeners]) listener();
}

/** @throws ApiError unauthenticated, or TypeError when no answer comes */
async function signIn(given: string): Promise<void> {
  token = given;
  try {
    const response = await apiFetch('/v1/me');
    become({ status: 'signed-in', principal: (await response.json()) as Principal });
  } catch (error) {
    token = undefined;
    throw error;
  }
}

function signOut(reason?: string): void {
  token = undefined;
  become({ status: 'signed-out', ...(reason !== undefined && { reason }) });
}

const actions = { signIn, signOut };

/** @example const { status, principal, signIn, signOut } = useSession(); */
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
  if (request.method !== 'GET' && !request.headers.has('idempotency-key')) {
    request.headers.set('idempotency-key', newKey());
  }
  const asked = token;
  const response = await fetch(request);
  if (response.ok) return response;
  if (response.status === 401 && session.status === 'signed-in' && asked === token) {
    signOut('Your token is no longer valid. Sign in again.');
  }
  throw new ApiError(response.status, await problemOf(response));
}
