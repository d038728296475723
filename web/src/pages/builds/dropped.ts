/** What was dropped or chosen: an archive, or the files of a folder. */
import { isLeftOut, type SourceFile } from './tar.ts';

export type Chosen =
  | { kind: 'archive'; name: string; content: Blob }
  | { kind: 'files'; files: SourceFile[]; leftOut: number };

/** More is no source that somebody wrote. */
export const FILES_MAX = 20_000;

const isArchive = (name: string): boolean => /\.(?:tar\.gz|tgz)$/i.test(name);

function entriesOf(directory: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = directory.createReader();
  const all: FileSystemEntry[] = [];
  return new Promise((resolve, reject) => {
    // A reader gives some at a time, and none at its end.
    const more = () =>
      reader.readEntries((some) => {
        if (some.length === 0) return resolve(all);
        all.push(...some);
        more();
      }, reject);
    more();
  });
}

const isDirectory = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;
const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject));

/** @throws Error in words */
function chosen(files: SourceFile[], leftOut: number): Chosen {
  if (files.length > FILES_MAX) {
    throw new Error(
      `These are more than ${FILES_MAX.toLocaleString('en')} files: choose the folder of one program.`,
    );
  }
  const [only] = files;
  if (only && files.length === 1 && isArchive(only.path)) {
    return { kind: 'archive', name: only.path, content: only.content };
  }
  if (only && files.length === 1 && /\.(?:zip|tar|rar|7z)$/i.test(only.path)) {
    throw new Error('This archive can not be built: pack it as .tar.gz, or drop the folder itself.');
  }
  if (files.length === 0) throw new Error('There are no files in it.');
  return { kind: 'files', files, leftOut };
}

/** @throws Error in words */
export async function readDropped(items: DataTransferItemList): Promise<Chosen> {
  // Entries are gone once the event is over.
  const roots = [...items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const files: SourceFile[] = [];
  let leftOut = 0;
  const visit = async (entry: FileSystemEntry): Promise<void> => {
    const path = entry.fullPath.replace(/^\//, '');
    if (isLeftOut(path)) {
      leftOut += 1;
      return;
    }
    if (isDirectory(entry)) for (const inner of await entriesOf(entry)) await visit(inner);
    else if (files.length <= FILES_MAX)
      files.push({ path, content: await fileOf(entry as FileSystemFileEntry) });
  };
  for (const root of roots) await visit(root);
  return chosen(files, leftOut);
}

/** @throws Error in words */
export function readChosen(list: FileList): Chosen {
  const files = [...list].map((file) => ({ path: file.webkitRelativePath || file.name, content: file }));
  const kept = files.filter(({ path }) => !isLeftOut(path));
  return chosen(kept, files.length - kept.length);
}
