/** Packs files into a tar.gz in the browser: POSIX ustar, with pax records for what does not fit into it. */

export interface SourceFile {
  /** Relative, with slashes. */
  path: string;
  content: Blob;
}

const BLOCK = 512;
const encoder = new TextEncoder();

function put(block: Uint8Array, at: number, length: number, bytes: Uint8Array): void {
  block.set(bytes.subarray(0, length), at);
}

/** Octal digits with zeros in front, as long as the field allows. */
const octal = (value: number, length: number): Uint8Array =>
  encoder.encode(value.toString(8).padStart(length - 1, '0'));

function header(name: Uint8Array, size: number, type: '0' | 'x'): Uint8Array {
  const block = new Uint8Array(BLOCK);
  put(block, 0, 100, name);
  put(block, 100, 8, octal(0o644, 8));
  put(block, 108, 8, octal(0, 8));
  put(block, 116, 8, octal(0, 8));
  put(block, 124, 12, octal(size, 12));
  put(block, 136, 12, octal(0, 12));
  block.fill(0x20, 148, 156);
  block[156] = type.charCodeAt(0);
  put(block, 257, 8, encoder.encode('ustar\u000000'));
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(block, 148, 8, encoder.encode(`${sum.toString(8).padStart(6, '0')}\0 `));
  return block;
}

/** A record says its own length, which is part of that length. */
function paxRecord(key: string, value: string): Uint8Array {
  const rest = encoder.encode(` ${key}=${value}\n`);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return new Uint8Array([...encoder.encode(String(length)), ...rest]);
}

const padding = (size: number): Uint8Array => new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);

async function* blocks(files: readonly SourceFile[]): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const give = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);
  for (const { path, content } of files) {
    const name = encoder.encode(path);
    // What is longer, or not ASCII, is said in a record before.
    if (name.length > 100 || name.length !== path.length) {
      const record = paxRecord('path', path);
      yield give(header(encoder.encode('PaxHeader'), record.length, 'x'));
      yield give(record);
      yield give(padding(record.length));
    }
    yield give(header(name.length > 100 ? name.subarray(name.length - 100) : name, content.size, '0'));
    for await (const chunk of content.stream()) yield give(chunk);
    yield give(padding(content.size));
  }
  yield new Uint8Array(BLOCK * 2);
}

/** @returns a tar.gz */
export async function packFiles(files: readonly SourceFile[]): Promise<Blob> {
  const source = blocks(files);
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { done, value } = await source.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
  return new Response(stream.pipeThrough(new CompressionStream('gzip'))).blob();
}

/** What no build needs, and would be most of what is sent. */
const LEFT_OUT: ReadonlySet<string> = new Set(['node_modules', '.git', '.venv', '__pycache__', '.DS_Store']);

export const isLeftOut = (path: string): boolean => path.split('/').some((part) => LEFT_OUT.has(part));

/** Paths without the folder that all of them lie in. */
export function withoutRoot(files: readonly SourceFile[]): SourceFile[] {
  const [first] = files;
  const root = first?.path.slice(0, first.path.indexOf('/') + 1) ?? '';
  if (root === '' || files.some(({ path }) => !path.startsWith(root))) return [...files];
  return files.map(({ path, content }) => ({ path: path.slice(root.length), content }));
}
