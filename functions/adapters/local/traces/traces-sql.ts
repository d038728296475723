/** The tables of traces.db, and the order of lists. */
import type { TraceQuery } from '../../../ports/traces.ts';

export const FORMAT = 1;

/** Makes those in which a span failed come before all others, in the one number that they are ordered by. */
export const FAILED_RANK = 4e15;

/** `services` has a space before and behind each name. `failing` is the beginning, and FAILED_RANK where a span failed. */
export const SCHEMA = `
  CREATE TABLE traces (
    id INTEGER PRIMARY KEY,
    environment TEXT NOT NULL,
    trace TEXT NOT NULL,
    start INTEGER NOT NULL,
    ending INTEGER NOT NULL,
    duration INTEGER NOT NULL,
    failing INTEGER NOT NULL,
    spans INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    services TEXT NOT NULL,
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (environment, trace)
  ) STRICT;
  CREATE INDEX traces_start ON traces (environment, start, id);
  CREATE INDEX traces_duration ON traces (environment, duration, id);
  CREATE INDEX traces_failing ON traces (environment, failing, id);
  CREATE TABLE spans (
    trace INTEGER NOT NULL,
    span TEXT NOT NULL,
    start INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (trace, span)
  ) STRICT, WITHOUT ROWID;
  PRAGMA user_version = ${FORMAT};`;

export interface TraceRow {
  id: number;
  environment: string;
  trace: string;
  start: number;
  ending: number;
  duration: number;
  failing: number;
  spans: number;
  errors: number;
  bytes: number;
  services: string;
  service: string;
  name: string;
}

export const FIND = 'SELECT * FROM traces WHERE environment = ? AND trace = ?';
export const PUT = `INSERT INTO traces
  (id, environment, trace, start, ending, duration, failing, spans, errors, bytes, services, service, name)
  VALUES ($id, $environment, $trace, $start, $ending, $duration, $failing, $spans, $errors, $bytes, $services, $service, $name)
  ON CONFLICT (id) DO UPDATE SET start = $start, ending = $ending, duration = $duration, failing = $failing,
  spans = $spans, errors = $errors, bytes = $bytes, services = $services, service = $service, name = $name`;
export const NEXT_ID = 'SELECT coalesce(max(id), 0) + 1 AS id FROM traces';
export const PUT_SPAN = 'INSERT OR IGNORE INTO spans (trace, span, start, body) VALUES (?, ?, ?, ?)';
export const SPANS = 'SELECT body FROM spans WHERE trace = ? AND start BETWEEN ? AND ? ORDER BY start, span';
export const SIZES = 'SELECT environment, sum(bytes) AS bytes FROM traces GROUP BY environment';
export const OLDEST = 'SELECT id, bytes FROM traces WHERE environment = ? ORDER BY start, id LIMIT 100';
export const AGED =
  'SELECT id, bytes FROM traces WHERE environment = ? AND start < ? ORDER BY start, id LIMIT 1000';
export const REMOVE = 'DELETE FROM traces WHERE id = ?';
export const REMOVE_SPANS = 'DELETE FROM spans WHERE trace = ?';

const COLUMNS = { newest: 'start', slowest: 'duration', failing: 'failing' } as const;

export const columnOf = ({ order = 'newest' }: Pick<TraceQuery, 'order'>) => COLUMNS[order];

/** @param after whether it goes on behind a position */
export function listSql(
  query: Pick<TraceQuery, 'order' | 'service' | 'minDurationUs' | 'failed'>,
  after: boolean,
): string {
  const column = columnOf(query);
  return [
    'SELECT * FROM traces WHERE environment = $environment AND start BETWEEN $since AND $until',
    query.service !== undefined && "services LIKE '% ' || $service || ' %'",
    query.minDurationUs !== undefined && 'duration >= $minDuration',
    query.failed && 'errors > 0',
    after && `(${column}, id) < ($value, $id)`,
  ]
    .filter((part) => part)
    .join(' AND ')
    .concat(` ORDER BY ${column} DESC, id DESC LIMIT $limit`);
}
