/** Runs the identity provider as a process of its own, since it takes more memory than Berth has to spare. */
import { timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type FromProvider, PASS_HEADER, type ToProvider } from './protocol.ts';
import { createProvider } from './provider.ts';
import { readKeys } from './provider-keys.ts';

const tell = (message: FromProvider): void => void process.send?.(message);

async function start({ origin, keysPath, pass, password }: ToProvider): Promise<void> {
  const keys = await readKeys(keysPath);
  const answer = createProvider({ origin, keys, ...(password !== undefined && { password }) });
  const expected = Buffer.from(pass);
  const server = createServer((request, response) => {
    const given = Buffer.from(String(request.headers[PASS_HEADER] ?? ''));
    const passes = given.length === expected.length && timingSafeEqual(given, expected);
    if (passes) answer(request, response);
    else response.writeHead(403).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  tell({ port: (server.address() as AddressInfo).port });
}

// Berth has ended, for whatever reason.
process.once('disconnect', () => process.exit(0));
process.once('message', (message) => {
  start(message as ToProvider).catch((error: unknown) => {
    tell({ error: error instanceof Error ? error.message : 'unknown' });
    process.exit(1);
  });
});
