/** The git URLs and refs that Berth takes. Both are hostile input that ends up in a command's arguments. */
import { fileURLToPath } from 'node:url';
import { Problem } from '../problem.ts';

export type GitLocation =
  | { kind: 'https'; url: string; hostname: string; port: number }
  /** A repository on this machine. */
  | { kind: 'local'; path: string };

// A ref starts with a letter or digit, so it can not be read as an option, and has nothing of git's revision
// syntax (`:`, `~`, `^`, `@{`, `..`).
const REF = /^[A-Za-z0-9][\w./-]{0,254}$/;
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

const refused = (detail: string, hint: string) => new Problem('source_unavailable', detail, { hint });

/** Tells whether a ref is a full commit id. */
export const isCommit = (ref: string): boolean => COMMIT.test(ref);

/** @throws Problem source_unavailable */
export function checkGitRef(ref: string): string {
  const bad = !REF.test(ref) || ref.includes('..') || ref.includes('//') || /[./]$|\.lock$/.test(ref);
  if (bad)
    throw refused(
      'The git ref is refused: it is not the name of a branch or tag, nor a commit.',
      'Name a branch, a tag or a full commit id: letters, digits and "._/-", starting with a letter or digit.',
    );
  return ref;
}

/** The full refs that a ref may stand for: of a name the branch, before a tag that is called the same. */
export const fullRefs = (ref: string): string[] =>
  isCommit(ref) || ref === 'HEAD' || ref.startsWith('refs/')
    ? [ref]
    : [`refs/heads/${ref}`, `refs/tags/${ref}`];

/** @throws Problem source_unavailable */
export function parseGitUrl(text: string, allowLocal: boolean): GitLocation {
  const hint = `Give an https:// URL${allowLocal ? ', or the absolute path of a repository on this machine' : ''}.`;
  if (text.length > 2048 || /[\u0000-\u0020\u007f\\]/.test(text))
    throw refused('The git URL is refused: it has characters that no URL has, or is too long.', hint);
  if (text.startsWith('/') && !text.startsWith('//')) return local(text, allowLocal, hint);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw refused('The git URL is refused: it is not a URL.', hint);
  }
  if (url.protocol === 'file:') {
    try {
      return local(fileURLToPath(url), allowLocal, hint);
    } catch (error) {
      if (error instanceof Problem) throw error;
      throw refused('The git URL is refused: a file URL names no host and no encoded slash.', hint);
    }
  }
  if (url.protocol !== 'https:') throw refused('The git URL is refused: its scheme is not https.', hint);
  // Records and logs hold the URL, so it must not contain credentials.
  if (url.username !== '' || url.password !== '')
    throw refused(
      'The git URL is refused: it carries credentials.',
      'Give the URL without user and password.',
    );
  if (url.search !== '' || url.hash !== '')
    throw refused(
      'The git URL is refused: it has a query or a fragment.',
      'Give the URL that git clone takes.',
    );
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  return { kind: 'https', url: url.href, hostname, port: url.port === '' ? 443 : Number(url.port) };
}

function local(path: string, allowed: boolean, hint: string): GitLocation {
  if (!allowed) throw refused('The git URL is refused: repositories on this machine are switched off.', hint);
  if (/[\u0000-\u001f\u007f]/.test(path)) throw refused('The git URL is refused: it is not a path.', hint);
  return { kind: 'local', path };
}
