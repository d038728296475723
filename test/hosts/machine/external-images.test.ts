/** The registry of one machine over a container engine, which is played here: a real one pulls in test/conformance/containers. */
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { createContainers } from '../../../functions/adapters/containers/containers.ts';
import { createEngine } from '../../../functions/adapters/containers/engine.ts';
import { createOciLayout } from '../../../functions/adapters/local/registry/registry.ts';
import { withExternalImages } from '../../../functions/hosts/machine/places/external-images.ts';
import { keepManifest } from '../../adapters/local/registry/keep-manifest.ts';
import { registryContract } from '../../contracts/registry.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';

const temporary = temporaryDirectories();
const NAME = 'registry.example/acme/web:1';
const THERE = { project: 'others', service: 'web' };
const PASSWORD = 'ghp_0123456789';

const imageOf = (content: string) => {
  const folder = join(temporary(), 'app');
  mkdirSync(folder);
  writeFileSync(join(folder, 'file.txt'), content);
  const config = { entrypoint: ['serve'], cmd: [], env: {}, workingDir: '/', labels: { test: content } };
  return { layers: [[{ from: folder, to: 'app' }]], config };
};

async function open() {
  const directory = temporary();
  const layout = await createOciLayout({ directory });
  const others = await createOciLayout({ directory: temporary() });
  let digest: string | undefined;
  const auths: (string | undefined)[] = [];
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://engine');
    if (pathname === '/images/create') {
      const header = request.headers['x-registry-auth'];
      auths.push(header === undefined ? undefined : Buffer.from(String(header), 'base64url').toString());
      const found = searchParams.get('fromImage') === NAME && digest !== undefined;
      return response.end(JSON.stringify(found ? { status: 'done' } : { error: `denied: ${PASSWORD}` }));
    }
    const isThere = digest !== undefined && pathname.startsWith(`/images/${NAME}/`);
    if (isThere && pathname.endsWith('/get') && digest !== undefined)
      return pipeline(await others.archive(THERE, digest, NAME), response);
    response.statusCode = isThere || pathname === '/images/json' ? 200 : 404;
    return response.end(pathname === '/images/json' ? '[]' : '{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const engine = createEngine(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
  if (!engine) throw new Error('no engine');
  const containers = createContainers({
    instanceId: 'test',
    registry: layout,
    archive: layout.archive,
    find: async () => ({ engine }),
    sharedPorts: async () => [],
  });
  return {
    directory,
    layout,
    registry: withExternalImages(layout, containers),
    auths,
    async external(content: string) {
      digest = (await others.push(THERE, { ...imageOf(content), tags: ['1'] })).digest;
      return NAME;
    },
    dispose: async () => void server.close(),
  };
}

registryContract('OCI layout on disk, with a container engine', async () => {
  const { directory, layout, ...subject } = await open();
  return {
    ...subject,
    push: async (ref, content, tags = []) => (await layout.push(ref, { ...imageOf(content), tags })).digest,
    keep: (...kept) => keepManifest(directory, ...kept),
  };
});

it('signs in with the password of that registry alone, and tells it to nobody', async () => {
  const { registry, auths, external, dispose } = await open();
  const credentials = async () =>
    ['other.example', 'registry.example'].map((one) => ({
      registry: one,
      username: `bot of ${one}`,
      read: async () => PASSWORD,
    }));
  const ref = { project: 'demo', service: 'web' };
  const refused = await registry.resolve(ref, NAME, credentials).catch((error: unknown) => error);
  expect(refused).toMatchObject({
    code: 'image_unavailable',
    message: expect.stringContaining('denied: ••••'),
  });
  await external('one');
  await registry.resolve(ref, NAME, credentials);
  await registry.resolve(ref, NAME);
  const auth = { username: 'bot of registry.example', password: PASSWORD, serveraddress: 'registry.example' };
  expect(auths.map((text) => text && JSON.parse(text))).toEqual([auth, auth, undefined]);
  await dispose();
});
