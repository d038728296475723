/** What one build has to itself: its request, its directory and its log. */
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { READ_BY_DETECTION, type SourceFiles } from '../../../core/source/detect.ts';
import type { BuildRequest } from '../../../ports/builder.ts';

export interface Workspace {
  request: BuildRequest;
  /** A directory for this build alone, empty at first. */
  directory: string;
  log: (line: string) => void;
  signal: AbortSignal;
}

/** Values of the secrets that a build may read; their names go to its log. */
export async function readSecrets({
  request: { secrets = [] },
  log,
}: Workspace): Promise<Record<string, string>> {
  if (secrets.length > 0) log(`Secrets: ${secrets.map(({ name }) => name).join(', ')}`);
  return Object.fromEntries(
    await Promise.all(secrets.map(async (secret) => [secret.name, await secret.read()] as const)),
  );
}

/** Also of a link, which leads to places in the tree alone. */
const isFile = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isFile() === true;

/** The files below a directory; at its top alone where it is a workspace, of which little is asked. */
export async function filesOf(
  directory: string,
  read: readonly string[] = READ_BY_DETECTION,
): Promise<SourceFiles> {
  const files = new Map<string, string | undefined>();
  const recursive = read === READ_BY_DETECTION;
  for (const entry of await readdir(directory, { withFileTypes: true, recursive }))
    if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(join(entry.parentPath, entry.name)))))
      files.set(relative(directory, join(entry.parentPath, entry.name)), undefined);
  const { readText } = await import('../../source/locate.ts');
  for (const name of read) if (files.has(name)) files.set(name, await readText(join(directory, name)));
  return files;
}
