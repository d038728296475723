import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { secretFile } from '../../../functions/hosts/machine/secret-file.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'berth-secret-file-'));
  path = join(directory, 'token');
});
afterEach(() => rmSync(directory, { recursive: true }));

const get = () => secretFile(path, () => 'made-here');

describe('A file with a secret', () => {
  it('is made once, for its owner alone', () => {
    expect(get()).toBe('made-here');
    expect(secretFile(path, () => 'another')).toBe('made-here');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('that a full disk left empty is made anew', () => {
    writeFileSync(path, '');
    expect(get()).toBe('made-here');
  });

  it.each([
    ['was cut short', 'made'],
    ['has other bytes', 'made-\ufffdere and more'],
  ])('that %s is refused, and left as it is', (_, content) => {
    writeFileSync(path, content);
    expect(get).toThrow(/can not be used: .* Put it back, or delete it/);
    expect(readFileSync(path, 'utf8')).toBe(content);
  });
});
