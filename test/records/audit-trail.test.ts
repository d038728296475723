import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createAnchorFiles } from '../../functions/adapters/local/anchors.ts';
import { createSqliteStore } from '../../functions/adapters/local/store/store.ts';
import { createEffects } from '../../functions/adapters/system/effects.ts';
import type { FieldChange } from '../../functions/core/field-changes.ts';
import { eventKey, eventsPartition } from '../../functions/core/keys.ts';
import type { BerthEvent } from '../../functions/core/model/index.ts';
import type { Ports } from '../../functions/ports/index.ts';
import { StoreConflict } from '../../functions/ports/store.ts';
import { readChain, verifyChain } from '../../functions/records/audit-trail.ts';
import { commit, IdempotencyRace } from '../../functions/records/commit.ts';
import { readAll } from '../../functions/records/read-all.ts';
import { temporaryDirectories } from '../support/files/temporary.ts';

const makeDirectory = temporaryDirectories();
const caller = { actor: 'user:ada', from: { address: '192.0.2.7', agent: 'curl/8' } };
const opened: Ports[] = [];
let directory: string;
let ports: Ports;

beforeEach(() => {
  directory = makeDirectory();
  const store = createSqliteStore({ path: join(directory, 'berth.db') });
  const anchors = createAnchorFiles({
    directory: join(directory, 'anchors'),
    onError: (error) => expect.unreachable(String(error)),
  });
  ports = { store, anchors, effects: createEffects() } as Partial<Ports> as Ports;
  opened.push(ports);
});
afterAll(() => Promise.all(opened.map(({ store, anchors }) => anchors.flush().then(() => store.close()))));

const change = (name: string, on = ports, changes: Record<string, FieldChange> = {}) =>
  commit(on, caller, {
    writes: [{ put: { pk: 'things', sk: name, data: { name } } }],
    events: [{ project: 'demo', type: 'project.changed', data: { changes } }],
  });
const chain = async () => (await Array.fromAsync(readChain(ports.store, 'demo'))).map(({ data }) => data);

describe('A change', () => {
  it('leaves an event with its number, who, from where and a hash', async () => {
    await change('a', ports, { x: { before: 1, after: 2 } });
    expect(await chain()).toEqual([
      {
        id: '1',
        at: expect.any(String),
        project: 'demo',
        actor: 'user:ada',
        from: caller.from,
        type: 'project.changed',
        data: { changes: { x: { before: 1, after: 2 } } },
        hash: expect.stringMatching(/^[\w-]{43}$/),
      },
    ]);
  });

  it('that is made beside many others has a place of its own in the chain', async () => {
    // The same store to another process: it knows nothing of the first one's head.
    const other = { ...ports, store: { ...ports.store } };
    await Promise.all(
      Array.from({ length: 120 }, (_, at) => change(`thing-${at}`, at % 2 === 0 ? ports : other)),
    );
    const numbers = (await chain()).map(({ id }) => Number(id));
    expect(numbers).toEqual(Array.from({ length: 120 }, (_, at) => at + 1));
    expect(await readAll(ports.store, 'things')).toHaveLength(120);
    expect(await verifyChain(ports, 'demo')).toMatchObject({ intact: true, events: 120, unanchored: 0 });
  });

  it('that is refused leaves no event, and the next one takes the place', async () => {
    await change('a');
    const refused = commit(ports, caller, {
      writes: [{ check: { pk: 'things', sk: 'none' }, if: 'present' }],
      events: [{ project: 'demo', type: 'project.deleted' }],
    });
    await expect(refused).rejects.toEqual(new StoreConflict([0]));
    await change('b');
    expect((await chain()).map(({ id, type }) => [id, type])).toEqual([
      ['1', 'project.changed'],
      ['2', 'project.changed'],
    ]);
  });

  it('with a key that was used is told so, also when its place was taken as well', async () => {
    const idempotency = { key: 'k', fingerprint: 'f', reply: () => ({ status: 200, body: {} }) };
    const once = (on: Ports) =>
      commit(
        on,
        { ...caller, idempotency },
        { writes: [], events: [{ project: 'demo', type: 'project.created' }] },
      );
    const results = await Promise.allSettled([once(ports), once({ ...ports, store: { ...ports.store } })]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const rejected = results.find((result) => result.status === 'rejected');
    expect(rejected?.reason).toBeInstanceOf(IdempotencyRace);
    expect(await chain()).toHaveLength(1);
  });

  it('of one project is not in the chain of another', async () => {
    await change('a');
    await commit(ports, caller, { writes: [], events: [{ project: 'other', type: 'project.created' }] });
    const other = await readAll<BerthEvent>(ports.store, eventsPartition('other'));
    expect(other.map(({ data }) => data.id)).toEqual(['1']);
    expect(other[0]?.data.hash).not.toBe((await chain())[0]?.hash);
  });
});

describe('Verification', () => {
  beforeEach(async () => {
    for (const name of ['a', 'b', 'c', 'd']) await change(name);
  });
  const edit = async (number: number, edited: (event: BerthEvent) => BerthEvent) => {
    const key = eventKey('demo', number);
    const item = await ports.store.get<BerthEvent>(key);
    await ports.store.transact([{ put: { ...key, data: edited(item!.data) } }]);
  };

  it('finds an event that was edited in the store', async () => {
    await edit(2, (event) => ({ ...event, actor: 'user:other' }));
    expect((await verifyChain(ports, 'demo')).faults).toMatchObject([{ kind: 'edited', number: 2 }]);
  });

  it('finds the last events cut off, since their head was kept outside', async () => {
    await ports.anchors.flush();
    for (const number of [3, 4]) await ports.store.transact([{ delete: eventKey('demo', number) }]);
    expect((await verifyChain(ports, 'demo')).faults).toMatchObject([{ kind: 'truncated', number: 2 }]);
  });

  it('of a chain that goes on after a restart is still whole', async () => {
    await ports.anchors.flush();
    const again = { ...ports, store: { ...ports.store } };
    await change('e', again);
    expect(await verifyChain(ports, 'demo')).toMatchObject({ intact: true, events: 5 });
  });

  it('tells how many events no anchor covers', async () => {
    await ports.anchors.flush();
    const silent = { ...ports, anchors: { ...ports.anchors, note: () => undefined } };
    await change('e', silent);
    expect(await verifyChain(ports, 'demo')).toMatchObject({ intact: true, events: 5, unanchored: 1 });
  });

  it('does not take an anchor that does not fit for granted', async () => {
    const forged = { number: 4, hash: 'x'.repeat(43), at: '2026-01-01T00:00:00.000Z' };
    await ports.anchors.flush();
    appendFileSync(join(directory, 'anchors', 'demo.ndjson'), `${JSON.stringify(forged)}\n`);
    expect((await verifyChain(ports, 'demo')).intact).toBe(false);
  });
});

it('a chain is read in pages, from any event on', async () => {
  for (let at = 0; at < 30; at++) await change(`t${at}`);
  const ids = async (after: number, most: number) =>
    (await Array.fromAsync(readChain(ports.store, 'demo', after, most))).map(({ data }) => Number(data.id));
  expect(await ids(10, 5)).toEqual([11, 12, 13, 14, 15]);
  expect(await ids(28, 5)).toEqual([29, 30]);
  expect(await ids(30, 5)).toEqual([]);
});
