/**
 * One backup of a data directory at a time: the end of the first one would let all go on that stands still for the second,
 * whose copy would be torn.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Lock } from '../../functions/adapters/local/lock.ts';
import { isBusy } from '../../functions/adapters/local/store/store-errors.ts';

/** The system ends it with the process, however that ends. @throws Error where another one is made */
export function onlyBackup(directory: string): Lock {
  const db = new DatabaseSync(join(directory, 'lock.backup.db'), { timeout: 0 });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (isBusy(error))
      throw new Error(`Another backup of ${directory} is being made. Try again when it has ended.`);
    throw error;
  }
  return { release: () => db.close() };
}
