import { describe, expect, it } from 'vitest';
import { detect, refuseWithoutWeb } from '../../../functions/core/source/detect.ts';
import { nothingToRun } from '../../../functions/core/source/foreign.ts';

type Manifest = Record<string, unknown>;

/** A tree of empty files; package.json and Procfile with text. */
function tree(files: string[], texts: { manifest?: Manifest | string; procfile?: string } = {}) {
  const map = new Map<string, string | undefined>(files.map((name) => [name, undefined]));
  const { manifest, procfile } = texts;
  if (manifest !== undefined)
    map.set('package.json', typeof manifest === 'string' ? manifest : JSON.stringify(manifest));
  if (procfile !== undefined) map.set('Procfile', procfile);
  return map;
}

const app = (manifest: Manifest, files: string[] = []) => detect(tree(files, { manifest }));

describe('How an app starts', () => {
  it.each<[string, Manifest, string[], string[]]>([
    ['a plain start script', { scripts: { start: 'node server.js' } }, [], ['node', 'server.js']],
    ['the port', { scripts: { start: 'x --port $PORT' } }, [], ['x', '--port', '$(PORT)']],
    ['a start script that needs a shell', { scripts: { start: 'a && b' } }, [], ['npm', 'start']],
    ['a start script that sets a variable', { scripts: { start: 'A=1 b' } }, [], ['npm', 'start']],
    ['a start script with hooks', { scripts: { start: 'a', prestart: 'b' } }, [], ['npm', 'start']],
    ['main', { main: './lib/app.js' }, ['lib/app.js', 'server.js'], ['node', 'lib/app.js']],
    ['main without its ending', { main: 'lib' }, ['lib/index.js'], ['node', 'lib/index.js']],
    ['main that a build makes', { main: 'dist/a.js', scripts: { build: 'x' } }, [], ['node', 'dist/a.js']],
    ['server.js', {}, ['server.js', 'index.js'], ['node', 'server.js']],
    ['index.js', {}, ['index.js'], ['node', 'index.js']],
    ['server.js where main leaves the tree', { main: '../x.js' }, ['server.js'], ['node', 'server.js']],
    ['server.js where main is an option', { main: '--eval' }, ['server.js', '--eval'], ['node', 'server.js']],
  ])('%s', (_, manifest, files, command) => {
    expect(app(manifest, files)?.command).toEqual(command);
  });

  it('takes the Procfile before package.json', () => {
    const procfile = 'web: node other.js\nrelease: node migrate.js\nworker: node w.js\nnonsense';
    const plan = detect(tree([], { manifest: { scripts: { start: 'node a.js' } }, procfile }));
    expect(plan).toMatchObject({ command: ['node', 'other.js'], releaseCommand: 'node migrate.js' });
    expect(plan?.notes.join('\n')).toContain('nonsense');
  });

  it('takes its other process types where no Score file says which containers there are', () => {
    const procfile = 'web: node a.js\nworker: node w.js -n 2\nmail_Out: node m.js\n-x: node x.js';
    const plan = detect(tree([], { procfile }));
    expect(plan?.processes).toEqual({ worker: ['node', 'w.js', '-n', '2'], 'mail-out': ['node', 'm.js'] });
    expect(plan?.notes.join('\n')).toContain('-x does not run');
    const scored = detect(tree(['score.yaml'], { procfile }));
    expect(scored?.processes).toBeUndefined();
    expect(scored?.notes.join('\n')).toMatch(/worker runs where score.yaml has a container worker/);
    expect(() => detect(tree([], { procfile: 'web: a\nworker: b | c' }))).toThrow('worker process');
  });

  it('takes a Procfile alone', () => {
    expect(detect(tree(['run'], { procfile: 'web: ./run' }))).toMatchObject({ command: ['./run'], runs: [] });
  });

  it.each([
    ['without a process', 'release: x', 'nothing_to_run'],
    ['whose web process needs a shell', 'web: a | b', 'build_failed'],
    ['whose release needs a shell', 'web: a\nrelease: b > c', 'build_failed'],
  ])('refuses a Procfile %s', (_, procfile, code) => {
    expect(() => detect(tree(['index.html'], { procfile }))).toThrow(expect.objectContaining({ code }));
  });

  it('takes a Procfile with workers alone: the first runs in place of web, the others beside it', () => {
    const procfile = 'release: node m.js\nMail_Out: node w.js\nclock: node c.js\nmail-out: node x.js';
    const plan = detect(tree(['index.html'], { procfile }));
    expect(plan).toMatchObject({
      command: ['node', 'w.js'],
      releaseCommand: 'node m.js',
      worker: 'mail-out',
      processes: { clock: ['node', 'c.js'] },
      notes: [
        expect.stringMatching(/^Procfile has no web: Mail_Out runs in its place/),
        expect.stringMatching(/^Procfile: mail-out does not run/),
      ],
    });
    expect(detect(tree([], { procfile: 'web: a\nworker: b' }))).not.toHaveProperty('worker');
  });

  it('of workers alone is refused where buildpacks build, unless a Score file says what starts', () => {
    const workers = { procfile: 'worker: a' };
    const refused = expect.objectContaining({ code: 'nothing_to_run' });
    expect(() => refuseWithoutWeb(tree([], workers))).toThrow(refused);
    expect(() => refuseWithoutWeb(tree(['score.yaml'], workers))).not.toThrow();
    expect(() => refuseWithoutWeb(tree([], { procfile: 'web: a\nworker: b' }))).not.toThrow();
    expect(() => refuseWithoutWeb(tree(['package.json']))).not.toThrow();
  });
});

