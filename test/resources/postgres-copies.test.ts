/** Copies beside a database: what is masked keeps nothing of before, and two calls of one step do not meet. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectPostgres } from '../../functions/adapters/postgres/connections.ts';
import {
  discardBeside,
  loadBeside,
  type Making,
  swapBeside,
} from '../../functions/resources/postgres/postgres-copies.ts';
import {
  type DatabaseSpec,
  databasesBeside,
  ensureDatabase,
} from '../../functions/resources/postgres/postgres-sql.ts';
import { scramVerifier } from '../../functions/resources/postgres/scram.ts';
import { ResourcePending } from '../../functions/resources/type.ts';
import { temporaryDirectories } from '../support/files/temporary.ts';
import { openPorts, type TestPorts } from './ports.ts';

const directory = temporaryDirectories()();
const PASSWORD = 'a password';
const signal = AbortSignal.timeout(120_000);
let ports: TestPorts;
let chunks: Uint8Array[];

async function make(name: string): Promise<DatabaseSpec> {
  const spec = { name, second: `${name}_b`, prefix: 'berth_copies_', tag: name };
  const sql = await ports.databases.connect();
  const verifier = await scramVerifier(name, PASSWORD);
  await ensureDatabase(sql, { ...spec, login: name, verifier }).finally(() => sql.end());
  return spec;
}
async function within(
  database: string,
  user: string,
  ...texts: string[]
): Promise<Record<string, unknown>[]> {
  const { host, port } = await ports.databases.endpoint();
  const sql = await connectPostgres({ host, port, user, password: PASSWORD, database });
  try {
    let rows: Record<string, unknown>[] = [];
    for (const text of texts) rows = await sql.query(text);
    return rows;
  } finally {
    await sql.end();
  }
}
async function* content(after?: () => Promise<void>): AsyncGenerator<Uint8Array> {
  await after?.();
  yield* chunks;
}
const making = ({ name }: DatabaseSpec, nonce: string, statements?: string[]): Making => ({
  operation: 'op',
  nonce,
  login: { username: name, password: PASSWORD },
  statements,
  signal,
});
const beside = async (spec: DatabaseSpec) => {
  const sql = await ports.databases.connect();
  return databasesBeside(sql, spec).finally(() => sql.end());
};
const NAMES = 'SELECT DISTINCT name FROM public.people';

beforeAll(async () => {
  ports = await openPorts(directory);
  const { name } = await make('berth_copies_from');
  await within(
    name,
    name,
    'CREATE TABLE public.people (id integer, name text)',
    "INSERT INTO public.people SELECT n, 'Ada ' || n % 3 FROM generate_series(1, 300) AS n",
    'CREATE TABLE public.log AS SELECT * FROM public.people',
  );
  chunks = await Array.fromAsync(
    await ports.databases.readCopy({ database: name, username: name, password: PASSWORD }, signal),
  );
});
afterAll(() => ports.close());

it('A masked copy has no statistics of before, not even of tables that masking empties', async () => {
  const spec = await make('berth_copies_a');
  // As the server does by itself a minute after a copy was made.
  const statements = ['ANALYZE', "UPDATE people SET name = 'x'", 'DELETE FROM log'];
  const made = await loadBeside(ports.databases, spec, content(), making(spec, '1', statements));
  expect(made).toEqual({ tables: 2, rows: 300 });
  expect(await beside(spec)).toEqual([{ name: expect.anything(), tag: `${spec.tag} ready op` }]);
  await swapBeside(ports.databases, spec, 'op', 'copy');
  expect(await within(spec.name, spec.name, NAMES)).toEqual([{ name: 'x' }]);
  const seen = await within(
    spec.name,
    spec.name,
    "SELECT to_jsonb(s)::text AS s FROM pg_stats AS s WHERE schemaname = 'public'",
  );
  expect(JSON.stringify(seen)).not.toContain('Ada');
});

it('Of two calls of one step, the one that is overtaken ends, and the swap takes what the other has finished', async () => {
  const spec = await make('berth_copies_b');
  const swap = () => swapBeside(ports.databases, spec, 'op', 'copy');
  const isPending = () => expect(swap()).rejects.toBeInstanceOf(ResourcePending);
  const second = making(spec, '2', ["UPDATE people SET name = 'x'"]);
  const overtaken = async () => {
    await loadBeside(ports.databases, spec, content(isPending), second);
  };
  await expect(loadBeside(ports.databases, spec, content(overtaken), making(spec, '1'))).rejects.toThrow();
  await swap();
  expect(await within(spec.name, spec.name, NAMES)).toEqual([{ name: 'x' }]);
});

it('What another operation has left goes with the next copy once that is over, and what goes on keeps its own', async () => {
  const spec = await make('berth_copies_c');
  const load = (operation: string, isOver: Making['isOver']) =>
    loadBeside(ports.databases, spec, content(), {
      ...making(spec, operation),
      operation,
      ...(isOver && { isOver }),
    });
  const tags = async () => (await beside(spec)).map(({ tag }) => tag).sort();
  await load('left', undefined);
  await load('going', async () => false);
  expect(await tags()).toEqual([`${spec.tag} ready going`, `${spec.tag} ready left`]);
  await load('op', async (operation) => operation === 'left');
  expect(await tags()).toEqual([`${spec.tag} ready going`, `${spec.tag} ready op`]);
  await discardBeside(ports.databases, spec, { operation: 'op', isOver: async () => true });
  expect(await tags()).toEqual([]);
});

it('A call that fails or is broken off leaves nothing, whether or not its operation goes on', async () => {
  const spec = await make('berth_copies_d');
  const over = new AbortController();
  const end = async () => over.abort(new Error('it is over'));
  const call = { ...making(spec, '1'), signal: over.signal };
  await expect(loadBeside(ports.databases, spec, content(end), call)).rejects.toThrow();
  expect(await beside(spec)).toEqual([]);
  await expect(
    loadBeside(ports.databases, spec, content(), making(spec, '2', ['SELECT nothing'])),
  ).rejects.toThrow();
  expect(await beside(spec)).toEqual([]);
});
