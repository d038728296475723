/** Fills an empty database from whatever data there are: a copy that Berth has made, or a dump of pg_dump. */
import { pipeline, Readable } from 'node:stream';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import type { CopySummary } from '../../../ports/databases.ts';
import { CopyFailed } from '../../../ports/rules/copy-failed.ts';
import type { PostgresTarget } from '../connections.ts';
import { loadCopy } from '../copy/load-copy.ts';
import { loadDump } from './load-dump.ts';

const HEAD_BYTES = 512;

/** @throws CopyFailed */
export async function loadData(
  target: PostgresTarget,
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<CopySummary> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    return await loadFrom(target, iterator, signal);
  } finally {
    // What was not read to its end is an open file still, or a transaction on a server elsewhere.
    void iterator.return?.().catch(() => undefined);
  }
}

async function loadFrom(
  target: PostgresTarget,
  iterator: AsyncIterator<Uint8Array>,
  signal: AbortSignal,
): Promise<CopySummary> {
  const { head, all } = await headOf(iterator);
  if (head.length === 0) throw new CopyFailed('The file is empty.');
  if (head.toString('latin1', 257, 262) === 'ustar')
    throw new CopyFailed('The file is an archive of tar: have pg_dump write SQL, or -Fc.');
  if (head[0] !== 0x1f || head[1] !== 0x8b) return loadDump(target, head, all, signal);
  const inner = beginning(head);
  if (inner.toString('latin1').startsWith('{"format"')) return loadCopy(target, all, signal);
  return loadDump(
    target,
    inner,
    pipeline(Readable.from(all), createGunzip(), () => undefined),
    signal,
  );
}

/** What is compressed at the beginning, as far as that can be read. */
function beginning(head: Buffer): Buffer {
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return Buffer.alloc(0);
  }
}

async function headOf(
  iterator: AsyncIterator<Uint8Array>,
): Promise<{ head: Buffer; all: AsyncIterable<Uint8Array> }> {
  let first: Buffer = Buffer.alloc(0);
  while (first.length < HEAD_BYTES) {
    const { done, value } = await iterator.next();
    if (done) break;
    first = Buffer.concat([first, value]);
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    yield first;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { head: first.subarray(0, HEAD_BYTES), all: all() };
}