describe('How an app is built', () => {
  const start = 'node a.js';
  const dependencies = { a: '1.0.0' };
  const devDependencies = { b: '1.0.0' };
  it.each<[string, Manifest, string[], string[][]]>([
    ['nothing to install', { scripts: { start } }, [], []],
    ['only development dependencies, no build', { scripts: { start }, devDependencies }, [], []],
    ['dependencies', { scripts: { start }, dependencies }, [], [['install', '--omit=dev']]],
    ['a lock file', { scripts: { start }, dependencies }, ['package-lock.json'], [['ci', '--omit=dev']]],
    ['a shrinkwrap', { scripts: { start }, dependencies }, ['npm-shrinkwrap.json'], [['ci', '--omit=dev']]],
    ['an install script', { scripts: { start, postinstall: 'x' } }, [], [['install', '--omit=dev']]],
    ['a build script alone', { scripts: { start, build: 'x' } }, [], [['run', 'build']]],
    [
      'a build script with development dependencies',
      { scripts: { start, build: 'x' }, dependencies, devDependencies },
      ['package-lock.json'],
      [
        ['ci', '--include=dev'],
        ['run', 'build'],
        ['prune', '--omit=dev'],
      ],
    ],
  ])('%s', (_, manifest, files, npm) => {
    expect(app(manifest, files)?.runs).toEqual(npm);
  });

  it.each<[string, string, object, string[]]>([
    [
      'pnpm-lock.yaml',
      "lockfileVersion: '9.0'",
      { name: 'pnpm', from: { version: '10.34.8' } },
      ['--frozen-lockfile', '--prod'],
    ],
    [
      'pnpm-lock.yaml',
      "lockfileVersion: '6.0'",
      { from: { version: '8.15.9' } },
      ['--frozen-lockfile', '--prod'],
    ],
    [
      'pnpm-lock.yaml',
      'lockfileVersion: 5.4',
      { from: { version: '7.33.7' } },
      ['--frozen-lockfile', '--prod'],
    ],
    ['yarn.lock', '# yarn lockfile v1', { from: { package: 'yarn' } }, ['--frozen-lockfile', '--production']],
    ['yarn.lock', '__metadata:\n  version: 8', { from: { version: '4.9.2' } }, ['--immutable']],
  ])('by %s, of the format %j, with a version that is pinned', (name, text, manager, args) => {
    const files = tree([], { manifest: { scripts: { start }, dependencies } });
    expect(detect(files.set(name, text))).toMatchObject({ manager, runs: [['install', ...args]] });
  });

  it('by packageManager, and refuses one that can not be had', () => {
    const manifest = { scripts: { start }, dependencies };
    const plan = app({ ...manifest, packageManager: 'pnpm@9.7.0+sha512.abc' }, ['package-lock.json']);
    expect(plan?.manager).toMatchObject({ name: 'pnpm', from: { version: '9.7.0' }, locked: false });
    for (const packageManager of ['bun@1.0.0', 'pnpm', 'pnpm@latest', 'pnpm@9', '--x@1.0.0'])
      expect(() => app({ ...manifest, packageManager })).toThrow(
        expect.objectContaining({ code: 'build_failed', message: expect.stringContaining('packageManager') }),
      );
  });

  it.each(['preinstall', 'install', 'postinstall', 'prepare'])(
    'gives %s scripts the development dependencies, and prunes them afterwards',
    (script) => {
      expect(app({ scripts: { start, [script]: 'husky' }, dependencies, devDependencies })?.runs).toEqual([
        ['install', '--include=dev'],
        ['prune', '--omit=dev'],
      ]);
    },
  );

  it.each(['{', '[]', 'null', '"x"', ''])('refuses package.json %j', (manifest) => {
    expect(() => detect(tree([], { manifest }))).toThrow(expect.objectContaining({ code: 'build_failed' }));
  });

  it.each([
    { scripts: { start: 1, build: [] }, main: {} },
    { scripts: 'x', dependencies: 'y' },
    '{"scripts": {"__proto__": {"start": "x"}}}',
  ])('is not led astray by odd types: %j', (manifest) => {
    expect(detect(tree(['server.js'], { manifest }))).toMatchObject({
      command: ['node', 'server.js'],
      runs: [],
    });
  });
});

