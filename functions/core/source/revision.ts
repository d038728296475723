/** What people know a version by. */
import type { Revision, Version } from '../model/index.ts';

const MESSAGE_MAX = 120;

const firstLine = (text: string): string =>
  text
    .split(/[\r\n]/, 1)[0]!
    .trim()
    .slice(0, MESSAGE_MAX);

/**
 * The revision of a version.
 * @param asked the tag or id that was asked for: of several tags it is the one meant
 */
export function revisionOf({ source, tags }: Version, asked?: string): Revision | undefined {
  const commit = source.kind === 'git' ? source.commit : undefined;
  // Builds from git tag a version with its commit, which is shown by itself.
  const named = tags.filter((tag) => !commit?.startsWith(tag));
  const tag = named.find((one) => one === asked) ?? named.at(-1);
  const message = source.kind === 'git' && source.message ? firstLine(source.message) : '';
  const revision: Revision = {
    ...(tag !== undefined && { tag }),
    ...(commit !== undefined && { commit }),
    ...(source.kind === 'git' && source.author && { author: source.author }),
    ...(message && { message }),
  };
  return Object.keys(revision).length > 0 ? revision : undefined;
}
