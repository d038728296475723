import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
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
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it, vi } from 'vitest';
import {
  createLocalBuilder,
  type LocalBuilderOptions,
} from '../../../../functions/adapters/local/builder/builder.ts';
import { createOciLayout } from '../../../../functions/adapters/local/registry/registry.ts';
import type { Problem } from '../../../../functions/core/problem.ts';
import { RELEASE_LABEL } from '../../../../functions/ports/registry.ts';
import { builderContract } from '../../../contracts/builder.ts';
import { helloFiles, sourceArchive, streamOf } from '../../../support/files/archive.ts';
import { temporaryDirectories } from '../../../support/files/temporary.ts';
import { freePort } from '../../../support/process.ts';
import { PNPM_LOCK, YARN_BERRY_LOCK, YARN_CLASSIC_LOCK } from './lock-files.ts';

const temporary = temporaryDirectories();
const repository = { project: 'demo', service: 'hello' };
const never = new AbortController().signal;

async function createSubject(options: Partial<LocalBuilderOptions> = {}) {
  const directory = temporary();
  const layout = await createOciLayout({ directory: join(directory, 'registry') });
  const builds = join(directory, 'builds');
  const builder = await createLocalBuilder({ directory: builds, layout, ...options });
  const log: string[] = [];
  return {
    builder,
    layout,
    log,
    builds,
    async upload(path: string) {
      const { id } = await builder.saveSource(streamOf(readFileSync(path)));
      const request = { repository, operation: 'op', source: { kind: 'upload', id } as const };
      return builder.build(request, (line) => log.push(line), never);
    },
    async build(files: Record<string, string>, signal = never) {
      const { id } = await builder.saveSource(streamOf(await sourceArchive(files)));
      const source = { kind: 'upload', id } as const;
      const request = { repository, operation: 'op', source };
      return builder
        .build(request, (line) => log.push(line), signal)
        .finally(() => expect(readdirSync(join(builds, 'work'))).toEqual([]));
    },
    git: (url: string, ref: string) =>
      builder.build(
        { repository, operation: 'op', source: { kind: 'git', url, ref } },
        (line) => log.push(line),
        never,
      ),
    /** Lays an image out and runs it as one machine does. */
    async serve(digest: string, paths: string[]) {
      const root = temporary();
      const config = await layout.unpack(repository, digest, root);
      const port = await freePort();
      const [command = '', ...args] = [...config.entrypoint, ...config.cmd].map((word) =>
        word.replaceAll('$(PORT)', String(port)),
      );
      const cwd = join(root, config.workingDir);
      const PATH = `${join(cwd, 'node_modules/.bin')}:${dirname(process.execPath)}:/usr/bin:/bin`;
      const child = spawn(command, args, {
        cwd,
        env: { ...config.env, PATH, PORT: String(port) },
        stdio: 'ignore',
      });
      const ended = new Promise((resolve) => child.once('close', resolve));
      const answers: string[] = [];
      try {
        for (const path of paths) {
          let response: Response | undefined;
          while (!response) {
            response = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);
            if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
            if (!response) await sleep(10);
          }
          answers.push(`${response.status} ${(await response.text()).trim()}`);
        }
      } finally {
        child.kill('SIGTERM');
        await ended;
      }
      return { answers, config, root, exitCode: child.exitCode };
    },
  };
}

builderContract('on this machine', async () => {
  const { builder, layout } = await createSubject({ sourceMaxBytes: 1024 ** 2 });
  return { builder, registry: layout, sourceMaxBytes: 1024 ** 2, dispose: async () => undefined };
});

