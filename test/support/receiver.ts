/** Receives webhooks over real HTTP, and checks their signatures as docs/how-to/receive-events.md has it. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Json } from './client.ts';

export interface Received {
  headers: IncomingHttpHeaders;
  body: string;
  /** What the body says; of the lines of a log drain, the first one. */
  event: Json;
}

/** How one message is answered; with 204 unless it does something. */
export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

export interface Receiver {
  origin: string;
  received: Received[];
  /** For the messages from now on, told from 0. */
  behave(behaviour: ((event: Json) => Behaviour | undefined) | undefined): void;
  close(): void;
}

export async function openReceiver(): Promise<Receiver> {
  let behaviour: ((event: Json) => Behaviour | undefined) | undefined;
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request).catch(() => '');
    if (body === '') return;
    const [first = ''] =
      request.headers['content-type'] === 'application/x-ndjson' ? body.split('\n') : [body];
    const event = JSON.parse(first) as Json;
    received.push({ headers: request.headers, body, event });
    const answer = behaviour?.(event);
    if (answer) answer(request, response);
    else response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    behave: (next) => {
      behaviour = next;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The check of a receiver, written from the text of Standard Webhooks. */
export function isSigned({ headers, body }: Received, secret: string, now = Date.now()): boolean {
  const id = String(headers['webhook-id']);
  const timestamp = String(headers['webhook-timestamp']);
  if (Math.abs(now / 1000 - Number(timestamp)) > 300) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest();
  return String(headers['webhook-signature'])
    .split(' ')
    .some((part) => {
      const [version, signature = ''] = part.split(',');
      const given = Buffer.from(signature, 'base64');
      return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
    });
}
