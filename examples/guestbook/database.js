import pg from 'pg';

const connectionString = process.env.DATABASE_URL;
if (!connectionString) {
  console.error(
    'DATABASE_URL is not set: it names the database, as postgresql://user:password@host:port/name.',
  );
  process.exit(1);
}

/** Connections open when they are needed and close when they are idle. */
export const pool = new pg.Pool({
  connectionString,
  max: 5,
  // A server that pauses when nobody uses it, such as Aurora, takes about 15 s to come back.
  connectionTimeoutMillis: 30_000,
  query_timeout: 10_000,
  idleTimeoutMillis: 30_000,
});
// A connection that the server closes while it is idle is replaced when it is needed.
pool.on('error', (error) => console.error(`database: ${error.message}`));

const COLUMNS = 'id::int, author, message, created_at AS "createdAt"';

/** The newest entries first. */
export async function listEntries(limit) {
  const { rows } = await pool.query(`SELECT ${COLUMNS} FROM entries ORDER BY id DESC LIMIT $1`, [limit]);
  return rows;
}

export async function addEntry({ author, message }) {
  const { rows } = await pool.query(
    `INSERT INTO entries (author, message) VALUES ($1, $2) RETURNING ${COLUMNS}`,
    [author, message],
  );
  return rows[0];
}

/** Rejects when the database does not answer or has no table yet. */
export async function check() {
  await pool.query('SELECT 1 FROM entries LIMIT 1');
}
