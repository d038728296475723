import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSqliteStore } from '../../../functions/adapters/local/store/store.ts';
import { encodeCursor, type ListQuery, readPage } from '../../../functions/api/http/list-pages.ts';
import type { Query, Store } from '../../../functions/ports/store.ts';

describe('A page of a list, of which a part may lag', () => {
  const sqlite = createSqliteStore({ path: ':memory:' });
  const asked: Pick<Query, 'limit' | 'mayLag'>[] = [];
  const store: Store = {
    ...sqlite,
    query: (query) => {
      asked.push({ limit: query.limit, mayLag: query.mayLag ?? false });
      return sqlite.query(query);
    },
  };
  const names = Array.from({ length: 60 }, (_, index) => `k${index + 10}`);
  beforeAll(() => sqlite.transact(names.map((sk) => ({ put: { pk: 'list', sk, data: sk } }))));
  afterAll(() => sqlite.close());

  const read = async (query: Omit<ListQuery, 'pk'>, limit: number, after?: string) => {
    asked.length = 0;
    const cursor = after === undefined ? {} : { cursor: encodeCursor(after) };
    const { items, next } = await readPage<string>(store, { pk: 'list', ...query }, { limit, ...cursor });
    return { names: items.map(({ data }) => data), next, asked: [...asked] };
  };

  it('is read as it is now where nothing is said', async () => {
    expect((await read({}, 50)).asked).toEqual([{ limit: 50, mayLag: false }]);
    expect((await read({}, 50, 'k20')).asked).toEqual([{ limit: 50, mayLag: false }]);
  });

  it('begins with those that are read as they are now, without a gap or a repeat behind them', async () => {
    const first = await read({ surely: 16, reverse: true }, 50);
    expect(first.asked).toEqual([
      { limit: 16, mayLag: false },
      { limit: 34, mayLag: true },
    ]);
    expect(first.names).toEqual(names.toReversed().slice(0, 50));
    const second = await read({ surely: 16, reverse: true }, 50, first.next);
    expect(second.asked).toEqual([{ limit: 50, mayLag: true }]);
    expect(second.names).toEqual(names.toReversed().slice(50));
    expect(second.next).toBeUndefined();
  });

  it('is one read where it is short, or where all of it may lag', async () => {
    expect((await read({ surely: 16 }, 16)).asked).toEqual([{ limit: 16, mayLag: false }]);
    expect((await read({ surely: 16, prefix: 'k1' }, 50)).asked).toEqual([{ limit: 16, mayLag: false }]);
    const all = await read({ surely: 0 }, 50);
    expect(all).toEqual({ names: names.slice(0, 50), next: 'k59', asked: [{ limit: 50, mayLag: true }] });
  });
});
