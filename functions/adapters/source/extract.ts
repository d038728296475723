/**
 * Extraction of hostile tar archives. Regular files and directories are made in a fresh directory, each file by an
 * exclusive create: there is nothing to overwrite and no link to follow. Symbolic links inside the tree are made once
 * all else is there; those that lead out of it, hard links, devices and pipes are refused. Modes are reduced to
 * "executable or not".
 */
import { mkdirSync } from 'node:fs';
import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { limits as budgets } from '../../core/limits.ts';
import { Problem } from '../../core/problem.ts';
import { checkPath, linkStaysInside, quoteName } from '../../core/source/archive-path.ts';
import { isDiskFull } from '../files/disk-full.ts';
import { writeTarEntry } from '../files/tar-entry.ts';

export interface ExtractLimits {
  /** The size of the uncompressed archive, bytes. */
  totalBytes: number;
  /** How many entries of any kind there may be. */
  entries: number;
  fileBytes: number;
  /** The ratio of uncompressed to compressed bytes; it is looked at once there are more than `ratioFromBytes`. */
  ratio: number;
  ratioFromBytes: number;
}

export const EXTRACT_LIMITS: ExtractLimits = {
  totalBytes: budgets.unpacked.value,
  entries: budgets.unpackedEntries.value,
  fileBytes: budgets.unpackedFile.value,
  ratio: 100,
  ratioFromBytes: 32 * 1024 ** 2,
};

export interface ExtractOptions {
  /** What the user knows it as: `archive` or `repository`. */
  subject: string;
  gzip: boolean;
  /**
   * Where one folder is all that there is at the top, as `tar czf x.tgz folder` and `npm pack` make it, what is in it
   * is the source.
   */
  stripTop: boolean;
  /** The folder that is built: where the archive has it from its top on, the top is the source as it is. */
  folder?: string;
  limits?: Partial<ExtractLimits>;
  signal: AbortSignal;
  log: (line: string) => void;
}

/**
 * Folders that each build makes anew, or that no build needs. Links of npm in `.bin` are why they are not simply
 * unpacked.
 */
const LEFT_OUT = new Set(['node_modules', '.git']);
/** What macOS adds to archives. */
const isDebris = (name: string): boolean => name.startsWith('._') || name === '.DS_Store';

type Refuse = (why: string, cause?: unknown, hint?: string) => Problem;

const PACK_HINT = 'Pack the source alone: git archive --format=tar.gz -o source.tgz HEAD.';
const LINK_HINT =
  'Upload the source with what its links lead to in their place: tar --dereference --hard-dereference --exclude node_modules --exclude .git -czf ../source.tgz .';

/** @throws Problem invalid_archive | storage_full */
export async function extractTar(source: Readable, target: string, options: ExtractOptions): Promise<void> {
  const limits = { ...EXTRACT_LIMITS, ...options.limits };
  const refuse: Refuse = (why, cause, hint = PACK_HINT) =>
    new Problem('invalid_archive', `The ${options.subject} is refused: ${why}.`, { hint, cause });
  await mkdir(target);
  const gunzip = options.gzip ? createGunzip() : undefined;
  let total = 0;
  const limiter = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      total += chunk.byteLength;
      const packed = gunzip?.bytesWritten ?? total;
      if (total > limits.totalBytes) done(refuse(`it unpacks to more than ${limits.totalBytes} bytes`));
      else if (total > limits.ratioFromBytes && total > limits.ratio * packed)
        done(refuse(`it unpacks to more than ${limits.ratio} times its size`));
      else done(null, chunk);
    },
  });
  const entries = extract();
  const stages = gunzip ? [source, gunzip, limiter, entries] : [source, limiter, entries];
  // Why reading ended: the loop below sees only that it did.
  const reading = pipeline(stages as [Readable, Transform, Transform], { signal: options.signal }).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  const writer = createWriter(target, limits, options, refuse);
  let thrown: { error: unknown } | undefined;
  try {
    // What tar-stream yields is a streamx stream, which has all of Readable that is used here.
    for await (const entry of entries) await writer.write(entry.header, entry as unknown as Readable);
  } catch (error) {
    thrown = { error };
  }
  if (thrown) source.destroy();
  const stopped = await reading;
  options.signal.throwIfAborted();
  const failures = [thrown?.error, stopped?.error].filter((error) => error !== undefined);
  const telling = failures.find((error) => error instanceof Problem || isDiskFull(error)) ?? failures[0];
  if (telling === undefined) return writer.finish();
  if (telling instanceof Problem || isSystemError(telling)) throw telling;
  throw refuse(
    `it is damaged or no tar archive (${telling instanceof Error ? telling.message : 'unreadable'})`,
    telling,
  );
}

