/** One Berth to a data directory. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Problem } from '../../core/problem.ts';
import { isBusy, sqliteCode } from './store/store-errors.ts';

export interface Lock {
  /** Lets others have the directory; a second call does nothing. */
  release(): void;
}

function holder(pidPath: string): string {
  try {
    const pid = Number(readFileSync(pidPath, 'utf8'));
    if (Number.isSafeInteger(pid) && pid > 0) return `process ${pid}`;
  } catch {
    // The other process has the lock and has not written its id yet.
  }
  return 'another process';
}

/**
 * Takes a directory, which is made if need be, for this process. The lock is an open transaction on a tiny
 * SQLite file: the operating system ends it with the process, however that ends, so no lock is ever stale.
 * @throws Problem unavailable when another process has it, or the directory can not be locked
 */
export function acquireLock(directory: string): Lock {
  const pidPath = join(directory, 'lock.pid');
  let db: DatabaseSync | undefined;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    // Without a moment of patience, of two that start at once neither would get the lock.
    db = new DatabaseSync(join(directory, 'lock.db'), { timeout: 200 });
    db.exec('BEGIN EXCLUSIVE');
    writeFileSync(pidPath, `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    db?.close();
    if (isBusy(error)) {
      const owner = holder(pidPath);
      throw new Problem('unavailable', `Berth can not start: ${owner} already serves ${directory}.`, {
        hint: `Stop ${owner} first, or give this one a directory of its own with BERTH_DATA_DIR.`,
        cause: error,
      });
    }
    const reason = sqliteCode(error) === undefined ? (error as Error).message : 'lock.db can not be locked';
    throw new Problem('unavailable', `Berth can not start: ${directory} can not be used (${reason}).`, {
      hint: 'Make sure that the user who runs Berth owns it, that its disk has room, and that it is a local disk.',
      cause: error,
    });
  }
  const held = db;
  return {
    release() {
      if (!held.isOpen) return;
      rmSync(pidPath, { force: true });
      held.close();
    },
  };
}
