/** A folder as a tar.gz, without what its own rules leave out. */
import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createGzip } from 'node:zlib';
import { Failure } from './failure.ts';

/** Nobody builds from these, and `.env` files hold what shall be in no image. */
const NEVER = new Set(['.git', 'node_modules', '.berth', '.DS_Store']);
const isPrivate = (name: string) =>
  name === '.env' || (name.startsWith('.env.') && !/example|sample|template/.test(name));

/**
 * Paths of the files that git would commit, or of all but a few where there is no repository.
 * @throws Failure when it is no folder
 */
export function filesOf(folder: string): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new Failure(`There is no folder ${folder}.`, 'Name the folder with your source.');
  const listed = gitFiles(folder) ?? walk(folder, '');
  return listed.filter((path) => !path.split('/').some((name) => NEVER.has(name) || isPrivate(name)));
}

function gitFiles(folder: string): string[] | undefined {
  try {
    const output = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 256 * 2 ** 20,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    // A file that git knows may have been deleted since.
    return output.split('\0').filter((path) => path !== '' && isFile(join(folder, path)));
  } catch {
    return undefined;
  }
}

function isFile(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && (found.isFile() || found.isSymbolicLink());
}

function walk(folder: string, under: string): string[] {
  return readdirSync(join(folder, under), { withFileTypes: true }).flatMap((entry) => {
    const path = under === '' ? entry.name : `${under}/${entry.name}`;
    if (NEVER.has(entry.name)) return [];
    if (entry.isDirectory()) return walk(folder, path);
    return entry.isFile() || entry.isSymbolicLink() ? [path] : [];
  });
}

/** @throws Failure when there is nothing to send */
export function filesToSend(folder: string): string[] {
  const files = filesOf(folder);
  if (files.length === 0)
    throw new Failure(`There is nothing to build in ${folder}.`, 'Go to a folder with source.');
  return files;
}

/** @throws Failure when there is nothing to send */
export async function archiveOf(folder: string): Promise<Uint8Array<ArrayBuffer>> {
  const files = filesToSend(folder);
  // Other commands start faster for not loading it.
  const { packTar } = await import('modern-tar/fs');
  const wanted = new Set(files);
  const above = new Set(files.flatMap((path) => parentsOf(path)));
  const tar = packTar(folder, {
    filter: (path) => {
      const name = relativeTo(folder, path);
      return name === '' || wanted.has(name) || above.has(name);
    },
  });
  const parts: Buffer[] = [];
  for await (const part of tar.pipe(createGzip())) parts.push(part as Buffer);
  return new Uint8Array(Buffer.concat(parts));
}

const parentsOf = (path: string): string[] => {
  const names = path.split('/').slice(0, -1);
  return names.map((_, at) => names.slice(0, at + 1).join('/'));
};

const relativeTo = (folder: string, path: string): string =>
  (path.startsWith(folder) ? path.slice(folder.length) : path).replaceAll('\\', '/').replace(/^\/|\/$/g, '');
