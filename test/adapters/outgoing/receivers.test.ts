/** Messages to receivers go to public addresses alone, whatever a name resolves to, and nothing comes back of it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReceivers } from '../../../functions/adapters/outgoing/receivers.ts';

const seen: { url: string; body: string }[] = [];
const server = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk: Buffer) => {
    body += chunk.toString();
  });
  request.on('end', () => {
    seen.push({ url: request.url ?? '', body });
    if (request.url === '/silent') return;
    if (request.url === '/redirect') return void response.writeHead(307, { location: '/in' }).end();
    response.writeHead(200).end('x'.repeat(5_000_000));
  });
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

const message = { headers: { 'content-type': 'text/plain' }, body: 'ä body' };

/** A resolver that gives other addresses each time, or none. */
function resolver(...answers: string[][]) {
  let asked = 0;
  const lookup = ((_name: string, _options: object, done: (error: unknown, found: object[]) => void) => {
    const addresses = answers[Math.min(asked++, answers.length - 1)]!;
    if (addresses.length === 0) {
      const fault = Object.assign(new Error('queryA ENOTFOUND'), { code: 'ENOTFOUND', syscall: 'queryA' });
      return done(fault, []);
    }
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  }) as never;
  return { lookup, asked: () => asked };
}

describe('A message', () => {
  it('reaches an origin that is trusted, whose answer counts by its status alone', async () => {
    const receivers = createReceivers({ trusted: [origin] });
    expect(await receivers.post(`${origin}/in`, message)).toEqual({ status: 200 });
    expect(seen.at(-1)).toEqual({ url: '/in', body: message.body });
    expect(receivers.refusal(`${origin}/in`)).toBeUndefined();
  });

  it('does not follow a redirect, and waits no longer than it may', async () => {
    const receivers = createReceivers({ trusted: [origin], timeoutMs: 100 });
    const before = seen.length;
    expect(await receivers.post(`${origin}/redirect`, message)).toEqual({ fault: 'a redirect' });
    expect(await receivers.post(`${origin}/silent`, message)).toEqual({ fault: 'no answer within 0.1 s' });
    expect(seen.slice(before).map(({ url }) => url)).toEqual(['/redirect', '/silent']);
  });

  it.each([
    [['127.0.0.1']],
    [['10.1.2.3']],
    [['169.254.169.254']],
    [['::1']],
    [['::ffff:127.0.0.1']],
    [['::ffff:a9fe:a9fe']],
    [['fd00:ec2::254']],
    [['8.8.8.8', '192.168.0.1']],
    [[]],
  ])('goes nowhere when the name resolves to %j, and says the same of all', async (addresses) => {
    const before = seen.length;
    const { port } = new URL(origin);
    const { lookup } = resolver(addresses);
    expect(await createReceivers({ lookup }).post(`https://inside.example:${port}/`, message)).toEqual({
      fault: 'its name has no public address',
    });
    expect(seen).toHaveLength(before);
  });

  it('goes to the address that was looked at: a second answer of the name server is not asked for', async () => {
    const rebinding = resolver(['192.0.2.1'], ['127.0.0.1']);
    const hasty = createReceivers({ lookup: rebinding.lookup, timeoutMs: 200 });
    expect(await hasty.post('https://rebinding.example/', message)).toHaveProperty('fault');
    expect(rebinding.asked()).toBe(1);
  });

  it('goes nowhere by plain http, though the name is public', async () => {
    const { lookup, asked } = resolver(['8.8.8.8']);
    expect(await createReceivers({ lookup }).post('http://public.example/', message)).toHaveProperty('fault');
    expect(asked()).toBe(0);
  });
});
