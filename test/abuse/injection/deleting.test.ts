/** A deletion removes the thing that was named, whatever somebody has put in its place. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLayout, segment } from '../../../functions/adapters/processes/layout.ts';
import {
  makeInside,
  mapPath,
  placeFile,
  placeVolume,
} from '../../../functions/adapters/processes/root/root.ts';
import { startBerth, type TestBerth } from '../../support/berth.ts';
import { program } from '../../support/programs.ts';

let subject: TestBerth;
let outside: string;
const at = '/v1/projects/shop/environments';

beforeAll(async () => {
  outside = mkdtempSync(join(tmpdir(), 'berth-abuse-deleting-'));
  mkdirSync(join(outside, 'folder'));
  writeFileSync(join(outside, 'folder', 'kept'), 'kept');
  subject = await startBerth();
  await subject.api('POST', '/v1/projects', { name: 'shop' });
  await subject.api('POST', '/v1/projects/shop/services', { name: 'web' });
  for (const name of ['dev', 'dev-2']) await subject.operation('POST', at, { name });
});
afterAll(async () => {
  await subject?.close();
  rmSync(outside, { recursive: true, force: true });
});
const kept = (): string => readFileSync(join(outside, 'folder', 'kept'), 'utf8');

/** Sends the path unchanged: a client would tidy it up. */
async function remove(path: string): Promise<string> {
  const { port } = new URL(subject.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(
    `DELETE ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nAuthorization: Bearer ${subject.token}\r\nConnection: close\r\n\r\n`,
  );
  return text(socket);
}

describe('A delete', () => {
  it.each([
    '..',
    '../shop',
    '%2e%2e',
    '..%2f..%2f',
    'dev%2f..%2fdev-2',
    'dev/../dev-2',
    'dev%00',
    'dev%0a',
    'dev;dev-2',
    'dev,dev-2',
    'dev*',
    '*',
    '%2a',
    'DEV',
    'dev%20',
    '$(id)',
    '.',
    '',
  ])('of %j takes nothing that was not named', async (name) => {
    for (const path of [
      `${at}/${name}`,
      `/v1/projects/shop/services/${name}`,
      `${at}/dev/secrets/${name}`,
      `/v1/projects/${name}`,
    ]) {
      // `dev/../dev-2` is `dev-2`, named in another way; there is nothing to find out about that one.
      if (path === `${at}/dev/../dev-2`) continue;
      expect(await remove(path), path).toMatch(/^HTTP\/1\.1 (?:40[0459]|204) /);
    }
    const { body } = await subject.api('GET', at);
    expect(body.items.map((item: { name: string }) => item.name)).toEqual(['dev', 'dev-2']);
    expect((await subject.api('GET', '/v1/projects/shop/services/web')).status).toBe(200);
    expect((await subject.api('GET', '/v1/projects/shop')).status).toBe(200);
  });

  it('of an environment whose program has linked its directories to others removes the links alone', async () => {
    const server = `
      import { createServer } from 'node:http';
      import { symlinkSync, rmSync, mkdirSync } from 'node:fs';
      const outside = ${JSON.stringify(outside)};
      const root = process.env.BERTH_ROOT;
      symlinkSync(outside, root + '/data/link');
      symlinkSync(outside + '/folder', root + '/link');
      symlinkSync(outside, process.env.HOME + '/link');
      symlinkSync(outside, process.env.TMPDIR + '/link');
      mkdirSync(root + '/data/deep/er', { recursive: true });
      symlinkSync('../../../../../../../../..' + outside, root + '/data/deep/er/link');
      createServer((_, response) => response.end('linked')).listen(process.env.PORT);`;
    const source = await program('linking', {
      server,
      container: 'volumes:\n  /data:\n    source: ${resources.disk.source}',
      score: 'resources:\n  disk:\n    type: volume',
    });
    const built = await subject.operation('POST', '/v1/projects/shop/services/web/builds', source);
    const { version } = built.result;
    const deployed = await subject.operation('POST', `${at}/dev/services/web/deployments`, { version });
    expect(deployed, JSON.stringify(deployed.error)).toMatchObject({ status: 'succeeded' });
    expect((await subject.workload('web.dev.shop.localhost')).text).toBe('linked');
    expect(await subject.operation('DELETE', `${at}/dev`)).toMatchObject({ status: 'succeeded' });
    expect(kept()).toBe('kept');
    const { body } = await subject.api('GET', at);
    expect(body.items.map((item: { name: string }) => item.name)).toEqual(['dev-2']);
  });
});

describe('On disk', () => {
  it.each([
    '',
    '.',
    '..',
    '../x',
    'a/b',
    '/',
    '-',
    '.hidden',
    'A',
    'a b',
    'a\n',
    'a\u0000',
    'a;b',
    '$(id)',
    '*',
    'ä',
  ])('%j is no part of a path', (name) => {
    const layout = createLayout('/nowhere');
    expect(() => segment(name)).toThrow(/can not be used/);
    expect(() => layout.environment({ project: 'shop', environment: name })).toThrow();
    expect(() => layout.environment({ project: name, environment: 'dev' })).toThrow();
    expect(() => layout.instance({ project: 'shop', environment: 'dev', service: name })).toThrow();
  });

  it.each(['/../x', '/a/../../x', '/a/..', '..', '/\u0000', '/a/../b'])(
    '%j is no path of a container',
    async (path) => {
      const root = join(outside, 'root');
      mkdirSync(root, { recursive: true });
      expect(() => mapPath(root, path)).toThrow(/can not be used/);
      await expect(makeInside(root, path)).rejects.toThrow(/can not be used/);
      await expect(
        placeFile(root, { target: path, content: Buffer.from('x'), mode: 0o644 }),
      ).rejects.toThrow();
      const mount = { target: path, source: 'disk', readOnly: false };
      mkdirSync(join(outside, 'volumes', 'disk'), { recursive: true });
      await expect(placeVolume(root, join(outside, 'volumes'), mount)).rejects.toThrow();
      expect(kept()).toBe('kept');
    },
  );

  it('a file or a volume does not go through a link of the image, nor to the root itself', async () => {
    const { symlinkSync } = await import('node:fs');
    const root = join(outside, 'linked-root');
    mkdirSync(root, { recursive: true });
    symlinkSync(join(outside, 'folder'), join(root, 'etc'));
    const content = Buffer.from('overwritten');
    for (const target of ['/etc/kept', '/etc//kept', '/./etc/kept', '/etc/new/kept', '/']) {
      await expect(placeFile(root, { target, content, mode: 0o777 }), target).rejects.toThrow(
        /can not be used/,
      );
    }
    for (const source of ['../folder', '..', '/', 'missing', '.']) {
      const mount = { target: '/x', source, readOnly: false };
      await expect(placeVolume(root, outside, mount), source).rejects.toThrow(/can not be/);
    }
    // In place of the link itself there may be a file: the link goes, and not where it leads.
    await placeFile(root, { target: '/etc', content, mode: 0o644 });
    expect(kept()).toBe('kept');
  });
});
