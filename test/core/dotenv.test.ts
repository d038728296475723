import { parseEnv } from 'node:util';
import { describe, expect, it } from 'vitest';
import { DotenvError, parseDotenv } from '../../functions/core/dotenv.ts';

const read = (text: string) => Object.fromEntries(parseDotenv(text));

describe('A file of variables', () => {
  it.each([
    'A=1\nB=two words \n\n# no\nC=',
    'export A=1 # said\nB="a # b"\nC=\'$x \\n\'',
    'A="one\ntwo"\r\nB=3',
    'A="x\\ny"',
  ])('is read as Node reads it: %j', (text) => {
    expect(read(text)).toEqual({ ...parseEnv(text.replaceAll('\r\n', '\n')) });
  });

  it.each([
    ['A=1\nnothing', 'line 2'],
    ['A="one\ntwo', 'line 1'],
    ['A=1\nA=2', 'line 2'],
    ['1A=x', 'line 1'],
    ['A="x" y', 'line 1'],
  ])('is refused with the line that is wrong, and nothing of it is lost: %j', (text, line) => {
    expect(() => parseDotenv(text)).toThrow(DotenvError);
    expect(() => parseDotenv(text)).toThrow(line);
  });
});
