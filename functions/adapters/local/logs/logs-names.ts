/** Names of streams, and of the files that hold them. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** No segment begins with a dot, so none leads out of the directory, nor with an @, which marks our own files. */
const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const SEGMENTS_MAX = 8;
const FILE = /^@(\d{1,15})\.ndjson$/;

/** @throws RangeError when it is no name of a stream */
export function checkStream(name: string): void {
  const segments = name.split('/');
  if (segments.length > SEGMENTS_MAX || !segments.every((segment) => SEGMENT.test(segment)))
    throw new RangeError(`${JSON.stringify(name)} is no name of a log stream`);
}

/** Whether a file of that name holds lines. */
export const isLogFile = (name: string): boolean => FILE.test(name);

export const fileIn = (directory: string, index: number): string => join(directory, `@${index}.ndjson`);

/** Numbers of the files in a stream's directory, oldest first; none when there is no such directory. */
export async function listFiles(directory: string): Promise<number[]> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return names
    .flatMap((name) => {
      const match = FILE.exec(name);
      return match ? [Number(match[1])] : [];
    })
    .sort((a, b) => a - b);
}
