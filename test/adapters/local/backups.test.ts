import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createBackupFiles } from '../../../functions/adapters/local/backups.ts';
import { backupsContract } from '../../contracts/copies/backups.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';

const makeDirectory = temporaryDirectories();

backupsContract('files', async () => ({
  backups: createBackupFiles({ directory: join(makeDirectory(), 'backups') }),
  dispose: async () => undefined,
}));

it('Backups are for the user of Berth alone, and no path leaves their directory', async () => {
  const directory = join(makeDirectory(), 'backups');
  const backups = createBackupFiles({ directory });
  const nothing = async function* () {};
  await backups.write('demo/dev/one', nothing());
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(statSync(join(directory, 'demo/dev/one')).mode & 0o777).toBe(0o600);
  for (const path of ['../one', 'demo/../../one', '/one', 'demo//one', ''])
    await expect(backups.write(path, nothing())).rejects.toThrow('the path of no backup');
});
