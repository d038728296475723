/** A registry's content has the digest that was asked for, whoever keeps the content. */
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOciRegistry } from '../../../functions/adapters/oci/registry.ts';
import type { Registry } from '../../../functions/ports/registry.ts';

const web = { project: 'demo', service: 'web' };
/** What the registry answers, by its path behind the repository. */
const content = new Map<string, string>();
let server: Server;
let registry: Registry;

beforeEach(async () => {
  content.clear();
  server = createServer(({ url = '' }, response) => {
    const found = content.get(url.replace('/v2/demo/web/', ''));
    response.writeHead(found === undefined ? 404 : 200).end(found);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  registry = createOciRegistry({ url: `http://127.0.0.1:${port}`, prefix: '', now: Date.now });
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const digestOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

function keep(kind: 'manifests' | 'blobs', text: string): string {
  content.set(`${kind}/${digestOf(text)}`, text);
  return digestOf(text);
}

/** @returns its digests */
function keepImage(program: string): { manifest: string; config: string } {
  const config = JSON.stringify({ config: { Entrypoint: [program] } });
  const digest = keep('blobs', config);
  const descriptor = { digest, size: config.length };
  return {
    manifest: keep('manifests', JSON.stringify({ config: descriptor, layers: [] })),
    config: digest,
  };
}

describe('A registry', () => {
  it('refuses a manifest or a configuration that is not the one of its digest', async () => {
    const honest = keepImage('/bin/honest');
    const other = keepImage('/bin/other');
    expect(await registry.resolve(web, honest.manifest)).toMatchObject({
      digest: honest.manifest,
      config: { entrypoint: ['/bin/honest'] },
    });
    for (const [kind, mine, theirs] of [
      ['manifests', honest.manifest, other.manifest],
      ['blobs', honest.config, other.config],
    ] as const) {
      const kept = content.get(`${kind}/${mine}`) ?? '';
      content.set(`${kind}/${mine}`, content.get(`${kind}/${theirs}`) ?? '');
      await expect(registry.resolve(web, honest.manifest)).rejects.toMatchObject({
        code: 'image_unavailable',
        message: expect.stringContaining('damaged'),
      });
      content.set(`${kind}/${mine}`, kept);
    }
  });

  it('leaves out a signature whose text is not the one that was signed', async () => {
    const image = digestOf('an image');
    const digest = keep('blobs', 'what was signed');
    const annotations = { 'dev.cosignproject.cosign/signature': 'c2lnbmF0dXJl' };
    const tag = `manifests/${image.replace(':', '-')}.sig`;
    content.set(tag, JSON.stringify({ layers: [{ digest, size: 15, annotations }] }));
    const [signature, ...others] = await registry.signatures(web, image);
    expect(others).toEqual([]);
    expect(Buffer.from(signature?.payload ?? []).toString()).toBe('what was signed');
    content.set(`blobs/${digest}`, 'what was not');
    expect(await registry.signatures(web, image)).toEqual([]);
  });
});
