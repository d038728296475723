import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acquireLock } from '../../../functions/adapters/local/lock.ts';
import { Problem } from '../../../functions/core/problem.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';

const makeDirectory = temporaryDirectories();

/** Starts a holder; resolves to the line it prints. */
async function start(directory: string) {
  const script = join(import.meta.dirname, 'lock-holder.ts');
  const child = spawn(process.execPath, [script, directory], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  return { child, line: line.trim() };
}

describe('the lock of a data directory', () => {
  it('keeps out a second process, which learns who holds it and what to do', async () => {
    const directory = makeDirectory();
    const first = await start(directory);
    expect(first.line).toBe('held');
    const second = await start(directory);
    const problem = JSON.parse(second.line) as { code: string; detail: string; hint: string };
    expect(problem.code).toBe('unavailable');
    expect(problem.detail).toContain(`process ${first.child.pid} `);
    expect(problem.detail).toContain(directory);
    expect(problem.hint).toContain('BERTH_DATA_DIR');
    expect(() => acquireLock(directory)).toThrow(`process ${first.child.pid} `);

    first.child.stdin.write('release');
    await once(first.child, 'exit');
    acquireLock(directory).release();
  });

  it('is free again after kill -9', async () => {
    const directory = makeDirectory();
    const { child, line } = await start(directory);
    expect(line).toBe('held');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const lock = acquireLock(directory);
    const refused = await start(directory);
    expect(refused.line).toContain(`process ${process.pid} `);
    lock.release();
  });

  it('goes to exactly one of several that start together', async () => {
    const directory = makeDirectory();
    const all = await Promise.all([1, 2, 3].map(() => start(directory)));
    expect(all.filter(({ line }) => line === 'held')).toHaveLength(1);
    for (const { child } of all) child.kill('SIGKILL');
  });

  it('holds within one process too, and directories do not share it', () => {
    const [one, two] = [makeDirectory(), makeDirectory()];
    const locks = [acquireLock(one), acquireLock(two)];
    expect(() => acquireLock(one)).toThrow(Problem);
    for (const lock of locks) lock.release();
    for (const lock of locks) lock.release();
    const again = acquireLock(one);
    expect(() => acquireLock(one)).toThrow(Problem);
    again.release();
    expect(existsSync(join(one, 'lock.pid'))).toBe(false);
  });

  it('makes the directory, and says so when it can not', () => {
    const directory = join(makeDirectory(), 'a', 'b');
    acquireLock(directory).release();
    const file = join(makeDirectory(), 'file');
    writeFileSync(file, '');
    for (const bad of [file, join(file, 'below')])
      expect(() => acquireLock(bad)).toThrow(/^Berth can not start: /);
  });
});
