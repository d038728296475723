/** What people know a version by: its tag or its commit, and its id. */
import type { Revision, Version } from '../../../client/types.generated.ts';
import { plain } from './plain.ts';

const COMMIT_LENGTH = 7;

/** As a deployment has it, from a version itself. */
export function revisionOf({ tags, source }: Version): Revision {
  const [tag] = tags;
  return {
    ...(tag !== undefined && { tag }),
    ...(source.kind === 'git' && {
      commit: source.commit,
      ...(source.author !== undefined && { author: source.author }),
      ...(source.message !== undefined && { message: source.message }),
    }),
  };
}

/** The one word that says most. */
export const versionWord = (version: string, revision: Revision | undefined): string =>
  revision?.tag ?? revision?.commit?.slice(0, COMMIT_LENGTH) ?? version;

export function VersionName({ version, revision }: { version: string; revision?: Revision | undefined }) {
  const word = plain(versionWord(version, revision));
  return (
    <span className="version" title={[revision?.message, version].filter(Boolean).map(String).join('\n')}>
      {word}
    </span>
  );
}

/** Commit, author and message, where they are known. */
export function RevisionLine({ revision }: { revision?: Revision | undefined }) {
  if (revision?.commit === undefined) return null;
  const { commit, author, message } = revision;
  return (
    <span className="soft">
      <code>{commit.slice(0, COMMIT_LENGTH)}</code>
      {author !== undefined && ` ${plain(author)}`}
      {message !== undefined && `: ${plain(message)}`}
    </span>
  );
}

/** @param bytes such as 1_536_000 @returns such as "1.5 MB" */
export function sizeWord(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let value = bytes;
  let at = 0;
  while (value >= 1000 && at < units.length - 1) {
    value /= 1000;
    at += 1;
  }
  return `${value < 10 && at > 0 ? value.toFixed(1) : Math.round(value)}\u00a0${units[at]}`;
}
