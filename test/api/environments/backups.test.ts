/** Where backups are in a bucket, the API leads there: it could not send them itself. */
import { beforeAll, expect, it } from 'vitest';
import { backupKey } from '../../../functions/core/keys.ts';
import type { Backup } from '../../../functions/core/model/index.ts';
import { getEnvironment } from '../../../functions/records/read.ts';
import { createSubject, expectProblem, type Subject, seed } from '../support.ts';

const ID = '01JDRDZZZ20000000000000131';
const resource = 'postgres.default#guestbook.db';
const path = `/v1/projects/demo/environments/dev/resources/${resource.replace('#', ':')}/backups/${ID}/content`;
let subject: Subject;
let asked: string[] = [];

beforeAll(async () => {
  subject = await createSubject();
  await seed(subject);
  subject.ports.backups = {
    write: () => Promise.reject(new Error('nothing is written')),
    read: () => Promise.reject(new Error('nothing is read')),
    async link(one) {
      asked.push(one);
      return asked.length > 1 ? undefined : 'https://backups.example.com/one?signed';
    },
    remove: async () => undefined,
    list: async () => [],
  };
  const ref = { project: 'demo', environment: 'dev' };
  const { data: environment } = await getEnvironment(subject.ports.store, ref);
  const backup: Backup = {
    ...ref,
    environmentId: environment.id,
    resource,
    id: ID,
    state: 'checked',
    operation: ID,
    createdAt: '2026-01-01T00:00:00.000Z',
    createdBy: 'user:ada',
  };
  await subject.ports.store.transact([
    { put: { ...backupKey(ref, resource, ID), data: backup }, if: 'absent' },
  ]);
});

it('A download is an address that is on record once it was handed out, and none where the object is gone', async () => {
  const answer = await subject.api('GET', path);
  expect(answer.status, JSON.stringify(answer.body)).toBe(303);
  expect(answer.headers.get('location')).toBe('https://backups.example.com/one?signed');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expectProblem(await subject.api('GET', path), 404, 'not_found');
  const { body } = await subject.api('GET', '/v1/projects/demo/events?limit=100');
  const types = body.items.map(({ type }: { type: string }) => type);
  expect(types.filter((type: string) => type === 'backup.downloaded')).toHaveLength(1);
  expect(asked).toHaveLength(2);
  asked = [];
});
