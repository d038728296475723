/** Whether a copy of a file can share its blocks with the file. */
import { statfs } from 'node:fs/promises';

/** btrfs and XFS, as statfs(2) numbers them. */
const CLONING: ReadonlySet<number> = new Set([0x9123683e, 0x58465342]);

/** By the type of the file system that a path is on; false where it can not be asked. */
export const clonesFiles = (path: string): Promise<boolean> =>
  statfs(path).then(
    ({ type }) => CLONING.has(type),
    () => false,
  );
