/** Packs files into a tar.gz in the browser. */
import { createTarPacker } from 'modern-tar';

export interface SourceFile {
  /** Relative, with slashes. */
  path: string;
  content: Blob;
}

/** @returns a tar.gz; it holds neither times nor owners, so that the same files give the same archive */
export async function packFiles(files: readonly SourceFile[]): Promise<Blob> {
  const { readable, controller } = createTarPacker();
  const pack = async () => {
    for (const { path, content } of files) {
      const header = { name: path, size: content.size, mode: 0o644, mtime: new Date(0) };
      await content.stream().pipeTo(controller.add(header));
    }
    controller.finalize();
  };
  const compressed = readable.pipeThrough(new CompressionStream('gzip'));
  const [packed] = await Promise.all([new Response(compressed).blob(), pack()]);
  return packed;
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
