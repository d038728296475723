import { PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { splitFrames } from '../../../functions/adapters/containers/frames.ts';

const framed = (stream: number, content: Buffer): Buffer => {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(content.length, 4);
  return Buffer.concat([header, content]);
};

async function slowly(source: Readable): Promise<number> {
  let bytes = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    await sleep(1);
  }
  return bytes;
}

it('Loses nothing of what a container printed last where that is read slowly, and keeps the streams apart', async () => {
  const parts = Array.from({ length: 400 }, (_, at) =>
    framed(at % 4 === 0 ? 2 : 1, Buffer.alloc(2_000, 'x')),
  );
  // Frames are cut anywhere on their way.
  const all = Buffer.concat(parts);
  const cut = Array.from({ length: Math.ceil(all.length / 777) }, (_, at) =>
    all.subarray(at * 777, at * 777 + 777),
  );
  const source = new PassThrough();
  const { stdout, stderr } = splitFrames(source);
  Readable.from(cut).pipe(source);
  // A connection is gone as soon as all of it was received.
  source.once('end', () => source.destroy());
  expect(await Promise.all([slowly(stdout), slowly(stderr)])).toEqual([600_000, 200_000]);
});

it('Ends where the connection breaks in the middle of a frame', async () => {
  const source = new PassThrough();
  const { stdout, stderr } = splitFrames(source);
  source.write(framed(1, Buffer.alloc(100)).subarray(0, 60));
  setImmediate(() => source.destroy(new Error('reset')));
  expect(await Promise.all([slowly(stdout), slowly(stderr)])).toEqual([52, 0]);
});
