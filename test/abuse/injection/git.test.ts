/**
 * The source that a developer names ends up in the arguments of git. It is never a command, an option, or a way to
 * another protocol; a source that is merely unusual is built.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startBerth, type TestBerth } from '../../support/berth.ts';
import { helloFiles } from '../../support/files/archive.ts';

let subject: TestBerth;
let place: string;
/** The file that an injected command would make. */
let mark: string;
/** An honest repository. */
let honest: string;
const builds = '/v1/projects/shop/services/web/builds';

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'berth-abuse-git-'));
  mark = join(place, 'ran');
  honest = repository(join(place, 'honest'));
  subject = await startBerth();
  await subject.api('POST', '/v1/projects', { name: 'shop' });
  await subject.api('POST', '/v1/projects/shop/services', { name: 'web' });
});
afterAll(async () => {
  await subject?.close();
  rmSync(place, { recursive: true, force: true });
});
afterEach(() => expect(existsSync(mark), 'a command of theirs ran').toBe(false));

const env = { PATH: process.env.PATH, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' };
const git = (directory: string, ...args: string[]): string =>
  execFileSync('git', ['-C', directory, '-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
    encoding: 'utf8',
    env,
  });

function repository(directory: string): string {
  mkdirSync(directory, { recursive: true });
  git(directory, 'init', '--quiet', '--initial-branch=main');
  for (const [name, content] of Object.entries(helloFiles)) writeFileSync(join(directory, name), content);
  git(directory, 'add', '--all');
  git(directory, 'commit', '--quiet', '--message', 'First');
  return directory;
}

const count = async (): Promise<number> =>
  (await subject.api('GET', '/v1/projects/shop/operations')).body.items.length as number;

describe('A branch, tag or revision', () => {
  it.each([
    '--upload-pack=touch MARK',
    '-uMARK',
    '--output=MARK',
    '--exec=touch MARK',
    '--',
    '-',
    'main;touch MARK',
    'main$(touch MARK)',
    'main`touch MARK`',
    'main|touch${IFS}MARK',
    'main&&touch MARK',
    'main\ntouch MARK',
    'main\r',
    'main\u0000--upload-pack=touch MARK',
    'main\u2028',
    '+main:refs/heads/x',
    'main:refs/hooks/x',
    'HEAD~1',
    'HEAD^{/.*}',
    '@{upstream}',
    'refs/../../config',
    'a//b',
    'x.lock',
    'ｍain',
  ])('%j is refused before anything starts', async (ref) => {
    const before = await count();
    for (const text of [ref.replaceAll('MARK', mark), ref.replaceAll('MARK', 'x')]) {
      const answer = await subject.api('POST', builds, { git: { url: honest, ref: text } });
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
      expect(answer.body.errors[0].path).toBe('body.git.ref');
    }
    expect(await count()).toBe(before);
  });

  it('that is a name of a file, of a config or of nothing is looked for as a ref alone', async () => {
    for (const ref of ['config', 'package.json', 'refs/heads/none']) {
      const operation = await subject.operation('POST', builds, { git: { url: honest, ref } });
      expect(operation).toMatchObject({ status: 'failed', error: { code: 'source_unavailable' } });
    }
  });
});

describe('The URL of a repository', () => {
  it.each([
    'ext::sh -c touch% MARK',
    'ext::MARK',
    'fd::17/foo',
    'ssh://-oProxyCommand=touch${IFS}MARK/x',
    'ssh://git@git.example/a',
    'git@git.example:a/b',
    'git://git.example/a',
    'http://git.example/a',
    'ftp://git.example/a',
    '--upload-pack=touch${IFS}MARK',
    '-oProxyCommand=x',
    'https://git.example/a\n--upload-pack=MARK',
    'https://git.example/a b',
    'https://git.example/a?--upload-pack=x',
    'https://git.example/a#x',
    'https://token@git.example/a',
    'https://:secret@git.example/a',
    '\\\\git.example\\a',
    'file://git.example/a',
    'file:///a%2fb',
    'relative/path',
    '../../etc',
    '~/repository',
    'transport::https://git.example/a',
    'javascript:alert(1)',
  ])('%j is refused before anything starts', async (url) => {
    const before = await count();
    const text = url.replaceAll('MARK', mark);
    const answer = await subject.api('POST', builds, { git: { url: text, ref: 'main' } });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(JSON.stringify(answer.body)).not.toContain('secret');
    expect(await count()).toBe(before);
  });

  it.each(['$(touch${IFS}MARK)', "`touch${IFS}MARK`;'|touch${IFS}MARK|'", '-uMARK'])(
    'with %s in the path of a directory is a directory, and is built',
    async (name) => {
      const directory = repository(join(place, 'odd', name.replaceAll('MARK', mark)));
      const operation = await subject.operation('POST', builds, { git: { url: directory, ref: 'main' } });
      expect(operation).toMatchObject({ status: 'succeeded' });
    },
  );
});

describe('A repository', () => {
  it('that names programs in its configuration, hooks and attributes runs none of them', async () => {
    const directory = repository(join(place, 'hostile'));
    const script = join(place, 'script');
    writeFileSync(script, `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
    writeFileSync(join(directory, '.gitattributes'), '* filter=evil diff=evil\n*.js export-subst\n');
    git(directory, 'add', '--all');
    git(directory, 'commit', '--quiet', '--message', '$Format:%(trailers)$ $(touch x)');
    for (const [name, value] of [
      ['core.sshCommand', script],
      ['core.gitProxy', script],
      ['core.pager', script],
      ['core.hooksPath', place],
      ['core.alternateRefsCommand', script],
      ['filter.evil.clean', script],
      ['filter.evil.process', script],
      ['diff.evil.textconv', script],
      ['uploadpack.packObjectsHook', script],
      ['gpg.program', script],
      ['log.showSignature', 'true'],
      ['tar.tar.command', script],
      ['alias.fetch', `!${script}`],
      ['url.ext::sh.insteadOf', 'https'],
    ] as const) {
      git(directory, 'config', name, value);
    }
    const operation = await subject.operation('POST', builds, { git: { url: directory, ref: 'main' } });
    expect(operation).toMatchObject({ status: 'succeeded' });
  });

  it('whose commit message is a command or a picture of a terminal is built, and shown as text', async () => {
    const directory = repository(join(place, 'message'));
    const message = `$(touch ${mark}) \u001b[2J\u0007 <script>`;
    git(directory, 'commit', '--quiet', '--allow-empty', '--message', message);
    const operation = await subject.operation('POST', builds, { git: { url: directory, ref: 'main' } });
    const { body } = await subject.api(
      'GET',
      `/v1/projects/shop/services/web/versions/${operation.result.version}`,
    );
    expect(body.source.message).toContain('$(touch');
    expect(body.source.message).not.toMatch(/[\u0000-\u001f]/);
  });
});

it('Nothing of all that is left where builds work', () => {
  expect(readdirSync(join(subject.directory, 'builds', 'work'))).toEqual([]);
});
