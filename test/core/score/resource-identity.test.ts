import { expect, it } from 'vitest';
import { resourceIdentity } from '../../../functions/core/score/resource-identity.ts';

it('belongs to its workload and its name without an id', () => {
  expect(resourceIdentity('guestbook', 'db', { type: 'postgres' })).toEqual({
    uid: 'postgres.default#guestbook.db',
    type: 'postgres',
    class: 'default',
    id: 'guestbook.db',
  });
});

it('has a class of its own', () => {
  expect(resourceIdentity('guestbook', 'db', { type: 'postgres', class: 'large' }).uid).toBe(
    'postgres.large#guestbook.db',
  );
});

it('is the same for two workloads that give the same id', () => {
  const shared = { type: 'postgres', id: 'main-db' };
  expect(resourceIdentity('guestbook', 'db', shared)).toEqual(resourceIdentity('orders', 'storage', shared));
  expect(resourceIdentity('guestbook', 'db', shared).uid).toBe('postgres.default#main-db');
});
