/** Cookies of ours: for this host alone, and unreadable by scripts. */

/** What stands in a Cookie header; of a name that is there twice, the first. */
export function readCookies(header: string | null): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const part of header?.split(';') ?? []) {
    const equals = part.indexOf('=');
    const name = part.slice(0, equals).trim();
    if (equals > 0 && !cookies.has(name)) cookies.set(name, part.slice(equals + 1).trim());
  }
  return cookies;
}

export interface CookieOptions {
  name: string;
  /** Letters, digits, `-`, `_` and `.`. Empty to take it away. */
  value: string;
  /** Where it is sent to; a name with `__Host-` is for all paths. */
  path: string;
  maxAgeSeconds: number;
  sameSite: 'Lax' | 'Strict';
  secure: boolean;
}

/** A Set-Cookie header. No Domain: the hosts below this one, which are workloads, never get it. */
export const setCookie = ({ name, value, path, maxAgeSeconds, sameSite, secure }: CookieOptions): string =>
  `${name}=${value}; Path=${name.startsWith('__Host-') ? '/' : path}; Max-Age=${maxAgeSeconds}; HttpOnly; ` +
  `SameSite=${sameSite}${secure ? '; Secure' : ''}`;
