/** Backups as files below one directory. */
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Backups } from '../../ports/backups.ts';
import { replaceFile } from '../files/atomic-file.ts';
import { diskProblem } from '../files/disk-full.ts';

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');

export function createBackupFiles({ directory }: { directory: string }): Backups {
  const fileOf = (path: string): string => {
    if (!/^[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/.test(path))
      throw new Error(`"${path}" is the path of no backup`);
    return join(directory, path);
  };
  return {
    async write(path, chunks) {
      const file = fileOf(path);
      let bytes = 0;
      try {
        await mkdir(dirname(file), { recursive: true, mode: 0o700 });
        await replaceFile(file, async (handle) => {
          for await (const chunk of chunks) {
            await handle.writeFile(chunk);
            bytes += chunk.length;
          }
        });
      } catch (error) {
        throw diskProblem(error);
      }
      return bytes;
    },
    async read(path) {
      const handle = await open(fileOf(path), 'r').catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      });
      return handle && createReadStream('', { fd: handle });
    },
    async remove(path) {
      await rm(fileOf(path), { force: true });
      await rm(`${fileOf(path)}.tmp`, { force: true });
    },
    async list(prefix) {
      const parent = fileOf(prefix.replace(/\/$/, ''));
      const found = await readdir(parent, { recursive: true, withFileTypes: true }).catch(
        (error: unknown) => {
          if (isMissing(error)) return [];
          throw error;
        },
      );
      return found
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
        .sort();
    },
  };
}
