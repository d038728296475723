import { mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startLocal } from '../../functions/hosts/machine/berth.ts';
import { ConfigError, readConfig } from '../../functions/hosts/machine/config/config.ts';
import { refuseHalfRestored } from '../../functions/hosts/machine/data-directory.ts';

let parent: string;
let directory: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'berth-half-restored-'));
  directory = join(parent, 'data');
  await mkdir(`${directory}.restoring-1`);
  await mkdir(`${directory}.before-20260101T000000Z`);
});
afterEach(() => rm(parent, { recursive: true, force: true }));

const start = (named: string) => startLocal(readConfig({ BERTH_DATA_DIR: named, PORT: '0' }));

it('begins with nothing where a restore was killed between its two renames, and says where the data are', async () => {
  const refused = start(directory);
  await expect(refused).rejects.toBeInstanceOf(ConfigError);
  await expect(refused).rejects.toThrow('data.before-20260101T000000Z. Run the restore again');
});

it('says so of what a link leads to as well', async () => {
  await symlink(directory, join(parent, 'link'));
  await expect(start(join(parent, 'link'))).rejects.toThrow('data.before-20260101T000000Z');
});

it('begins when what was there has its name back', async () => {
  await rename(`${directory}.before-20260101T000000Z`, directory);
  expect(refuseHalfRestored(directory)).toBeUndefined();
});
