/** The store on one machine: one SQLite file. */
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { Problem } from '../../../core/problem.ts';
import { currentMeter, type Meter } from '../../../ports/meter.ts';
import { checkKey, checkKeys, checkKeyText, checkLimit } from '../../../ports/rules/store/store-checks.ts';
import { readUnits, readUnitsOf, recordBytes } from '../../../ports/rules/store/store-units.ts';
import {
  type Item,
  type Key,
  PAGE_MAX_BYTES,
  type Page,
  type Query,
  type Store,
} from '../../../ports/store.ts';
import { createChanges } from './store-changes.ts';
import { CONVERSIONS } from './store-conversions.ts';
import { storeProblem } from './store-errors.ts';
import { toRange } from './store-range.ts';
import { type Row, toItem, toRecord } from './store-row.ts';
import { DUE, GET, rangeSql, SCHEMA, SCHEMA_VERSION } from './store-sql.ts';
import { createWriter } from './store-writes.ts';

export interface SqliteStoreOptions {
  /** The database file; made when absent. SQLite keeps `-wal` and `-shm` files beside it. */
  path: string;
  /** The database grows no larger than this. */
  maxBytes?: number;
  /** No other process may open the file while this store has it. */
  alone?: boolean;
  /** Is told before a file of an older format is converted, which may take seconds. */
  onConvert?: (conversion: { from: number; to: number; records: number }) => void;
}

function createFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw new Problem('unavailable', `The store can not be made: ${(error as Error).message}.`, {
      hint: 'Make sure that the directory can be written to by the user who runs Berth.',
      cause: error,
    });
  }
}

/** Reads the version before anything is changed: a file of a newer Berth is left as it is. */
function migrate(db: DatabaseSync, { path, onConvert }: SqliteStoreOptions): void {
  const version = Number(db.prepare('PRAGMA user_version').get()?.user_version);
  const tables = Number(db.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()?.tables);
  if (version > SCHEMA_VERSION) {
    throw new Problem(
      'unavailable',
      `The store can not be opened: ${path} has format ${version}, and this Berth knows up to ${SCHEMA_VERSION}.`,
      { hint: 'Start the newer version of Berth that wrote it, or put back an older backup.' },
    );
  }
  if (version === 0 && tables > 0) {
    throw new Problem(
      'unavailable',
      `The store can not be opened: ${path} is a database of something else.`,
      {
        hint: 'Move the file away, or choose another data directory.',
      },
    );
  }
  // WAL and FULL: a commit appends to one file and syncs it once.
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  if (version === 0) db.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT;`);
  // Each in one transaction: what a crash cuts short is done again from where it was.
  else if (version < SCHEMA_VERSION) {
    const records = Number(db.prepare('SELECT count(*) AS records FROM items').get()?.records);
    onConvert?.({ from: version, to: SCHEMA_VERSION, records });
    for (let from = version; from < SCHEMA_VERSION; from++)
      db.exec(`BEGIN IMMEDIATE; ${CONVERSIONS[from]} PRAGMA user_version = ${from + 1}; COMMIT;`);
  }
}

function open(options: SqliteStoreOptions): DatabaseSync {
  const { path, maxBytes, alone } = options;
  if (path !== ':memory:') createFile(path);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { timeout: 1000 });
    // The lock that the first write takes is kept from then on.
    if (alone) db.exec('PRAGMA locking_mode = EXCLUSIVE');
    migrate(db, options);
    if (alone) db.exec('BEGIN EXCLUSIVE; COMMIT');
    if (maxBytes !== undefined) {
      const pageSize = Number(db.prepare('PRAGMA page_size').get()?.page_size);
      db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / pageSize))}`);
    }
    return db;
  } catch (error) {
    db?.close();
    throw storeProblem(error, path);
  }
}

/** @throws Problem unavailable when the file is damaged, newer than this program, or not accessible */
export function createSqliteStore(options: SqliteStoreOptions): Store {
  const { path } = options;
  const db = open(options);
  const changes = createChanges();
  const statements = new Map<string, StatementSync>();

  function statement(sql: string): StatementSync {
    const known = statements.get(sql);
    if (known) return known;
    const made = db.prepare(sql);
    statements.set(sql, made);
    return made;
  }

  const toError = (error: unknown): unknown => storeProblem(error, path);
  const writer = createWriter(db, statement, changes.notify, toError);

  function reading<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw toError(error);
    }
  }

  function getOne<T>({ pk, sk }: Key, meter: Meter | undefined): Item<T> | undefined {
    const row = reading(() => statement(GET).get(pk, sk)) as Row | undefined;
    meter?.add('dynamodb.readRequestUnit', readUnitsOf(row && toRecord(row)));
    return row && toItem<T>(row);
  }

  function query<T>({ pk, limit, mayLag, ...rest }: Query): Page<T> {
    checkKeyText(pk, 'pk');
    checkLimit(limit);
    const range = toRange(rest);
    const bounds = range.upper === undefined ? [range.lower] : [range.lower, range.upper];
    const items: Item<T>[] = [];
    let bytes = 0;
    const meter = currentMeter();
    let metered = 0;
    // One more than asked tells whether there is a next page.
    const rows = reading(() => statement(rangeSql(range)).iterate(pk, ...bounds, limit + 1));
    return reading(() => {
      let next: string | undefined;
      for (const row of rows as Iterable<Row>) {
        const last = items.at(-1);
        bytes += row.data.length;
        if (meter) metered += recordBytes(toRecord(row));
        if (last && (items.length === limit || bytes > PAGE_MAX_BYTES)) {
          next = last.sk;
          break;
        }
        items.push(toItem<T>(row));
      }
      meter?.add('dynamodb.readRequestUnit', readUnits(metered, mayLag));
      return { items, ...(next !== undefined && { next }) };
    });
  }

  return {
    async get<T>(key: Key) {
      checkKey(key);
      return getOne<T>(key, currentMeter());
    },
    async getMany<T>(keys: readonly Key[]) {
      checkKeys(keys);
      // A key that is asked for twice is read once there.
      const seen = new Set<string>();
      return keys.map((key) => {
        const identity = JSON.stringify([key.pk, key.sk]);
        const meter = seen.has(identity) ? undefined : currentMeter();
        seen.add(identity);
        return getOne<T>(key, meter);
      });
    },
    query: async <T>(options: Query) => query<T>(options),
    transact: writer.transact,
    async due<T>({ queue, before, limit }: { queue: string; before: number; limit: number }) {
      checkKeyText(queue, 'queue');
      checkLimit(limit);
      const rows = reading(() => statement(DUE).all(queue, before, limit));
      return (rows as unknown as Row[]).map((row) => toItem<T>(row));
    },
    changed: changes.wait,
    async close() {
      if (!db.isOpen) return;
      writer.flush();
      changes.close();
      statements.clear();
      db.close();
    },
  };
}
