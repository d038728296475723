/** Real git repositories on this machine, with commits one upon the other. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

export interface Repository {
  /** What git clones. */
  path: string;
  /** The repository's full name, as its provider tells it. */
  name: string;
  /** The oldest first. */
  commits: string[];
}

/**
 * @param contents the files of each commit, by their paths, the oldest first
 * @param refs the full refs that name a commit each, by its place; `main` is the newest
 */
export function createRepository(
  directory: string,
  name: string,
  contents: readonly Record<string, string>[],
  refs: Readonly<Record<string, number>> = {},
): Repository {
  const path = join(directory, name);
  const git = (args: string[], input = ''): string =>
    execFileSync('git', args, { encoding: 'utf8', input, maxBuffer: 64 * 2 ** 20 });
  git(['init', '--quiet', '--bare', '--initial-branch=main', path]);
  const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}\n`;
  const made = contents.map((files, index) => {
    const place = index + 1;
    const written = Object.entries(files).map(([file, text]) => `M 100644 inline ${file}\n${data(text)}`);
    return [
      `commit refs/heads/main\nmark :${place}\ncommitter Ada <ada@example.com> ${1_700_000_000 + place} +0000\n`,
      data(`Change ${place}`),
      index > 0 ? `from :${index}\n` : '',
      ...written,
      '\n',
    ].join('');
  });
  const named = Object.entries(refs).map(([ref, place]) => `reset ${ref}\nfrom :${place + 1}\n\n`);
  git(['--git-dir', path, 'fast-import', '--quiet'], [...made, ...named].join(''));
  const commits = git(['--git-dir', path, 'rev-list', '--reverse', 'main']).trim().split('\n');
  return { path, name: path.slice(1), commits };
}
