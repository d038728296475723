/** Paths in a Score file: where files and volumes are mounted, and what they are made from. */
import { limits } from '../limits.ts';

export type PathResult = { path: string } | { message: string };

/** The segments without empty ones and `.`; undefined where one leads upwards. */
function segments(text: string): string[] | undefined {
  const kept = text.split('/').filter((part) => part !== '' && part !== '.');
  return kept.includes('..') ? undefined : kept;
}

// A colon would end the path in a mount of a container runtime.
const unusable = /[\p{Cc}:]/u;
const PATH_MAX = limits.workloadPath.value;

/** The path of a file or a volume in the container, in its shortest form. */
export function readTarget(text: string): PathResult {
  const parts = segments(text);
  if (text.length > PATH_MAX) return { message: `must not be longer than ${PATH_MAX} characters` };
  if (!text.startsWith('/'))
    return { message: 'must be an absolute path in the container, such as /etc/app.conf' };
  if (!parts) return { message: 'must not lead upwards with ..' };
  if (parts.length === 0) return { message: 'must not be the root of the container' };
  if (unusable.test(text)) return { message: 'must not hold a colon or a control character' };
  return { path: `/${parts.join('/')}` };
}

/**
 * A path inside a volume, relative to the volume's root, with or without a leading slash. An empty path is the volume
 * itself.
 */
export function readSubPath(text: string): PathResult {
  const parts = segments(text);
  if (text.length > PATH_MAX) return { message: `must not be longer than ${PATH_MAX} characters` };
  if (!parts) return { message: 'must stay inside the volume: .. is not allowed' };
  if (unusable.test(text)) return { message: 'must not hold a colon or a control character' };
  return { path: parts.join('/') };
}

/**
 * Says why the source of a file can not be used; undefined where it can. A source has to stay inside the service's
 * source.
 */
export function sourceFault(text: string): string | undefined {
  if (text.length > PATH_MAX) return `must not be longer than ${PATH_MAX} characters`;
  if (text.startsWith('/'))
    return 'must be relative to the Score file: no other files are there when it is built';
  if (!segments(text)?.length) return 'must name a file beside or below the Score file, without ..';
  if (/[\p{Cc}\\]/u.test(text)) return 'must not hold a backslash or a control character';
  return undefined;
}
