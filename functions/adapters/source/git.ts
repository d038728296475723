/**
 * Fetches one commit of a git repository and hands its tree on as a tar. Nothing is checked out: no hooks, no
 * filters, no submodules. URL and ref are hostile, and so is what the server answers.
 */
import { lookup as systemLookup } from 'node:dns/promises';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { isPublicAddress } from '../../core/address.ts';
import type { Source } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { quoteName } from '../../core/source/archive-path.ts';
import {
  checkGitRef,
  fullRefs,
  type GitLocation,
  isCommit,
  parseGitUrl,
} from '../../core/source/git-source.ts';
import { type RunOptions, type RunResult, run } from '../system/run-program.ts';
import { networkEnvironment } from './program-environment.ts';

export interface GitOptions {
  allowLocal: boolean;
  timeoutMs: number;
  /** The largest size of what is fetched, packed bytes. */
  maxBytes: number;
  /** Resolves a host to its addresses; the resolver of the system if not given. */
  lookup?: (hostname: string) => Promise<string[]>;
}

export interface GitRequest {
  url: string;
  ref: string;
  /** The one that is fetched, in place of what the ref has now. */
  commit?: string;
  /** Is sent to the host of the URL alone. */
  credential?: { user: string; token: string };
  /** An empty directory to work in. */
  directory: string;
  signal: AbortSignal;
  log: (line: string) => void;
  /** Takes the commit's tree as a tar. */
  onTree: (tar: Readable) => Promise<void>;
}

const HINT =
  'Check URL and ref; a URL that redirects is refused, it often has to end in .git. A private repository is fetched with the token of the connection of its service; without one, upload the source.';

const failed = (why: string, hint = HINT, cause?: unknown) =>
  new Problem('source_unavailable', `The source can not be fetched: ${why}.`, { hint, cause });

/**
 * @returns the source, with the full ref that was found for the one asked for
 * @throws Problem source_unavailable, or what `onTree` throws
 */
