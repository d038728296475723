/** Run as a process: starts the server on a directory, says where it is, and stays until it is killed. */
import { createEmbeddedPostgres } from '../../../../functions/adapters/local/postgres/databases.ts';

const [directory = ''] = process.argv.slice(2);
const databases = createEmbeddedPostgres({ directory });
const { port } = await databases.endpoint();
const sql = await databases.connect();
const [row] = await sql.query<{ started: string }>('SELECT pg_postmaster_start_time()::text AS started');
await sql.query('CREATE TABLE IF NOT EXISTS public.kept (value int)');
await sql.query('INSERT INTO public.kept VALUES (1)');
process.stdout.write(`${JSON.stringify({ port, started: row?.started })}\n`);
setInterval(() => {}, 60_000);
