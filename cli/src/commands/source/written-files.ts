/** Files that the server wrote, into a folder of this machine. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure } from '../../failure.ts';
import { plain } from '../../output.ts';

/**
 * All of them or none: nothing is written over without being asked for, and nothing outside of the folder.
 * @param command that they come from, for what to do next
 * @throws Failure
 */
export function writeFiles(
  folder: string,
  files: readonly { path: string; text: string }[],
  { force, command }: { force: boolean; command: string },
): void {
  const outside = files.find(({ path }) => path.startsWith('/') || /(?:^|[\\/])\.\.(?:[\\/]|$)|:/.test(path));
  if (outside) throw new Failure(`The server named ${plain(outside.path)}, which is not in this folder.`);
  const there = files.filter(({ path }) => existsSync(join(folder, path))).map(({ path }) => plain(path));
  if (there.length > 0 && !force)
    throw new Failure(
      `${there.join(', ')} ${there.length === 1 ? 'is' : 'are'} there already.`,
      `Look at what would be written: ${command} --print. Write over: ${command} --force`,
    );
  for (const { path, text } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
