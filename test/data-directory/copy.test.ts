/** What is copied of a data directory, what stands still meanwhile, and where neither is done. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { copyChanged } from '../../scripts/data-directory/copy-tree.ts';
import { digestsOf } from '../../scripts/data-directory/manifest.ts';
import { onlyBackup } from '../../scripts/data-directory/only-backup.ts';
import { whileAllStandsStill } from '../../scripts/data-directory/stand-still.ts';
import { temporaryDirectories } from '../support/files/temporary.ts';

const makeDirectory = temporaryDirectories();
const SCRIPTS = join(import.meta.dirname, '../../scripts/data-directory');

function room(...files: (string | Buffer)[]): string {
  const directory = realpathSync(makeDirectory());
  mkdirSync(join(directory, 'data/volumes'), { recursive: true });
  for (const name of ['berth.db', ...files])
    writeFileSync(Buffer.concat([Buffer.from(`${directory}/data/`), Buffer.from(name)]), String(name));
  return directory;
}

function command(name: 'backup' | 'restore', directory: string, argument: string) {
  return new Promise<{ code: number; err: string }>((resolve) => {
    const env = { ...process.env, BERTH_DATA_DIR: directory };
    execFile(process.execPath, [join(SCRIPTS, `${name}.ts`), argument], { env }, (error, _, err) =>
      resolve({ code: error ? Number(error.code) : 0, err }),
    );
  });
}

it('Files of any name are copied, links as links; locks of Berth alone are left out', async () => {
  const latin = Buffer.from('volumes/caf\xe9', 'latin1');
  const odd = ['volumes/lock.pid', 'volumes/postmaster.opts', 'volumes/cache-shm', 'volumes/a\nb', 'lock.db'];
  const at = room(latin, ...odd);
  mkdirSync(join(at, 'outside'));
  writeFileSync(join(at, 'outside/file'), 'outside');
  symlinkSync(join(at, 'outside'), join(at, 'data/volumes/link'));
  const first = await copyChanged(join(at, 'data'), join(at, 'copy'), new Map());
  const found = await digestsOf(join(at, 'copy'));
  expect(Object.keys(found)).toEqual(
    expect.arrayContaining(['berth.db', '\u0000volumes/caf\xe9', ...odd.slice(0, -1)]),
  );
  expect(found).not.toHaveProperty(['lock.db']);
  // What was a link is a directory now: what it led to stays as it is.
  expect(readlinkSync(join(at, 'copy/volumes/link'))).toBe(join(at, 'outside'));
  unlinkSync(join(at, 'data/volumes/link'));
  mkdirSync(join(at, 'data/volumes/link'));
  writeFileSync(join(at, 'data/volumes/link/file'), 'inside');
  await copyChanged(join(at, 'data'), join(at, 'copy'), first.seen);
  expect(readFileSync(join(at, 'outside/file'), 'utf8')).toBe('outside');
  expect(readFileSync(join(at, 'copy/volumes/link/file'), 'utf8')).toBe('inside');
});

it('A file with holes has them in its copy, and all that it holds', async () => {
  const at = room();
  const path = join(at, 'data/volumes/holes');
  writeFileSync(path, 'begin');
  truncateSync(path, 50 * 2 ** 20);
  appendFileSync(path, 'end');
  await copyChanged(join(at, 'data'), join(at, 'copy'), new Map());
  const copy = join(at, 'copy/volumes/holes');
  expect(readFileSync(copy).equals(readFileSync(path))).toBe(true);
  expect(statSync(copy).blocks * 512).toBeLessThan(10 * 2 ** 20);
});

it('A backup goes into no directory within, whatever link leads there, and not beside another backup', async () => {
  const at = room();
  symlinkSync(join(at, 'data/volumes'), join(at, 'elsewhere'));
  expect(await command('backup', join(at, 'data'), join(at, 'elsewhere/today'))).toMatchObject({
    code: 1,
    err: expect.stringContaining('can not be in the data directory'),
  });
  const turn = onlyBackup(join(at, 'data'));
  expect(await command('backup', join(at, 'data'), join(at, 'today'))).toMatchObject({
    code: 1,
    err: expect.stringContaining('Another backup'),
  });
  turn.release();
  expect(readdirSync(at).toSorted()).toEqual(['data', 'elsewhere']);
});

it('A data directory that is reached by a link is replaced where it is', async () => {
  const at = room();
  mkdirSync(join(at, 'way'));
  symlinkSync(join(at, 'data'), join(at, 'way/berth'));
  const restored = async () => {
    const { code, err } = await command('restore', join(at, 'way/berth'), join(at, 'backup'));
    return [code, err];
  };
  expect(await command('backup', join(at, 'way/berth'), join(at, 'backup'))).toMatchObject({ code: 0 });
  writeFileSync(join(at, 'data/later'), '');
  // A restore that was killed; no process has an id as high.
  mkdirSync(join(at, 'data.restoring-99999999'));
  expect(await restored()).toEqual([0, '']);
  expect(readlinkSync(join(at, 'way/berth'))).toBe(join(at, 'data'));
  expect(existsSync(join(at, 'data/later'))).toBe(false);
  expect(readdirSync(join(at, 'way'))).toEqual(['berth']);
  expect(readdirSync(at).filter((name) => name.includes('restoring'))).toEqual([]);
  symlinkSync('nowhere', join(at, 'way/dead'));
  expect(await command('restore', join(at, 'way/dead'), join(at, 'backup'))).toMatchObject({
    code: 1,
    err: expect.stringContaining('leads nowhere'),
  });
});

const stateOf = ({ pid }: ChildProcess): string =>
  /State:\s+(\w)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';

async function holder(cwd: string): Promise<ChildProcess> {
  const program = 'setInterval(() => {}, 1e6); console.log("up")';
  const child = spawn(process.execPath, ['-e', program], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout!, 'data');
  return child;
}

/** The process that stops the others. */
const stopper = (): number => {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const found = all.find((pid) => {
    try {
      const [, parent] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
      return (
        Number(parent) === process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('stand-still')
      );
    } catch {
      return false;
    }
  });
  return Number(found);
};

it.runIf(process.platform === 'linux')(
  'All goes on when the process that stopped it is killed; what somebody else has stopped does not',
  async () => {
    const directory = realpathSync(makeDirectory());
    const [child, other] = await Promise.all([holder(directory), holder(directory)]);
    const options = { directory, instance: '', limitMs: 60_000 };
    try {
      other.kill('SIGSTOP');
      await expect.poll(() => stateOf(other)).toBe('T');
      await whileAllStandsStill(options, async ({ stopped }) => {
        expect([stopped, stateOf(child)]).toEqual([1, 'T']);
      });
      expect([stateOf(child) === 'T', stateOf(other)]).toEqual([false, 'T']);
      const killed = whileAllStandsStill(options, async () => {
        expect(stateOf(child)).toBe('T');
        process.kill(stopper(), 'SIGKILL');
      });
      await expect(killed).rejects.toThrow('was killed');
      await expect.poll(() => stateOf(child)).not.toBe('T');
    } finally {
      child.kill('SIGKILL');
      other.kill('SIGKILL');
    }
  },
);
