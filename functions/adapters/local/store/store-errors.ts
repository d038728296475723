/** What SQLite's errors mean to those who use the store. */
import { Problem } from '../../../core/problem.ts';

const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;
/** Extended codes of reads that failed; every other SQLITE_IOERR comes from a write. */
const READ_ERRORS: ReadonlySet<number> = new Set([10 | (1 << 8), 10 | (2 << 8)]);

/** SQLite's (extended) result code of an error; undefined when it is no error of SQLite's. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode : undefined;
}

export const isBusy = (error: unknown): boolean => {
  const code = sqliteCode(error);
  return code !== undefined && [SQLITE_BUSY, SQLITE_LOCKED].includes(code & 0xff);
};

/** The problem to report for an error of SQLite; anything else is handed back as it is. */
export function storeProblem(error: unknown, path: string): unknown {
  const code = sqliteCode(error);
  if (code === undefined) return error;
  const unavailable = (detail: string, hint: string) =>
    new Problem('unavailable', detail, { hint, cause: error });
  switch (code & 0xff) {
    case SQLITE_FULL:
      return storageFull(path, error);
    case SQLITE_IOERR:
      return READ_ERRORS.has(code)
        ? unavailable(
            `The store can not be read: the disk reports an error for ${path}.`,
            'Check the disk; if the file is lost, put back a backup of it.',
          )
        : storageFull(path, error);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return unavailable(
        `The store can not be read: ${path} is damaged or is no SQLite database.`,
        'Stop Berth, move the file away together with its -wal and -shm files, and put back a backup.',
      );
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return unavailable(
        `The store can not be used: another process holds ${path}.`,
        'End the program that has the file open, then try again.',
      );
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return unavailable(
        `The store can not be opened: Berth may not read and write ${path}.`,
        'Make sure that its directory exists and that the user who runs Berth owns it.',
      );
    default:
      return error;
  }
}

const storageFull = (path: string, cause: unknown): Problem =>
  new Problem('storage_full', `Nothing was written: there is no room left for ${path}.`, {
    hint: 'Free some disk space, then try again.',
    cause,
  });
