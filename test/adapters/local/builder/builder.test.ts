import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { createLocalBuilder } from '../../../../functions/adapters/local/builder/builder.ts';
import type { DockerfileBuilder } from '../../../../functions/adapters/local/builder/dockerfile-build.ts';
import { RELEASE_LABEL } from '../../../../functions/ports/registry.ts';
import { builderContract } from '../../../contracts/builder.ts';
import { helloFiles, sourceArchive, streamOf } from '../../../support/files/archive.ts';
import { createSubject, never, repository, temporary } from './subject.ts';

builderContract('on this machine', async () => {
  const { builder, layout } = await createSubject({ sourceMaxBytes: 1024 ** 2 });
  return {
    builder,
    registry: layout,
    sourceMaxBytes: 1024 ** 2,
    keepSecret: async () => 'v1',
    dispose: async () => undefined,
  };
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
    const canceled = subject.build(withBuild('node b.js', hanging(pids)), { signal: controller.signal });
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

describe('A Dockerfile where no engine is', () => {
  const Dockerfile = 'FROM debian\n';

  it('is never passed over for a site, which would show all of the source', async () => {
    const subject = await createSubject();
    await expect(subject.build({ Dockerfile, 'index.html': 'hello' })).rejects.toMatchObject({
      code: 'nothing_to_run',
      message: expect.stringContaining('is built by its Dockerfile'),
      hint: expect.stringContaining('Podman'),
    });
  });

  it('is passed over for a Node.js program with a warning that names what is missing', async () => {
    const subject = await createSubject();
    await subject.build({ ...helloFiles, Dockerfile });
    expect(subject.log.join('\n')).toContain('Warning: the Dockerfile is left out, since containers are off');
  });
});

describe('A builder where tenants are kept apart', () => {
  it.each([
    ['a build script', { scripts: { start: 'node server.js', build: 'node build.js' } }],
    ['a script of the installation', { scripts: { start: 'node server.js', preinstall: 'node build.js' } }],
    ['packages', { scripts: { start: 'node server.js' }, dependencies: { ms: '2.1.3' } }],
  ])('runs nothing of a source as the user of Berth: %s', async (_what, manifest) => {
    const subject = await createSubject({ confined: true });
    const mark = join(temporary(), 'ran');
    const files = {
      ...helloFiles,
      'package.json': JSON.stringify(manifest),
      'build.js': `require('fs').writeFileSync(${JSON.stringify(mark)}, '')`,
    };
    await expect(subject.build(files)).rejects.toMatchObject({
      code: 'build_failed',
      hint: expect.stringContaining('Dockerfile'),
    });
    expect(existsSync(mark)).toBe(false);
    expect(subject.log.join('\n')).not.toContain('$ npm');
  });

  it('builds what needs nothing run', async () => {
    const subject = await createSubject({ confined: true });
    expect((await subject.build(helloFiles)).digest).toMatch(/^sha256:/);
  });

  it('gives a Dockerfile to the engine confined, with a scope that each project has for itself and keeps', async () => {
    const given: string[] = [];
    const dockerfiles: DockerfileBuilder = {
      missing: async () => undefined,
      async build({ context }) {
        const parts: Buffer[] = [];
        for await (const part of context([])) parts.push(part as Buffer);
        given.push(/dev\.berth\.cache=(\w{32})/.exec(Buffer.concat(parts).toString())?.[1] ?? '');
        throw new Error('far enough');
      },
    };
    const subject = await createSubject({ dockerfiles });
    const next = await createLocalBuilder({ directory: subject.builds, layout: subject.layout, dockerfiles });
    const build = async (project: string, builder = subject.builder) => {
      const { id } = await builder.saveSource(streamOf(await sourceArchive({ Dockerfile: 'FROM debian\n' })));
      const source = { kind: 'upload', id } as const;
      const request = { repository: { project, service: 'web' }, operation: 'op', source };
      await expect(builder.build(request, () => undefined, never)).rejects.toThrow('far enough');
      return given.at(-1) ?? '';
    };
    const [alpha, again, evil] = [await build('alpha'), await build('alpha'), await build('evil')];
    expect(alpha).toMatch(/^\w{32}$/);
    expect(again).toBe(alpha);
    expect(evil).not.toBe(alpha);
    expect(await build('alpha', next)).toBe(alpha);
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

  it('removes uploads of the one before that no build will take, and none that came since', async () => {
    const { builder, builds, layout } = await createSubject();
    const save = async (to: typeof builder) =>
      (await to.saveSource(streamOf(await sourceArchive(helloFiles)))).id;
    const [used] = [await save(builder), await save(builder)];
    const next = await createLocalBuilder({ directory: builds, layout });
    const since = await save(next);
    await next.removeAbandoned(new Set([used]));
    expect(readdirSync(join(builds, 'sources')).sort()).toEqual(
      [used, since].map((id) => `${id}.tar.gz`).sort(),
    );
  });

  it.each(['..', '../x', 'a/b', '', '.x'])('takes no operation called %j', async (operation) => {
    const { builder } = await createSubject();
    const source = { kind: 'upload', id: 'x' } as const;
    await expect(builder.build({ repository, operation, source }, () => undefined, never)).rejects.toThrow(
      TypeError,
    );
  });
});
