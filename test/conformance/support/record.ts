/**
 * Notes which calls of the suite were answered well, for scripts/aws-calls.ts: SDK commands, and the Kubernetes
 * verbs with their resources. Vitest loads it before each file of tests.
 */
import { subscribe } from 'node:diagnostics_channel';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { afterAll, expect } from 'vitest';
import { cacheRoot } from './cache.ts';

interface Sender {
  send(...args: unknown[]): unknown;
}

const root = join(import.meta.dirname, '../../..');
const calls = new Set<string>();
/** The request id in answers that a suite gives itself. */
const PLAYED = 'played';

// All SDK clients inherit from this one; they are CommonJS, so that `import` could give another copy.
const { Client } = createRequire(import.meta.url)('@smithy/core/client') as { Client: { prototype: Sender } };
const { send } = Client.prototype;
Client.prototype.send = function (this: Sender, ...args: unknown[]) {
  const name = (args[0] as object).constructor.name;
  const result = send.apply(this, args);
  if (result instanceof Promise)
    result.then(
      (output) => {
        // An answer that our own proxy gave in the other side's place proves nothing.
        if (output?.$metadata?.requestId !== PLAYED) calls.add(name);
      },
      () => {},
    );
  return result;
};

/** `list pods`, `get deployments/scale`: the verbs by which Kubernetes grants permissions. */
function verbOf(method: string, url: URL): string {
  const match = url.pathname.match(
    /^\/(?:api|apis\/[^/]+)\/v[^/]+\/(?:namespaces\/[^/]+\/(?=[^/]+))?([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?/,
  );
  const [, resource = url.pathname, name, sub] = match ?? [];
  const reading = url.searchParams.get('watch') ? 'watch' : name === undefined ? 'list' : 'get';
  const verb = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }[method] ?? reading;
  return `${verb} ${resource}${sub === undefined ? '' : `/${sub}`}`;
}

const presigned = (url: URL, status: number): void => {
  const operation = url.searchParams.get('x-id');
  if (operation && url.searchParams.has('X-Amz-Signature') && status < 300) calls.add(`${operation}Command`);
};

subscribe('http.client.response.finish', (message) => {
  const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
  const url = new URL(request.path, `http://${request.host}`);
  const status = response.statusCode ?? 0;
  presigned(url, status);
  if (request.getHeader('user-agent') === 'berth' && status < 300) calls.add(verbOf(request.method, url));
});

subscribe('undici:request:headers', (message) => {
  const { request, response } = message as {
    request: { origin: string | URL; path: string };
    response: { statusCode: number };
  };
  presigned(new URL(request.path, request.origin), response.statusCode);
});

afterAll(() => {
  const suite = relative(root, expect.getState().testPath ?? 'unknown');
  const directory = join(cacheRoot, 'calls');
  mkdirSync(directory, { recursive: true });
  const text = JSON.stringify({ suite, calls: [...calls].sort() });
  writeFileSync(join(directory, `${suite.replaceAll('/', '__')}.json`), text);
});
