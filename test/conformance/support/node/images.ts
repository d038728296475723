/** Images whose programs really run: Node.js with the libraries that it needs, and a source of its own. */
import { createHash } from 'node:crypto';
import { access, readFile, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { missingProgram, run } from '../process.ts';
import { pushManifest, type TestRegistry } from '../registry.ts';

/** The npm package of that name has the very program that runs Berth. */
const NODE = resolve(import.meta.dirname, '../../../../node_modules/node/bin/node');

/** Why no such image can be made here; undefined when one can. */
export async function whyNoImages(): Promise<string | undefined> {
  const isThere = await access(NODE).then(
    () => true,
    () => false,
  );
  return isThere ? missingProgram([['ldd', '--version']]) : 'the npm package node is not installed';
}

type Files = Record<string, string | Uint8Array>;

async function tarOf(files: Files, directories: readonly string[] = []): Promise<Buffer<ArrayBuffer>> {
  const tar = pack();
  for (const name of directories) tar.entry({ name, type: 'directory', mode: 0o1777 });
  for (const [name, content] of Object.entries(files))
    tar.entry({ name, mode: 0o755 }, Buffer.from(content as Uint8Array));
  tar.finalize();
  return buffer(tar);
}

let base: Promise<Buffer<ArrayBuffer>> | undefined;

/** A system that has what Node.js needs and no more: no shell, and users without passwords. */
function baseLayer(): Promise<Buffer<ArrayBuffer>> {
  base ??= (async () => {
    const files: Files = {
      'usr/local/bin/node': await readFile(NODE),
      'etc/passwd': 'root:x:0:0::/:\nweb:x:1000:1000::/app:\n',
      'etc/group': 'root:x:0:\nweb:x:1000:\n',
    };
    for (const [path] of (await run('ldd', [NODE])).matchAll(/\/\S+/g))
      files[path.slice(1)] = await readFile(await realpath(path));
    return tarOf(files, ['tmp/']);
  })();
  return base;
}

const sha256 = (data: string | Uint8Array): string =>
  `sha256:${createHash('sha256').update(data).digest('hex')}`;

export interface ProgramImage {
  /** By their paths from the root. */
  files: Files;
  config: Record<string, unknown>;
  /** Without Node.js below it. */
  isStatic?: boolean;
}

/** Pushes it. @returns its digest */
export async function pushProgram(
  registry: Pick<TestRegistry, 'url'>,
  name: string,
  tag: string,
  { files, config, isStatic = false }: ProgramImage,
): Promise<string> {
  const layers = [...(isStatic ? [] : [await baseLayer()]), await tarOf(files)];
  const document = JSON.stringify({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: layers.map(sha256) },
  });
  const of = (data: string | Uint8Array, mediaType: string) => ({
    mediaType: `application/vnd.oci.image.${mediaType}`,
    digest: sha256(data),
    size: data.length,
  });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: of(document, 'config.v1+json'),
    layers: layers.map((layer) => of(layer, 'layer.v1.tar')),
  });
  await pushManifest(registry, name, tag, manifest, [document, ...layers]);
  return sha256(manifest);
}

/** One that runs `main.mjs` with Node.js, as a user that is not root. */
export const programOf = (source: string, config: Record<string, unknown> = {}): ProgramImage => ({
  files: { 'app/main.mjs': source },
  config: {
    Cmd: ['node', 'main.mjs'],
    Env: ['PATH=/usr/local/bin'],
    WorkingDir: '/app',
    User: '1000',
    ...config,
  },
});

/** The image that keeps a pod's namespaces. @param programs the directory of the node's programs */
export async function pushPause(registry: Pick<TestRegistry, 'url'>, programs: string): Promise<void> {
  await pushProgram(registry, 'pause', '1', {
    files: { pause: await readFile(join(programs, 'pause')) },
    config: { Entrypoint: ['/pause'] },
    isStatic: true,
  });
}