describe('What is built', () => {
  it('runs: a program without dependencies', async () => {
    const subject = await createSubject();
    const { digest, detected } = await subject.build({
      ...helloFiles,
      Procfile: 'web: node server.js\nrelease: node m.js',
    });
    const { answers, config, root } = await subject.serve(digest, ['/']);
    expect(answers).toEqual(['200 hello']);
    expect(detected).toBe('Node.js app, started by the Procfile');
    expect(config).toMatchObject({ workingDir: '/app', cmd: ['node', 'server.js'], entrypoint: [] });
    expect(config.labels[RELEASE_LABEL]).toBe('node m.js');
    expect(readdirSync(join(root, 'app')).sort()).toEqual(['Procfile', 'package.json', 'server.js']);
  });

  it("asks the registry of the source's .npmrc, and not the machine's", async () => {
    const subject = await createSubject();
    const asked: string[] = [];
    const registry = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(404).end('{}');
    }).listen(0, '127.0.0.1');
    await once(registry, 'listening');
    const { port } = registry.address() as AddressInfo;
    const manifest = {
      scripts: { start: 'node server.js' },
      dependencies: { 'acme-private-thing': '1.0.0', '@acme/thing': '1.0.0' },
    };
    const url = `http://127.0.0.1:${port}`;
    const built = subject.build({
      ...helloFiles,
      'package.json': JSON.stringify(manifest),
      '.npmrc': `registry=${url}/own/\n@acme:registry=${url}/scoped/\n`,
    });
    await expect(built).rejects.toMatchObject({ code: 'build_failed' });
    registry.close();
    expect(asked).toContain('/own/acme-private-thing');
    expect(asked.every((path) => path.startsWith('/own/') || path.startsWith('/scoped/'))).toBe(true);
  });

  it('sees NODE_ENV=production while it is built, as while it runs', async () => {
    const subject = await createSubject();
    const scripts = { build: 'node -p process.env.NODE_ENV > env.txt', start: 'node server.js' };
    const manifest = { type: 'module', scripts };
    const { digest } = await subject.build({ ...helloFiles, 'package.json': JSON.stringify(manifest) });
    const { config, root } = await subject.serve(digest, ['/']);
    expect(readFileSync(join(root, 'app/env.txt'), 'utf8').trim()).toBe('production');
    expect(config.env.NODE_ENV).toBe('production');
  });

  it('runs: a program with a dependency from the registry, a build and a folder as a dependency', async () => {
    const subject = await createSubject();
    const manifest = {
      name: 'uses-ms',
      scripts: { build: 'node build.js', start: 'greet' },
      dependencies: { ms: '2.1.3', greet: 'file:./greet' },
      devDependencies: { 'is-number': '7.0.0' },
    };
    const { digest } = await subject.build({
      'package.json': JSON.stringify(manifest),
      'build.js':
        "require('fs').writeFileSync('made.json', JSON.stringify(require('is-number')(require('ms')('1s'))))",
      'greet/package.json': JSON.stringify({ name: 'greet', version: '1.0.0', bin: './cli.js' }),
      'greet/cli.js':
        "#!/usr/bin/env node\nconst made = require(process.cwd() + '/made.json');\nrequire('http').createServer((_, r) => r.end(String(made))).listen(process.env.PORT);",
    });
    const { answers, root } = await subject.serve(digest, ['/']);
    expect(answers).toEqual(['200 true']);
    expect(readdirSync(join(root, 'app/node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'greet',
      'ms',
    ]);
    expect(subject.log.filter((line) => line.startsWith('$ '))).toEqual([
      '$ npm install --include=dev',
      '$ npm run build',
      '$ npm prune --omit=dev',
    ]);
  });

  it.each<[string, string, Record<string, string>]>([
    ['pnpm', 'pnpm-lock.yaml', { 'pnpm-lock.yaml': PNPM_LOCK }],
    ['yarn', 'yarn.lock', { 'yarn.lock': YARN_CLASSIC_LOCK }],
    ['yarn', 'the yarn.lock of yarn 2 and later', { 'yarn.lock': YARN_BERRY_LOCK }],
  ])(
    'is installed by %s where there is %s, with development packages for the build alone',
    async (name, _, lock) => {
      const subject = await createSubject();
      const manifest = {
        name: 'z-locked',
        scripts: { build: 'node build.js', start: 'node server.js' },
        dependencies: { ms: '2.1.3' },
        devDependencies: { 'is-number': '7.0.0' },
      };
      const { digest } = await subject.build({
        ...lock,
        'package.json': JSON.stringify(manifest),
        'build.js': "require('fs').writeFileSync('made.txt', String(require('is-number')(1)))",
        'server.js':
          "const made = require('fs').readFileSync('made.txt') + require('ms')('1s');\nrequire('http').createServer((_, r) => r.end(made)).listen(process.env.PORT);",
      });
      const { answers, root } = await subject.serve(digest, ['/']);
      expect(answers).toEqual(['200 true1000']);
      expect(existsSync(join(root, 'app/node_modules/is-number'))).toBe(false);
      expect(subject.log.filter((line) => line.startsWith(`$ ${name} `))).toHaveLength(3);
    },
    120_000,
  );

  it('is built by the Node.js that engines asks for, and has it in its image', async () => {
    const subject = await createSubject();
    const manifest = {
      engines: { node: '20.x' },
      scripts: { build: 'node -p process.version > built.txt', start: 'node server.js' },
    };
    const { digest } = await subject.build({ 'package.json': JSON.stringify(manifest), 'server.js': '' });
    const root = temporary();
    const config = await subject.layout.unpack(repository, digest, root);
    const node = join(root, 'opt/berth/node/bin/node');
    const version = execFileSync(node, ['-p', 'process.version'], { encoding: 'utf8' });
    expect(version).toMatch(/^v20\./);
    expect(readFileSync(join(root, 'app/built.txt'), 'utf8')).toBe(version);
    expect(config.env.PATH).toMatch(/^\/opt\/berth\/node\/bin:/);
  }, 120_000);

  it.each([
    ['>=999', /">=999", of which the registry has none/],
    ['latest and greatest', /which is no range/],
  ])('is refused where engines asks for Node.js %j', async (node, message) => {
    const subject = await createSubject();
    const manifest = { engines: { node }, scripts: { start: 'node server.js' } };
    await expect(
      subject.build({ ...helloFiles, 'package.json': JSON.stringify(manifest) }),
    ).rejects.toMatchObject({ code: 'build_failed', message: expect.stringMatching(message) });
  });

  it('is installed with the members of its pnpm workspace', async () => {
    const subject = await createSubject();
    const lock = PNPM_LOCK.replace(
      /importers:[\s\S]*?\npackages:[\s\S]*$/,
      "importers:\n\n  .: {}\n\n  packages/api:\n    dependencies:\n      '@m/lib':\n        specifier: workspace:*\n        version: link:../lib\n\n  packages/lib: {}\n",
    );
    const { digest } = await subject.build({
      'pnpm-lock.yaml': lock,
      'pnpm-workspace.yaml': 'packages:\n  - packages/*\n',
      'package.json': JSON.stringify({ private: true, scripts: { start: 'node packages/api/index.js' } }),
      'packages/lib/package.json': JSON.stringify({ name: '@m/lib', version: '1.0.0' }),
      'packages/lib/index.js': "module.exports = 'lib';",
      'packages/api/package.json': JSON.stringify({ name: 'api', dependencies: { '@m/lib': 'workspace:*' } }),
      'packages/api/index.js':
        "require('http').createServer((_, r) => r.end(require('@m/lib'))).listen(process.env.PORT);",
    });
    expect((await subject.serve(digest, ['/'])).answers).toEqual(['200 lib']);
  }, 60_000);

  it.each<[string, Record<string, string>]>([
    ['at the root', { 'index.html': 'home', 'a/b.css': 'css', '.env': 'X' }],
    [
      'in public',
      { 'public/index.html': 'home', 'public/a/b.css': 'css', 'public/.env': 'X', 'secret.txt': 'X' },
    ],
  ])('serves a static site %s, and nothing beside it', async (_, site) => {
    const subject = await createSubject();
    const score = 'apiVersion: score.dev/v1b1\nmetadata: {name: site}\ncontainers: {main: {image: .}}\n';
    const { digest, detected } = await subject.build({ ...site, 'score.yaml': score });
    expect(detected).toBe('static site');
    const paths = [
      '/',
      '/a/b.css',
      '/.env',
      '/score.yaml',
      '/secret.txt',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/..%2f..%2fetc/passwd',
      '/%00',
      '/%',
    ];
    const { answers, exitCode } = await subject.serve(digest, paths);
    expect(answers.slice(0, 2)).toEqual(['200 home', '200 css']);
    // Paths without an ending may be those of a single-page app.
    expect(answers.slice(2).filter((answer) => !/^(404|200 home$)/.test(answer))).toEqual([]);
    expect(exitCode).toBe(0);
  });

  it('may be started by the Score file alone', async () => {
    const subject = await createSubject();
    const score = (more: string) =>
      `apiVersion: score.dev/v1b1\nmetadata: {name: run}\ncontainers: {main: {image: ., ${more}}}\n`;
    const built = await subject.build({ 'run.py': 'x', 'score.yaml': score('command: [python3, run.py]') });
    expect(built.detected).toBe('started by the Score file');
    await expect(
      subject.build({ 'run.py': 'x', 'score.yaml': score('variables: {}') }),
    ).rejects.toMatchObject({
      code: 'nothing_to_run',
    });
  });

  it('is told apart when a built site has no index.html', async () => {
    const subject = await createSubject();
    const manifest = JSON.stringify({ scripts: { build: 'node -e ""' } });
    await expect(subject.build({ 'package.json': manifest })).rejects.toMatchObject({
      code: 'nothing_to_run',
    });
  });
});

