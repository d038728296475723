/** Standard output and error of a container in one stream: eight bytes before each piece say which, and how long it is. */
import { PassThrough, type Readable, Writable } from 'node:stream';

const HEADER_BYTES = 8;
const STDERR = 2;

/** Both streams end with the one that they are taken from. Whoever reads slowly slows the container down. */
export function splitFrames(source: Readable): { stdout: Readable; stderr: Readable } {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  let header = Buffer.alloc(0);
  let left = 0;
  let target = stdout;

  /** Writes what it can of the chunk; calls back when there is room for more. */
  function take(chunk: Buffer, done: () => void): void {
    let rest = chunk;
    let full: PassThrough | undefined;
    while (rest.length > 0) {
      if (left === 0) {
        const missing = HEADER_BYTES - header.length;
        header = Buffer.concat([header, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        if (header.length < HEADER_BYTES) break;
        target = header[0] === STDERR ? stderr : stdout;
        left = header.readUInt32BE(4);
        header = Buffer.alloc(0);
        continue;
      }
      const piece = rest.subarray(0, left);
      left -= piece.length;
      rest = rest.subarray(piece.length);
      if (!target.write(piece)) full = target;
    }
    if (full) full.once('drain', done);
    else done();
  }

  const end = (): void => {
    stdout.end();
    stderr.end();
  };
  const sink = new Writable({
    write: (chunk: Buffer, _, done) => take(chunk, done),
    final(done) {
      end();
      done();
    },
  });
  // What waits for a slow reader is still to be read.
  const cut = (): void => {
    if (!sink.writableEnded) sink.end();
  };
  source.on('error', cut);
  source.on('close', cut);
  source.pipe(sink);
  return { stdout, stderr };
}
