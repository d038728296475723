import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { temporaryDirectories } from '../../../support/files/temporary.ts';
import { freePort } from '../../../support/process.ts';

const SERVER = resolve(import.meta.dirname, '../../../../functions/adapters/local/builder/static-server.mjs');
const temporary = temporaryDirectories();
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

async function serve(files: Record<string, string>) {
  const root = temporary();
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    // This is what files of an image have.
    utimesSync(path, 0, 0);
  }
  const port = await freePort();
  const env = { PATH: process.env.PATH ?? '', PORT: String(port) };
  const child = spawn(process.execPath, [SERVER, root], { env, stdio: 'ignore' });
  const ended = once(child, 'close');
  cleanups.push(() => {
    child.kill();
    return ended;
  });
  return async (path: string, headers: Record<string, string> = {}) => {
    for (;;) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers }).catch(() => undefined);
      if (response)
        return { status: response.status, headers: response.headers, body: await response.text() };
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
      await sleep(10);
    }
  };
}

it('A site with a 404.html answers with it what it does not have, with status 404', async () => {
  const get = await serve({ 'index.html': 'home', '404.html': '<h1>ours</h1>' });
  for (const path of ['/deep/link', '/missing.js']) {
    const { status, headers, body } = await get(path, { accept: 'text/html' });
    expect([status, headers.get('content-type'), body]).toEqual([
      404,
      'text/html;charset=utf-8',
      '<h1>ours</h1>',
    ]);
  }
  expect((await get('/')).body).toBe('home');
});

it('A site without a 404.html answers the paths of a single-page app with index.html, and missing files with 404', async () => {
  const get = await serve({ 'index.html': 'home', 'about.html': 'about' });
  expect(await get('/deep/link')).toMatchObject({ status: 200, body: 'home' });
  expect(await get('/about')).toMatchObject({ status: 200, body: 'about' });
  for (const path of ['/missing.js', '/assets/a.css', '/.env', '/.well-known/x'])
    expect((await get(path)).status, path).toBe(404);
});

it('Files with a hash in their name are kept for a year, all others are asked for again', async () => {
  const hashed = ['assets/index-BxK3a9Qz.js', 'main.8f2c1a9e.css', 'assets/inter-D4f7Gh2k.woff2'];
  const others = ['index.html', 'app.js', 'photo-20240101.png', 'jquery.slim-3.min.js', 'translations.js'];
  const get = await serve(Object.fromEntries([...hashed, ...others].map((name) => [name, 'x'])));
  for (const name of hashed)
    expect((await get(`/${name}`)).headers.get('cache-control'), name).toBe(
      'public, max-age=31536000, immutable',
    );
  for (const name of [...others, 'deep/link'])
    expect((await get(`/${name}`)).headers.get('cache-control'), name).toBe('no-cache');
});

it('A tag is good for the same site alone: another of the same size and time is sent anew', async () => {
  const [get, again, changed] = [
    await serve({ 'index.html': 'one' }),
    await serve({ 'index.html': 'one' }),
    await serve({ 'index.html': 'two' }),
  ];
  const tag = (await get('/')).headers.get('etag') ?? '';
  for (const same of [get, again])
    expect(await same('/', { 'if-none-match': tag })).toMatchObject({ status: 304, body: '' });
  expect(await changed('/', { 'if-none-match': tag })).toMatchObject({ status: 200, body: 'two' });
});
