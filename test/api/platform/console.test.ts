import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSubject, expectProblem, type Subject } from '../support.ts';

const root = join(import.meta.dirname, '../../..');
const webRoot = join(root, 'web/dist');

const page = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

let subject: Subject;
beforeAll(async () => {
  // Nothing is built where it was built before.
  execFileSync(process.execPath, [join(root, 'scripts/console.mjs')]);
  subject = await createSubject({ webRoot });
});
afterAll(() => subject.close());

const assets = (): string[] => readdirSync(join(webRoot, 'assets'));

describe('The console', () => {
  it('is served to everyone, under a strict policy', async () => {
    const files = ['/', '/docs', ...assets().map((name) => `/assets/${name}`)];
    for (const path of files.filter((each) => !each.endsWith('.gz'))) {
      const response = await subject.app.request(path);
      expect(response.status, path).toBe(200);
      const policy = response.headers.get('content-security-policy');
      for (const part of [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
      ]) {
        expect(policy).toContain(part);
      }
      expect(policy).not.toContain('unsafe');
      expect(policy).not.toMatch(/https?:|\*/);
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(response.headers.get('referrer-policy')).toBe('no-referrer');
      expect(response.headers.get('cross-origin-opener-policy')).toBe('same-origin');
      expect(response.headers.get('content-type'), path).not.toContain('octet-stream');
      const kept = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
      expect(response.headers.get('cache-control')).toBe(kept);
      expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(50);
      const tag = response.headers.get('etag') ?? '';
      const again = await subject.app.request(path, { headers: { 'if-none-match': tag } });
      expect(again.status).toBe(304);
    }
  });

  it('is sent compressed to who takes that, as something else than the plain file', async () => {
    const plain = await subject.app.request('/');
    const zipped = await subject.app.request('/', { headers: { 'accept-encoding': 'gzip, br' } });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(zipped.headers.get('content-encoding')).toBe('gzip');
    expect(zipped.headers.get('vary')).toBe('accept-encoding');
    expect(zipped.headers.get('etag')).not.toBe(plain.headers.get('etag'));
    const unpacked = new Response(zipped.body?.pipeThrough(new DecompressionStream('gzip')));
    expect(await unpacked.text()).toBe(await plain.text());
  });

  it.each([
    '/projects/demo',
    '/projects/demo/environments/dev/services/guestbook/logs',
    '/operations/01KAV6M2J8Y0T5W3Q9R7C4X1ZB',
    '/projects/demo/deploy?service=guestbook',
    '/no/such/page',
  ])('%s is the page, which reads its address itself', async (path) => {
    const response = await subject.app.request(path, { headers: page });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(await response.text()).toBe(readFileSync(join(webRoot, 'index.html'), 'utf8'));
  });

  it.each([
    ['/v1/nothing', page],
    ['/v1', page],
    ['/healthz/nothing', page],
    ['/assets/nothing.js', page],
    ['/assets/nothing', page],
    ['/favicon.ico', page],
    ['/index.html', page],
    ['/assets/../.sources', page],
    ['/.sources', page],
    ['/..%2fpackage.json', page],
    ['/%2e%2e/package.json', page],
    ['/projects/%64emo', page],
    ['/projects/demo', { accept: 'application/json' }],
    ['/projects/demo', {}],
  ])('%s with %o is nothing', async (path, headers) => {
    const answer = await subject.app.request(path, { headers });
    expect([400, 404]).toContain(answer.status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.text()).not.toContain('"berth"');
  });

  it('has the command line at an address of its build as well, which its entity tag names', async () => {
    const known = await subject.app.request('/cli', { method: 'HEAD' });
    const build = /^"([0-9a-f]{10})"$/.exec(known.headers.get('etag') ?? '')?.[1];
    expect(build).toBeDefined();
    const one = await subject.app.request('/cli');
    const own = await subject.app.request(`/cli/${build}`);
    expect([own.status, own.headers.get('content-type')]).toEqual([200, 'application/gzip']);
    expect(Buffer.from(await own.arrayBuffer())).toEqual(Buffer.from(await one.arrayBuffer()));
    expect((await subject.app.request('/cli/0123456789')).status).toBe(404);
  });

  it('takes no other method', async () => {
    const answer = await subject.app.request('/projects/demo', { method: 'POST', headers: page });
    expect(answer.status).toBe(404);
    const head = await subject.app.request('/projects/demo', { method: 'HEAD', headers: page });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('is not there without its directory', async () => {
    const bare = await createSubject();
    expectProblem(await bare.api('GET', '/'), 404, 'not_found');
    expect((await bare.app.request('/projects/demo', { headers: page })).status).toBe(404);
    await bare.close();
  });

  it('says what to do while it is not built', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'berth-console-'));
    const unbuilt = await createSubject({ webRoot: empty });
    expectProblem(await unbuilt.api('GET', '/'), 503, 'unavailable');
    const answer = await unbuilt.app.request('/projects/demo', { headers: page });
    expect(await answer.text()).toContain('npm start');
    await unbuilt.close();
    rmSync(empty, { recursive: true });
  });

  it('has no script or style in its page, and loads nothing from elsewhere', () => {
    const html = readFileSync(join(webRoot, 'index.html'), 'utf8');
    expect(html).not.toMatch(/<script(?![^>]*\ssrc="\/)|<style|\sstyle="|\son\w+="/);
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    for (const name of assets().filter((each) => each.endsWith('.css'))) {
      const css = readFileSync(join(webRoot, 'assets', name), 'utf8');
      expect(css).not.toMatch(/@import|url\((?!\/assets\/)/);
    }
  });

  it('has a first view of 200 kB at most in three files, whichever page that is', () => {
    const html = readFileSync(join(webRoot, 'index.html'), 'utf8');
    const named = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)].map(
      ([, file = '']) => file,
    );
    expect(named.length).toBeLessThanOrEqual(3);
    // The board and the form are in them: they are no parts of their own that would be waited for.
    const manifest: Record<string, { file: string; imports?: string[] }> = JSON.parse(
      readFileSync(join(webRoot, '.vite/manifest.json'), 'utf8'),
    );
    for (const page of ['overview', 'projects', 'sign-in'])
      expect(manifest).not.toHaveProperty([`src/pages/${page}.tsx`]);
    const imported = Object.values(manifest)
      .filter(({ file }) => named.includes(file))
      .flatMap(({ imports = [] }) => imports.map((key) => manifest[key]!.file));
    expect(named).toEqual(expect.arrayContaining(imported));
    const bytes = named.map((file) => statSync(join(webRoot, `${file}.gz`)).size);
    expect(bytes.reduce((sum, each) => sum + each)).toBeLessThan(200_000);
  });

  it('never writes markup of its own, and stores nothing but the choice of a theme', () => {
    const sources = readdirSync(join(root, 'web/src'), { recursive: true, withFileTypes: true })
      .filter((entry) => /\.tsx?$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name));
    expect(sources.length).toBeGreaterThan(20);
    for (const file of sources) {
      const text = readFileSync(file, 'utf8');
      expect(text, file).not.toMatch(
        /dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|sessionStorage|document\.cookie/,
      );
      if (!file.endsWith('theme.ts')) expect(text, file).not.toContain('localStorage');
    }
  });
});
