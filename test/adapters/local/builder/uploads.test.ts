import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createSources } from '../../../../functions/adapters/local/builder/uploads.ts';
import { temporaryDirectories } from '../../../support/files/temporary.ts';

const temporary = temporaryDirectories();

it('An upload is what its id names in its directory, and nothing else on the machine', async () => {
  const root = temporary();
  const outside = join(root, 'outside.tar.gz');
  writeFileSync(outside, 'of somebody else');
  const sources = await createSources(join(root, 'uploads'), 100);
  const { id } = await sources.save(
    new Response(new Uint8Array([0x1f, 0x8b, 1])).body ?? new ReadableStream(),
  );
  expect(await sources.describe(id)).toMatchObject({ id, bytes: 3 });
  for (const other of ['../outside', '..\\outside', `${id}/../../outside`, `../uploads/${id}`, '']) {
    expect(await sources.describe(other), other).toBeUndefined();
    await sources.remove(other);
  }
  expect(existsSync(outside)).toBe(true);
  expect(readdirSync(join(root, 'uploads'))).toHaveLength(1);
});

it('Uploads of a project that nobody builds end before the disk does, and those of others go on', async () => {
  const directory = temporary();
  const sources = await createSources(directory, 100, 250);
  const archive = (): ReadableStream<Uint8Array> =>
    new Response(new Uint8Array(100).fill(0x1f, 0, 1).fill(0x8b, 1, 2)).body ?? new ReadableStream();
  const [first, second] = [await sources.open(100, 'evil'), await sources.open(100, 'evil')];
  await sources.receive(second.id, archive());
  // Nothing was sent to the first address: it makes room.
  const third = await sources.open(100, 'evil');
  await expect(sources.receive(first.id, archive())).rejects.toMatchObject({ code: 'not_found' });
  await sources.receive(third.id, archive());
  await expect(sources.open(100, 'evil')).rejects.toMatchObject({ code: 'too_many_requests' });
  expect(readdirSync(directory)).toHaveLength(2);
  const other = await sources.open(100, 'alpha');
  await sources.receive(other.id, archive());
  await sources.remove(second.id);
  expect((await sources.open(100, 'evil')).id).toMatch(/^[0-9a-f]{32}$/);
});

it('Addresses for uploads to which nothing is sent are a hundred of a project at most', async () => {
  const sources = await createSources(temporary(), 100);
  const ids: string[] = [];
  for (let count = 0; count < 101; count++) ids.push((await sources.open(1, 'evil')).id);
  const none = new Response(new Uint8Array()).body ?? new ReadableStream();
  await expect(sources.receive(ids[0] ?? '', none)).rejects.toMatchObject({ code: 'not_found' });
});
