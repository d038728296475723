/** The registry port over a registry that others wrote: open, with a password, and with tokens. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOciLayout } from '../../../functions/adapters/local/registry/registry.ts';
import { createOciRegistry, type OciRegistryOptions } from '../../../functions/adapters/oci/registry.ts';
import { createEffects } from '../../../functions/adapters/system/effects.ts';
import { pushedImages } from '../../../functions/hosts/machine/places/pushed-images.ts';
import { BASE_LABEL, NO_BASE, type Registry } from '../../../functions/ports/registry.ts';
import { registryContract } from '../../contracts/registry.ts';
import {
  pushImage,
  pushManifest,
  startRegistry,
  type TestRegistry,
  whyNoRegistry,
} from '../support/registry.ts';

const why = await whyNoRegistry();
if (why) console.log(`Skipped: the registry, since ${why}.`);

const PREFIX = 'berth';
const PASSWORD = 'open sesame';
/** What bcrypt makes of it. */
const HASH = '$2a$04$3Oy59b7RmoKjFY6VLTf8aOWgid87eMNIo/a3kGaz5QtBaBlwYkm2W';
async function htpasswd(directory: string) {
  const path = join(directory, 'htpasswd');
  await writeFile(path, `berth:${HASH}\n`);
  return { htpasswd: { realm: 'basic', path } };
}
const unavailable = { code: 'image_unavailable' };
const make = (url: string, options: Partial<OciRegistryOptions> = {}): Registry =>
  createOciRegistry({ url, prefix: PREFIX, now: Date.now, ...options });

