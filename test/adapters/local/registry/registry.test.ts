import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { createOciLayout, type OciLayout } from '../../../../functions/adapters/local/registry/registry.ts';
import type { ImageConfig } from '../../../../functions/ports/registry.ts';
import { registryContract } from '../../../contracts/registry.ts';
import { temporaryDirectories } from '../../../support/files/temporary.ts';
import { keepManifest } from './keep-manifest.ts';

const temporary = temporaryDirectories();
const repository = { project: 'demo', service: 'web' };
const unavailable = expect.objectContaining({ code: 'image_unavailable' });

const config = (label: string): ImageConfig => ({
  entrypoint: ['node'],
  cmd: ['server.js', '$(PORT)'],
  env: { B: 'x=y', A: '' },
  workingDir: '/app',
  labels: { test: label },
});

/** A folder with these files. */
function folder(files: Record<string, string>): string {
  const root = temporary();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content, { mode: name.endsWith('.sh') ? 0o4755 : 0o600 });
  }
  return root;
}

const blob = (directory: string, digest: string): string =>
  join(directory, 'demo/web/blobs/sha256', digest.slice('sha256:'.length));

registryContract('OCI layout on disk', async () => {
  const directory = temporary();
  const layout = await createOciLayout({ directory });
  return {
    registry: layout,
    async push(ref, content, tags = []) {
      const layers = [[{ from: folder({ 'file.txt': content }), to: 'app' }]];
      return (await layout.push(ref, { layers, config: config(content), tags })).digest;
    },
    keep: (...kept) => keepManifest(directory, ...kept),
    dispose: async () => undefined,
  };
});

describe('An image', () => {
  it('comes back as it was pushed, laid out in an empty directory', async () => {
    const layout = await createOciLayout({ directory: temporary() });
    const from = folder({ 'a.txt': 'A', 'bin/run.sh': '#!/bin/sh', 'x/y/z.txt': 'Z'.repeat(300_000) });
    mkdirSync(join(from, 'empty'));
    symlinkSync('../a.txt', join(from, 'bin/inside'));
    symlinkSync('/etc/passwd', join(from, 'bin/absolute'));
    symlinkSync('../../../../a', join(from, 'bin/outside'));
    execFileSync('mkfifo', [join(from, 'pipe')]);
    const log: string[] = [];
    const image = await layout.push(repository, {
      layers: [
        [{ from, to: 'app/deep', exclude: ['x'] }],
        [{ from: join(from, 'x'), to: 'app/x' }, { to: 'tmp' }],
      ],
      config: config('a'),
      log: (line) => log.push(line),
    });
    expect((await layout.resolve(repository, image.digest)).config).toEqual(config('a'));
    const target = temporary();
    expect(await layout.unpack(repository, image.digest, target)).toEqual(config('a'));
    const all = readdirSync(target, { recursive: true }) as string[];
    expect(all.sort()).toEqual(
      [
        ...[
          'app',
          'app/deep',
          'app/deep/a.txt',
          'app/deep/bin',
          'app/deep/bin/inside',
          'app/deep/bin/run.sh',
        ],
        ...['app/deep/empty', 'app/x', 'app/x/y', 'app/x/y/z.txt', 'tmp'],
      ].sort(),
    );
    expect(readFileSync(join(target, 'app/x/y/z.txt'), 'utf8')).toBe('Z'.repeat(300_000));
    expect(readlinkSync(join(target, 'app/deep/bin/inside'))).toBe('../a.txt');
    expect(lstatSync(join(target, 'app/deep/bin/run.sh')).mode & 0o7777).toBe(0o755);
    expect(lstatSync(join(target, 'app/deep/a.txt')).mode & 0o7777).toBe(0o644);
    expect(log.join('\n')).toMatch(/absolute[\s\S]*outside[\s\S]*pipe is neither/);
  });

  it('does not depend on times, owners or the order of files', async () => {
    const layout = await createOciLayout({ directory: temporary() });
    const [one, other] = [folder({ a: '1', 'b/c': '2' }), folder({ 'b/c': '2', a: '1' })];
    utimesSync(join(other, 'a'), 1, 1);
    const digests = [];
    for (const from of [one, other]) {
      const image = await layout.push(repository, { layers: [[{ from, to: 'app' }]], config: config('x') });
      digests.push(image.digest);
    }
    expect(digests[0]).toBe(digests[1]);
  });

  it('with many files is handled in another process, to the same bytes', async () => {
    const directory = temporary();
    const layout = await createOciLayout({ directory });
    const files = Object.fromEntries(
      Array.from({ length: 400 }, (_, index) => [
        `d${index % 20}/f${index}`,
        createHash('sha512').update(String(index)).digest('hex').repeat(60),
      ]),
    );
    const from = folder(files);
    symlinkSync('/etc', join(from, 'out'));
    const log: string[] = [];
    const image = await layout.push(repository, {
      layers: [[{ from, to: 'app' }]],
      config: config('large'),
      log: (line) => log.push(line),
    });
    expect(log).toEqual([expect.stringContaining('app/out')]);
    const target = join(temporary(), 'new');
    await layout.unpack(repository, image.digest, target);
    for (const [name, content] of Object.entries(files))
      expect(readFileSync(join(target, 'app', name), 'utf8')).toBe(content);
  });

  it('is not laid out over something', async () => {
    const layout = await createOciLayout({ directory: temporary() });
    const image = await layout.push(repository, { layers: [], config: config('x') });
    const target = folder({ precious: 'x' });
    await expect(layout.unpack(repository, image.digest, target)).rejects.toThrow();
    expect(readdirSync(target)).toEqual(['precious']);
    expect(
      readdirSync(dirname(target)).filter((name) => name.includes(`.${target.split('/').at(-1)}-`)),
    ).toEqual([]);
  });

  it('that is removed goes with what it alone had, while others are pushed that share its layers', async () => {
    const directory = temporary();
    const layout = await createOciLayout({ directory });
    const shared = [{ from: folder({ 'base.txt': 'base' }), to: 'base' }];
    const push = (text: string) =>
      layout.push(repository, {
        layers: [shared, [{ from: folder({ 'own.txt': text }), to: 'app' }]],
        config: config(text),
      });
    const one = await push('one');
    const coming = push('two');
    await Promise.all([coming, layout.removeImage(repository, one.digest)]);
    const target = join(temporary(), 'two');
    await layout.unpack(repository, (await coming).digest, target);
    expect(readFileSync(join(target, 'base', 'base.txt'), 'utf8')).toBe('base');
    // With nothing on its way, what nothing needs is gone: a manifest, a configuration and two layers are left.
    await layout.removeImage(repository, one.digest);
    expect(readdirSync(join(directory, 'demo/web/blobs/sha256'))).toHaveLength(4);
    expect(existsSync(blob(directory, one.digest))).toBe(false);
  });

  it('is unpacked by digest alone', async () => {
    const layout = await createOciLayout({ directory: temporary() });
    await layout.push(repository, { layers: [], config: config('x'), tags: ['v1'] });
    await expect(layout.unpack(repository, 'v1', join(temporary(), 'x'))).rejects.toEqual(unavailable);
  });
});

