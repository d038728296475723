import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { createSqliteStore } from '../../../../functions/adapters/local/store/store.ts';
import { createChanges } from '../../../../functions/adapters/local/store/store-changes.ts';
import { DUE, GET, rangeSql } from '../../../../functions/adapters/local/store/store-sql.ts';
import { Problem } from '../../../../functions/core/problem.ts';
import { StoreConflict } from '../../../../functions/ports/store.ts';
import { storeContract } from '../../../contracts/store.ts';
import { temporaryDirectories } from '../../../support/files/temporary.ts';

const makeDirectory = temporaryDirectories();
const newPath = (): string => join(makeDirectory(), 'berth.db');

storeContract('SQLite', async () => {
  const store = createSqliteStore({ path: newPath() });
  return { store, dispose: () => store.close() };
});

const problemOf = (work: () => unknown): Problem => {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('no problem');
};

describe('SQLite store: snapshots', () => {
  // More than the port promises: DynamoDB's pages are none.
  it('no page shows half a transaction', async () => {
    const store = createSqliteStore({ path: newPath() });
    const keys = Array.from({ length: 100 }, (_, index) => ({ pk: 'p', sk: `k${index}` }));
    let done = false;
    const writing = (async () => {
      for (let round = 0; round < 10; round++)
        await store.transact(keys.map((key) => ({ put: { ...key, data: round } })));
      done = true;
    })();
    while (!done) {
      const { items } = await store.query({ pk: 'p', limit: 1000 });
      expect(new Set(items.map(({ data }) => data)).size).toBeLessThanOrEqual(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await writing;
    await store.close();
  });
});

describe('SQLite store: plans', () => {
  const path = newPath();
  const plan = (sql: string, parameters: number): string => {
    const db = new DatabaseSync(path, { readOnly: true });
    const rows = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...Array(parameters).fill('x'));
    db.close();
    return rows.map(({ detail }) => String(detail)).join('; ');
  };

  it('no statement scans or sorts: each seeks by both bounds', async () => {
    await createSqliteStore({ path }).close();
    expect(plan(GET, 2)).toBe('SEARCH items USING PRIMARY KEY (pk=? AND sk=?)');
    expect(plan(DUE, 3)).toBe('SEARCH items USING INDEX items_due (due_queue=? AND due_at<?)');
    for (const exclusive of [false, true])
      for (const reverse of [false, true]) {
        expect(plan(rangeSql({ exclusive, bounded: false, reverse }), 3)).toBe(
          'SEARCH items USING PRIMARY KEY (pk=? AND sk>?)',
        );
        expect(plan(rangeSql({ exclusive, bounded: true, reverse }), 4)).toBe(
          'SEARCH items USING PRIMARY KEY (pk=? AND sk>? AND sk<?)',
        );
      }
  });

  it('pages through 50,000 records, the last page as the first', async () => {
    const store = createSqliteStore({ path: newPath() });
    const writing: Promise<void>[] = [];
    for (let start = 0; start < 50_000; start += 100)
      writing.push(
        store.transact(
          Array.from({ length: 100 }, (_, index) => ({
            put: { pk: 'all', sk: String(start + index).padStart(6, '0'), data: { number: start + index } },
          })),
        ),
      );
    await Promise.all(writing);
    for (const after of ['', '049949']) {
      const { items } = await store.query({ pk: 'all', limit: 50, after });
      expect(items).toHaveLength(50);
    }
    expect((await store.query({ pk: 'all', limit: 50, after: '049949' })).next).toBeUndefined();
    await store.close();
  });
});

describe('SQLite store: a full disk', () => {
  it('refuses the write, writes nothing, goes on reading, and writes again when there is room', async () => {
    const store = createSqliteStore({ path: newPath(), maxBytes: 400_000 });
    const put = (sk: string) => store.transact([{ put: { pk: 'p', sk, data: 'x'.repeat(20_000) } }]);
    let written = 0;
    let error: unknown;
    for (; written < 100 && !error; written++)
      error = await put(`k${written}`).then(
        () => undefined,
        (reason: unknown) => reason,
      );
    written--;
    expect(error).toBeInstanceOf(Problem);
    expect(error).toMatchObject({ code: 'storage_full', status: 507 });
    expect(written).toBeGreaterThan(10);

    const half = await store
      .transact([
        { put: { pk: 'small', sk: 'a', data: 1 } },
        { delete: { pk: 'p', sk: 'k0' } },
        { put: { pk: 'p', sk: 'big', data: 'x'.repeat(300_000) } },
      ])
      .catch((reason: unknown) => reason);
    expect(half).toMatchObject({ code: 'storage_full' });
    expect(await store.get({ pk: 'small', sk: 'a' })).toBeUndefined();
    expect((await store.query({ pk: 'p', limit: 100 })).items).toHaveLength(written);

    // Transactions that fit are not failed by one beside them that does not.
    const [big, conflict, removal] = await Promise.allSettled([
      store.transact([{ put: { pk: 'p', sk: 'big', data: 'x'.repeat(300_000) } }]),
      store.transact([{ check: { pk: 'p', sk: 'k0' }, if: 'absent' }]),
      store.transact([{ delete: { pk: 'p', sk: 'k0' } }, { delete: { pk: 'p', sk: 'k1' } }]),
    ]);
    expect(big).toMatchObject({ status: 'rejected', reason: { code: 'storage_full' } });
    expect(conflict?.status === 'rejected' && conflict.reason).toBeInstanceOf(StoreConflict);
    expect(removal?.status).toBe('fulfilled');
    await put('again');
    expect((await store.get({ pk: 'p', sk: 'again' }))?.version).toBe(1);
    await store.close();
  });
});

describe('SQLite store: its file', () => {
  it('keeps everything over a restart, and is readable by its owner alone', async () => {
    const path = newPath();
    const first = createSqliteStore({ path });
    await first.transact([{ put: { pk: 'p', sk: 'a', data: 1, due: { queue: 'q', at: 5 } } }]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600);
    await first.close();
    await first.close();
    const second = createSqliteStore({ path });
    expect(await second.due({ queue: 'q', before: 5, limit: 1 })).toMatchObject([{ sk: 'a', version: 1 }]);
    await second.close();
  });

  it('finishes what was started when it is closed, and refuses what comes after', async () => {
    const path = newPath();
    const store = createSqliteStore({ path });
    const wait = store.changed('p', { timeoutMs: 60_000 });
    const other = store.changed('other', { timeoutMs: 60_000 });
    const writing = store.transact([{ put: { pk: 'p', sk: 'a', data: 1 } }]);
    await store.close();
    await Promise.all([writing, wait, other]);
    await expect(store.get({ pk: 'p', sk: 'a' })).rejects.toThrow();
    await expect(store.transact([{ put: { pk: 'p', sk: 'b', data: 1 } }])).rejects.toThrow();
    await store.changed('p', { timeoutMs: 60_000 });
  });

  it('leaves the file of a newer version as it is', () => {
    const path = newPath();
    const db = new DatabaseSync(path);
    db.exec('CREATE TABLE items (new TEXT); PRAGMA user_version = 3;');
    db.close();
    const before = readFileSync(path);
    const problem = problemOf(() => createSqliteStore({ path }));
    expect(problem.code).toBe('unavailable');
    expect(problem.message).toContain('format 3');
    expect(problem.hint).toContain('newer version');
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('refuses a database of something else', () => {
    const path = newPath();
    const db = new DatabaseSync(path);
    db.exec('CREATE TABLE mine (a TEXT)');
    db.close();
    expect(problemOf(() => createSqliteStore({ path })).message).toContain('something else');
  });

  it('says so when the file is damaged: not a database, or cut off', async () => {
    const path = newPath();
    writeFileSync(path, 'not a database '.repeat(500));
    const problem = problemOf(() => createSqliteStore({ path }));
    expect(problem).toMatchObject({ code: 'unavailable' });
    expect(problem.message).toContain(path);
    expect(problem.hint).toContain('backup');

    const cut = newPath();
    const store = createSqliteStore({ path: cut });
    for (let index = 0; index < 50; index++)
      await store.transact([{ put: { pk: 'p', sk: `k${index}`, data: 'x'.repeat(3000) } }]);
    await store.close();
    truncateSync(cut, Math.floor(statSync(cut).size / 8192) * 4096);
    const reading = async () => {
      const damaged = createSqliteStore({ path: cut });
      try {
        await damaged.query({ pk: 'p', limit: 1000 });
      } finally {
        await damaged.close();
      }
    };
    await expect(reading()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it.skipIf(process.getuid?.() === 0)('says so when it may not write', () => {
    const directory = makeDirectory();
    chmodSync(directory, 0o500);
    const problem = problemOf(() => createSqliteStore({ path: join(directory, 'berth.db') }));
    expect(problem.code).toBe('unavailable');
  });

  it('names the file when another process holds it', async () => {
    const path = newPath();
    const store = createSqliteStore({ path });
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    await expect(store.transact([{ put: { pk: 'p', sk: 'a', data: 1 } }])).rejects.toMatchObject({
      code: 'unavailable',
    });
    other.exec('ROLLBACK');
    other.close();
    await store.transact([{ put: { pk: 'p', sk: 'a', data: 1 } }]);
    await store.close();
  });
});

describe('SQLite store: kill -9', () => {
  it('loses no acknowledged transaction and keeps none by half', async () => {
    const path = newPath();
    for (const name of ['first', 'second']) {
      const script = join(import.meta.dirname, 'store-writer.ts');
      const child = spawn(process.execPath, [script, path, name], { stdio: ['ignore', 'pipe', 'inherit'] });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (output.length > 3000) child.kill('SIGKILL');
      });
      await once(child, 'close');
      expect(child.signalCode).toBe('SIGKILL');
      const acknowledged = output.split('\n').slice(0, -1);
      expect(acknowledged.length).toBeGreaterThan(200);

      const store = createSqliteStore({ path });
      const kept = new Map<string, number>();
      for (let after: string | undefined, more = true; more; ) {
        const page = await store.query({ pk: name, limit: 1000, ...(after === undefined ? {} : { after }) });
        for (const { sk } of page.items) kept.set(sk, Number(sk.slice(2)));
        after = page.next;
        more = after !== undefined;
      }
      expect(acknowledged.filter((sk) => !kept.has(sk))).toEqual([]);
      for (const lane of ['1', '2', '3']) {
        const counter = await store.get<number>({ pk: `${name}-counter`, sk: lane });
        const numbers = [...kept].filter(([sk]) => sk.startsWith(lane)).map(([, number]) => number);
        expect(counter?.data).toBe(Math.max(...numbers));
        expect(numbers).toHaveLength(counter?.data ?? -1);
      }
      await store.close();
    }
  });
});

describe('waits for changes', () => {
  it('leave no timer and no listener behind', async () => {
    const changes = createChanges();
    const { signal } = new AbortController();
    let listeners = 0;
    const counting = new Proxy(signal, {
      get(target, property) {
        if (property === 'addEventListener') listeners++;
        if (property === 'removeEventListener') listeners--;
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const waits = [
      changes.wait('a', { timeoutMs: 60_000, signal: counting }),
      changes.wait('b', { timeoutMs: 1, signal: counting }),
      changes.wait('c', { timeoutMs: Number.POSITIVE_INFINITY, signal: counting }),
    ];
    expect([changes.size, listeners]).toEqual([3, 3]);
    changes.notify('a');
    changes.notify('unknown');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([changes.size, listeners]).toEqual([1, 1]);
    changes.close();
    await Promise.all(waits);
    expect([changes.size, listeners]).toEqual([0, 0]);
  });

  it('do not keep a process alive', async () => {
    const url = new URL('../../../../functions/adapters/local/store/store-changes.ts', import.meta.url).href;
    const code = `import(${JSON.stringify(url)}).then(({ createChanges }) => { createChanges().wait('a', { timeoutMs: 60_000 }); })`;
    const child = spawn(process.execPath, ['--eval', code], { stdio: 'inherit' });
    const [exitCode] = (await once(child, 'exit')) as [number | null];
    expect(exitCode).toBe(0);
  });
});
