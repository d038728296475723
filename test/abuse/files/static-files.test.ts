/**
 * Paths that leave a site, sent as they are over a socket, since every client would tidy them up: to a static site
 * that Berth has built and serves, to the console, and to the API.
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBerth, type TestBerth } from '../../support/berth.ts';
import { archive } from '../../support/programs.ts';

const CANARY = 'canary-of-a-file-that-is-not-for-visitors';
const SITE = 'web.dev.shop.localhost';

let subject: TestBerth;
let secrets: string[];
beforeAll(async () => {
  subject = await startBerth();
  await subject.api('POST', '/v1/projects', { name: 'shop' });
  await subject.api('POST', '/v1/projects/shop/services', { name: 'web' });
  await subject.operation('POST', '/v1/projects/shop/environments', { name: 'dev' });
  const source = await archive({
    'index.html': '<h1>front</h1>',
    'docs/a b.html': '<h1>blank</h1>',
    'docs/100%25.html': '<h1>percent</h1>',
    '.env': CANARY,
    '.git/config': CANARY,
    'docs/.htpasswd': CANARY,
    'score.yaml': `# ${CANARY}\napiVersion: score.dev/v1b1\nmetadata:\n  name: web\nservice:\n  ports:\n    www:\n      port: 80\n      targetPort: 8080\ncontainers:\n  main:\n    image: .\n`,
  });
  const built = await subject.operation('POST', '/v1/projects/shop/services/web/builds', source);
  const { version } = built.result;
  const at = '/v1/projects/shop/environments/dev/services/web/deployments';
  expect(await subject.operation('POST', at, { version })).toMatchObject({ status: 'succeeded' });
  const read = (name: string): string => readFileSync(join(subject.directory, name), 'utf8').trim();
  secrets = [CANARY, read('admin-token'), 'root:x:0', '"workspaces"', 'createServer'];
});
afterAll(() => subject?.close());

/** The answer to a request whose path is sent byte by byte. */
function ask(host: string, path: string): Promise<string> {
  const { port } = new URL(subject.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(
    Buffer.from(
      `GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nAccept: text/html\r\nConnection: close\r\n\r\n`,
      'latin1',
    ),
  );
  return text(socket);
}

const UP = [
  '/../',
  '/..%2f',
  '/%2e%2e/',
  '/%2e%2e%2f',
  '/.%2e/',
  '/%252e%252e%252f',
  '/..%5c',
  '/..\\',
  '/%c0%ae%c0%ae/',
  '/..;/',
  '/....//',
  '/docs/..%2f..%2f',
  '/%uff0e%uff0e/',
  '/..%00/',
  '//..//',
  '/./../',
];
const FILES = ['admin-token', 'package.json', 'etc/passwd', 'server.mjs', '.env', 'score.yaml'];

describe.each([
  ['a site', SITE],
  ['the console', 'localhost'],
])('From %s', (_what, host) => {
  it.each(UP)('%s leads to nothing', async (up) => {
    const paths = FILES.flatMap((file) => [1, 4].map((levels) => `/${up.slice(1).repeat(levels)}${file}`));
    await Promise.all(
      paths.map(async (path) => {
        const answer = await ask(host, path);
        expect(answer, path).toMatch(/^HTTP\/1\.1 (?:200|30[1278]|40[045]) /);
        for (const secret of secrets) expect(answer, path).not.toContain(secret);
      }),
    );
  });

  it.each([
    '/.env',
    '/%2eenv',
    '/.git/config',
    '/docs/.htpasswd',
    '/docs/%2ehtpasswd',
    '/score.yaml',
    '/SCORE.YAML',
    '/.env/',
    '/.env%00.html',
    '/.env?x',
    '/index.html/../.env',
  ])('what is not for visitors is not there: %s', async (path) => {
    const answer = await ask(host, path);
    for (const secret of secrets) expect(answer, path).not.toContain(secret);
  });

  it('a target that is no path is none of theirs', async () => {
    for (const target of [
      `http://localhost/../admin-token`,
      'file:///etc/passwd',
      '*',
      'etc/passwd',
      '?/../../etc/passwd',
      '\\..\\..\\etc\\passwd',
    ]) {
      const answer = await ask(host, target);
      expect(answer, target).toMatch(/^HTTP\/1\.1 (?:200|40\d) /);
      for (const secret of secrets) expect(answer, target).not.toContain(secret);
    }
  });
});

it('Files whose names only look odd are served', async () => {
  expect(await ask(SITE, '/')).toContain('front');
  expect(await ask(SITE, '/docs/a%20b.html')).toContain('blank');
});

describe('Of the API', () => {
  it.each([
    '/v1/projects/..%2fshop',
    '/v1/projects/shop%2fenvironments',
    '/v1/projects/%2e%2e/me',
    '/v1/%2e%2e/v1/me',
    '/v1/projects/shop%5cx',
    '/v1/projects/shop/services/web%2f..%2fweb',
    '/problems/..%2f..%2fpackage.json',
    '/assets/..%2f..%2fpackage.json',
    '/docs/..%2fpackage.json',
    '/identity/..%2fadmin-token',
  ])('%s is no route, or one that is guarded', async (path) => {
    const answer = await ask('localhost', path);
    // Dots are resolved before anything is looked at, so that routing and policy see the same path.
    expect(answer).toMatch(/^HTTP\/1\.1 40[014] /);
    for (const secret of secrets) expect(answer).not.toContain(secret);
  });
});
