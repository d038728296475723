/** The database of traces: batches in, pages out, and the oldest forgotten. */
import { closeSync, openSync, rmSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { limits } from '../../../core/limits.ts';
import type { StoredSpan, TraceQuery } from '../../../ports/traces.ts';
import { sqliteCode } from '../store/store-errors.ts';
import {
  AGED,
  FAILED_RANK,
  FIND,
  FORMAT,
  listSql,
  NEXT_ID,
  OLDEST,
  PUT,
  PUT_SPAN,
  REMOVE,
  REMOVE_SPANS,
  SCHEMA,
  SIZES,
  SPANS,
  type TraceRow,
} from './traces-sql.ts';

/** A span that waits to be written. */
export interface Waiting {
  environment: string;
  service: string;
  traceId: string;
  spanId: string;
  name: string;
  startUs: number;
  endUs: number;
  failed: boolean;
  /** A StoredSpan as JSON. */
  body: string;
}

export interface TraceBounds {
  environmentBytes: number;
  allBytes: number;
  spansOfTrace: number;
  traceBytes: number;
}

export interface TracesDatabase {
  /**
   * One transaction, which ends early once it has taken long.
   * @returns how many were written @throws Error of SQLite, after which nothing of it was written
   */
  write(batch: readonly Waiting[], mostMs: number): number;
  /** Forgets what began before a time. @param beforeUs epoch microseconds */
  forget(beforeUs: number): void;
  rows(
    environment: string,
    query: TraceQuery,
    range: { since: number; until: number },
    after?: [number, number],
  ): TraceRow[];
  spans(environment: string, trace: string, range: { since: number; until: number }): StoredSpan[];
  close(): void;
}

/** What a row of a span costs beside its body. */
const ROW_BYTES = 128;
/** What is removed makes room for more than the next batch. */
const SHARE_KEPT = 0.95;
const CACHE_KIB = 512;

class OtherFormat extends Error {}

const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/** Whether what is in the file can be read by nobody here. */
export const isDamaged = (error: unknown): boolean =>
  error instanceof OtherFormat || [SQLITE_CORRUPT, SQLITE_NOTADB].includes((sqliteCode(error) ?? 0) & 0xff);

export function removeDatabase(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
}

function open(path: string): DatabaseSync {
  // Made here, for its owner alone; SQLite gives its other files the same mode.
  closeSync(openSync(path, 'a', 0o600));
  const db = new DatabaseSync(path, { timeout: 1000 });
  try {
    // What the last seconds before a power cut saw may be lost, and nothing is ever half written.
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -${CACHE_KIB};`);
    const version = Number(db.prepare('PRAGMA user_version').get()?.user_version);
    if (version !== 0 && version !== FORMAT) throw new OtherFormat(`${path} has format ${version}`);
    if (version === 0) db.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT;`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Nothing but traces is in the file, so that one that can not be read is made anew. */
function openOrMake(path: string): DatabaseSync {
  try {
    return open(path);
  } catch (error) {
    if (!isDamaged(error)) throw error;
    removeDatabase(path);
    return open(path);
  }
}

/** @throws Error where it can be neither opened nor made */
export function openTracesDatabase(path: string, bounds: TraceBounds): TracesDatabase {
  const db = openOrMake(path);
  const statements = new Map<string, StatementSync>();
  const statement = (sql: string): StatementSync => {
    const known = statements.get(sql) ?? db.prepare(sql);
    statements.set(sql, known);
    return known;
  };
  let sizes = readSizes();

  function readSizes(): Map<string, number> {
    const rows = statement(SIZES).all() as { environment: string; bytes: number }[];
    return new Map(rows.map(({ environment, bytes }) => [environment, bytes]));
  }

  function transact(change: () => void): void {
    db.exec('BEGIN IMMEDIATE');
    try {
      change();
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      sizes = readSizes();
      throw error;
    }
  }

  function remove(environment: string, rows: readonly { id: number; bytes: number }[]): void {
    for (const { id, bytes } of rows) {
      statement(REMOVE_SPANS).run(id);
      statement(REMOVE).run(id);
      sizes.set(environment, (sizes.get(environment) ?? 0) - bytes);
    }
    if (!sizes.get(environment)) sizes.delete(environment);
  }

  function shrink(environment: string, mostBytes: number): void {
    while ((sizes.get(environment) ?? 0) > mostBytes) {
      const rows = statement(OLDEST).all(environment) as unknown as { id: number; bytes: number }[];
      if (rows.length === 0) return;
      let left = (sizes.get(environment) ?? 0) - mostBytes;
      const going = rows.filter(({ bytes }) => {
        const goes = left > 0;
        left -= bytes;
        return goes;
      });
      remove(environment, going);
    }
  }

  function shrinkAll(touched: Iterable<string>): void {
    for (const environment of touched)
      if ((sizes.get(environment) ?? 0) > bounds.environmentBytes)
        shrink(environment, bounds.environmentBytes * SHARE_KEPT);
    let all = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
    while (all > bounds.allBytes) {
      const [largest, bytes] = [...sizes].reduce((most, each) => (each[1] > most[1] ? each : most));
      shrink(largest, bytes - (all - bounds.allBytes * SHARE_KEPT));
      const left = [...sizes.values()].reduce((sum, each) => sum + each, 0);
      if (left === all) return;
      all = left;
    }
  }

  function begun({ environment, traceId, startUs, service, name }: Waiting): TraceRow {
    const { id } = statement(NEXT_ID).get() as { id: number };
    const row = { id, environment, trace: traceId, start: startUs, ending: startUs, service, name };
    return { ...row, duration: 0, failing: startUs, spans: 0, errors: 0, bytes: 0, services: ' ' };
  }

  function add(row: TraceRow, { service, spanId, name, startUs, endUs, failed, body }: Waiting): void {
    const bytes = Buffer.byteLength(body) + ROW_BYTES;
    if (row.spans >= bounds.spansOfTrace || row.bytes + bytes > bounds.traceBytes) return;
    if (statement(PUT_SPAN).run(row.id, spanId, startUs, body).changes === 0) return;
    if (startUs < row.start || row.spans === 0) Object.assign(row, { start: startUs, service, name });
    row.ending = Math.max(row.ending, endUs);
    row.duration = row.ending - row.start;
    row.spans++;
    if (failed) row.errors++;
    row.failing = row.start + (row.errors > 0 ? FAILED_RANK : 0);
    row.bytes += bytes;
    if (!row.services.includes(` ${service} `)) row.services += `${service} `;
  }

  return {
    write(batch, mostMs) {
      let written = 0;
      const until = performance.now() + mostMs;
      transact(() => {
        const rows = new Map<string, { row: TraceRow; before: number }>();
        for (const each of batch) {
          const key = `${each.environment}/${each.traceId}`;
          let known = rows.get(key);
          if (!known) {
            const present = statement(FIND).get(each.environment, each.traceId) as unknown as
              | TraceRow
              | undefined;
            const row = { ...(present ?? begun(each)) };
            known = { row, before: row.bytes };
            rows.set(key, known);
            // The row holds its number from now on.
            if (!present) statement(PUT).run({ ...row });
          }
          add(known.row, each);
          written++;
          if (performance.now() >= until) break;
        }
        for (const { row, before } of rows.values()) {
          statement(PUT).run({ ...row });
          sizes.set(row.environment, (sizes.get(row.environment) ?? 0) + row.bytes - before);
        }
        shrinkAll(new Set(batch.slice(0, written).map(({ environment }) => environment)));
      });
      return written;
    },
    forget: (beforeUs) =>
      transact(() => {
        for (const environment of [...sizes.keys()])
          remove(
            environment,
            statement(AGED).all(environment, beforeUs) as unknown as { id: number; bytes: number }[],
          );
      }),
    rows(environment, query, { since, until }, after) {
      const { service, minDurationUs, limit } = query;
      return statement(listSql(query, after !== undefined)).all({
        environment,
        since,
        until,
        limit,
        ...(service !== undefined && { service }),
        ...(minDurationUs !== undefined && { minDuration: minDurationUs }),
        ...(after && { value: after[0], id: after[1] }),
      }) as unknown as TraceRow[];
    },
    spans(environment, trace, { since, until }) {
      const row = statement(FIND).get(environment, trace) as unknown as TraceRow | undefined;
      if (!row) return [];
      return (
        statement(SPANS)
          .all(row.id, since, until)
          .map(({ body }) => JSON.parse(String(body)) as StoredSpan)
          // Of those that began together, what holds the others comes first.
          .sort((one, other) => one.startUs - other.startUs || other.durationUs - one.durationUs)
      );
    },
    close: () => db.close(),
  };
}

export const defaultBounds: TraceBounds = {
  environmentBytes: limits.tracesOfEnvironment.value,
  allBytes: limits.tracesKept.value,
  spansOfTrace: limits.spansOfTrace.value,
  traceBytes: limits.traceSize.value,
};
