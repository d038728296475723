/** Deletes files of logs by their age, and the oldest where all together are too large. */
import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isLogFile } from './logs-names.ts';

/** A file that was written to about when the newest was may be open. */
const RECENT_MS = 60_000;

/**
 * @param before files that nothing was written to since go, epoch milliseconds
 * @param maxBytes of all that stay
 */
export async function forgetFiles(directory: string, before: number, maxBytes: number): Promise<void> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const found = await Promise.all(
    entries
      .filter((entry) => entry.isDirectory() || isLogFile(entry.name))
      .map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        const { mtimeMs, size } = await stat(path).catch(() => ({
          mtimeMs: Number.POSITIVE_INFINITY,
          size: 0,
        }));
        return { path, time: mtimeMs, bytes: entry.isDirectory() ? undefined : size };
      }),
  );
  const newest = found.reduce(
    (latest, { time, bytes }) => (bytes === undefined ? latest : Math.max(latest, time)),
    0,
  );
  let kept = 0;
  for (const { path, time, bytes } of found.toSorted((a, b) => b.time - a.time)) {
    if (bytes === undefined) continue;
    kept += bytes;
    if (time < before || (kept > maxBytes && time < newest - RECENT_MS)) await rm(path, { force: true });
  }
  // A directory that has been empty for as long goes as well, the innermost first; one that is not empty stays.
  for (const { path } of found.filter(({ bytes, time }) => bytes === undefined && time < before).toReversed())
    await rmdir(path).catch(() => undefined);
}
