/** Rules for names inside archives and image layers, which are hostile input. */
import { limits } from '../limits.ts';

/** Longest path, bytes of UTF-8. */
const PATH_MAX_BYTES = limits.sourcePath.value;
/** Longest name between two slashes, bytes of UTF-8: what file systems take. */
const SEGMENT_MAX_BYTES = 255;
/** Most directories above a file. */
const DEPTH_MAX = limits.sourceDepth.value;

export type CheckedPath = { segments: string[] } | { fault: string };

/**
 * Takes an entry's name apart. `.` and empty segments are dropped, so `./a//b/` is `a`, `b`; no segments mean the
 * root itself. A name that could point elsewhere or be read differently in two places is a fault, in words.
 */
export function checkPath(name: string): CheckedPath {
  if (/[\u0000-\u001f\u007f]/.test(name)) return { fault: 'control characters are not allowed in a name' };
  if (name.includes('\\')) return { fault: 'backslashes are not allowed in a name' };
  if (name.includes('\ufffd')) return { fault: 'names must be UTF-8' };
  if (name.startsWith('/')) return { fault: 'absolute paths are not allowed' };
  if (Buffer.byteLength(name) > PATH_MAX_BYTES) return { fault: `paths end at ${PATH_MAX_BYTES} bytes` };
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..')) return { fault: '".." is not allowed in a path' };
  if (segments.length > DEPTH_MAX) return { fault: `directories nest at most ${DEPTH_MAX} deep` };
  if (segments.some((segment) => Buffer.byteLength(segment) > SEGMENT_MAX_BYTES))
    return { fault: `names end at ${SEGMENT_MAX_BYTES} bytes` };
  return { segments };
}

/**
 * Tells whether a symbolic link at `path` (relative, checked) can only lead to places inside the root. `..` may stand
 * at the start of the target alone: behind a name, it would start from wherever that name leads.
 */
export function linkStaysInside(path: string, target: string): boolean {
  if (target === '' || target.startsWith('/') || /[\u0000-\u001f\u007f\\]/.test(target)) return false;
  const segments = target.split('/').filter((segment) => segment !== '' && segment !== '.');
  const up = segments.findIndex((segment) => segment !== '..');
  const climbs = up === -1 ? segments.length : up;
  if (segments.slice(climbs).includes('..')) return false;
  return climbs < path.split('/').length;
}

/** A name in a form that may be shown: with JSON's escapes, cut. */
export function quoteName(name: string): string {
  const quoted = JSON.stringify(name).replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return quoted.length > 200 ? `${quoted.slice(0, 200)}..."` : quoted;
}
