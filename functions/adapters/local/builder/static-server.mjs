// Serves a folder over HTTP on $PORT. Goes into images of static sites as it is, next to sirv.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import sirv from 'sirv';

const root = resolve(process.argv[2] ?? '.');
const page = join(root, '404.html');
const notFoundPage = existsSync(page) ? readFileSync(page) : undefined;
/** Bundlers put a hash into these names: what is behind such a name never changes. */
const HASHED = /[.-](?=\w*\d)(?=\w*[A-Za-z])\w{8,}\.(?:m?js|css|map|wasm|woff2?)$/;

/**
 * One tag for the whole site: whoever has it for a path has what is there now. The tags that sirv makes are of size
 * and time, and files of images have no time of their own.
 */
function tagOfSite() {
  const hash = createHash('sha256');
  const entries = readdirSync(root, { withFileTypes: true, recursive: true }).filter((entry) =>
    entry.isFile(),
  );
  for (const file of entries.map(({ parentPath, name }) => join(parentPath, name)).sort())
    hash
      .update(`${file.slice(root.length)}\0`)
      .update(readFileSync(file))
      .update('\0');
  return `"${hash.digest('base64url').slice(0, 22)}"`;
}
const tag = tagOfSite();

// A site without a 404 page is taken for a single-page app: paths without an ending are answered with index.html.
const serve = sirv(root, {
  dotfiles: false,
  single: notFoundPage === undefined,
  ignores: ['/\\.'],
  setHeaders(response, path) {
    response.setHeader('ETag', tag);
    response.setHeader(
      'Cache-Control',
      HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
    );
  },
});

const server = createServer((request, response) => {
  response.setHeader('X-Content-Type-Options', 'nosniff');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD' }).end();
    return;
  }
  if (request.headers['if-none-match']?.includes(tag)) {
    response.writeHead(304, { ETag: tag }).end();
    return;
  }
  serve(request, response, () => {
    const type = notFoundPage === undefined ? 'text/plain' : 'text/html;charset=utf-8';
    response.writeHead(404, { 'Content-Type': type, 'Cache-Control': 'no-cache' });
    response.end(notFoundPage ?? 'Not found\n');
  });
});

server.listen(Number(process.env.PORT ?? 8080));
process.once('SIGTERM', () => {
  server.close();
  server.closeIdleConnections();
});
