/** Writes the content of a tar entry to a new file. */
import { closeSync, createWriteStream, openSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import type { Header } from 'tar-stream';

/** How long blocking calls may follow one another before others get a turn, milliseconds. */
const TURN_MS = 5;
let turnFrom = 0;

/** Files up to this size are written in one go. */
const SMALL_BYTES = 128 * 1024;

/**
 * Creates the file exclusively: nothing is overwritten and no link is followed. Small files are written with
 * blocking calls, a few microseconds each, since a trip to the thread pool for each of some ten thousand files
 * takes many times as long as the work.
 */
export async function writeTarEntry(path: string, header: Header, body: Readable): Promise<void> {
  // Owner and all bits beyond "executable" describe the machine that packed the archive.
  const mode = (header.mode ?? 0) & 0o111 ? 0o755 : 0o644;
  if ((header.size ?? 0) > SMALL_BYTES) {
    await pipeline(body, createWriteStream(path, { flags: 'wx', mode }));
    return;
  }
  if (performance.now() - turnFrom > TURN_MS) {
    await setImmediate();
    turnFrom = performance.now();
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk as Uint8Array);
  const file = openSync(path, 'wx', mode);
  try {
    for (const chunk of chunks)
      for (let offset = 0; offset < chunk.byteLength; ) offset += writeSync(file, chunk, offset);
  } finally {
    closeSync(file);
  }
}