describe('npm', () => {
  const withBuild = (build: string, files: Record<string, string> = {}) => ({
    ...files,
    'package.json': JSON.stringify({ name: 'x', scripts: { build, start: 'node a.js' } }),
  });

  it('that fails is a problem with command, exit code and last lines', async () => {
    const subject = await createSubject();
    const script = "console.log('\\u001b[31mred\\u001b[0m'); console.error('no such thing'); process.exit(3)";
    const failed = subject.build(withBuild('node b.js', { 'b.js': script }));
    await expect(failed).rejects.toMatchObject({
      code: 'build_failed',
      hint: expect.stringContaining('npm run build'),
    });
    await expect(failed).rejects.toThrow(
      /`npm run build` failed: exit code 3\.[\s\S]*red[\s\S]*no such thing/,
    );
    await expect(failed).rejects.toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('\u001b') }),
    );
    expect(subject.log).toContain('\u001b[31mred\u001b[0m');
  });

  it('sees nothing of the environment of Berth', async () => {
    vi.stubEnv('BERTH_SECRET', 'hunter2');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'hunter2');
    vi.stubEnv('NPM_TOKEN', 'hunter2');
    vi.stubEnv('npm_config__auth', 'hunter2');
    vi.stubEnv('NODE_OPTIONS', '--no-deprecation');
    vi.stubEnv('LD_PRELOAD', '');
    vi.stubEnv('HTTPS_PROXY', '');
    const subject = await createSubject();
    await subject.build(withBuild('node b.js', { 'b.js': 'console.log(JSON.stringify(process.env))' }));
    vi.unstubAllEnvs();
    const seen = JSON.parse(subject.log.find((line) => line.startsWith('{')) ?? '{}') as Record<
      string,
      string
    >;
    expect(JSON.stringify(seen)).not.toContain('hunter2');
    expect(seen).not.toHaveProperty('NODE_OPTIONS');
    expect(seen.HOME).toContain(subject.builds);
    expect(seen.PATH?.split(':')).toContain(dirname(process.execPath));
  });

  it('output is handed on line by line, long lines cut', async () => {
    const subject = await createSubject();
    const script = "process.stdout.write('a\\r\\nb\\n\\n' + 'x'.repeat(100000) + '\\nend')";
    await subject.build(withBuild('node b.js', { 'b.js': script }));
    const from = subject.log.indexOf('a');
    expect(subject.log.slice(from, from + 3)).toEqual(['a', 'b', '']);
    expect(subject.log[from + 3]).toMatch(/^x{16374} … \[cut\]$/);
    expect(subject.log[from + 4]).toBe('end');
  });

  // A script that writes its process id, starts another one that does so, and hangs.
  const hanging = (pids: string) => ({
    'b.js': `const fs = require('fs');
fs.appendFileSync(${JSON.stringify(pids)}, process.pid + '\\n');
if (!process.argv[2]) require('child_process').spawn(process.execPath, [__filename, 'child'], { stdio: 'inherit' });
setInterval(() => {}, 1000);`,
  });
  const pidsIn = (file: string): number[] =>
    existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').map(Number) : [];
  const isAlive = (pid: number): boolean => {
    try {
      process.kill(pid, 0);
      return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return false;
    }
  };
  async function expectGone(pids: number[]): Promise<void> {
    expect(pids).toHaveLength(2);
    await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 30_000 });
  }

  it('and all that it started is killed when the build is canceled', async () => {
    const subject = await createSubject();
    const pids = join(temporary(), 'pids');
    const controller = new AbortController();
    const canceled = subject.build(withBuild('node b.js', hanging(pids)), controller.signal);
    canceled.catch(() => undefined);
    await vi.waitFor(() => expect(pidsIn(pids)).toHaveLength(2), { timeout: 30_000 });
    controller.abort();
    await expect(canceled).rejects.toMatchObject({ code: 'canceled' });
    await expectGone(pidsIn(pids));
  });

  it('is killed when it takes too long', async () => {
    const subject = await createSubject({ npmTimeoutMs: 4000 });
    const pids = join(temporary(), 'pids');
    await expect(subject.build(withBuild('node b.js', hanging(pids)))).rejects.toThrow(
      /no end within 4 seconds/,
    );
    await expectGone(pidsIn(pids));
  });
});

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

