import { existsSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { shareImages } from '../../../functions/adapters/processes/root/shared-image.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';

const temporary = temporaryDirectories();
const repository = { project: 'demo', service: 'web' };
const digest = `sha256:${'a'.repeat(64)}`;
const config = { entrypoint: [], cmd: ['x'], env: {}, workingDir: '/app', labels: {} };
const FILES = ['app/data.json', 'app/node_modules/a/index.js', 'app/node_modules/.cache/x', 'opt/berth/x'];

function subject() {
  let unpacked = 0;
  let failures = 0;
  const share = shareImages(
    async (_, __, target) => {
      unpacked++;
      if (failures-- > 0) throw new Error('full');
      for (const name of FILES) {
        await mkdir(dirname(join(target, name)), { recursive: true });
        writeFileSync(join(target, name), name, { mode: 0o755 });
      }
      symlinkSync('data.json', join(target, 'app/link'));
      return config;
    },
    join(temporary(), 'images'),
  );
  return {
    unpacked: () => unpacked,
    fail: () => {
      failures = 1;
    },
    async lay(): Promise<string> {
      const root = temporary();
      expect(await share(repository, digest, root)).toEqual(config);
      return root;
    },
  };
}

it('Replicas have their image unpacked once, and share its packages, which none of them can write to', async () => {
  const { lay, unpacked } = subject();
  const [one, other] = (await Promise.all([lay(), lay()])) as [string, string];
  await lay();
  expect(unpacked()).toBe(1);
  const inodes = (root: string) => FILES.map((name) => statSync(join(root, name)).ino);
  expect(inodes(one).map((inode, at) => inode === inodes(other)[at])).toEqual([false, true, false, true]);
  expect(statSync(join(one, 'app/node_modules/a/index.js')).mode & 0o777).toBe(0o555);
  expect(readlinkSync(join(one, 'app/link'))).toBe('data.json');
});

it('What a replica writes, makes or removes is its own', async () => {
  const { lay } = subject();
  const [one, other] = [await lay(), await lay()];
  for (const name of ['app/data.json', 'app/node_modules/.cache/x', 'app/node_modules/new'])
    writeFileSync(join(one, name), 'changed');
  expect(existsSync(join(other, 'app/node_modules/new'))).toBe(false);
  expect(readFileSync(join(other, 'app/data.json'), 'utf8')).toBe('app/data.json');
  expect(readFileSync(join(await lay(), 'app/node_modules/.cache/x'), 'utf8')).toBe(
    'app/node_modules/.cache/x',
  );
});

it('A copy that could not be unpacked is tried again by the next replica', async () => {
  const { lay, fail, unpacked } = subject();
  fail();
  await expect(lay()).rejects.toThrow('full');
  await lay();
  expect(unpacked()).toBe(2);
});
