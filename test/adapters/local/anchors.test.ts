import { appendFileSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createAnchorFiles } from '../../../functions/adapters/local/anchors.ts';
import { anchorsContract } from '../../contracts/anchors.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';

const makeDirectory = temporaryDirectories();
const shared = makeDirectory();
const open = (
  directory: string,
  onError: (error: unknown) => void = (error) => expect.unreachable(String(error)),
) => createAnchorFiles({ directory, onError });
const head = { number: 1, hash: 'x'.repeat(43), at: '2026-01-01T00:00:00.000Z' };

anchorsContract('files', () => open(shared));

it('keeps what was noted without being asked', async () => {
  const directory = makeDirectory();
  open(directory).note('demo', head);
  await expect.poll(() => open(directory).heads('demo')).toEqual([head]);
  expect(statSync(join(directory, 'demo.ndjson')).mode & 0o777).toBe(0o600);
});

it('a line that was cut short says nothing, and the next one counts', async () => {
  const directory = makeDirectory();
  appendFileSync(join(directory, 'demo.ndjson'), '{"number":1,"ha\n');
  const anchors = open(directory);
  anchors.note('demo', head);
  expect(await anchors.heads('demo')).toEqual([head]);
});

it('tells what could not be kept, and goes on', async () => {
  const directory = makeDirectory();
  const errors: unknown[] = [];
  mkdirSync(join(directory, 'broken.ndjson'));
  const anchors = open(directory, (error) => errors.push(error));
  anchors.note('broken', head);
  anchors.note('demo', head);
  await anchors.flush();
  expect(errors).toHaveLength(1);
  expect(await anchors.heads('demo')).toEqual([head]);
});