describe('What is not built on one machine', () => {
  it.each([
    ['requirements.txt', 'Procfile', 'Python'],
    ['pyproject.toml', 'index.html', 'Python'],
    ['Gemfile', 'Procfile', 'Ruby'],
    ['composer.json', 'index.html', 'PHP'],
  ])('%s beside %s is refused by name, though something could be started', (name, other, language) => {
    const texts = other === 'Procfile' ? { procfile: 'web: x' } : {};
    expect(() => detect(tree([name, 'index.html'], texts))).toThrow(
      expect.objectContaining({
        code: 'nothing_to_run',
        message: expect.stringContaining(`${name} (${language})`),
        hint: expect.stringContaining('image'),
      }),
    );
  });

  it.each(['Dockerfile', 'go.mod', 'Cargo.toml', 'pom.xml', 'requirements.txt'])(
    '%s beside a Node.js app is told to the log',
    (name) => {
      const plan = app({ scripts: { start: 'node a.js' } }, [name]);
      expect(plan?.notes.join('\n')).toContain(`${name} is not read`);
    },
  );

  it('that is a workspace without a program at its top is told to name a member', () => {
    const files = new Map([['package.json', '{"workspaces": ["packages/*"]}']]);
    expect(detect(files)).toBeUndefined();
    expect(nothingToRun(files)).toMatchObject({
      code: 'nothing_to_run',
      hint: expect.stringContaining('path=packages/api'),
    });
  });

  it('is named in the refusal of a source with nothing to run', () => {
    const files = tree(['Dockerfile', 'main.go', 'go.mod']);
    expect(detect(files)).toBeUndefined();
    expect(nothingToRun(files)).toMatchObject({
      code: 'nothing_to_run',
      message: expect.stringMatching(/It has go\.mod, Dockerfile/),
      hint: expect.stringContaining('image'),
    });
  });
});

describe('Static sites', () => {
  it.each([
    [['index.html'], ['.']],
    [['public/index.html'], ['public']],
    [['dist/index.html', 'dist/a.js'], ['dist']],
    [
      ['index.html', 'public/index.html'],
      ['.', 'public'],
    ],
  ])('%j', (files, staticRoots) => {
    expect(detect(tree(files))).toMatchObject({ staticRoots, command: [], runs: [] });
  });

  it('looks for the site after the build where there is one', () => {
    const manifest = { scripts: { build: 'vite build' }, devDependencies: { vite: '1.0.0' } };
    expect(app(manifest, ['index.html'])).toMatchObject({
      staticRoots: ['dist', 'build', 'out', 'public', '.'],
    });
  });

  it.each([[[]], [['README.md']], [['docs/index.html']], [['Index.html']]])('finds none in %j', (files) => {
    expect(detect(tree(files))).toBeUndefined();
  });
});

describe('A member of a workspace', () => {
  const members = (texts: { root?: Manifest; own: Manifest; lock?: string }) =>
    detect(
      tree(['server.js'], { manifest: texts.own }),
      tree(texts.lock ? [texts.lock] : [], { manifest: { workspaces: ['packages/*'], ...texts.root } }),
    );

  it('is installed by the lock file, the manager and the Node.js of its workspace, and starts by itself', () => {
    expect(
      members({
        root: { packageManager: 'pnpm@9.7.0', engines: { node: '20.x' }, scripts: { start: 'no' } },
        own: { scripts: { start: 'node server.js' } },
        lock: 'pnpm-lock.yaml',
      }),
    ).toMatchObject({
      command: ['node', 'server.js'],
      runs: [['install', '--frozen-lockfile', '--prod']],
      manager: { name: 'pnpm', from: { version: '9.7.0' } },
      node: '20.x',
    });
  });

  it('is built by its own script, with what its workspace has for development; else by that of the workspace', () => {
    const root = { scripts: { build: 'all' }, devDependencies: { tsc: '1' } };
    const runs = [
      ['ci', '--include=dev'],
      ['run', 'build'],
      ['prune', '--omit=dev'],
    ];
    const own = { scripts: { build: 'mine', start: 'x' } };
    expect(members({ root, own, lock: 'package-lock.json' })).toMatchObject({
      runs,
      builtByWorkspace: false,
    });
    const without = members({ root, own: { scripts: { start: 'x' } }, lock: 'package-lock.json' });
    expect(without).toMatchObject({ runs, builtByWorkspace: true });
  });
});
