/** The SQL of the local store: its schema and every statement it runs. */

/** Kept in `PRAGMA user_version`; one more with each change of the tables, or of records: see store-conversions.ts. */
export const SCHEMA_VERSION = 2;

/**
 * SQLite compares text by its UTF-8 bytes (BINARY), which is also DynamoDB's order. The due index holds only
 * what is due, so a read of it costs nothing for the rest.
 */
export const SCHEMA = `
  CREATE TABLE items (
    pk TEXT NOT NULL,
    sk TEXT NOT NULL,
    data TEXT NOT NULL,
    version INTEGER NOT NULL,
    due_queue TEXT,
    due_at INTEGER,
    PRIMARY KEY (pk, sk)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX items_due ON items (due_queue, due_at) WHERE due_queue IS NOT NULL;
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

const COLUMNS = 'pk, sk, data, version, due_queue, due_at';

export const GET = `SELECT ${COLUMNS} FROM items WHERE pk = ? AND sk = ?`;
export const GET_VERSION = 'SELECT version FROM items WHERE pk = ? AND sk = ?';
export const PUT = `INSERT INTO items (${COLUMNS}) VALUES (?, ?, ?, 1, ?, ?)
  ON CONFLICT (pk, sk) DO UPDATE SET data = excluded.data, version = version + 1,
    due_queue = excluded.due_queue, due_at = excluded.due_at`;
export const DELETE = 'DELETE FROM items WHERE pk = ? AND sk = ?';
export const DUE = `SELECT ${COLUMNS} FROM items WHERE due_queue = ? AND due_at <= ?
  ORDER BY due_at, pk, sk LIMIT ?`;

/** A range of a partition. Both bounds are always part of the seek, so that a late page costs as much as the first. */
export interface RangeShape {
  /** Whether the lower bound itself is left out. */
  exclusive: boolean;
  /** Whether there is an upper bound (always exclusive). */
  bounded: boolean;
  reverse: boolean;
}

/** Parameters: pk, lower bound, upper bound if any, limit. */
export const rangeSql = ({ exclusive, bounded, reverse }: RangeShape): string =>
  `SELECT ${COLUMNS} FROM items WHERE pk = ? AND sk ${exclusive ? '>' : '>='} ?${bounded ? ' AND sk < ?' : ''}
  ORDER BY sk${reverse ? ' DESC' : ''} LIMIT ?`;