export async function fetchGit(request: GitRequest, options: GitOptions): Promise<Source & { kind: 'git' }> {
  const { url, directory, log } = request;
  const ref = checkGitRef(request.ref);
  const { commit: wanted } = request;
  if (wanted !== undefined && !isCommit(wanted)) throw failed('what is to be fetched is no commit');
  const location = parseGitUrl(url, options.allowLocal);
  const target = location.kind === 'local' ? await localPath(location.path) : location.url;
  const pinned = location.kind === 'https' ? await pinAddress(location, options) : [];

  const repository = join(directory, 'repository.git');
  const configuration = join(directory, 'gitconfig');
  await mkdir(repository);
  // The configuration is a file, since the server side of a local fetch takes nothing from the command line. Whose
  // repository it is does not matter: only data is read from it.
  const signedIn =
    request.credential && location.kind === 'https' ? signIn(location.url, request.credential) : '';
  await writeFile(configuration, `[safe]\n\tdirectory = *\n${signedIn}`, { mode: 0o600 });
  const env = {
    ...networkEnvironment(process.env),
    PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: directory,
    LC_ALL: 'C.UTF-8',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: configuration,
    GIT_TERMINAL_PROMPT: '0',
    GIT_ATTR_NOSYSTEM: '1',
    // Not every build of git reads the variable that OpenSSL has for it.
    ...(process.env.SSL_CERT_FILE ? { GIT_SSL_CAINFO: process.env.SSL_CERT_FILE } : {}),
  };
  const scheme = location.kind === 'local' ? 'file' : 'https';
  const settings = [
    'protocol.allow=never',
    `protocol.${scheme}.allow=always`,
    'core.hooksPath=/dev/null',
    'core.symlinks=false',
    'credential.helper=',
    'http.followRedirects=false',
    'submodule.recurse=false',
    'fetch.recurseSubmodules=false',
    'gc.auto=0',
    'maintenance.auto=false',
    // One pack in one file, so that its size can be watched.
    'fetch.unpackLimit=1',
    ...pinned,
  ].flatMap((setting) => ['-c', setting]);
  const base = { cwd: directory, env, signal: request.signal, timeoutMs: options.timeoutMs };
  const git = (args: string[], more: Partial<RunOptions> = {}) =>
    run('git', ['--git-dir', repository, ...settings, ...args], { ...base, ...more }).catch((error) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw failed(
        'git is not installed on this machine',
        'Install git, or upload the source as a tar.gz.',
        error,
      );
    });
  const must = async (what: string, args: string[], more?: Partial<RunOptions>): Promise<void> => {
    refuseFailure(what, await git(args, more));
  };

  await must('git init failed', ['init', '--quiet', '--bare', '--template=']);
  log(`Fetching ${ref} of ${url}`);
  const watch = watchSize(repository, options.maxBytes, request.signal);
  const fetch = [
    'fetch',
    '--quiet',
    '--depth=1',
    '--no-tags',
    '--no-recurse-submodules',
    '--no-write-commit-graph',
  ];
  let found: string | undefined;
  try {
    for (const full of wanted === undefined ? fullRefs(ref) : [wanted]) {
      const result = await git([...fetch, '--end-of-options', target, full], { signal: watch.signal });
      if (result.exitCode !== 0 && result.tail.some((line) => line.includes("couldn't find remote ref")))
        continue;
      result.tail.forEach(log);
      refuseFailure('git fetch failed', result);
      if (!(await wasFetched(repository, full))) continue;
      found = wanted === undefined ? full : ref;
      break;
    }
  } finally {
    watch.stop();
  }
  if (found === undefined) throw failed(`git fetch failed: the repository has no "${ref}"`);
  let text = '';
  await must(
    'the ref is no commit',
    ['log', '-1', '--no-show-signature', '--format=%H%x00%an%x00%cI%x00%s', 'FETCH_HEAD', '--'],
    {
      onStdout: async (output) => {
        for await (const chunk of output) if (text.length < 10_000) text += String(chunk);
      },
    },
  );
  const [commit = '', author = '', committed = '', message = ''] = text.trimEnd().split('\0').map(plain);
  if (!isCommit(commit) || (isCommit(ref) && commit !== ref) || (wanted ?? commit) !== commit)
    throw failed('git answered with another commit');
  log(`Commit ${commit}: ${message.slice(0, 200)}`);
  await refuseSubmodules(must, commit);
  // What is built is what was committed: nothing is left out, converted or filled in as the tree's attributes say.
  // This file outranks them.
  await mkdir(join(repository, 'info'), { recursive: true });
  await writeFile(
    join(repository, 'info', 'attributes'),
    '* -export-ignore -export-subst -text -eol -ident -filter -working-tree-encoding\n',
  );
  await must('git archive failed', ['archive', '--format=tar', commit], { onStdout: request.onTree });
  return {
    kind: 'git',
    url,
    ref: found,
    commit,
    ...committedAt(committed),
    ...(author === '' ? {} : { author: author.slice(0, 200) }),
    ...(message === '' ? {} : { message: message.slice(0, 500) }),
  };
}

/** A commit may have any time, also one that no calendar has. */
function committedAt(text: string): { committedAt?: string } {
  const time = Date.parse(text);
  return Number.isNaN(time) ? {} : { committedAt: new Date(time).toISOString() };
}

/** The lines of git's configuration by which it signs in at one host; no list of processes shows them. */
function signIn(url: string, { user, token }: { user: string; token: string }): string {
  const value = Buffer.from(`${user}:${token}`).toString('base64');
  return `[http "${new URL(url).origin}/"]\n\textraHeader = "Authorization: Basic ${value}"\n`;
}

/** @throws Problem source_unavailable when git has failed */
function refuseFailure(what: string, { exitCode, timedOut, tail }: RunResult): void {
  if (exitCode !== 0) throw failed(`${what}: ${timedOut ? 'it took too long' : explain(tail)}`);
}

