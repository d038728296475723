import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  type ExtractLimits,
  type ExtractOptions,
  extractTar,
} from '../../../functions/adapters/source/extract.ts';
import type { Problem } from '../../../functions/core/problem.ts';
import { type Entry, tar } from '../../support/files/archive.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';

const temporary = temporaryDirectories();

/** Extracts into a directory beside which there is a file `outside`. */
async function extract(archive: Buffer, options: Partial<ExtractOptions> & { chunk?: number } = {}) {
  const parent = temporary();
  const target = join(parent, 'tree');
  const log: string[] = [];
  writeFileSync(join(parent, 'outside'), 'untouched');
  const { chunk = 65_536 } = options;
  const chunks = Array.from({ length: Math.ceil(archive.byteLength / chunk) }, (_, index) =>
    archive.subarray(index * chunk, (index + 1) * chunk),
  );
  const error = await extractTar(Readable.from(chunks), target, {
    subject: 'archive',
    gzip: true,
    stripTop: false,
    signal: new AbortController().signal,
    log: (line) => log.push(line),
    ...options,
  }).catch((thrown: unknown) => thrown);
  expect(readFileSync(join(parent, 'outside'), 'utf8')).toBe('untouched');
  expect(readdirSync(parent).sort()).toEqual(['outside', 'tree']);
  const files = existsSync(target) ? (readdirSync(target, { recursive: true }) as string[]).sort() : [];
  return { error, target, parent, log, files };
}

const gz = async (entries: Entry[]): Promise<Buffer> => gzipSync(await tar(entries));

const refused = (pattern: RegExp) =>
  expect.objectContaining({ code: 'invalid_archive', message: expect.stringMatching(pattern) });

describe('An archive', () => {
  it.each([1, 511, 513, 65_536])('is extracted, read in chunks of %i bytes', async (chunk) => {
    const long = `${'folder/'.repeat(20)}${'x'.repeat(120)}.txt`;
    const { error, target } = await extract(
      await gz([
        { name: './', type: 'directory' },
        { name: './bin/', type: 'directory', mode: 0o7777 },
        { name: './bin/run', content: 'run', mode: 0o6755 },
        { name: 'plain', content: 'plain', mode: 0 },
        { name: long, content: 'long' },
        { name: 'ünïcödé', content: 'u' },
        { name: '-rf', content: 'dash' },
        { name: 'large', content: Buffer.alloc(200_000, 'L') },
        { name: 'empty', content: '' },
      ]),
      { chunk },
    );
    expect(error).toBeUndefined();
    const mode = (name: string) => lstatSync(join(target, name)).mode & 0o7777;
    expect([mode('bin'), mode('bin/run'), mode('plain')]).toEqual([0o755, 0o755, 0o644]);
    expect(readFileSync(join(target, long), 'utf8')).toBe('long');
    expect(readFileSync(join(target, 'ünïcödé'), 'utf8')).toBe('u');
    expect(readFileSync(join(target, '-rf'), 'utf8')).toBe('dash');
    expect(lstatSync(join(target, 'large')).size).toBe(200_000);
    expect(lstatSync(join(target, 'empty')).size).toBe(0);
  });

  it('leaves out what a build makes itself, links in it included', async () => {
    const { error, files, log } = await extract(
      await gz([
        { name: 'app/a.js', content: 'a' },
        { name: 'app/node_modules/.bin/x', type: 'symlink', linkname: '../x/cli.js' },
        { name: 'app/node_modules/x/cli.js', content: 'x' },
        { name: 'app/.git/hooks/post-checkout', content: 'evil' },
        { name: 'app/._a.js', content: 'x' },
        { name: 'app/.DS_Store', content: 'x' },
      ]),
    );
    expect(error).toBeUndefined();
    expect(files).toEqual(['app', 'app/a.js']);
    expect(log).toEqual([expect.stringContaining('node_modules'), expect.stringContaining('.git')]);
  });

  it.each<[string, Entry[], string[]]>([
    [
      'a folder',
      [
        { name: 'app-1.0/a', content: 'x' },
        { name: 'app-1.0/b/c', content: 'x' },
      ],
      ['a', 'b', 'b/c'],
    ],
    ['what npm packs', [{ name: 'package/package.json', content: '{}' }], ['package.json']],
    [
      'files',
      [
        { name: 'a', content: 'x' },
        { name: 'b/c', content: 'x' },
      ],
      ['a', 'b', 'b/c'],
    ],
    ['one file', [{ name: 'index.html', content: 'x' }], ['index.html']],
  ])('of %s has its source at the top', async (_, entries, expected) => {
    const { error, files } = await extract(await gz(entries), { stripTop: true });
    expect(error).toBeUndefined();
    expect(files).toEqual(expected);
  });

  it('stays as it is where the folder that is built is found from its top', async () => {
    const entries = [{ name: 'services/api/x', content: '' }];
    const asked = await extract(await gz(entries), { stripTop: true, folder: 'services/api' });
    expect(asked.files).toContain('services/api/x');
    expect((await extract(await gz(entries), { stripTop: true, folder: 'api' })).files).toContain('api/x');
  });

  it('keeps links inside the source, whatever comes first, and none that leads out once the top is gone', async () => {
    const entries: Entry[] = [
      { name: 'app/link', type: 'symlink', linkname: 'lib/a' },
      { name: 'app/lib/a', content: 'linked' },
      { name: 'app/lib/up', type: 'symlink', linkname: '../link' },
    ];
    const { error, target, files } = await extract(await gz(entries), { stripTop: true });
    expect(error).toBeUndefined();
    expect(files).toEqual(['lib', 'lib/a', 'lib/up', 'link']);
    expect(readlinkSync(join(target, 'link'))).toBe('lib/a');
    expect(readFileSync(join(target, 'lib/up'), 'utf8')).toBe('linked');
    const out: Entry = { name: 'app/out', type: 'symlink', linkname: '../x' };
    const told = await extract(await gz([...entries, out]), { stripTop: true });
    expect(told.error).toEqual(refused(/"app\/out" leads out of the source, to "\.\.\/x"/));
  });

  it('with links that lead out is taken once packed as the hint of its refusal says', async () => {
    const source = temporary();
    const directory = join(source, 'app');
    mkdirSync(directory);
    writeFileSync(join(source, 'shared.js'), 'shared');
    writeFileSync(join(directory, 'one.js'), 'one');
    linkSync(join(directory, 'one.js'), join(directory, 'two.js'));
    symlinkSync('../shared.js', join(directory, 'link.js'));
    const pack = (command: string) => {
      execFileSync('sh', ['-c', command], { cwd: directory });
      return readFileSync(join(source, 'source.tgz'));
    };
    const { error } = await extract(pack('tar -czf ../source.tgz .'));
    expect(error).toEqual(refused(/link/));
    const [, command = ''] = /: (tar .*)$/.exec((error as Problem).hint) ?? [];
    const again = await extract(pack(command));
    expect(again.error).toBeUndefined();
    expect(readFileSync(join(again.target, 'link.js'), 'utf8')).toBe('shared');
    expect(readFileSync(join(again.target, 'two.js'), 'utf8')).toBe('one');
  });
});

