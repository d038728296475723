import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSubject, repository, temporary } from '../../adapters/local/builder/subject.ts';
import { PNPM_LOCK, YARN_BERRY_LOCK, YARN_CLASSIC_LOCK } from './lock-files.ts';

describe('A source with a lock file of its package manager, or a version of Node.js', () => {
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
    ['npm', {}],
    [
      'pnpm',
      {
        'pnpm-workspace.yaml': 'packages:\n  - packages/*\n',
        'pnpm-lock.yaml': PNPM_LOCK.replace(
          /importers:[\s\S]*?\npackages:/,
          "importers:\n\n  .: {}\n\n  packages/api:\n    dependencies:\n      '@m/lib':\n        specifier: ^1.0.0\n        version: link:../lib\n    devDependencies:\n      is-number:\n        specifier: 7.0.0\n        version: 7.0.0\n\n  packages/lib:\n    dependencies:\n      ms:\n        specifier: 2.1.3\n        version: 2.1.3\n\npackages:",
        ),
      },
    ],
    ['yarn', { 'yarn.lock': YARN_CLASSIC_LOCK }],
  ])(
    'as a folder of a workspace is installed by %s with what it needs of the other members, and built by itself',
    async (name, lock) => {
      const subject = await createSubject();
      const manifest = (content: object) => JSON.stringify({ version: '1.0.0', private: true, ...content });
      const { digest } = await subject.build(
        {
          ...lock,
          'package.json': manifest({ workspaces: ['packages/*'], scripts: { build: 'exit 1' } }),
          'packages/lib/package.json': manifest({ name: '@m/lib', dependencies: { ms: '2.1.3' } }),
          'packages/lib/index.js': "module.exports = require('ms')('1s');",
          'packages/api/package.json': manifest({
            name: 'api',
            scripts: { build: 'node build.js', start: 'node server.js' },
            dependencies: { '@m/lib': '^1.0.0' },
            devDependencies: { 'is-number': '7.0.0' },
          }),
          'packages/api/build.js': "require('fs').writeFileSync('made.txt', String(require('is-number')(1)))",
          'packages/api/server.js':
            "const made = require('fs').readFileSync('made.txt') + require('@m/lib');\nrequire('http').createServer((_, r) => r.end(made)).listen(process.env.PORT);",
        },
        { path: 'packages/api' },
      );
      const { answers, root, config } = await subject.serve(digest, ['/']);
      expect(answers).toEqual(['200 true1000']);
      expect(config.workingDir).toBe('/app/packages/api');
      expect(existsSync(join(root, 'app/node_modules/is-number'))).toBe(false);
      expect(subject.log.filter((line) => line.startsWith(`$ ${name} `))).toHaveLength(3);
    },
    120_000,
  );
});