type Must = (what: string, args: string[], more?: Partial<RunOptions>) => Promise<void>;

/** @throws Problem source_unavailable when the tree has a submodule, which would be an empty folder */
async function refuseSubmodules(must: Must, commit: string): Promise<void> {
  let found: string | undefined;
  await must('git ls-tree failed', ['ls-tree', '-r', '-z', commit], {
    onStdout: async (output) => {
      let rest = '';
      for await (const chunk of output.setEncoding('utf8')) {
        const entries = (rest + chunk).split('\0');
        rest = entries.pop() ?? '';
        found ??= entries.find((entry) => entry.startsWith('160000 '))?.split('\t')[1];
      }
    },
  });
  if (found !== undefined)
    throw failed(
      `${quoteName(found)} is a submodule, and submodules are not fetched`,
      'Upload the source with its submodules: git submodule update --init --recursive && tar --exclude node_modules --exclude .git -czf ../source.tgz .',
    );
}

/**
 * Whether what was fetched is the branch or tag asked for. Where there is no such branch, git takes a tag whose name
 * is that of the branch in full.
 */
async function wasFetched(repository: string, full: string): Promise<boolean> {
  const [, kind, name] = /^refs\/(heads|tags)\/(.+)$/.exec(full) ?? [];
  if (kind === undefined) return true;
  const [, , said] = (await readFile(join(repository, 'FETCH_HEAD'), 'utf8')).split('\t');
  return said?.startsWith(`${kind === 'heads' ? 'branch' : 'tag'} '${name}' of `) ?? false;
}

async function localPath(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory())
    throw failed('there is no such directory on this machine', 'Give the absolute path of a git repository.');
  return path;
}

/**
 * Refuses hosts inside the network, and has git connect to the very addresses that were checked: a second
 * answer of the name server changes nothing.
 */
async function pinAddress(location: GitLocation & { kind: 'https' }, options: GitOptions): Promise<string[]> {
  const { hostname, port } = location;
  const resolve =
    options.lookup ??
    (async (name) => (await systemLookup(name, { all: true })).map(({ address }) => address));
  let addresses: string[];
  try {
    addresses = await resolve(hostname);
  } catch (error) {
    throw failed('the host of the URL is not known', 'Check the URL for typing errors.', error);
  }
  if (addresses.length === 0 || !addresses.every(isPublicAddress))
    throw failed(
      'the host of the URL is not on the public internet',
      'Ask the platform team to allow this git host, or upload the source as a tar.gz.',
    );
  const listed = addresses.map((address) => (address.includes(':') ? `[${address}]` : address));
  return [`http.curloptResolve=${hostname}:${port}:${listed.join(',')}`];
}

/** git has no limit of its own: this gives a signal that aborts once what is on disk is larger. */
function watchSize(repository: string, maxBytes: number, signal: AbortSignal) {
  const excess = new AbortController();
  const packs = join(repository, 'objects', 'pack');
  const timer = setInterval(async () => {
    let total = 0;
    for (const name of await readdir(packs).catch(() => []))
      total += (await stat(join(packs, name)).catch(() => undefined))?.size ?? 0;
    if (total > maxBytes)
      excess.abort(failed(`the repository is larger than ${maxBytes} bytes`, 'Make it smaller.'));
  }, 200);
  return { signal: AbortSignal.any([signal, excess.signal]), stop: () => clearInterval(timer) };
}

/** git's own last words, one line. */
function explain(tail: readonly string[]): string {
  const line = tail.findLast((text) => /^(fatal|error):/.test(text)) ?? tail.at(-1) ?? 'it gave no reason';
  return plain(line)
    .replace(/^(fatal|error): /, '')
    .slice(0, 300);
}

/** Without control characters, which whoever wrote the commit or runs the server may have put in. */
const plain = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
