/**
 * Archives that are sent to a running Berth. Each rule of extraction is in test/adapters/source/extract.test.ts; here
 * the whole way is gone, and nothing is written anywhere, read from anywhere, or left.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startBerth, type TestBerth } from '../../support/berth.ts';
import { type Entry, helloFiles, tar } from '../../support/files/archive.ts';

let subject: TestBerth;
let outside: string;
let victim: string;
const builds = '/v1/projects/shop/services/web/builds';
const versions = '/v1/projects/shop/services/web/versions';

beforeAll(async () => {
  outside = mkdtempSync(join(tmpdir(), 'berth-abuse-archives-'));
  victim = join(outside, 'victim');
  writeFileSync(victim, 'untouched');
  subject = await startBerth();
  await subject.api('POST', '/v1/projects', { name: 'shop' });
  await subject.api('POST', '/v1/projects/shop/services', { name: 'web' });
});
afterAll(async () => {
  await subject?.close();
  rmSync(outside, { recursive: true, force: true });
});

/** Files of the data directory that only an escape could add to or change. */
const around = (): string[] => [
  ...readdirSync(subject.directory).filter((name) => !/^(?:berth|workflows)[.]db/.test(name)),
  ...readdirSync(join(subject.directory, 'builds')),
  ...readdirSync(join(subject.directory, 'builds', 'work')),
  ...readdirSync(outside),
];

const program = Object.entries(helloFiles).map(([name, content]) => ({ name, content }));
const link = (name: string, linkname: string): Entry => ({ name, type: 'symlink', linkname });

async function refused(entries: readonly Entry[]): Promise<void> {
  const [files, token] = [around(), readFileSync(join(subject.directory, 'admin-token'), 'utf8')];
  const before = (await subject.api('GET', versions)).body.items.length;
  const source = new Uint8Array(gzipSync(await tar([...program, ...entries])));
  const operation = await subject.operation('POST', builds, source);
  expect(operation).toMatchObject({ status: 'failed', error: { code: 'invalid_archive' } });
  for (const text of [operation.error.cause ?? operation.error.detail, operation.error.hint])
    expect(text).toMatch(/\S/);
  expect((await subject.api('GET', versions)).body.items).toHaveLength(before);
  expect(around()).toEqual(files);
  expect(readFileSync(join(subject.directory, 'admin-token'), 'utf8')).toBe(token);
  expect(readFileSync(victim, 'utf8')).toBe('untouched');
  // The source goes once the build has ended.
  await vi.waitFor(() => expect(readdirSync(join(subject.directory, 'builds', 'sources'))).toEqual([]));
}

describe('Links', () => {
  it.each<[string, () => Entry[]]>([
    [
      'a chain of which each is inside',
      () => [link('a', '.'), link('a/b', '..'), link('b', 'a/b'), { name: 'b/x', content: 'x' }],
    ],
    [
      'a chain over folders that come later',
      () => [
        link('one', 'two/up'),
        { name: 'two', type: 'directory' },
        link('two/up', '../..'),
        { name: 'one/x', content: 'x' },
      ],
    ],
    [
      'a file that becomes a link',
      () => [{ name: 'a', content: 'x' }, link('a', victim), { name: 'a', content: 'overwritten' }],
    ],
    [
      'a folder that becomes a link',
      () => [
        { name: 'a', type: 'directory' },
        link('a', outside),
        { name: 'a/victim', content: 'overwritten' },
      ],
    ],
    ['a link in place of package.json', () => [link('package.json', '/etc/passwd')]],
    ['a link in place of the Score file', () => [link('score.yaml', '../../../../admin-token')]],
    [
      'a link with its target in a long record',
      () => [{ name: 'a', type: 'symlink', linkname: 'x', pax: { linkpath: victim } }],
    ],
    [
      'a link with slashes at its end',
      () => [
        { name: 'a/', type: 'symlink', linkname: outside },
        { name: 'a/victim', content: 'x' },
      ],
    ],
    [
      'a hard link to a file of Berth',
      () => [
        { name: 'a', type: 'link', linkname: '../../../../admin-token' },
        { name: 'a', content: 'known' },
      ],
    ],
    [
      'a hard link to a path that is absolute',
      () => [
        { name: 'a', type: 'link', linkname: victim },
        { name: 'a', content: 'overwritten' },
      ],
    ],
    ['a hard link to a link', () => [link('l', victim), { name: 'a', type: 'link', linkname: 'l' }]],
  ])('%s lead nowhere', async (_what, entries) => refused(entries()));
});

