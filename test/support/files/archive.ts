/** Archives for tests, honest and hostile. */
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';

export type Entry = Partial<Header> & { name: string; content?: string | Buffer };

/** A tar of entries as they are: nothing is checked. */
export async function tar(entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack();
  for (const { content, ...header } of entries) archive.entry(header as Header, content ?? '');
  archive.finalize();
  return buffer(archive as unknown as Readable);
}

/** A tar.gz of files by path. */
export const sourceArchive = async (files: Record<string, string>): Promise<Buffer> =>
  gzipSync(await tar(Object.entries(files).map(([name, content]) => ({ name, content }))));

/** A stream of bytes in chunks of `size`. */
export function streamOf(data: Uint8Array, size = 65_536): ReadableStream<Uint8Array> {
  let offset = 0;
  return new ReadableStream({
    pull(controller) {
      if (offset >= data.byteLength) return controller.close();
      controller.enqueue(data.subarray(offset, offset + size));
      offset += size;
    },
  });
}

const HELLO = `import { createServer } from 'node:http';
createServer((_, response) => response.end('hello')).listen(process.env.PORT);
`;

/** A program without dependencies that answers "hello". */
export const helloFiles: Record<string, string> = {
  'package.json': JSON.stringify({ name: 'hello', type: 'module', scripts: { start: 'node server.js' } }),
  'server.js': HELLO,
};
