/** The Shells port: tickets in memory, and the WebSockets that they open. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { limits } from '../../../core/limits.ts';
import { Problem } from '../../../core/problem.ts';
import type { Effects } from '../../../ports/effects.ts';
import type { ShellRequest, Shells } from '../../../ports/shells.ts';
import { carry } from './carry.ts';

/** How long a ticket is good, milliseconds. */
const TICKET_MS = 30_000;
const PATH = /^\/v1\/shells\/([A-Za-z0-9_-]{43})$/;

export interface ShellServer extends Shells {
  /** Whether a request for an upgrade is for a door. */
  owns(request: IncomingMessage): boolean;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Closes all doors; what they led to ends. */
  close(): void;
}

const tooMany = (what: string): Problem =>
  new Problem('too_many_requests', what, { hint: 'End one, then try again.' });

export function createShells(
  effects: Pick<Effects, 'now' | 'token'>,
  { pulseMs = 15_000 } = {},
): ShellServer {
  const tickets = new Map<string, { request: ShellRequest; until: number }>();
  const open = new Map<WebSocket, ShellRequest>();
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: limits.shellMessage.value,
  });

  function forgetOld(): void {
    const now = effects.now();
    for (const [ticket, { until }] of tickets) if (until <= now) tickets.delete(ticket);
  }

  return {
    open(request) {
      forgetOld();
      if (tickets.size + open.size >= limits.shells.value)
        throw tooMany(`${limits.shells.value} shells are open, which is as many as there may be.`);
      const all = [...open.values(), ...[...tickets.values()].map((ticket) => ticket.request)];
      if (all.filter(({ person }) => person === request.person).length >= limits.shellsOfPerson.value)
        throw tooMany(
          `You have ${limits.shellsOfPerson.value} shells open, which is as many as one may have.`,
        );
      const ticket = effects.token(32);
      const until = effects.now() + TICKET_MS;
      tickets.set(ticket, { request, until });
      return { path: `/v1/shells/${ticket}`, expiresAt: new Date(until).toISOString() };
    },
    owns: ({ url = '', headers }) =>
      headers.upgrade?.toLowerCase() === 'websocket' && url.startsWith('/v1/shells/'),
    upgrade(request, socket, head) {
      forgetOld();
      const [, ticket = ''] = PATH.exec(request.url ?? '') ?? [];
      const found = tickets.get(ticket);
      tickets.delete(ticket);
      if (!found) {
        socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
        return;
      }
      server.handleUpgrade(request, socket, head, (webSocket) => {
        open.set(webSocket, found.request);
        webSocket.once('close', () => open.delete(webSocket));
        carry(webSocket, found.request, pulseMs);
      });
    },
    close() {
      tickets.clear();
      for (const webSocket of open.keys()) webSocket.terminate();
      server.close();
    },
  };
}
