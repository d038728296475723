/** Which format a directory of logs has, so that one of a newer Berth is left as it is. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../../../core/problem.ts';

/** One more with each change of the files; a directory of an older one is converted here, before it is used. */
const FORMAT = 1;

/** @throws Problem unavailable when the directory is of a newer Berth */
export function claimFormat(directory: string): void {
  const path = join(directory, '@format');
  // The first format had no such file.
  const format = existsSync(path) ? Number(readFileSync(path, 'utf8')) : 1;
  if (format > FORMAT) {
    throw new Problem(
      'unavailable',
      `Logs can not be opened: ${directory} has format ${format}, and this Berth knows up to ${FORMAT}.`,
      { hint: 'Start the newer version of Berth that wrote them, or move the directory away.' },
    );
  }
  writeFileSync(path, `${FORMAT}\n`);
}
