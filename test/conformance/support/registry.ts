/** A registry as others run it: CNCF Distribution, built from its published module, on a port of the kernel's choice. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { cached } from './cache.ts';
import { missingProgram, run, serve } from './process.ts';

const source = resolve(import.meta.dirname, '../registry');
const PROGRAM = 'github.com/distribution/distribution/v3/cmd/registry';

/** Why none can be had here; undefined when one can. */
export const whyNoRegistry = (): Promise<string | undefined> => missingProgram([['go', 'version']]);

export interface TestRegistry {
  /** Such as `http://127.0.0.1:5000`. */
  url: string;
  host: string;
  stop(): Promise<void>;
}

/**
 * @param auth the `auth` part of its configuration, made from the directory that its files may be put into
 * @param address one of this machine's, which it listens on
 */
export async function startRegistry(
  auth: (directory: string) => Promise<Record<string, unknown> | undefined> = async () => undefined,
  address = '127.0.0.1',
): Promise<TestRegistry> {
  const hash = createHash('sha256');
  for (const name of ['go.mod', 'go.sum']) hash.update(await readFile(join(source, name)));
  const program = join(await cached(`registry-${hash.digest('hex').slice(0, 12)}`, build), 'registry');
  const directory = await mkdtemp(join(tmpdir(), 'berth-registry-'));
  const configuration = {
    version: '0.1',
    log: { level: 'info' },
    storage: { filesystem: { rootdirectory: join(directory, 'data') }, delete: { enabled: true } },
    http: { addr: `${address}:0` },
    auth: await auth(directory),
  };
  // YAML is a superset of JSON.
  await writeFile(join(directory, 'config.yml'), JSON.stringify(configuration));
  const server = await serve(
    program,
    ['serve', join(directory, 'config.yml')],
    /listening on (\d[\d.]+:\d+)/,
    { env: { OTEL_TRACES_EXPORTER: 'none' } },
  );
  const host = server.ready[1] ?? '';
  return {
    url: `http://${host}`,
    host,
    async stop() {
      await server.stop();
      await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

async function build(directory: string): Promise<void> {
  console.log('Building a registry from its published module: this takes half a minute, once.');
  const flags = ['-trimpath', '-buildvcs=false', '-ldflags=-s -w', '-o', join(directory, 'registry')];
  await run('env', ['CGO_ENABLED=0', 'go', 'build', ...flags, PROGRAM], source);
}

export interface TestImage {
  /** Of the image's configuration. */
  labels?: Record<string, string>;
  command?: string[];
  tags?: readonly string[];
  /** Pushed as an index with an image for each; a plain image where undefined. */
  architectures?: readonly string[];
}

type Data = string | Uint8Array<ArrayBuffer>;

const digestOf = (data: Data): string => `sha256:${createHash('sha256').update(data).digest('hex')}`;

/** The calls with which any client pushes. */
function pushing(registry: { url: string; headers?: Record<string, string> }, name: string) {
  const base = `${registry.url}/v2/${name}`;
  const send = async (url: string, init: RequestInit, status: number): Promise<Response> => {
    const response = await fetch(url, { ...init, headers: { ...registry.headers, ...init.headers } });
    const text = response.status === status ? '' : await response.text();
    if (response.status !== status) throw new Error(`${init.method} ${url}: ${response.status} ${text}`);
    return response;
  };
  const pushBlob = async (data: Data): Promise<void> => {
    const { headers: own } = registry;
    if ((await fetch(`${base}/blobs/${digestOf(data)}`, { method: 'HEAD', headers: own ?? {} })).ok) return;
    const started = await send(`${base}/blobs/uploads/`, { method: 'POST' }, 202);
    const at = new URL(started.headers.get('location') ?? '', base);
    at.searchParams.set('digest', digestOf(data));
    const headers = { 'content-type': 'application/octet-stream' };
    await send(at.href, { method: 'PUT', headers, body: data }, 201);
  };
  return { base, send, pushBlob };
}

/** Pushes a manifest as it is under a tag, with what it refers to. */
export async function pushManifest(
  registry: { url: string; headers?: Record<string, string> },
  name: string,
  tag: string,
  manifest: string,
  blobs: readonly Data[],
): Promise<void> {
  const { base, send, pushBlob } = pushing(registry, name);
  for (const blob of blobs) await pushBlob(blob);
  const headers = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' };
  await send(`${base}/manifests/${tag}`, { method: 'PUT', headers, body: manifest }, 201);
}

/** Pushes an image with the calls of any client. @returns its digest, of the index if there is one */
export async function pushImage(
  registry: { url: string; headers?: Record<string, string> },
  name: string,
  image: TestImage,
): Promise<string> {
  const { base, send, pushBlob } = pushing(registry, name);
  const blob = async (data: string, mediaType: string) => {
    await pushBlob(data);
    return { mediaType: `application/vnd.oci.image.${mediaType}`, digest: digestOf(data), size: data.length };
  };
  const manifest = async (reference: string, document: { mediaType: string }) => {
    const data = JSON.stringify(document);
    const headers = { 'content-type': document.mediaType };
    const reached = reference || digestOf(data);
    await send(`${base}/manifests/${reached}`, { method: 'PUT', headers, body: data }, 201);
    return { mediaType: document.mediaType, digest: digestOf(data), size: data.length };
  };
  const single = async (architecture: string) => {
    const { labels = {}, command = ['serve'] } = image;
    const config = JSON.stringify({
      architecture,
      os: 'linux',
      config: { Entrypoint: command, Labels: labels },
      rootfs: { type: 'layers', diff_ids: [] },
    });
    return {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: await blob(config, 'config.v1+json'),
      layers: [await blob(`layer for ${architecture} ${JSON.stringify(labels)}`, 'layer.v1.tar+gzip')],
    };
  };
  const several = async (architectures: readonly string[]) => ({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: await Promise.all(
      architectures.map(async (architecture) => ({
        ...(await manifest('', await single(architecture))),
        platform: { os: 'linux', architecture },
      })),
    ),
  });
  const { architectures, tags = [] } = image;
  const document = architectures ? await several(architectures) : await single('amd64');
  const { digest } = await manifest('', document);
  // The protocol finds images by their tags alone.
  for (const tag of [digest.slice(7, 19), ...tags]) await manifest(tag, document);
  return digest;
}
