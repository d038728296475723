/** Serves the built console: a fixed list of files, read at start; no path of a request ever names a file. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import * as z from 'zod';
import { Problem } from '../../core/problem.ts';
import { isNoneMatch } from '../http/etag-headers.ts';
import { type Route, route } from '../http/route-spec.ts';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; " +
    "img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  vary: 'accept-encoding',
} as const;

/** Files that are named by a hash of their content never change; a new build has new names. */
const FOREVER = 'public, max-age=31536000, immutable';
const ASK_AGAIN = 'no-cache';

export interface Console {
  routes: Route[];
  /** The page for an address that the console routes itself, such as `/projects/demo`. */
  page: Route;
}

/** @param webRoot directory of the built console; while it is missing, the page says so */
export function createConsole(webRoot: string): Console {
  const assets = join(webRoot, 'assets');
  if (!existsSync(join(webRoot, 'index.html'))) return { routes: [notBuilt('/')], page: notBuilt('/') };
  const index = join(webRoot, 'index.html');
  const tag = createHash('sha256').update(readFileSync(index)).digest('base64url').slice(0, 22);
  const page = (path: string) => file({ path, at: index, tag, cache: ASK_AGAIN });
  return {
    page: page('/'),
    routes: [
      page('/'),
      page('/docs'),
      ...commandLine(webRoot),
      ...readdirSync(assets)
        .filter((name) => extname(name) in types)
        .map((name) => file({ path: `/assets/${name}`, at: join(assets, name), tag: name, cache: FOREVER })),
    ],
  };
}

/** Whether a request is for a page of the console, rather than for a missing file or a path of the API. */
export function isPageRequest(method: string, path: string, accept: string | undefined): boolean {
  const [, first = ''] = path.split('/', 2);
  return (
    (method === 'GET' || method === 'HEAD') &&
    accept?.includes('text/html') === true &&
    !['v1', 'healthz', 'problems', 'assets', 'identity', 'cli'].includes(first) &&
    // A file, such as favicon.ico.
    !path.slice(path.lastIndexOf('/')).includes('.')
  );
}

const hidden = (path: string, operationId: string) =>
  ({
    method: 'get',
    path,
    policy: { action: 'api.describe', scope: 'public' },
    hidden: true,
    operationId,
    summary: `Read ${path} of the console`,
    // The page reads its address itself.
    query: z.looseObject({}),
    tag: 'Console',
    answers: { 200: { summary: path } },
  }) as const;

function file({ path, at, tag, cache }: { path: string; at: string; tag: string; cache: string }): Route {
  const type = types[extname(at)] ?? 'application/octet-stream';
  const packed = existsSync(`${at}.gz`);
  return route({
    ...hidden(path, `get-${path}`),
    handle: async ({ request }) => {
      const zipped = packed && /\bgzip\b/.test(request.headers.get('accept-encoding') ?? '');
      const etag = `"${tag}${zipped ? '-gzip' : ''}"`;
      const all = {
        ...headers,
        'cache-control': cache,
        'content-type': type,
        etag,
        ...(zipped && { 'content-encoding': 'gzip' }),
      };
      if (isNoneMatch(request.headers.get('if-none-match') ?? undefined, etag)) {
        return new Response(null, { status: 304, headers: all });
      }
      return new Response(await readFile(zipped ? `${at}.gz` : at), { headers: all });
    },
  });
}

/**
 * The command line as a package that `npm install` and `npx` take by its address. npx fetches from an address once and for
 * all: what a build brings has one of its own as well, and the entity tag says which build it is.
 */
function commandLine(webRoot: string): Route[] {
  const build = readFileSync(join(webRoot, 'cli.build'), 'utf8');
  const at = (path: string, operationId: string): Route =>
    route({
      ...hidden(path, operationId),
      handle: async () =>
        new Response(await readFile(join(webRoot, 'cli')), {
          headers: {
            ...headers,
            'cache-control': ASK_AGAIN,
            'content-type': 'application/gzip',
            etag: `"${build}"`,
          },
        }),
    });
  return [at('/cli', 'get-cli'), at(`/cli/${build}`, 'get-cli-build')];
}

const notBuilt = (path: string): Route =>
  route({
    ...hidden(path, 'get-console'),
    handle: async () => {
      throw new Problem('unavailable', 'The console has not been built.', {
        hint: 'Start Berth with `npm start`, which builds it; the API answers without it.',
      });
    },
  });
