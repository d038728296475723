/** A sign-in that is under way: kept by the browser that began it, in a cookie of its own for ten minutes. */
import * as z from 'zod';
import type { Effects } from '../../ports/effects.ts';
import { readCookies, setCookie } from './cookies.ts';
import type { Identity } from './identity.ts';
import type { Attempt } from './relying-party.ts';

const SECONDS = 600;
/** How many tabs can sign in at the same time. */
const ATTEMPTS_MAX = 5;

const random = z.string().regex(/^[\w-]{43}$/);
const schema = z.strictObject({ state: random, nonce: random, verifier: random, to: z.string().max(2000) });

export interface StartedAttempt extends Attempt {
  /** The place in the console to come back to; checked anew when it is used. */
  to: string;
}

export const newAttempt = (effects: Effects, to: string): StartedAttempt => ({
  state: effects.token(32),
  nonce: effects.token(32),
  verifier: effects.token(32),
  to,
});

const prefixOf = ({ secure, origin }: Identity): string =>
  secure ? '__Host-berth-sign-in-' : `berth-sign-in-${new URL(origin).port || '80'}-`;

/** Each attempt has a cookie of its own, so that two tabs do not overwrite each other's. */
const nameOf = (identity: Identity, state: string): string => prefixOf(identity) + state.slice(0, 12);

function attemptCookie(identity: Identity, name: string, value: string): string {
  // The answer comes by a navigation from the provider's site, with which Strict cookies are not sent.
  const common = { path: '/v1/sign-in', sameSite: 'Lax', secure: identity.secure } as const;
  return setCookie({ ...common, name, value, maxAgeSeconds: value === '' ? 0 : SECONDS });
}

/** Set-Cookie headers that keep an attempt; when there are too many unfinished ones, all of them are removed. */
export function keepAttempt(identity: Identity, request: Request, attempt: StartedAttempt): string[] {
  const prefix = prefixOf(identity);
  const others = [...readCookies(request.headers.get('cookie')).keys()].filter((name) =>
    name.startsWith(prefix),
  );
  const stale = others.length >= ATTEMPTS_MAX ? others : [];
  const value = Buffer.from(JSON.stringify(attempt)).toString('base64url');
  return [
    ...stale.map((name) => attemptCookie(identity, name, '')),
    attemptCookie(identity, nameOf(identity, attempt.state), value),
  ];
}

/** The attempt that an answer belongs to, and the Set-Cookie header that removes it, so that no answer counts twice. */
export function takeAttempt(
  identity: Identity,
  request: Request,
  state: string,
): { attempt: StartedAttempt; forget: string } | undefined {
  const name = nameOf(identity, state);
  const value = readCookies(request.headers.get('cookie')).get(name);
  if (value === undefined) return undefined;
  const parsed = schema.safeParse(decode(value));
  if (!parsed.success || parsed.data.state !== state) return undefined;
  return { attempt: parsed.data, forget: attemptCookie(identity, name, '') };
}

function decode(value: string): unknown {
  try {
    return JSON.parse(Buffer.from(value, 'base64url').toString());
  } catch {
    return undefined;
  }
}
