import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newerAt } from '../../cli/src/origin.ts';

describe('A command line that npx has kept', () => {
  let etag: string | undefined;
  const server = createServer((request, response) => {
    if (request.method === 'HEAD' && request.url === '/cli' && etag !== undefined)
      response.setHeader('etag', etag);
    response.end();
  });
  let address: string;
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('learns where that of its server is, once that is another one', async () => {
    etag = '"0123456789"';
    expect(await newerAt(address, '0.1.0+abcdef0123')).toBe(`${address}/cli/0123456789`);
    expect(await newerAt(address, '0.1.0+0123456789')).toBeUndefined();
  });

  it('says nothing where the server does not say, or does not answer, or it was not built', async () => {
    for (const other of [undefined, '"d41d8cd98f00b204e9800998ecf8427e"', 'W/"0123456789"']) {
      etag = other;
      expect(await newerAt(address, '0.1.0+abcdef0123')).toBeUndefined();
    }
    etag = '"0123456789"';
    expect(await newerAt(address, '0.0.0')).toBeUndefined();
    expect(await newerAt('http://127.0.0.1:1', '0.1.0+abcdef0123')).toBeUndefined();
  });
});
