/** Where a sign-in comes back to: a place in the console, never another site. */
const BASE = 'http://console.invalid';
const MAX = 2000;

/**
 * The path, query and fragment as a browser reads them, or undefined when that is not a place in the console.
 * @example returnPath('/projects/demo?tab=events#12')
 * @example returnPath('//evil.example') // undefined
 */
export function returnPath(given: string): string | undefined {
  // Browsers read a backslash as a slash, and leave out tabs and line breaks.
  if (!given.startsWith('/') || given.length > MAX || /[\\\p{Cc}\p{Zs}\p{Zl}\p{Zp}]/u.test(given))
    return undefined;
  const url = URL.parse(given, BASE);
  if (url?.origin !== BASE || url.username !== '') return undefined;
  const path = url.pathname + url.search + url.hash;
  // `/.//evil.example` turns into `//evil.example` only now. Places of the API are none of the console.
  if (path.startsWith('//') || /%(?:2f|5c|0[0-9a-f]|1[0-9a-f])/i.test(url.pathname)) return undefined;
  return /^\/(?:v1|identity)(?:\/|$)/.test(url.pathname) ? undefined : path;
}