/** This is an error of the file system, not of what was read. */
const isSystemError = (error: unknown): boolean => error instanceof Error && 'syscall' in error;

function createWriter(target: string, limits: ExtractLimits, options: ExtractOptions, refuse: Refuse) {
  const kinds = new Map<string, 'file' | 'directory' | 'link'>();
  const links = new Map<string, string>();
  const told = new Set<string>();
  let count = 0;

  function ensureDirectory(segments: readonly string[], name: string): void {
    for (let length = 1; length <= segments.length; length++) {
      const path = segments.slice(0, length).join('/');
      const kind = kinds.get(path);
      if (kind === 'file' || kind === 'link')
        throw refuse(`entry ${quoteName(name)}: a ${kind} of that name is a directory as well`);
      if (kind === 'directory') continue;
      kinds.set(path, 'directory');
      try {
        mkdirSync(join(target, path), { mode: 0o755 });
      } catch (error) {
        // Another spelling of the same name, where the file system does not tell them apart.
        if ((error as NodeJS.ErrnoException).code === 'EEXIST')
          throw refuse(`entry ${quoteName(name)}: there are two of that name`);
        throw error;
      }
    }
  }

  function leaveOut(what: string): void {
    if (told.has(what)) return;
    told.add(what);
    options.log(`Left out: ${what}`);
  }

  async function write(header: Header, body: Readable): Promise<void> {
    count += 1;
    if (count > limits.entries) throw refuse(`it has more than ${limits.entries} entries`);
    const fault = (why: string) => refuse(`entry ${quoteName(header.name)}: ${why}`);
    const checked = checkPath(header.name);
    if ('fault' in checked) throw fault(checked.fault);
    const { segments } = checked;
    const name = segments.at(-1);
    const needless = segments.find((segment) => LEFT_OUT.has(segment));
    if (needless !== undefined) {
      leaveOut(`${needless} (each build makes its own)`);
    } else if (header.type === 'directory') {
      ensureDirectory(segments, header.name);
    } else if (header.type === 'symlink' && name !== undefined && !isDebris(name)) {
      ensureDirectory(segments.slice(0, -1), header.name);
      const path = segments.join('/');
      if (kinds.has(path)) throw fault('there are two of that name');
      kinds.set(path, 'link');
      links.set(path, header.linkname ?? '');
    } else if (header.type !== 'file') {
      throw refuse(
        `entry ${quoteName(header.name)}: only files, directories and symbolic links are allowed, this is a ${
          header.type === 'link' ? 'hard link' : (header.type ?? 'thing unknown')
        }`,
        undefined,
        header.type === 'link' ? LINK_HINT : undefined,
      );
    } else if (Object.keys(header.pax ?? {}).some((key) => key.startsWith('GNU.sparse'))) {
      throw fault('sparse files are not allowed');
    } else if (name === undefined) {
      throw fault('a file needs a name');
    } else if (!isDebris(name)) {
      if ((header.size ?? 0) > limits.fileBytes) throw fault(`files end at ${limits.fileBytes} bytes`);
      ensureDirectory(segments.slice(0, -1), header.name);
      const path = segments.join('/');
      if (kinds.has(path)) throw fault('there are two of that name');
      kinds.set(path, 'file');
      await writeTarEntry(join(target, path), header, body).catch((error: NodeJS.ErrnoException) => {
        // Another spelling of the same name, where the file system does not tell them apart.
        throw error.code === 'EEXIST' ? fault('there are two of that name') : error;
      });
      return;
    }
    for await (const _ of body);
  }

  /** The folder that is all that there is at the top, with a slash behind it; empty where there is none. */
  function topFolder(): string {
    if (options.folder !== undefined && kinds.get(options.folder) === 'directory') return '';
    const tops = [...kinds].filter(([path]) => !path.includes('/'));
    return options.stripTop && tops.length === 1 && tops[0]?.[1] === 'directory' ? `${tops[0][0]}/` : '';
  }

  return {
    write,
    /** Makes the links, which nothing can be written through any more, and puts the source at the top. */
    async finish(): Promise<void> {
      const top = topFolder();
      for (const [path, to] of links) {
        if (!linkStaysInside(path.slice(top.length), to))
          throw refuse(
            `the link ${quoteName(path)} leads out of the source, to ${quoteName(to)}`,
            undefined,
            LINK_HINT,
          );
        await symlink(to, join(target, path));
      }
      if (top === '') return;
      const aside = `${target}.top`;
      await rename(join(target, top), aside);
      await rm(target, { recursive: true });
      await rename(aside, target);
    },
  };
}
