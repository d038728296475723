/** Serves the console's files: a fixed list, read at start; no path of a request ever names a file. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isNoneMatch } from './etag.ts';
import { type Route, route } from './route.ts';

const files = [
  { path: '/', file: 'index.html', type: 'text/html; charset=utf-8' },
  { path: '/docs', file: 'docs.html', type: 'text/html; charset=utf-8' },
  { path: '/console.css', file: 'console.css', type: 'text/css; charset=utf-8' },
  ...[
    'client.js',
    'console.js',
    'docs.js',
    'dom.js',
    'log.js',
    'overview.js',
    'service.js',
    'shell.js',
    'versions.js',
  ].map((file) => ({ path: `/${file}`, file, type: 'text/javascript; charset=utf-8' })),
];

const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  // A new Berth brings new files; the ETag makes asking again cheap.
  'cache-control': 'no-cache',
} as const;

/** @param webRoot directory that has all of the files */
export function consoleRoutes(webRoot: string): Route[] {
  return files.map(({ path, file, type }) => {
    const content = readFileSync(join(webRoot, file));
    const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
    const all = { ...headers, 'content-type': type, etag };
    return route({
      method: 'get',
      path,
      policy: { action: 'api.describe', scope: 'public' },
      hidden: true,
      operationId: `get-${file}`,
      summary: `Read ${file} of the console`,
      tag: 'Console',
      answers: { 200: { summary: file } },
      handle: async ({ request }) =>
        isNoneMatch(request.headers.get('if-none-match') ?? undefined, etag)
          ? new Response(null, { status: 304, headers: all })
          : new Response(content, { headers: all }),
    });
  });
}