describe('A damaged layout', () => {
  async function pushed() {
    const directory = temporary();
    const layout = await createOciLayout({ directory });
    const layers = [[{ from: folder({ a: 'content '.repeat(1000) }), to: 'app' }]];
    const { digest } = await layout.push(repository, { layers, config: config('x') });
    const manifest = JSON.parse(readFileSync(blob(directory, digest), 'utf8'));
    return { directory, layout, digest, manifest };
  }

  it.each(['manifest', 'configuration'])('a tampered %s is noticed when it is read', async (what) => {
    const { directory, layout, digest, manifest } = await pushed();
    const path = blob(directory, what === 'manifest' ? digest : manifest.config.digest);
    const text = readFileSync(path, 'utf8');
    // The same length, and still well-formed.
    writeFileSync(
      path,
      text.replace('manifest.v1+json', 'manifest.v9+json').replace('server.js', 'evil-1.js'),
    );
    expect(readFileSync(path, 'utf8')).not.toBe(text);
    await expect(layout.resolve(repository, digest)).rejects.toEqual(unavailable);
    writeFileSync(path, text);
    expect((await layout.resolve(repository, digest)).digest).toBe(digest);
  });

  it('a layer of another size is noticed when it is resolved', async () => {
    const { directory, layout, digest, manifest } = await pushed();
    appendFileSync(blob(directory, manifest.layers[0].digest), 'x');
    await expect(layout.resolve(repository, digest)).rejects.toEqual(unavailable);
  });

  it('another layer of the same size is noticed when it is unpacked, and nothing is left', async () => {
    const { directory, layout, digest, manifest } = await pushed();
    const path = blob(directory, manifest.layers[0].digest);
    const data = readFileSync(path);
    const last = data.byteLength - 1;
    data[last] = (data[last] ?? 0) ^ 1;
    writeFileSync(path, data);
    const parent = temporary();
    await expect(layout.unpack(repository, digest, join(parent, 'x'))).rejects.toEqual(unavailable);
    expect(readdirSync(parent)).toEqual([]);
  });

  it.each(['', '{', '[]', '{"schemaVersion":2,"manifests":[{}]}'])(
    'an index.json of %j is a clear problem',
    async (text) => {
      const { directory, layout, digest } = await pushed();
      writeFileSync(join(directory, 'demo/web/index.json'), text);
      await expect(layout.resolve(repository, digest)).rejects.toEqual(unavailable);
    },
  );
});

