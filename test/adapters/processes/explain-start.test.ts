/** Hints for programs that can not be started: each cause is made, and the hint is followed. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeExit } from '../../../functions/adapters/processes/programs/explain-exit.ts';
import { startProgram } from '../../../functions/adapters/system/program.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'berth-start-'));
  writeFileSync(
    join(directory, 'package.json'),
    JSON.stringify({ devDependencies: { tsx: '4' }, dependencies: { express: '4' } }),
  );
  mkdirSync(join(directory, 'bin'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function start(command: string, more: { args?: string[]; variables?: Record<string, string> } = {}) {
  const tail: string[] = [];
  const wanted = {
    command,
    args: more.args ?? [],
    directory,
    variables: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, ...more.variables },
  };
  const exit = await startProgram({ ...wanted, onLine: (_, line) => tail.push(line) }).ended;
  return { exit, ...describeExit(exit, command, 10, undefined, wanted, tail) };
}

function script(name: string, text: string, mode = 0o755): string {
  writeFileSync(join(directory, name), text);
  chmodSync(join(directory, name), mode);
  return `./${name}`;
}

describe('A program that can not be started', () => {
  it('with Windows line ends is told so, and starts with those of the hint', async () => {
    const failed = await start(script('crlf.sh', '#!/bin/sh\r\nexit 0\r\n'));
    expect(failed.why).toContain('CRLF');
    expect(failed.hint).toContain('*.sh text eol=lf');
    expect((await start(script('lf.sh', '#!/bin/sh\nexit 0\n'))).exit.code).toBe(0);
  });

  it('whose interpreter is not there names the interpreter', async () => {
    const failed = await start(script('odd', '#!/opt/none/ruby\n'));
    expect(failed.why).toContain('"/opt/none/ruby"');
    expect(failed.hint).toContain('first line');
  });

  it('without the right to be executed names it, and starts after the chmod of the hint', async () => {
    const failed = await start(script('plain.sh', '#!/bin/sh\nexit 0\n', 0o644));
    expect(failed.why).toContain('may not be executed');
    expect(failed.hint).toContain('chmod +x plain.sh');
    chmodSync(join(directory, 'plain.sh'), 0o755);
    expect((await start('./plain.sh')).exit.code).toBe(0);
    expect((await start('./bin')).why).toContain('is a directory');
  });

  it('for a variable that is too long names the variable', async () => {
    const failed = await start('node', { variables: { SMALL: 'x', BIG: 'x'.repeat(140_000) } });
    expect(failed.why).toContain('the variable BIG has 140004 bytes');
    expect(failed.hint).toContain('into a file');
  });

  it('for an argument that is too long names the argument', async () => {
    expect((await start('node', { args: ['-e', 'x'.repeat(140_000)] })).why).toContain(
      'argument 2 has 140000',
    );
  });

  it('or lacks a package that the build removed is told to move it', async () => {
    expect((await start('tsx')).hint).toContain('Move tsx from devDependencies to dependencies');
    expect((await start('nowhere')).hint).toContain('Correct `command`');
    const required = await start('node', { args: ['-e', 'require("tsx")'] });
    expect(required.hint).toContain('Move tsx from devDependencies');
    const unknown = await start('node', { args: ['-e', 'require("leftpadx")'] });
    expect(unknown.hint).toContain('Add leftpadx to dependencies');
    expect((await start('sh', { args: ['-c', 'tsx index.ts'] })).hint).toContain('Move tsx');
  });
});
