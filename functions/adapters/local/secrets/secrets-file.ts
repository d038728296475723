/**
 * The file of secrets: a journal with one line for each change. It is written to without giving way to other
 * work, as the store is, so changes never interleave.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { Problem } from '../../../core/problem.ts';
import { decodeLine, encodeLine, FORMAT, looksWhole, type SecretLine, splitLines } from './secrets-format.ts';
import type { SecretKeys } from './secrets-key.ts';

/** Where a line stands in the file. */
export interface Place {
  offset: number;
  length: number;
}

export interface SecretsFile {
  /** Adds a line, durable once it returns. */
  append(line: SecretLine): Place;
  /** @throws Problem unavailable when the line is not what was written */
  read(place: Place): SecretLine;
  /** Replaces the content by these lines, old ones by their place. @returns their new places, in order */
  rewrite(lines: Iterable<SecretLine | Place>): Place[];
  close(): void;
}

const damaged = (path: string, offset: number): Problem =>
  new Problem('unavailable', `Secrets can not be read: ${path} is damaged at byte ${offset}.`, {
    hint: 'Stop Berth and put back a backup of the file.',
  });

function syncDirectoryOf(path: string): void {
  const fd = openSync(dirname(path), 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function readAt(fd: number, { offset, length }: Place): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const count = readSync(fd, bytes, done, length - done, offset + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}

function writeAt(fd: number, bytes: Buffer, offset: number): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(fd, bytes, done, bytes.length - done, offset + done);
}

/**
 * Opens the file, or makes it. A last line that a crash left unfinished is cut off: nobody was told that it
 * was written.
 * @param onLine called with each line that is there, in order
 * @throws Problem unavailable when the file is damaged, newer than this program, or of another key
 */
export function openSecretsFile(
  path: string,
  keys: SecretKeys,
  onLine: (line: SecretLine, place: Place) => void,
): SecretsFile {
  const temporary = `${path}.tmp`;
  let fd = -1;
  let size = 0;
  /** Whether bytes of a failed append may stand behind `size`. */
  let unclean = false;
  /** Whether the name may still stand for the content before a rewrite, should the machine fail. */
  let unnamed = false;

  const raw = (place: Place): Buffer => readAt(fd, place);

  function rewrite(lines: Iterable<SecretLine | Place>): Place[] {
    rmSync(temporary, { force: true });
    const places: Place[] = [];
    const next = openSync(temporary, 'wx+', 0o600);
    let offset = 0;
    try {
      const add = (bytes: Buffer): void => {
        writeAt(next, bytes, offset);
        places.push({ offset, length: bytes.length });
        offset += bytes.length;
      };
      add(encodeLine(keys, { op: 'head', format: FORMAT }));
      for (const line of lines) add('op' in line ? encodeLine(keys, line) : raw(line));
      fsyncSync(next);
      renameSync(temporary, path);
    } catch (error) {
      closeSync(next);
      rmSync(temporary, { force: true });
      throw error;
    }
    if (fd >= 0) closeSync(fd);
    fd = next;
    size = offset;
    unclean = false;
    unnamed = true;
    return places.slice(1);
  }

  /** A rewrite counts only once the directory is on the disk; until then nothing may be added. */
  function settle(): void {
    if (unclean) ftruncateSync(fd, size);
    unclean = false;
    if (unnamed) syncDirectoryOf(path);
    unnamed = false;
  }

  function load(): void {
    const content = raw({ offset: 0, length: fstatSync(fd).size });
    for (const { offset, bytes } of splitLines(content)) {
      const line = decodeLine(keys, bytes);
      const isLast = offset + bytes.length === content.length;
      if (offset === 0) {
        if (!line && looksWhole(bytes))
          throw new Problem('unavailable', `Secrets can not be read: the key does not belong to ${path}.`, {
            hint: 'Put back the key file that was made together with the secrets file.',
          });
        if (line?.op !== 'head') throw damaged(path, 0);
        if (line.format > FORMAT)
          throw new Problem('unavailable', `Secrets can not be read: ${path} has format ${line.format}.`, {
            hint: 'Start the newer version of Berth that wrote it.',
          });
      } else if (line) {
        onLine(line, { offset, length: bytes.length });
      } else if (isLast) {
        unclean = true;
        break;
      } else {
        throw damaged(path, offset);
      }
      size = offset + bytes.length;
    }
    if (size === 0) throw damaged(path, 0);
  }

  try {
    rmSync(temporary, { force: true });
    if (existsSync(path)) {
      fd = openSync(path, 'r+');
      load();
    } else {
      rewrite([]);
    }
    settle();
  } catch (error) {
    if (fd >= 0) closeSync(fd);
    throw error;
  }

  return {
    append(line) {
      settle();
      const bytes = encodeLine(keys, line);
      unclean = true;
      writeAt(fd, bytes, size);
      fsyncSync(fd);
      unclean = false;
      const place = { offset: size, length: bytes.length };
      size += bytes.length;
      return place;
    },
    read(place) {
      const line = decodeLine(keys, raw(place));
      if (!line) throw damaged(path, place.offset);
      return line;
    },
    rewrite(lines) {
      const places = rewrite(lines);
      try {
        settle();
      } catch {
        // The new content is in use already; the next append settles it, or fails.
      }
      return places;
    },
    close() {
      if (fd >= 0) closeSync(fd);
      fd = -1;
    },
  };
}
