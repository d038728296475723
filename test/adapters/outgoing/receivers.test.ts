/** Messages to receivers go to public addresses alone, whatever a name resolves to, and nothing comes back of it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReceivers } from '../../../functions/adapters/outgoing/receivers.ts';
import { receiversContract } from '../../contracts/outgoing/receivers.ts';

let reached = 0;
const server = createServer((_, response) => {
  reached++;
  response.end();
});
let port: number;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => server.close());

receiversContract('over the internet', async (origin) => ({
  receivers: createReceivers({ trusted: [origin], timeoutMs: 2_000 }),
  dispose: async () => undefined,
}));

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
  it('says why there is no answer', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const receivers = createReceivers({ trusted: [origin], timeoutMs: 100 });
    expect(await receivers.post(origin, message)).toEqual({ fault: 'no answer within 0.1 s' });
    silent.closeAllConnections();
    silent.once('request', (_, response) => response.writeHead(307, { location: '/in' }).end());
    expect(await receivers.post(origin, message)).toEqual({ fault: 'a redirect' });
    silent.close();
    silent.closeAllConnections();
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
    const before = reached;
    const { lookup } = resolver(addresses);
    expect(await createReceivers({ lookup }).post(`https://inside.example:${port}/`, message)).toEqual({
      fault: 'its name has no public address',
    });
    expect(reached).toBe(before);
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
