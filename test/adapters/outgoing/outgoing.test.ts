/** The client for addresses that users name reaches public addresses alone. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createOutgoing, ForbiddenAddress } from '../../../functions/adapters/outgoing/outgoing.ts';

const seen: string[] = [];
const server = createServer((request, response) => {
  seen.push(request.url ?? '');
  if (request.url === '/redirect') return void response.writeHead(302, { location: '/there' }).end();
  if (request.url === '/large') return void response.end('x'.repeat(2000));
  if (request.url === '/slow') return;
  response.setHeader('content-type', 'application/json').end('{"ok":true}');
});
let origin: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => void seen.splice(0));

/** A resolver that gives other addresses each time. */
function resolver(...answers: string[][]) {
  let at = 0;
  const lookup = ((_name: string, _options: object, done: (error: null, found: object[]) => void) => {
    const addresses = answers[Math.min(at++, answers.length - 1)]!;
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  }) as never;
  return { lookup, asked: () => at };
}

describe('It', () => {
  it('asks an origin that is trusted', async () => {
    const ask = createOutgoing({ trusted: [origin] });
    expect(await (await ask(`${origin}/x`)).json()).toEqual({ ok: true });
    expect((await ask(`${origin}/x`)).headers.get('content-type')).toBe('application/json');
  });

  it.each([
    'http://127.0.0.1',
    'https://127.0.0.1',
    'https://127.1',
    'https://0x7f000001',
    'https://2130706433',
    'https://[::1]',
    'https://[::ffff:127.0.0.1]',
    'https://[fd00::1]',
    'https://10.0.0.1',
    'https://192.168.1.1',
    'https://169.254.169.254/latest/meta-data',
    'https://[::ffff:169.254.169.254]',
    'https://0.0.0.0',
    'https://user:secret@example.com',
    'http://example.com',
    'file:///etc/passwd',
  ])('sends nothing to %s', async (url) => {
    const at = new URL(url);
    if (at.hostname.startsWith('127')) at.port = new URL(origin).port;
    await expect(createOutgoing()(at)).rejects.toThrow(ForbiddenAddress);
    expect(seen).toEqual([]);
  });

  it.each([[['127.0.0.1']], [['8.8.8.8', '127.0.0.1']], [['::ffff:10.0.0.1']], [['169.254.169.254']], [[]]])(
    'sends nothing to a name that resolves to %j',
    async (addresses) => {
      const { lookup } = resolver(addresses);
      await expect(createOutgoing({ lookup })('https://issuer.example')).rejects.toThrow(/not public/);
    },
  );

  it('looks a name up once, for the connection itself: another answer a moment later changes nothing', async () => {
    const rebinding = resolver(['192.0.2.1'], ['127.0.0.1']);
    const signal = AbortSignal.timeout(200);
    await expect(
      createOutgoing({ lookup: rebinding.lookup })('https://issuer.example', { signal }),
    ).rejects.toThrow();
    expect(rebinding.asked()).toBe(1);
    const again = resolver(['8.8.8.8'], ['127.0.0.1']);
    const ask = createOutgoing({ lookup: again.lookup });
    await expect(ask('https://issuer.example:1', { signal: AbortSignal.timeout(100) })).rejects.toThrow();
    await expect(ask('https://issuer.example:1', { signal })).rejects.toThrow();
    expect(seen).toEqual([]);
  });

  it('follows no redirect, and reads no more than it is allowed to for no longer', async () => {
    const ask = createOutgoing({ trusted: [origin], maxBytes: 1000 });
    await expect(ask(`${origin}/redirect`)).rejects.toThrow(ForbiddenAddress);
    await expect(ask(`${origin}/large`)).rejects.toThrow(/larger/);
    const hasty = createOutgoing({ trusted: [origin], timeoutMs: 200 });
    await expect(hasty(`${origin}/slow`)).rejects.toThrow();
    expect(seen.slice(0, 2)).toEqual(['/redirect', '/large']);
    expect(seen).not.toContain('/there');
  });
});
