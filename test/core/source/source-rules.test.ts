/** Rules for names that come from outside with a source: in archives, git URLs and refs, addresses, Procfiles. */
import { describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../../functions/core/address.ts';
import { checkPath, linkStaysInside, quoteName } from '../../../functions/core/source/archive-path.ts';
import { checkGitRef, parseGitUrl } from '../../../functions/core/source/git-source.ts';
import { parseProcfile } from '../../../functions/core/source/procfile.ts';
import { expectLinear } from '../../support/cpu.ts';

describe('Names in archives', () => {
  it.each([
    ['a', ['a']],
    ['./a//b/./c/', ['a', 'b', 'c']],
    ['./', []],
    ['..a/b..', ['..a', 'b..']],
    ['ünï/日本', ['ünï', '日本']],
    ['-rf', ['-rf']],
  ])('%j is taken apart', (name, segments) => {
    expect(checkPath(name)).toEqual({ segments });
  });

  it.each([
    '/etc/passwd',
    '//x',
    '..',
    'a/../../b',
    'a/..',
    'a\\..\\b',
    'C:\\x',
    'a\0b',
    'a\nb',
    'a\u007f',
    'a\ufffd',
    'x'.repeat(256),
    `${'a/'.repeat(51)}b`,
    `${'abcdefgh/'.repeat(40)}${'é'.repeat(400)}`,
  ])('%j is refused', (name) => {
    expect(checkPath(name)).toHaveProperty('fault');
  });

  it.each([
    ['node_modules/.bin/x', '../x/cli.js', true],
    ['a', 'b', true],
    ['a/b', '../c', true],
    ['a', '../c', false],
    ['a/b', '../../c', false],
    ['a/b/c', '../d/../../x', false],
    ['a', '/etc', false],
    ['a', '', false],
    ['a/b', '..', true],
    ['a', 'b\0c', false],
  ])('a link at %j to %j stays inside: %j', (path, target, expected) => {
    expect(linkStaysInside(path, target)).toBe(expected);
  });

  it('shows a name without what could deceive', () => {
    expect(quoteName('a"\n\u202e\u009b')).toBe('"a\\"\\n\\u202e\\u009b"');
    expect(quoteName('x'.repeat(5000)).length).toBeLessThan(210);
  });
});

describe('Git refs and URLs', () => {
  it.each(['main', 'v1.2.3', 'feature/x_y-z', 'HEAD', 'a'.repeat(40)])('ref %j is taken', (ref) => {
    expect(checkGitRef(ref)).toBe(ref);
  });

  it.each([
    '',
    '-x',
    '--upload-pack=touch /tmp/x',
    '/x',
    '.x',
    'a..b',
    'a@{1}',
    'a:b',
    '+a',
    'a b',
    'a\nb',
    'a\n',
    'a~1',
    'a^',
    'a*',
    'a\\b',
    'a//b',
    'a/',
    'a.',
    'a.lock',
    '$(x)',
    '`x`',
    'a'.repeat(256),
  ])('ref %j is refused', (ref) => {
    expect(() => checkGitRef(ref)).toThrow(expect.objectContaining({ code: 'source_unavailable' }));
  });

  it.each([
    ['https://example.com/a/b.git', { kind: 'https', hostname: 'example.com', port: 443 }],
    ['https://example.com:8443/a', { kind: 'https', port: 8443 }],
    ['https://0x7f.1/a', { kind: 'https', hostname: '127.0.0.1' }],
    ['https://[::ffff:7f00:1]/a', { kind: 'https', hostname: '::ffff:7f00:1' }],
    ['/srv/a', { kind: 'local', path: '/srv/a' }],
    ['file:///srv/a%20b', { kind: 'local', path: '/srv/a b' }],
  ])('URL %j is taken', (url, expected) => {
    expect(parseGitUrl(url, true)).toMatchObject(expected);
  });

  it.each([
    '',
    'example.com/a',
    '--upload-pack=x',
    'http://example.com/a',
    'git://example.com/a',
    'ssh://git@example.com/a',
    'git@example.com:a/b',
    'ext::sh -c x',
    'ext::sh',
    'fd::3',
    'https://user:secret@example.com/a',
    'https://token@example.com/a',
    'https://example.com/a?x=1',
    'https://example.com/a#x',
    'https://example.com/a b',
    'https://example.com/a\nb',
    'https://example.com\\@other.example/a',
    '//example.com/a',
    'file://example.com/a',
    'file:///a%2fb',
    'file:///a%0ab',
    'relative/path',
    `https://example.com/${'a'.repeat(3000)}`,
  ])('URL %j is refused', (url) => {
    expect(() => parseGitUrl(url, true)).toThrow(expect.objectContaining({ code: 'source_unavailable' }));
  });

  it.each(['/srv/a', 'file:///srv/a'])('%j is refused where local ones are off', (url) => {
    expect(() => parseGitUrl(url, false)).toThrow(/switched off/);
  });

  it('does not repeat credentials', () => {
    expect(() => parseGitUrl('https://user:hunter2@example.com/a', true)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    );
  });
});

describe('Addresses', () => {
  it.each(['1.1.1.1', '140.82.121.3', '2606:4700::1111', '2a00:1450:4001::1'])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    '127.0.0.1',
    '127.255.0.1',
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'ff02::1',
    'localhost',
    '',
    '0x7f000001',
  ])('%s is not', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('Procfiles', () => {
  it('reads processes, comments, blanks and Windows line ends', () => {
    const { processes, ignored } = parseProcfile(
      '\ufeff# x\r\nweb: node a.js --b=c:d\r\n\r\n  release :  x  \n: y\nweb:\n',
    );
    expect([...processes]).toEqual([
      ['web', 'node a.js --b=c:d'],
      ['release', 'x'],
    ]);
    expect(ignored).toEqual([': y', 'web:']);
  });

  it('is quick with long lines', () => {
    expectLinear(200_000, (size) => parseProcfile(`${'a '.repeat(size)}\nweb${' '.repeat(size)}x`));
  });
});
