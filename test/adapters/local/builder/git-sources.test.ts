import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { Problem } from '../../../../functions/core/problem.ts';
import { helloFiles } from '../../../support/files/archive.ts';
import { createSubject, repository, temporary } from './subject.ts';

describe('git', () => {
  const home = mkdtempSync(join(process.env.TMPDIR ?? '/tmp', 'berth-git-'));
  afterAll(() => rmSync(home, { recursive: true, force: true }));
  const env = { PATH: process.env.PATH, HOME: home, GIT_CONFIG_NOSYSTEM: '1' };
  const git = (directory: string, ...args: string[]): string =>
    execFileSync('git', ['-C', directory, ...args], {
      encoding: 'utf8',
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();

  function createRepository(files: Record<string, string>): string {
    const directory = temporary();
    git(directory, 'init', '--quiet', '--initial-branch=main');
    git(directory, 'config', 'user.name', 'Ada Ünal');
    git(directory, 'config', 'user.email', 'ada@example.com');
    commit(directory, files, 'First: "quoted" – and more');
    return directory;
  }

  function commit(directory: string, files: Record<string, string>, message: string): string {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), content);
    }
    git(directory, 'add', '--all');
    git(directory, 'commit', '--quiet', '--message', message);
    return git(directory, 'rev-parse', 'HEAD');
  }

  it('builds a branch, a tag and a commit, by path and by file URL', async () => {
    const subject = await createSubject();
    const directory = createRepository(helloFiles);
    const first = git(directory, 'rev-parse', 'HEAD');
    git(directory, 'tag', '--annotate', '--message', 'x', 'v1.0');
    git(directory, 'branch', 'feature/x');
    const second = commit(directory, { 'server.js': `${helloFiles['server.js']}//2` }, 'Second');
    for (const [ref, full, expected] of [
      ['main', 'refs/heads/main', second],
      ['HEAD', 'HEAD', second],
      ['v1.0', 'refs/tags/v1.0', first],
      ['feature/x', 'refs/heads/feature/x', first],
      ['refs/heads/feature/x', 'refs/heads/feature/x', first],
      [first, first, first],
    ] as const) {
      const { source } = await subject.git(ref === 'main' ? `file://${directory}` : directory, ref);
      expect(source, ref).toMatchObject({ kind: 'git', ref: full, commit: expected });
    }
    const { source, digest } = await subject.git(directory, 'v1.0');
    expect(source).toMatchObject({ committedAt: expect.stringMatching(/^20.*Z$/) });
    expect(source).toMatchObject({ author: 'Ada Ünal', message: 'First: "quoted" – and more' });
    const { config } = await subject.layout.resolve(repository, digest);
    expect(config.labels).toMatchObject({
      'org.opencontainers.image.revision': first,
      'org.opencontainers.image.source': directory,
    });
    expect((await subject.serve(digest, ['/'])).answers).toEqual(['200 hello']);
    expect(readdirSync(join(subject.builds, 'work'))).toEqual([]);
  });

  it('runs nothing of the repository and of the machine: hooks, filters, configuration', async () => {
    const subject = await createSubject();
    const mark = join(temporary(), 'ran');
    const directory = createRepository({
      ...helloFiles,
      '.gitattributes': '* filter=evil\n*.js export-subst\n',
    });
    const script = `#!/bin/sh\ntouch ${mark}\n`;
    for (const hook of ['post-checkout', 'pre-upload', 'post-update', 'reference-transaction'])
      writeFileSync(join(directory, '.git/hooks', hook), script, { mode: 0o755 });
    const evil = join(directory, '.git/hooks/post-checkout');
    git(directory, 'config', 'filter.evil.smudge', evil);
    git(directory, 'config', 'uploadpack.packObjectsHook', evil);
    git(directory, 'config', 'core.fsmonitor', evil);
    vi.stubEnv('GIT_SSH_COMMAND', evil);
    vi.stubEnv('GIT_EXTERNAL_DIFF', evil);
    vi.stubEnv('GIT_DIR', '/nowhere');
    vi.stubEnv('GIT_CONFIG_COUNT', '1');
    vi.stubEnv('GIT_CONFIG_KEY_0', 'uploadpack.packObjectsHook');
    vi.stubEnv('GIT_CONFIG_VALUE_0', evil);
    const { digest } = await subject.git(directory, 'main').finally(() => vi.unstubAllEnvs());
    expect(digest).toMatch(/^sha256:/);
    expect(existsSync(mark)).toBe(false);
  });

  it.skipIf(process.getuid?.() !== 0)('reads a repository of another user', async () => {
    const subject = await createSubject();
    const directory = createRepository(helloFiles);
    execFileSync('chown', ['-R', '12345', directory]);
    expect((await subject.git(directory, 'main')).source.kind).toBe('git');
  });

  it('is built as it was committed: attributes change and drop nothing, links inside stay', async () => {
    const subject = await createSubject();
    const directory = createRepository(helloFiles);
    const text = '$Id$ $Format:%H$\n';
    symlinkSync('server.js', join(directory, 'link'));
    commit(directory, { 'a.txt': text, 'dropped/b.txt': text }, 'Files');
    const attributes =
      '* text eol=crlf ident export-subst\ndropped export-ignore\n.gitattributes export-ignore\n';
    commit(directory, { '.gitattributes': attributes }, 'Attributes');
    const { digest } = await subject.git(directory, 'main');
    const { root } = await subject.serve(digest, ['/']);
    for (const name of ['a.txt', 'dropped/b.txt'])
      expect(readFileSync(join(root, 'app', name), 'utf8'), name).toBe(text);
    expect(readFileSync(join(root, 'app/link'), 'utf8')).toBe(helloFiles['server.js']);
    expect(existsSync(join(root, 'app/.gitattributes'))).toBe(true);
  });

  it('is refused with a link out of it', async () => {
    const subject = await createSubject();
    const directory = createRepository(helloFiles);
    symlinkSync('/etc/passwd', join(directory, 'link'));
    commit(directory, {}, 'Link');
    await expect(subject.git(directory, 'main')).rejects.toMatchObject({
      code: 'invalid_archive',
      message: expect.stringContaining('the link "link" leads out of the source'),
    });
  });

  it('is refused with a submodule, and taken with it as the hint says', async () => {
    const subject = await createSubject();
    const inner = createRepository({ 'inner.txt': 'x' });
    const directory = createRepository(helloFiles);
    git(directory, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner, 'module');
    commit(directory, {}, 'Submodule');
    const refused: Problem = await subject.git(directory, 'main').then(
      () => expect.fail('it was built'),
      (error) => error,
    );
    expect(refused).toMatchObject({
      code: 'source_unavailable',
      message: expect.stringContaining('"module"'),
    });
    const [, command = ''] = /: (git .*)$/.exec(refused.hint) ?? [];
    const env = { ...process.env, GIT_ALLOW_PROTOCOL: 'file' };
    execFileSync('sh', ['-c', command], { cwd: directory, env });
    const { root } = await subject.serve((await subject.upload(join(directory, '../source.tgz'))).digest, [
      '/',
    ]);
    rmSync(join(directory, '../source.tgz'));
    expect(readFileSync(join(root, 'app/module/inner.txt'), 'utf8')).toBe('x');
  });

  it('is refused with pointers of Git LFS, by both ways in', async () => {
    const subject = await createSubject();
    const files = {
      ...helloFiles,
      '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n',
      'data/logo.bin': `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 12345\n`,
    };
    const problem = {
      code: 'source_unavailable',
      message: expect.stringContaining('"data/logo.bin" is a pointer'),
    };
    await expect(subject.git(createRepository(files), 'main')).rejects.toMatchObject(problem);
    await expect(subject.build(files)).rejects.toMatchObject(problem);
    expect((await subject.build({ ...files, 'data/logo.bin': 'the file' })).digest).toMatch(/^sha256:/);
  });

  it.each([
    ['an unknown branch', 'missing'],
    ['an unknown commit', '0'.repeat(40)],
    ['a short commit', 'abc1234'],
  ])('tells of %s', async (_, ref) => {
    const subject = await createSubject();
    const directory = createRepository(helloFiles);
    await expect(subject.git(directory, ref)).rejects.toMatchObject({
      code: 'source_unavailable',
      message: expect.stringMatching(/^The source can not be fetched: git fetch failed: ./),
    });
  });

  it('takes the branch before a tag of the same name, and never a tag for a branch', async () => {
    const subject = await createSubject();
    const directory = createRepository(helloFiles);
    const branch = git(directory, 'rev-parse', 'HEAD');
    const other = commit(directory, { 'server.js': `${helloFiles['server.js']}//2` }, 'Second');
    git(directory, 'tag', 'main');
    git(directory, 'update-ref', 'refs/tags/refs/heads/release', other);
    git(directory, 'reset', '--quiet', '--hard', branch);
    expect((await subject.git(directory, 'main')).source).toMatchObject({
      ref: 'refs/heads/main',
      commit: branch,
    });
    expect((await subject.git(directory, 'refs/tags/main')).source).toMatchObject({
      ref: 'refs/tags/main',
      commit: other,
    });
    for (const ref of ['release', 'refs/heads/release']) {
      await expect(subject.git(directory, ref), ref).rejects.toMatchObject({ code: 'source_unavailable' });
    }
  });

  it('builds the commit that is named, though its branch has another by now', async () => {
    const subject = await createSubject();
    const directory = createRepository(helloFiles);
    const first = git(directory, 'rev-parse', 'HEAD');
    commit(directory, { 'server.js': `${helloFiles['server.js']}//2` }, 'Second');
    const { source } = await subject.git(directory, 'refs/heads/main', first);
    expect(source).toMatchObject({ ref: 'refs/heads/main', commit: first });
    const unknown = subject.git(directory, 'refs/heads/main', 'd'.repeat(40));
    await expect(unknown).rejects.toMatchObject({ code: 'source_unavailable' });
  });

  it('signs in to the host of the repository alone, and no list of processes shows with what', async () => {
    const subject = await createSubject({ lookup: async () => ['93.184.215.14'] });
    const [programs, seen] = [temporary(), join(temporary(), 'seen')];
    writeFileSync(
      join(programs, 'git'),
      `#!/bin/sh\necho "$@" >> ${seen}.args\ncat "$GIT_CONFIG_GLOBAL" > ${seen}.config\nls -l "$GIT_CONFIG_GLOBAL" > ${seen}.mode\ncase "$*" in *fetch*) exit 1;; esac\n`,
      { mode: 0o755 },
    );
    vi.stubEnv('PATH', `${programs}:/usr/bin:/bin`);
    const request = {
      repository,
      operation: 'op',
      source: { kind: 'git', url: 'https://git.example.com/octo/private.git', ref: 'main' } as const,
      credential: { user: 'oauth2', path: 'token', version: '1', read: async () => 'token-canary' },
    };
    const lines: string[] = [];
    const built = subject.builder.build(request, (line) => lines.push(line), new AbortController().signal);
    await expect(built.finally(() => vi.unstubAllEnvs())).rejects.toMatchObject({
      code: 'source_unavailable',
    });
    const header = Buffer.from('oauth2:token-canary').toString('base64');
    expect(readFileSync(`${seen}.config`, 'utf8')).toContain(
      `[http "https://git.example.com/"]\n\textraHeader = "Authorization: Basic ${header}"`,
    );
    expect(readFileSync(`${seen}.mode`, 'utf8')).toMatch(/^-rw------- /);
    const shown = `${readFileSync(`${seen}.args`, 'utf8')}${lines.join('\n')}`;
    expect(shown).not.toContain('token-canary');
    expect(shown).not.toContain(header);
    expect(readdirSync(join(subject.builds, 'work'))).toEqual([]);
  });

  it('does not take a tag of a tree for a commit', async () => {
    const subject = await createSubject();
    const directory = createRepository(helloFiles);
    git(directory, 'tag', 'tree', git(directory, 'rev-parse', 'HEAD^{tree}'));
    await expect(subject.git(directory, 'tree')).rejects.toMatchObject({ code: 'source_unavailable' });
  });

  it.each(['/nowhere/at/all', '/etc/passwd', 'file:///nowhere'])(
    'tells that %s is no repository',
    async (url) => {
      const subject = await createSubject();
      await expect(subject.git(url, 'main')).rejects.toMatchObject({ code: 'source_unavailable' });
    },
  );

  it('is told to be missing, with what to do', async () => {
    const subject = await createSubject();
    const directory = createRepository(helloFiles);
    vi.stubEnv('PATH', temporary());
    const missing = subject.git(directory, 'main').finally(() => vi.unstubAllEnvs());
    await expect(missing).rejects.toMatchObject({
      code: 'source_unavailable',
      message: expect.stringContaining('git is not installed'),
      hint: expect.stringContaining('upload'),
    });
  });

  it.each([
    ['a private address', ['10.0.0.1']],
    ['one private address among public ones', ['1.1.1.1', '169.254.169.254']],
    ['an IPv4 address in an IPv6 one', ['::ffff:127.0.0.1']],
    ['no address', []],
  ])('does not go to a host with %s', async (_, addresses) => {
    const subject = await createSubject({ lookup: async () => addresses });
    await expect(subject.git('https://git.example/a.git', 'main')).rejects.toThrow(
      /not on the public internet/,
    );
  });

  it('of this machine can be switched off', async () => {
    const subject = await createSubject({ allowLocalGit: false });
    const directory = createRepository(helloFiles);
    for (const url of [directory, `file://${directory}`])
      await expect(subject.git(url, 'main')).rejects.toThrow(/switched off/);
  });
});