describe('Paths', () => {
  it.each<[string, () => Entry[]]>([
    ['that climb', () => [{ name: '../../../admin-token', content: 'known' }]],
    ['that climb behind a dot', () => [{ name: './../x', content: 'x' }]],
    ['that climb behind slashes', () => [{ name: './/..//..//x', content: 'x' }]],
    [
      'that climb after many folders',
      () => [{ name: `${'d/'.repeat(20)}${'../'.repeat(24)}x`, content: 'x' }],
    ],
    ['that are absolute', () => [{ name: victim, content: 'overwritten' }]],
    ['that are absolute by two slashes', () => [{ name: `/${victim}`, content: 'overwritten' }]],
    ['of another system', () => [{ name: 'C:\\x\\..\\..\\y', content: 'x' }]],
    ['that climb by a long record', () => [{ name: 'ok', pax: { path: '../../../x' }, content: 'x' }]],
    [
      'that are absolute by a long record',
      () => [{ name: 'ok', pax: { path: victim }, content: 'overwritten' }],
    ],
    ['with a line break', () => [{ name: 'a\n../x', content: 'x' }]],
    [
      'that differ in case alone from a folder with a file',
      () => [
        { name: 'dir/..', type: 'directory' },
        { name: 'dir/../x', content: 'x' },
      ],
    ],
  ])('%s are refused', async (_what, entries) => refused(entries()));
});

describe('Entries that are no files', () => {
  it.each<[string, Entry]>([
    ['a block device', { name: 'a', type: 'block-device', devmajor: 8, devminor: 0 }],
    ['a character device', { name: 'a', type: 'character-device', devmajor: 1, devminor: 3 }],
    ['a pipe', { name: 'a', type: 'fifo' }],
    [
      'a device in place of package.json',
      { name: './package.json', type: 'character-device', devmajor: 1, devminor: 5 },
    ],
  ])('such as %s are refused', async (_what, entry) => refused([entry]));
});

describe('Archives that are larger than they look', () => {
  it.each<[string, () => Promise<Uint8Array>]>([
    [
      'a file of zeros',
      async () =>
        gzipSync(await tar([{ name: 'zeros', content: Buffer.alloc(300 * 2 ** 20) }]), { level: 1 }),
    ],
    [
      'zeros behind the end of the tar',
      async () =>
        Buffer.concat([gzipSync(await tar(program)), gzipSync(Buffer.alloc(60 * 2 ** 20), { level: 1 })]),
    ],
  ])('%s leave nothing, and Berth as it was', async (_what, make) => {
    const files = around();
    const operation = await subject.operation('POST', builds, new Uint8Array(await make()));
    expect(['invalid_archive', 'succeeded']).toContain(operation.error?.code ?? operation.status);
    expect(around()).toEqual(files);
    expect((await subject.api('GET', '/v1/me')).status).toBe(200);
  });

  it.each<[string, (good: Buffer) => Buffer]>([
    ['cut', (good) => good.subarray(0, good.length / 2)],
    ['no tar', () => gzipSync('not a tar at all'.repeat(100))],
    ['gzip in gzip', (good) => gzipSync(good)],
    ['empty', () => gzipSync('')],
  ])('or that are %s are refused', async (_what, change) => {
    const source = change(gzipSync(await tar(program)));
    const operation = await subject.operation('POST', builds, new Uint8Array(source));
    expect(operation.status).toBe('failed');
    expect(['invalid_archive', 'nothing_to_run']).toContain(operation.error.code);
  });
});

it('What is honest is built after all of that', async () => {
  const operation = await subject.operation('POST', builds, new Uint8Array(gzipSync(await tar(program))));
  expect(operation.status).toBe('succeeded');
  expect(existsSync(victim)).toBe(true);
});
