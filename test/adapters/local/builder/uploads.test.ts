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
