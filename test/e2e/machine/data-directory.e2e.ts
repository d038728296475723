/** The whole data directory, backed up while Berth runs, and restored. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whileAllStandsStill } from '../../../scripts/data-directory/stand-still.ts';
import { type BerthChild, freePort, startChild } from '../../support/process.ts';
import { askWorkload } from '../../support/workload.ts';
import { databaseProgram, query } from '../../system/data/database-program.ts';

const BASE = '/v1/projects/shop';
const HOST = 'web.dev.shop.localhost';
const SCRIPTS = join(import.meta.dirname, '../../../scripts/data-directory');

let room: string;
let berth: BerthChild;

const at = (name: string): string => join(room, name);
const databaseUrl = async (of: BerthChild): Promise<string> => (await askWorkload(of.port, HOST)).text;
const rows = async (of: BerthChild): Promise<number[]> =>
  (await query(await databaseUrl(of), 'SELECT n FROM ticks ORDER BY n')).map(({ n }) => n as number);

function command(name: 'backup' | 'restore', directory: string, ...more: string[]) {
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const env = { ...process.env, BERTH_DATA_DIR: directory };
    execFile(process.execPath, [join(SCRIPTS, `${name}.ts`), ...more], { env }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
}

beforeAll(async () => {
  room = await mkdtemp(join(tmpdir(), 'berth-directory-'));
  berth = await startChild(at('first'), await freePort());
  await berth.api('POST', '/v1/projects', { name: 'shop' });
  await berth.api('POST', `${BASE}/services`, { name: 'web' });
  await berth.operation('POST', `${BASE}/environments`, { name: 'dev' });
  const { result } = await berth.operation('POST', `${BASE}/services/web/builds`, await databaseProgram());
  await berth.operation('POST', `${BASE}/environments/dev/services/web/deployments`, {
    version: result.version,
  });
  await query(await databaseUrl(berth), 'CREATE TABLE ticks (n int PRIMARY KEY)');
});
afterAll(async () => {
  await berth?.kill('SIGTERM');
  await rm(room, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

describe('A backup of the data directory', () => {
  it('loses no request while it is made, shows one moment, and starts as another Berth once the first one is down', async () => {
    const url = await databaseUrl(berth);
    const answered: number[] = [];
    const before: number[] = [];
    const over = new AbortController();
    const writing = (async () => {
      for (let n = 1; !over.signal.aborted; n++) {
        const made = await berth.api('POST', '/v1/projects', { name: `p${n}` });
        expect(made.status).toBe(201);
        await query(url, `INSERT INTO ticks VALUES (${n})`);
        answered.push(n);
      }
    })();
    while (answered.length < 5) await sleep(10);
    before.push(...answered);
    const backup = await command('backup', at('first'), at('copy'));
    expect(backup, backup.err).toMatchObject({
      code: 0,
      out: expect.stringMatching(/stood still for \d+ ms/),
    });
    const during = answered.length;
    while (answered.length < during + 3) await sleep(10);
    over.abort();
    await writing;

    expect(await command('restore', at('second'), at('copy'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('Stop that one first'),
    });
    expect(await readdir(room)).toEqual(['copy', 'first']);
    await berth.kill('SIGTERM');
    const restore = await command('restore', at('second'), at('copy'));
    expect(restore, restore.err).toMatchObject({ code: 0 });
    const second = await startChild(at('second'), await freePort());
    try {
      while ((await askWorkload(second.port, HOST).catch(() => ({ status: 0 }))).status !== 200)
        await sleep(50);
      const kept = await rows(second);
      expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => index + 1));
      expect(kept).toEqual(expect.arrayContaining(before));
      // A project is made before its row is written: of the moment there is at most one without.
      const statuses = await Promise.all(
        [0, 2].map(async (more) => (await second.api('GET', `/v1/projects/p${kept.length + more}`)).status),
      );
      expect(statuses).toEqual([200, 404]);
      expect((await second.api('GET', `${BASE}/audit/verification`)).body).toMatchObject({
        intact: true,
      });
    } finally {
      await second.kill('SIGTERM');
      berth = await startChild(at('first'), await freePort());
    }
  });

  it('is refused where it is damaged, where it would go into a Berth that runs, and into what is not empty', async () => {
    expect(await command('restore', at('first'), at('copy'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('Something runs on'),
    });
    expect(await command('backup', at('first'), at('copy'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('is not empty'),
    });
    expect(await command('backup', at('first'), join(at('first'), 'within'))).toMatchObject({ code: 1 });
    await appendFile(join(at('copy'), 'data', 'berth.db'), 'x');
    expect(await command('restore', at('third'), at('copy'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('is not what was written: berth.db'),
    });
    expect(await readdir(room)).not.toContain('third');
    expect((await berth.api('GET', BASE)).status).toBe(200);
  });

  it('keeps what was there when it takes the place of another directory, whose Berth it then is', async () => {
    const directory = at('replaced');
    const one = await startChild(directory, await freePort());
    await one.kill('SIGTERM');
    const id = await readFile(join(directory, 'instance-id'), 'utf8');
    expect(await command('backup', directory, at('quiet'))).toMatchObject({
      code: 0,
      out: expect.stringContaining('Berth did not run'),
    });
    await writeFile(join(directory, 'later'), 'text');
    expect(await command('restore', directory, at('quiet'))).toMatchObject({ code: 0 });
    expect(await readFile(join(directory, 'instance-id'), 'utf8')).toBe(id);
    expect(await readdir(directory)).not.toContain('later');
    const kept = (await readdir(room)).find((name) => name.startsWith('replaced.before-'));
    expect(await readFile(join(at(kept ?? ''), 'later'), 'utf8')).toBe('text');
    // As a restore leaves it that is killed between its two renames: run again, it is of that Berth still.
    await rm(directory, { recursive: true });
    expect(await command('restore', directory, at('quiet'))).toMatchObject({ code: 0 });
    expect(await readFile(join(directory, 'instance-id'), 'utf8')).toBe(id);
  });
});

describe('What stands still', () => {
  const stateOf = async ({ pid }: ChildProcess): Promise<string> =>
    /State:\s+(\w)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
  const holder = async (): Promise<ChildProcess> => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6); console.log("up")'], {
      cwd: room,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout!, 'data');
    return child;
  };

  it('goes on when its time is over, and the work is told that it has not seen one moment', async () => {
    const child = await holder();
    const options = { directory: room, instance: '', limitMs: 300 };
    const late = whileAllStandsStill(options, async () => {
      expect(await stateOf(child)).toBe('T');
      while ((await stateOf(child)) === 'T') await sleep(20);
    });
    await expect(late).rejects.toThrow('everything went on meanwhile');
    child.kill('SIGKILL');
  });

  it('goes on when the backup is killed', async () => {
    const child = await holder();
    const code = `import { whileAllStandsStill } from ${JSON.stringify(join(SCRIPTS, 'stand-still.ts'))};
      await whileAllStandsStill({ directory: ${JSON.stringify(room)}, instance: '', limitMs: 60000 }, () => {
        console.log('still');
        return new Promise(() => setInterval(() => {}, 1e6));
      });`;
    const backup = spawn(process.execPath, ['--input-type=module', '-e', code], {
      cwd: SCRIPTS,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(backup.stdout, 'data');
    expect(await stateOf(child)).toBe('T');
    backup.kill('SIGKILL');
    while ((await stateOf(child)) === 'T') await sleep(20);
    child.kill('SIGKILL');
  });
});
