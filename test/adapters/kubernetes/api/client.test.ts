import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { explainRefusal, KubernetesError } from '../../../../functions/adapters/kubernetes/api/api-errors.ts';
import { createKubernetesClient } from '../../../../functions/adapters/kubernetes/api/client.ts';

let server: Server | undefined;
const closing: (() => void)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) close();
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

/** A client of a server that answers so. */
async function clientOf(listener: RequestListener, timeoutMs = 30_000) {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = createKubernetesClient({ server: `http://127.0.0.1:${port}` }, { timeoutMs });
  closing.push(() => client.close());
  return client;
}

const nameOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'nothing was thrown',
    (error: Error) => error.name,
  );

describe('faults of the cluster', () => {
  it.each([429, 500, 502, 503, 504])('%i is worth another try', async (status) => {
    const client = await clientOf((_, response) => response.writeHead(status).end('{"reason":"Busy"}'));
    expect(await nameOf(client.call('PATCH', '/x'))).toBe('Berth.Transient');
  });

  it('a body that is not JSON hides nothing', async () => {
    const client = await clientOf((_, response) => response.writeHead(502).end('<html>'));
    expect(await nameOf(client.get('/x'))).toBe('Berth.Transient');
  });

  it('a server that is silent is given up', async () => {
    const client = await clientOf(() => undefined, 100);
    expect(await nameOf(client.call('POST', '/x', { body: {} }))).toBe('Berth.Transient');
    expect(await nameOf(client.get('/x'))).toBe('Berth.Transient');
  });

  it('an answer that stops halfway is given up', async () => {
    const client = await clientOf((_, response) => response.writeHead(200).write('{"a":'), 100);
    expect(await nameOf(client.get('/x'))).toBe('Berth.Transient');
  });

  it('a lost connection is worth another try; a read has it at once', async () => {
    let count = 0;
    const client = await clientOf((request, response) => {
      if (count++ % 2 === 0) request.socket.destroy();
      else response.end('{"ok":true}');
    });
    expect(await client.get('/x')).toEqual({ ok: true });
    expect(await nameOf(client.call('POST', '/x'))).toBe('Berth.Transient');
    expect(count).toBe(3);
  });

  it('nobody there: unavailable, with the address and without a stack', async () => {
    const client = await clientOf((_, response) => response.end());
    await new Promise((resolve) => server?.close(resolve));
    const error = await client.get('/x').catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ name: 'Berth.unavailable' });
    expect((error as Error).message).toMatch(
      /^The cluster at 127\.0\.0\.1:\d+ can not be reached: ECONNREFUSED/,
    );
  });

  it('another host than the cluster’s never gets the token: redirects are not followed', async () => {
    let asked = 0;
    const client = await clientOf((_, response) => {
      asked++;
      response.writeHead(307, { location: 'http://127.0.0.1:1/elsewhere' }).end('{}');
    });
    expect(await client.get('/x').catch((thrown: Error) => thrown)).toBeInstanceOf(KubernetesError);
    expect(asked).toBe(1);
  });

  it('what is not there is no error of a read, and one of a write', async () => {
    const client = await clientOf((_, response) => response.writeHead(404).end('{"reason":"NotFound"}'));
    expect(await client.get('/x')).toBeUndefined();
    expect(await client.text('/x/log')).toBeUndefined();
    expect(await nameOf(client.call('DELETE', '/x'))).toBe('KubernetesError');
  });
});

describe('lists and watches', () => {
  it('a list is read by pages', async () => {
    const client = await clientOf((request, response) => {
      const next = new URL(request.url ?? '', 'http://x').searchParams.get('continue');
      const metadata = next ? { resourceVersion: '2' } : { resourceVersion: '1', continue: 'more' };
      response.end(JSON.stringify({ metadata, items: [next ?? 'first'] }));
    });
    expect(await client.list('/x')).toEqual({
      metadata: { resourceVersion: '2' },
      items: ['first', 'more'],
    });
  });

  it('a watch tells changes, skips bookmarks, and ends with the server’s memory', async () => {
    const client = await clientOf((_, response) => {
      for (const type of ['ADDED', 'BOOKMARK', 'MODIFIED', 'ERROR', 'ADDED'])
        response.write(`${JSON.stringify({ type, object: {} })}\n`);
      response.end();
    });
    const types: string[] = [];
    for await (const { type } of client.watch('/x', {}, AbortSignal.timeout(30_000))) types.push(type);
    expect(types).toEqual(['ADDED', 'MODIFIED']);
  });

  it('a watch ends with its signal', async () => {
    const client = await clientOf((_, response) => response.writeHead(200).flushHeaders());
    for await (const _ of client.watch('/x', {}, AbortSignal.timeout(100))) expect.unreachable();
  });
});

describe('words for refusals', () => {
  it.each([
    [
      'pods "x" is forbidden: exceeded quota: environment, requested: pods=1, used: pods=2, limited: pods=2',
      "the environment's quota is used up (asked for pods=1, in use pods=2, at most pods=2)",
    ],
    [
      'pods "x" is forbidden: violates PodSecurity "restricted:latest": privileged (container "x" must not)',
      'Pod Security "restricted:latest" does not allow it (privileged (container "x" must not))',
    ],
    [
      'forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi',
      'maximum memory usage per Container is 1Gi, but limit is 2Gi',
    ],
  ])('%s', (message, why) => {
    expect(explainRefusal(message)?.why).toBe(why);
  });
});