describe.skipIf(why)('Distribution', () => {
  let open: TestRegistry;
  beforeAll(async () => {
    open = await startRegistry();
  });
  afterAll(() => open?.stop());
  const web = { project: 'demo', service: 'web' };

  registryContract('Distribution', async () => {
    const own = await startRegistry();
    return {
      registry: make(own.url),
      push: ({ project, service }, content, tags = []) =>
        pushImage(own, `${PREFIX}/${project}/${service}`, { labels: { test: content }, tags }),
      keep: ({ project, service }, tag, manifest, blobs) =>
        pushManifest(own, `${PREFIX}/${project}/${service}`, tag, manifest, blobs),
      dispose: () => own.stop(),
    };
  });

  it('names an index by its own digest, so that each node takes the image that fits', async () => {
    const architectures = ['s390x', 'arm64', 'amd64'];
    const digest = await pushImage(open, `${PREFIX}/demo/web`, {
      labels: { a: 'b' },
      tags: ['i'],
      architectures,
    });
    const registry = make(open.url);
    for (const reference of ['i', digest, `${open.host}/${PREFIX}/demo/web:i`])
      expect(await registry.resolve(web, reference)).toMatchObject({
        digest,
        config: { labels: { a: 'b' } },
      });
  });

  it.each([
    ['without a password', undefined],
    ['with one', { username: 'berth', password: PASSWORD }],
  ])('takes an image of this machine unchanged and once, %s', async (_, credentials) => {
    const directory = await mkdtemp(join(tmpdir(), 'berth-layout-'));
    const target = credentials ? await startRegistry(htpasswd) : open;
    const layout = await createOciLayout({ directory: join(directory, 'layout') });
    await writeFile(join(directory, 'hello'), 'Ahoy');
    const config = { entrypoint: ['serve'], cmd: [], env: {}, workingDir: '/', labels: { from: 'here' } };
    const { digest } = await layout.push(web, {
      layers: [[{ from: join(directory, 'hello'), to: 'app/hello' }]],
      config,
    });
    const authFile = join(directory, 'config.json');
    const auth = Buffer.from(`berth:${PASSWORD}`).toString('base64');
    await writeFile(authFile, JSON.stringify({ auths: { [target.host]: { auth } } }));
    let read = 0;
    const counted = {
      ...layout,
      stored(...image: Parameters<typeof layout.stored>) {
        read++;
        return layout.stored(...image);
      },
    };
    const settings = { url: target.url, prefix: PREFIX, inCluster: `${target.host}/${PREFIX}` };
    const registry = { ...settings, ...(credentials && { authFile }) };
    const places = { kubeconfig: '', namespacePrefix: 'berth', registry };
    const images = pushedImages(counted, places, createEffects());
    for (let times = 0; times < 2; times++)
      expect(await images.resolve(web, digest)).toMatchObject({ digest });
    // Another Berth finds it there.
    await pushedImages(counted, places, createEffects()).resolve(web, digest);
    expect(read).toBe(2);
    const there = make(target.url, credentials ? { credentials } : {});
    expect(await there.resolve(web, digest)).toMatchObject({ digest, config: { labels: config.labels } });
    if (credentials) await target.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it('reads all pages of a list', async () => {
    const digests = [];
    // With one tag by its digest, each.
    for (let index = 0; index < 60; index++)
      digests.push(await pushImage(open, 'demo/many', { labels: { n: String(index) }, tags: [`t${index}`] }));
    const registry = make(open.url, { prefix: '' });
    const found = await registry.list({ project: 'demo', service: 'many' });
    expect(found.sort()).toEqual(digests.sort());
  });

  it('refuses an image that Berth built for one machine', async () => {
    await pushImage(open, `${PREFIX}/demo/web`, { labels: { [BASE_LABEL]: NO_BASE }, tags: ['local'] });
    await expect(make(open.url).resolve(web, 'local')).rejects.toMatchObject({
      ...unavailable,
      message: expect.stringContaining('no operating system'),
    });
  });

  it('tells a registry that is not there from an image that is not there', async () => {
    const gone = await startRegistry();
    await gone.stop();
    await expect(make(gone.url).resolve(web, 'v1')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('shows a password where it is asked for one, and where it is refused says so', async () => {
    const registry = await startRegistry(htpasswd);
    const authorization = `Basic ${Buffer.from(`berth:${PASSWORD}`).toString('base64')}`;
    const digest = await pushImage({ ...registry, headers: { authorization } }, `${PREFIX}/demo/web`, {});
    const resolve = (options: Partial<OciRegistryOptions>) =>
      make(registry.url, options).resolve(web, digest);
    expect(await resolve({ credentials: { username: 'berth', password: PASSWORD } })).toMatchObject({
      digest,
    });
    for (const options of [{}, { credentials: { username: 'berth', password: 'wrong' } }]) {
      const error: unknown = await resolve(options).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'unavailable', message: expect.stringContaining('401') });
      expect(String(error)).not.toContain(PASSWORD);
    }
    await registry.stop();
  });

  it('fetches a token for a repository and keeps it until its end', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
    const asked: { scope: string; authorization: string | undefined }[] = [];
    let now = Date.now();
    const issuer = createServer(async (request, response) => {
      const scope = new URL(request.url ?? '', 'http://x').searchParams.get('scope') ?? '';
      asked.push({ scope, authorization: request.headers.authorization });
      const [type, name, actions = ''] = scope.split(':');
      const token = await new SignJWT({ access: [{ type, name, actions: actions.split(',') }] })
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .setIssuer('tests')
        .setAudience('registry')
        .setSubject('berth')
        .setIssuedAt()
        .setNotBefore('-1 minute')
        .setExpirationTime('5 minutes')
        .sign(privateKey);
      response.end(JSON.stringify({ token, expires_in: 300 }));
    });
    await new Promise<void>((done) => issuer.listen(0, '127.0.0.1', done));
    const realm = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/token`;
    const registry = await startRegistry(async (directory) => {
      const jwks = join(directory, 'jwks.json');
      await writeFile(jwks, JSON.stringify({ keys: [jwk] }));
      return { token: { realm, service: 'registry', issuer: 'tests', jwks } };
    });
    const name = `${PREFIX}/demo/web`;
    const grant = await fetch(`${realm}?scope=repository:${name}:pull,push`);
    const { token } = (await grant.json()) as { token: string };
    const push = { url: registry.url, headers: { authorization: `Bearer ${token}` } };
    const digest = await pushImage(push, name, { tags: ['v1'] });
    asked.length = 0;

    const credentials = { username: 'berth', password: PASSWORD };
    const subject = make(registry.url, { credentials, now: () => now });
    for (let round = 0; round < 3; round++)
      expect(await subject.resolve(web, 'v1')).toMatchObject({ digest });
    const authorization = `Basic ${Buffer.from(`berth:${PASSWORD}`).toString('base64')}`;
    expect(asked).toEqual([{ scope: `repository:${name}:pull`, authorization }]);
    now += 295_000;
    await subject.resolve(web, 'v1');
    expect(asked).toHaveLength(2);
    await subject.removeRepository(web);
    expect(asked.at(-1)?.scope).toBe(`repository:${name}:delete`);
    await expect(subject.resolve(web, 'v1')).rejects.toMatchObject(unavailable);
    await registry.stop();
    await new Promise((done) => issuer.close(done));
  });
});
