/** What a backup of a data directory says of itself: it is whole when this file is there, which is written last. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, open, readdir, readFile, readlink, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as z from 'zod';
import { type BytePath, textOf, within } from './byte-paths.ts';

export const FORMAT = 1;
/** The directory within a backup that has the files. */
export const FILES = 'data';
const NAME = 'backup.json';

const schema = z.object({
  format: z.literal(FORMAT),
  /** The moment that it shows, RFC 3339. */
  at: z.string(),
  /** By path, SHA-256 of what is in it, or where it leads to. */
  files: z.record(z.string(), z.string()),
});
export type Manifest = z.infer<typeof schema>;

const AT_ONCE = 4;

async function digestOf(path: Buffer): Promise<string> {
  const info = await lstat(path);
  if (info.isSymbolicLink()) return `link ${await readlink(path)}`;
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function pathsBelow(directory: string, prefix: BytePath = ''): Promise<BytePath[]> {
  const found: BytePath[] = [];
  const options = { withFileTypes: true, encoding: 'latin1' } as const;
  for (const entry of await readdir(within(directory, prefix), options)) {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await pathsBelow(directory, path)));
    else found.push(path);
  }
  return found;
}

export async function digestsOf(directory: string): Promise<Record<string, string>> {
  const paths = (await pathsBelow(directory)).sort();
  const digests = new Map<BytePath, string>();
  const line = [...paths];
  const work = async (): Promise<void> => {
    for (let path = line.shift(); path !== undefined; path = line.shift())
      digests.set(path, await digestOf(within(directory, path)));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return Object.fromEntries(paths.map((path) => [textOf(path), digests.get(path) ?? '']));
}

export async function writeManifest(backup: string, at: Date): Promise<Manifest> {
  const manifest: Manifest = {
    format: FORMAT,
    at: at.toISOString(),
    files: await digestsOf(join(backup, FILES)),
  };
  const draft = join(backup, `${NAME}.draft`);
  const file = await open(draft, 'wx', 0o600);
  await file.writeFile(JSON.stringify(manifest, null, 1));
  await file.sync();
  await file.close();
  await rename(draft, join(backup, NAME));
  return manifest;
}

/** @throws Error where it is no backup, or is not what was written */
export async function checkedManifest(backup: string): Promise<Manifest> {
  const text = await readFile(join(backup, NAME), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
    throw new Error(
      `${backup} is no whole backup: it has no ${NAME}. Name a directory that npm run backup has made.`,
    );
  });
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success)
    throw new Error(
      `${join(backup, NAME)} can not be read: it is damaged, or of a newer Berth. Take another backup.`,
    );
  const found = await digestsOf(join(backup, FILES));
  const { files } = parsed.data;
  const strange = [...new Set([...Object.keys(files), ...Object.keys(found)])].filter(
    (path) => files[path] !== found[path],
  );
  if (strange.length > 0)
    throw new Error(
      `${backup} is not what was written: ${strange.slice(0, 3).join(', ')}${strange.length > 3 ? ` and ${strange.length - 3} more` : ''}. Nothing was restored; take another backup.`,
    );
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
