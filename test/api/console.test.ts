import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSubject, expectProblem, type Subject } from './support.ts';

const webRoot = join(import.meta.dirname, '../../web');
const files = readdirSync(webRoot);
const pages: Record<string, string> = { 'index.html': '/', 'docs.html': '/docs' };
const paths = files.map((file) => pages[file] ?? `/${file}`);

let subject: Subject;
beforeAll(async () => {
  subject = await createSubject({ webRoot });
});
afterAll(() => subject.close());

describe('The console', () => {
  it.each(paths)('%s is served to everyone, under a strict policy', async (path) => {
    const response = await subject.app.request(path);
    expect(response.status).toBe(200);
    const policy = response.headers.get('content-security-policy');
    for (const part of [
      "default-src 'none'",
      "script-src 'self'",
      "connect-src 'self'",
      "frame-ancestors 'none'",
    ]) {
      expect(policy).toContain(part);
    }
    expect(policy).not.toContain('unsafe');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(response.headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect((await response.text()).length).toBeGreaterThan(100);
    const tag = response.headers.get('etag') ?? '';
    const again = await subject.app.request(path, { headers: { 'if-none-match': tag } });
    expect(again.status).toBe(304);
  });

  it.each([
    '/..%2fpackage.json',
    '/%2e%2e/package.json',
    '/../package.json',
    '/console.js/..',
    '/index.html',
    '/console.js%00',
    '/docs/',
  ])('%s is nothing', async (path) => {
    const answer = await subject.api('GET', path);
    if (answer.status === 200) expect(answer.text).toBe(readFileSync(join(webRoot, 'index.html'), 'utf8'));
    else expectProblem(answer, answer.status);
    expect(answer.text).not.toContain('"berth"');
  });

  it('is not there without its directory', async () => {
    const bare = await createSubject();
    expectProblem(await bare.api('GET', '/'), 404, 'not_found');
    await bare.close();
  });

  it('has no script or style in its pages, never writes markup, and loads nothing from elsewhere', () => {
    for (const file of files) {
      const text = readFileSync(join(webRoot, file), 'utf8');
      expect(text).not.toMatch(
        /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|localStorage|\son\w+="/,
      );
      expect(text).not.toMatch(/<script(?![^>]*\ssrc="\/)|<style|\sstyle="/);
      expect(text).not.toMatch(/(?:src|href)="(?:https?:)?\/\/|@import|url\(/);
    }
  });
});
