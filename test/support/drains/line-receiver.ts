/** Receives what log drains send, over real HTTP. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Json } from '../client.ts';

export interface LineReceiver {
  origin: string;
  /** Requests as they came, those that were not taken too. */
  requests: { path: string; headers: IncomingHttpHeaders; body: string }[];
  /** The lines of NDJSON that were taken at a path. */
  lines(path?: string): Json[];
  /** How requests are answered from now on: with 200 where it does nothing, and never where it says so. */
  answer: (request: IncomingMessage, response: ServerResponse) => 'later' | undefined;
  close(): void;
}

export async function openLineReceiver(): Promise<LineReceiver> {
  const taken: { path: string; body: string }[] = [];
  const receiver: LineReceiver = {
    origin: '',
    requests: [],
    lines: (path = '/') =>
      taken
        .filter((one) => one.path === path)
        .flatMap(({ body }) => body.trimEnd().split('\n'))
        .map((line) => JSON.parse(line) as Json),
    answer: () => undefined,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  const server = createServer(async (request, response) => {
    const body = await text(request).catch(() => '');
    if (body === '') return;
    const path = request.url ?? '';
    receiver.requests.push({ path, headers: request.headers, body });
    if (receiver.answer(request, response) === 'later') return;
    if (!response.writableEnded) response.writeHead(200).end();
    if (response.statusCode < 300) taken.push({ path, body });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  receiver.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return receiver;
}
