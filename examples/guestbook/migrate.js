// Brings the database to what this version needs. It can run again, and twice at the same time.
import { pool } from './database.js';

const migrations = [
  `CREATE TABLE IF NOT EXISTS entries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    author text NOT NULL,
    message text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
  )`,
];

const LOCK = 7_403_201;

const client = await pool.connect();
try {
  await client.query('BEGIN');
  await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
  for (const migration of migrations) await client.query(migration);
  await client.query('COMMIT');
  console.log(`The database is up to date (${migrations.length} migration).`);
} finally {
  client.release();
  await pool.end();
}
