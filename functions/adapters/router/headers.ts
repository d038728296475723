/** Header fields between a client and a workload. All lists are flat: name, value, name, value. */
import type { IncomingMessage } from 'node:http';

const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
/** The router sets these itself; what a client says in them is not passed on. */
const OURS = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-real-ip',
];

/** Whether the request asks for a WebSocket; any other protocol that it offers, it is a plain request without. */
export const isWebSocket = ({ method, headers }: IncomingMessage): boolean =>
  method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';

const hop = new Set(HOP_BY_HOP);
// The server has answered `Expect` already, so that it is not passed on.
const dropped = new Set([...HOP_BY_HOP, ...OURS, 'expect']);

/** The fields that a Connection header names; they concern this connection alone. */
function named(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined;
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()));
}

function filter(
  raw: readonly string[],
  unwanted: ReadonlySet<string>,
  more: ReadonlySet<string> | undefined,
): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] as string;
    const lower = name.toLowerCase();
    if (!unwanted.has(lower) && !(more?.has(lower) && lower !== 'host'))
      kept.push(name, raw[at + 1] as string);
  }
  return kept;
}

/** Fields of the request to the workload. */
export function requestHeaders(request: IncomingMessage): string[] {
  const { headers, rawHeaders, socket } = request;
  const kept = filter(rawHeaders, dropped, named(headers.connection));
  const address = socket.remoteAddress?.replace(/^::ffff:/, '') ?? 'unknown';
  kept.push('X-Forwarded-For', address, 'X-Forwarded-Host', headers.host ?? '');
  kept.push('X-Forwarded-Proto', 'encrypted' in socket ? 'https' : 'http');
  return kept;
}

/** Fields of a request that another proxy has brought: who asked is in them already. @param own for us alone, in lower case */
export const relayedHeaders = ({ headers, rawHeaders }: IncomingMessage, own: string): string[] =>
  filter(rawHeaders, new Set([...HOP_BY_HOP, 'expect', own]), named(headers.connection));

/** A cookie of a workload is for its own host: with a Domain it would reach its siblings and Berth itself. */
export const withoutDomain = (cookie: string): string =>
  /domain/i.test(cookie)
    ? cookie
        .split(';')
        .filter((part, index) => index === 0 || !/^\s*domain\s*(?:=|$)/i.test(part))
        .join(';')
    : cookie;

/** Fields of the answer to the client. */
export function responseHeaders({ headers, rawHeaders }: IncomingMessage): string[] {
  const kept = filter(rawHeaders, hop, named(headers.connection));
  if (headers['set-cookie'] === undefined) return kept;
  return kept.map((text, at) =>
    at % 2 === 1 && kept[at - 1]?.toLowerCase() === 'set-cookie' ? withoutDomain(text) : text,
  );
}
