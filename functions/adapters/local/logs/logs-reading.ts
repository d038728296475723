/** Reads a stream's files on from a place: a file's number, and a length in bytes. */
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LinesOn, LogPlace, LogStream } from '../../../ports/logs.ts';
import { decodeLine } from './logs-lines.ts';
import { fileIn, isLogFile, listFiles } from './logs-names.ts';
import { type LogPosition, visitForwards } from './logs-reader.ts';

const placeOf = ({ index, size }: LogPosition): LogPlace => `${index}.${size}`;

/** @throws RangeError */
function positionOf(place: LogPlace): LogPosition {
  const [, index, size] = /^(\d{1,15})\.(\d{1,15})$/.exec(place) ?? [];
  if (index === undefined || size === undefined) throw new RangeError(`${JSON.stringify(place)} is no place`);
  return { index: Number(index), size: Number(size) };
}

/** Below a directory of files of lines; the names of the streams, from the prefix on. */
export async function listStreams(directory: string, prefix: string): Promise<LogStream[]> {
  const entries = await readdir(join(directory, ...prefix.split('/')), { withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    },
  );
  const below = await Promise.all(
    entries
      .filter((entry) => entry.isDirectory())
      .map(async ({ name }) => {
        const stream = `${prefix}/${name}`;
        const files = await readdir(join(directory, ...stream.split('/'))).catch(() => []);
        return [...(files.some(isLogFile) ? [stream] : []), ...(await listStreams(directory, stream))];
      }),
  );
  return below.flat();
}

/** @param end what is there; what is appended meanwhile is left out */
export async function readOn(
  directory: string,
  from: LogPlace | undefined,
  most: { lines: number; bytes: number },
  end: LogPosition,
): Promise<LinesOn> {
  const indexes = (await listFiles(directory)).filter((index) => index <= end.index);
  const [oldest = end.index] = indexes;
  const asked = from === undefined ? undefined : positionOf(from);
  // The stream may have begun anew: all of its files were forgotten, as those that nothing is written to are.
  const known = asked && asked.index <= end.index ? asked : undefined;
  const isCut = known !== undefined && known.index < oldest;
  const start = known && !isCut ? known : { index: oldest, size: 0 };
  const found: LinesOn = { lines: [], place: placeOf(start), left: 0, ...(isCut && { isCut }) };
  let bytes = 0;
  let isFull = most.lines <= 0;
  for (const index of indexes.filter((each) => each >= start.index)) {
    let file: FileHandle;
    try {
      file = await open(fileIn(directory, index), 'r');
    } catch (error) {
      // Rotated away since it was listed.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      found.isCut = true;
      continue;
    }
    try {
      const size = index === end.index ? end.size : (await file.stat()).size;
      // A file that is shorter than what was read of it is another one: the first was forgotten, and the stream has begun anew.
      let place = index === start.index && start.size <= size ? start.size : 0;
      if (!isFull) {
        await visitForwards(file, place, size, (line, after) => {
          if (bytes > 0 && bytes + line.length > most.bytes) {
            isFull = true;
            return false;
          }
          bytes += line.length;
          place = after;
          const decoded = decodeLine(line);
          if (decoded) found.lines.push(decoded);
          isFull = found.lines.length >= most.lines || bytes >= most.bytes;
          return !isFull;
        });
        found.place = placeOf({ index, size: place });
      }
      // What is left of a file that was read to its end is no whole line.
      if (isFull) found.left += size - place;
    } finally {
      await file.close();
    }
  }
  return found;
}

/** Where the files end, of a stream that nobody writes. */
export async function endOf(directory: string): Promise<LogPosition> {
  const index = (await listFiles(directory)).at(-1) ?? 1;
  const size = await stat(fileIn(directory, index)).then(
    (found) => found.size,
    () => 0,
  );
  return { index, size };
}