describe('An upload', () => {
  it('is looked for in its directory alone', async () => {
    const { builder, builds } = await createSubject();
    const outside = join(builds, 'outside.tar.gz');
    writeFileSync(outside, await sourceArchive(helloFiles));
    const source = { kind: 'upload', id: '../outside' } as const;
    const request = { repository, operation: 'op', source };
    await expect(builder.build(request, () => undefined, never)).rejects.toMatchObject({
      code: 'source_unavailable',
    });
    await builder.removeSource('../outside');
    expect(existsSync(outside)).toBe(true);
  });
});

describe('A builder that starts', () => {
  it('removes what a killed one has left, and keeps uploads', async () => {
    const { builder, builds, layout } = await createSubject();
    const { id } = await builder.saveSource(streamOf(await sourceArchive(helloFiles)));
    mkdirSync(join(builds, 'work/op/abc'), { recursive: true });
    writeFileSync(join(builds, 'sources', `${'a'.repeat(32)}.part`), 'half');
    const next = await createLocalBuilder({ directory: builds, layout });
    expect(readdirSync(join(builds, 'work'))).toEqual([]);
    expect(readdirSync(join(builds, 'sources'))).toEqual([`${id}.tar.gz`]);
    const source = { kind: 'upload', id } as const;
    await next.build({ repository, operation: 'op', source }, () => undefined, never);
  });

  it.each(['..', '../x', 'a/b', '', '.x'])('takes no operation called %j', async (operation) => {
    const { builder } = await createSubject();
    const source = { kind: 'upload', id: 'x' } as const;
    await expect(builder.build({ repository, operation, source }, () => undefined, never)).rejects.toThrow(
      TypeError,
    );
  });
});