/** Puts an image with a tar of these entries into a layout, as another tool might. */
async function foreignImage(
  entries: readonly (readonly (Partial<Header> & { name: string; content?: string })[])[],
  { compress = 'zstd', diffId }: { compress?: 'zstd' | 'gzip'; diffId?: string } = {},
) {
  const directory = temporary();
  const layout: OciLayout = await createOciLayout({ directory });
  await layout.ensureRepository(repository);
  const put = (data: Uint8Array) => {
    const digest = `sha256:${createHash('sha256').update(data).digest('hex')}`;
    writeFileSync(blob(directory, digest), data);
    return { digest, size: data.byteLength };
  };
  const diffIds: string[] = [];
  const layers: object[] = [];
  for (const layer of entries) {
    const tar = pack();
    for (const { content, ...header } of layer) tar.entry(header as Header, content ?? '');
    tar.finalize();
    const data = await buffer(tar as unknown as Readable);
    diffIds.push(diffId ?? `sha256:${createHash('sha256').update(data).digest('hex')}`);
    const mediaType = `application/vnd.oci.image.layer.v1.tar+${compress}`;
    layers.push({ mediaType, ...put(compress === 'zstd' ? zstdCompressSync(data) : gzipSync(data)) });
  }
  const json = (value: object) => put(Buffer.from(JSON.stringify(value)));
  const rootfs = { type: 'layers', diff_ids: diffIds };
  const image = json({ architecture: 'amd64', os: 'linux', config: {}, rootfs });
  const manifest = json({
    schemaVersion: 2,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...image },
    layers,
  });
  const manifests = [{ mediaType: 'application/vnd.oci.image.manifest.v1+json', ...manifest }];
  writeFileSync(join(directory, 'demo/web/index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  const parent = temporary();
  const target = join(parent, 'root');
  return { parent, target, unpack: () => layout.unpack(repository, manifest.digest, target) };
}

describe('Layers of other tools', () => {
  it.each(['zstd', 'gzip'] as const)('come one over the other, with whiteouts (%s)', async (compress) => {
    const image = await foreignImage(
      [
        [
          { name: 'kept', content: 'kept' },
          { name: 'changed', content: 'old' },
          { name: 'gone', content: 'gone' },
          { name: 'folder/gone', content: 'gone' },
          { name: 'opaque/old', content: 'old' },
          { name: 'opaque/sub/old', content: 'old' },
          { name: 'becomes-file/x', content: 'x' },
          { name: 'becomes-folder', content: 'x' },
          { name: 'hard', type: 'link', linkname: 'kept' },
        ],
        [
          { name: 'changed', content: 'new' },
          { name: '.wh.gone', content: '' },
          { name: '.wh.folder', content: '' },
          { name: 'opaque/new', content: 'new' },
          { name: 'opaque/.wh..wh..opq', content: '' },
          { name: 'becomes-file', content: 'file' },
          { name: 'becomes-folder/x', content: 'x' },
        ],
      ],
      { compress },
    );
    await image.unpack();
    const found = readdirSync(image.target, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(image.target.length + 1));
    expect(found.sort()).toEqual([
      'becomes-file',
      'becomes-folder/x',
      'changed',
      'hard',
      'kept',
      'opaque/new',
    ]);
    expect(readFileSync(join(image.target, 'changed'), 'utf8')).toBe('new');
    expect(readFileSync(join(image.target, 'hard'), 'utf8')).toBe('kept');
  });

  it('are refused when the content is not what the configuration says', async () => {
    const image = await foreignImage([[{ name: 'a', content: 'x' }]], { diffId: `sha256:${'0'.repeat(64)}` });
    await expect(image.unpack()).rejects.toEqual(unavailable);
    expect(readdirSync(image.parent)).toEqual([]);
  });

  it('are not written through a link', async () => {
    const image = await foreignImage([
      [
        { name: 'real/file', content: 'safe' },
        { name: 'link', type: 'symlink', linkname: 'real' },
      ],
      [{ name: 'link/file', content: 'through' }],
    ]);
    await image.unpack();
    expect(readFileSync(join(image.target, 'real/file'), 'utf8')).toBe('safe');
    expect(lstatSync(join(image.target, 'link')).isDirectory()).toBe(true);
  });

  it.each<[string, (Partial<Header> & { name: string; content?: string })[]]>([
    ['a path that climbs', [{ name: 'a/../../escaped', content: 'x' }]],
    ['an absolute path', [{ name: '/tmp/escaped', content: 'x' }]],
    ['a link that climbs', [{ name: 'a', type: 'symlink', linkname: '../escaped' }]],
    ['an absolute link', [{ name: 'a', type: 'symlink', linkname: '/etc' }]],
    ['a hard link that climbs', [{ name: 'a', type: 'link', linkname: '../../etc/passwd' }]],
    ['a hard link to nothing', [{ name: 'a', type: 'link', linkname: 'b' }]],
    [
      'a hard link to a folder',
      [
        { name: 'b', type: 'directory' },
        { name: 'a', type: 'link', linkname: 'b' },
      ],
    ],
    ['a device', [{ name: 'a', type: 'character-device', devmajor: 1, devminor: 3 }]],
    ['a pipe', [{ name: 'a', type: 'fifo' }]],
    ['a whiteout of the folder above', [{ name: '.wh...', content: '' }]],
    ['a whiteout of nothing', [{ name: '.wh.', content: '' }]],
  ])('are refused for %s', async (_, entries) => {
    const image = await foreignImage([[{ name: 'first', content: 'x' }, ...entries]]);
    await expect(image.unpack()).rejects.toEqual(unavailable);
    expect(readdirSync(image.parent)).toEqual([]);
    expect(existsSync(join(image.parent, '../escaped'))).toBe(false);
  });
});

describe('A killed process', () => {
  it('leaves a layout that is valid, with every image that it told of', async () => {
    const directory = temporary();
    const from = folder(
      Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}`, `${i}`.repeat(2000)])),
    );
    const told = new Set<string>();
    for (const delay of [300, 420, 510]) {
      const child = spawn(
        process.execPath,
        [join(import.meta.dirname, 'registry-pusher.ts'), directory, from],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      let output = '';
      child.stdout.on('data', (chunk) => (output += String(chunk)));
      const ended = new Promise((resolve) => child.once('close', resolve));
      while (!output.includes('\n')) await sleep(5);
      await sleep(delay - 290);
      child.kill('SIGKILL');
      await ended;
      for (const line of output.split('\n').slice(0, -1)) told.add(line);
    }
    const layout = await createOciLayout({ directory });
    const listed = await layout.list(repository);
    expect(listed).toEqual(expect.arrayContaining([...told]));
    for (const digest of listed) expect((await layout.resolve(repository, digest)).digest).toBe(digest);
    for (const name of readdirSync(join(directory, 'demo/web/blobs/sha256')))
      expect(
        createHash('sha256')
          .update(readFileSync(blob(directory, `sha256:${name}`)))
          .digest('hex'),
      ).toBe(name);
    expect(readdirSync(join(directory, '.tmp'))).toEqual([]);
    await layout.unpack(repository, listed[0] ?? '', join(temporary(), 'x'));
  });
});

describe.skipIf(spawnSync('skopeo', ['--version']).status !== 0)('skopeo', () => {
  it('reads the layout', async () => {
    const directory = temporary();
    const layout = await createOciLayout({ directory });
    const layers = [[{ from: folder({ a: '1' }), to: 'app' }]];
    const { digest } = await layout.push(repository, { layers, config: config('x'), tags: ['v1', 'v2'] });
    const source = `oci:${join(directory, 'demo/web')}:v2`;
    const inspected = JSON.parse(execFileSync('skopeo', ['inspect', source], { encoding: 'utf8' }));
    expect(inspected).toMatchObject({ Digest: digest, Labels: { test: 'x' }, Env: ['A=', 'B=x=y'] });
    // A copy reads every blob and checks its digest.
    const copy = join(temporary(), 'copy');
    execFileSync('skopeo', ['copy', '--quiet', '--insecure-policy', source, `oci:${copy}:v2`]);
    expect(readdirSync(join(copy, 'blobs/sha256')).length).toBe(3);
  });
});
