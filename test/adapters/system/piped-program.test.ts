import { describe, expect, it } from 'vitest';
import { startPiped } from '../../../functions/adapters/system/piped-program.ts';

describe('A program with pipes', () => {
  it.each([
    ['a name that is too long', 'a'.repeat(8000), []],
    ['no such file', '/nonexistent', []],
    ['words that are too long', 'true', ['a'.repeat(300_000)]],
    ['a zero byte', 'tr\0ue', []],
  ])('that can not be started ends with 127, and says why: %s', async (_why, command, args) => {
    const start = { command, args, directory: '/', variables: { PATH: '/usr/bin:/bin' } };
    const { ended, stderr, stdout } = startPiped(start);
    let said = '';
    for await (const chunk of stderr) said += String(chunk);
    for await (const chunk of stdout) said += String(chunk);
    expect(await ended).toEqual({ exitCode: 127 });
    expect(said).toMatch(/can not be started: /);
  });
});