describe('A hostile archive is refused for', () => {
  it.each<[string, Entry[], RegExp]>([
    ['a path that climbs', [{ name: '../outside', content: 'x' }], /"\.\.\/outside".*"\.\."/],
    ['a path that climbs in the middle', [{ name: 'a/../../outside', content: 'x' }], /"\.\."/],
    ['an absolute path', [{ name: '/tmp/x', content: 'x' }], /absolute/],
    ['a backslash', [{ name: '..\\outside', content: 'x' }], /backslash/],
    ['a control character', [{ name: 'a\u001b[31m', content: 'x' }], /control/],
    ['a long name', [{ name: 'x'.repeat(300), content: 'x' }], /255/],
    ['a long path', [{ name: `${'y'.repeat(200)}/`.repeat(6), type: 'directory' }], /1024/],
    ['deep folders', [{ name: `${'d/'.repeat(60)}x`, content: 'x' }], /deep/],
    ['a symbolic link out', [{ name: 'a', type: 'symlink', linkname: '../outside' }], /leads out/],
    ['an absolute symbolic link', [{ name: 'a', type: 'symlink', linkname: '/etc/passwd' }], /leads out/],
    ['a symbolic link through a name', [{ name: 'a', type: 'symlink', linkname: 'b/../..' }], /leads out/],
    [
      'a file through a symbolic link',
      [
        { name: 'a', type: 'symlink', linkname: '..' },
        { name: 'a/outside', content: 'x' },
      ],
      /link of that name is a directory as well/,
    ],
    ['a hard link', [{ name: 'a', type: 'link', linkname: '../outside' }], /link/],
    ['a device', [{ name: 'a', type: 'block-device', devmajor: 8, devminor: 0 }], /device/],
    ['a pipe', [{ name: 'a', type: 'fifo' }], /fifo/],
    [
      'two files of a name',
      [
        { name: 'a', content: '1' },
        { name: './a', content: '2' },
      ],
      /two of that name/,
    ],
    [
      'a file that is a folder',
      [
        { name: 'a', content: '1' },
        { name: 'a/b', content: '2' },
      ],
      /directory as well/,
    ],
    [
      'a folder that is a file',
      [
        { name: 'a/b', content: '1' },
        { name: 'a', content: '2' },
      ],
      /two of that name/,
    ],
    ['a file instead of the root', [{ name: './', type: 'file', content: 'x' }], /name|file/],
    [
      'a long-name record that climbs',
      [{ name: 'ok', pax: { path: '../../outside' }, content: 'x' }],
      /"\.\."/,
    ],
    ['a NUL in a long-name record', [{ name: 'ok', pax: { path: 'a\0b' }, content: 'x' }], /control/],
    ['a sparse file', [{ name: 'ok', pax: { 'GNU.sparse.major': '1' }, content: 'x' }], /sparse/],
    [
      'a size that lies',
      [{ name: 'ok', pax: { size: '99999999999' }, content: 'x' }],
      /files end at|damaged/,
    ],
    ['a size below zero', [{ name: 'ok', pax: { size: '-1' }, content: 'x' }], /damaged/],
    ['names that differ in bytes that are no UTF-8', [{ name: 'a\ufffd', content: 'x' }], /UTF-8/],
  ])('%s', async (_, entries, pattern) => {
    const { error } = await extract(await gz([{ name: 'first', content: 'x' }, ...entries]));
    // A name that ends in a slash is a folder to tar, whatever its type says.
    if (error === undefined) expect(entries[0]?.name).toBe('./');
    else expect(error).toEqual(refused(pattern));
  });

  it.each<[string, Partial<ExtractLimits>, Entry[], RegExp]>([
    [
      'too many entries',
      { entries: 10 },
      Array.from({ length: 11 }, (_, i) => ({ name: `f${i}` })),
      /more than 10/,
    ],
    [
      'too many entries of what is left out',
      { entries: 10 },
      Array.from({ length: 11 }, (_, i) => ({ name: `node_modules/f${i}` })),
      /more than 10/,
    ],
    ['a large file', { fileBytes: 1000 }, [{ name: 'a', content: 'x'.repeat(1001) }], /files end at 1000/],
    [
      'its sum',
      { totalBytes: 20_000 },
      Array.from({ length: 9 }, (_, i) => ({ name: `f${i}`, content: 'x'.repeat(3000) })),
      /more than 20000 bytes/,
    ],
  ])('%s', async (_, limits, entries, pattern) => {
    const { error } = await extract(await gz(entries), { limits });
    expect(error).toEqual(refused(pattern));
  });

  it('a bomb: far more than it was packed', async () => {
    const bomb = await gz([{ name: 'zeros', content: Buffer.alloc(48 * 1024 ** 2) }]);
    const { error } = await extract(bomb);
    expect(error).toEqual(refused(/100 times its size/));
  });

  it.each([0.1, 0.5, 0.9, 0.999])('an end at %f of its length', async (part) => {
    const archive = await gz([
      { name: 'a', content: Buffer.from(Array.from({ length: 9000 }, (_, i) => (i * 7919) % 251)) },
    ]);
    const { error } = await extract(archive.subarray(0, Math.floor(archive.byteLength * part)));
    expect(error).toEqual(refused(/damaged/));
  });

  it('a tar that is cut off inside a whole gzip file', async () => {
    const whole = await tar([{ name: 'a', content: 'x'.repeat(5000) }]);
    expect((await extract(gzipSync(whole.subarray(0, 2000)))).error).toEqual(refused(/damaged/));
  });

  it.each([10, 200, 3000])('a flipped bit at byte %i', async (at) => {
    const content = Buffer.from(Array.from({ length: 9000 }, (_, i) => (i * i * 31) % 253));
    const archive = await gz([{ name: 'a', content }]);
    archive[at % archive.byteLength] = (archive[at % archive.byteLength] ?? 0) ^ 0x10;
    expect((await extract(archive)).error).toEqual(refused(/damaged/));
  });

  it('a header that is cut short by an abort', async () => {
    const { error } = await extract(await gz([{ name: 'a', content: 'x' }]), { signal: AbortSignal.abort() });
    expect(error).toMatchObject({ name: 'AbortError' });
  });
});
