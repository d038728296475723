/** Cookies of ours: for this host alone, and unreadable by scripts. */

/** The cookies of a Cookie header; of a name that occurs twice, the first. */
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
  /** The path that it is sent to; a name with `__Host-` needs `/`. */
  path: string;
  maxAgeSeconds: number;
  sameSite: 'Lax' | 'Strict';
  secure: boolean;
}

/** A Set-Cookie header. It has no Domain, so that the hosts below this one, which are workloads, never get it. */
export const setCookie = ({ name, value, path, maxAgeSeconds, sameSite, secure }: CookieOptions): string =>
  `${name}=${value}; Path=${name.startsWith('__Host-') ? '/' : path}; Max-Age=${maxAgeSeconds}; HttpOnly; ` +
  `SameSite=${sameSite}${secure ? '; Secure' : ''}`;
