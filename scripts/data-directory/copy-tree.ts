/** Copies a directory in rounds, each of which copies what has changed since the round before. */
import type { Dirent } from 'node:fs';
import { chmod, lchown, lstat, lutimes, mkdir, readdir, readlink, rm, symlink } from 'node:fs/promises';
import { type BytePath, within } from './byte-paths.ts';
import { copyOne } from './copy-file.ts';

/** By paths within the directory: what tells that a file is not what it was. */
export type Seen = Map<BytePath, string>;

export interface Round {
  seen: Seen;
  files: number;
  bytes: number;
  milliseconds: number;
}

/**
 * Files of Berth and of its database servers that belong to a running process, and say nothing to the next one. In volumes files
 * may have any name.
 */
const LEFT_OUT = /^(?:lock\.[^/]*|[^/]*-shm|postgres\/(?:.*\/)?postmaster\.(?:pid|opts))$/;
/** File systems tell times in steps; what was changed so shortly before a copy may change again unseen, milliseconds. */
const STEP_MS = 2_000;
const AT_ONCE = 16;
/** What `blocks` counts, bytes. */
const BLOCK = 512;

const isGone = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');

/** Undefined where it is gone meanwhile. */
const unlessGone = <T>(work: Promise<T>): Promise<T | undefined> =>
  work.catch((error: unknown) => {
    if (isGone(error)) return undefined;
    throw error;
  });

/**
 * @param before what the last round has seen; empty for the first one
 * @param always paths that are copied though they look the same
 */
export async function copyChanged(
  from: string,
  to: string,
  before: Seen,
  always: ReadonlySet<BytePath> = new Set(),
): Promise<Round> {
  const began = performance.now();
  const beganAt = Date.now();
  const seen: Seen = new Map();
  const directories: { path: BytePath; mode: number }[] = [];
  const waiting: (() => Promise<void>)[] = [];
  let files = 0;
  let bytes = 0;

  async function take(path: BytePath): Promise<void> {
    const source = within(from, path);
    const info = await unlessGone(lstat(source, { bigint: true }));
    if (!info) return;
    const { mode, uid, gid, size, blocks, ino, mtimeNs, ctimeNs } = info;
    const stamp = [mode, uid, gid, size, ino, mtimeNs, ctimeNs].join(' ');
    const target = within(to, path);
    if (info.isDirectory()) {
      seen.set(path, 'directory');
      // Writable for the copy, and as it was at the end.
      await makeDirectory(target, before.get(path));
      directories.push({ path, mode: Number(mode & 0o7777n) });
      await own(target, info);
      const entries = await unlessGone(readdir(source, { withFileTypes: true, encoding: 'latin1' }));
      for (const entry of entries ?? []) {
        const inner = path === '' ? entry.name : `${path}/${entry.name}`;
        if (isTaken(entry, inner)) waiting.push(() => take(inner));
      }
      return;
    }
    const isYoung = Number(ctimeNs / 1_000_000n) > beganAt - STEP_MS;
    seen.set(path, isYoung ? 'young' : stamp);
    if (before.get(path) === stamp && !always.has(path)) return;
    await rm(target, { recursive: true, force: true });
    if (info.isSymbolicLink()) {
      const text = await unlessGone(readlink(source, { encoding: 'buffer' }));
      if (text === undefined) return;
      await symlink(text, target);
      await own(target, info);
    } else {
      const sizes = { size: Number(size), taken: Number(blocks) * BLOCK };
      const done = await unlessGone(copyOne(source, target, sizes).then(() => true));
      if (!done) return;
      await own(target, info);
      await chmod(target, Number(mode & 0o7777n));
      bytes += Number(size);
    }
    await lutimes(target, Number(info.atimeMs) / 1000, Number(info.mtimeMs) / 1000);
    files++;
  }

  waiting.push(() => take(''));
  const running = new Set<Promise<void>>();
  while (waiting.length > 0 || running.size > 0) {
    while (waiting.length > 0 && running.size < AT_ONCE) {
      const work = waiting.pop()!();
      const ended: Promise<void> = work.finally(() => running.delete(ended));
      running.add(ended);
    }
    await Promise.race(running);
  }
  for (const path of before.keys())
    if (!seen.has(path)) await rm(within(to, path), { recursive: true, force: true });
  for (const { path, mode } of directories) await chmod(within(to, path), mode);
  return { seen, files, bytes, milliseconds: performance.now() - began };
}

const isTaken = (entry: Dirent, path: BytePath): boolean =>
  (entry.isFile() || entry.isDirectory() || entry.isSymbolicLink()) && !LEFT_OUT.test(path);

async function makeDirectory(target: Buffer, before: string | undefined): Promise<void> {
  if (before !== undefined && before !== 'directory') await rm(target, { force: true });
  await mkdir(target, { recursive: true, mode: 0o700 });
  await chmod(target, 0o700);
}

/** Only the superuser has files of others: the database server runs under an account of its own then. */
async function own(target: Buffer, { uid, gid }: { uid: bigint; gid: bigint }): Promise<void> {
  if (process.getuid?.() === 0) await lchown(target, Number(uid), Number(gid));
}
