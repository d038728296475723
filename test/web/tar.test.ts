import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { isLeftOut, packFiles, withoutRoot } from '../../web/src/pages/builds/tar.ts';

/** The files that another program reads from the archive. */
async function read(packed: Blob): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const reader = extract();
  reader.on('entry', (header, stream, next) => {
    const parts: Buffer[] = [];
    stream.on('data', (part) => parts.push(part as Buffer));
    stream.on('end', () => {
      files[`${header.name} ${header.type} ${header.mode?.toString(8)}`] = Buffer.concat(parts).toString();
      next();
    });
  });
  const done = new Promise<void>((resolve, reject) =>
    reader.on('finish', () => resolve()).on('error', reject),
  );
  reader.end(gunzipSync(await packed.arrayBuffer()));
  await done;
  return files;
}

const file = (path: string, text: string) => ({ path, content: new Blob([text]) });

describe('An archive that the browser packs', () => {
  it('is read by other programs, whatever the sizes', async () => {
    const sizes = [0, 1, 511, 512, 513, 1024, 70_000];
    const files = sizes.map((size) => file(`f${size}`, 'x'.repeat(size)));
    const expected = Object.fromEntries(sizes.map((size) => [`f${size} file 644`, 'x'.repeat(size)]));
    expect(await read(await packFiles(files))).toEqual(expected);
    expect(await read(await packFiles([]))).toEqual({});
  });

  it('keeps names that are long, or of any language', async () => {
    const paths = [
      'a'.repeat(100),
      'b'.repeat(101),
      // Up to 255 bytes fit into the two fields for a name, when a slash is at the right place.
      `${'deep/'.repeat(30)}file.txt`,
      `${'tiefe/grüße/'.repeat(12)}file.txt`,
      `${'deep/'.repeat(60)}file.txt`,
      'přístav/loď ⚓.txt',
      'ž'.repeat(200),
      'with space and = sign',
    ];
    // Lengths of the record at which its own length takes one digit more.
    for (let length = 85; length < 105; length++) paths.push(`n${'é'.repeat(length)}`);
    const found = await read(await packFiles(paths.map((path) => file(path, path))));
    expect(Object.keys(found).sort()).toEqual(paths.map((path) => `${path} file 644`).sort());
    for (const path of paths) expect(found[`${path} file 644`]).toBe(path);
  });

  it('holds no time, so that the same files give the same archive', async () => {
    const bytes = async () => gunzipSync(await (await packFiles([file('a', 'x')])).arrayBuffer());
    const first = await bytes();
    // The field of the time, in seconds, octal.
    expect(first.toString('latin1', 136, 147)).toBe('00000000000');
    expect(await bytes()).toEqual(first);
  });

  it('tells when a file can not be read', async () => {
    const lost = new Blob(['x']);
    lost.stream = () => new ReadableStream({ start: (controller) => controller.error(new Error('gone')) });
    await expect(packFiles([{ path: 'a', content: lost }])).rejects.toThrow('gone');
  });

  it('is without the folder that all files lie in, and what no build needs', () => {
    const names = (paths: string[]) =>
      withoutRoot(paths.map((path) => file(path, ''))).map(({ path }) => path);
    expect(names(['app/package.json', 'app/src/a.js'])).toEqual(['package.json', 'src/a.js']);
    expect(names(['app/a', 'app2/b'])).toEqual(['app/a', 'app2/b']);
    expect(names(['a', 'app/b'])).toEqual(['a', 'app/b']);
    for (const path of ['app/node_modules/x/y.js', '.git/HEAD', 'a/.DS_Store'])
      expect(isLeftOut(path)).toBe(true);
    for (const path of ['app/.gitignore', 'node_modules.md', 'src/git']) expect(isLeftOut(path)).toBe(false);
  });
});
