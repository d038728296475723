/** The domains that the router serves: where each leads, what an authority is answered, and where HTTPS begins. */
import type { IncomingMessage } from 'node:http';
import type { InstanceRef } from '../../core/model/index.ts';
import type { ServedDomain, ServedDomains } from '../../ports/domains.ts';
import { type Answer, problemAnswer } from './answers.ts';

export interface RoutedDomains extends ServedDomains {
  /** A domain by its host (lower case, no port). Cheap: asked for each request, and for each name of a TLS handshake. */
  find(host: string): ServedDomain | undefined;
  /** Where a host leads. */
  instance(host: string): InstanceRef | undefined;
  /** What is answered in place of the workload; undefined where the request is its own. */
  answer(request: IncomingMessage, host: string): Answer | undefined;
  /** HTTPS is listened for at this port: what has a certificate is sent there. */
  listensAt(port: number): void;
}

const CHALLENGE = '/.well-known/acme-challenge/';

export function createDomains(): RoutedDomains {
  const served = new Map<string, ServedDomain>();
  let httpsPort: number | undefined;

  /** Only what an order waits for is answered; any other path there is the workload's. */
  function challenge(
    { method, url = '' }: IncomingMessage,
    { challenges }: ServedDomain,
  ): Answer | undefined {
    if ((method !== 'GET' && method !== 'HEAD') || !url.startsWith(CHALLENGE)) return undefined;
    const found = challenges.find(({ token }) => token === url.slice(CHALLENGE.length));
    return (
      found && {
        status: 200,
        headers: { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' },
        body: found.answer,
      }
    );
  }

  /** Who came by a port of their own is sent to ours; who came by 80 finds 443. */
  function redirect({ headers, url = '/' }: IncomingMessage, { name }: ServedDomain): Answer | undefined {
    if (!url.startsWith('/')) return undefined;
    const port = /:\d+$/.test(headers.host ?? '') && httpsPort !== 443 ? `:${httpsPort}` : '';
    const location = `https://${name}${port}${url}`;
    // It is not kept: a domain that is removed is not sent anywhere any more.
    return { status: 308, headers: { location, 'cache-control': 'no-store' }, body: '' };
  }

  return {
    async set(domain) {
      served.set(domain.name, domain);
    },
    async remove(name) {
      served.delete(name);
    },
    restore(domains) {
      for (const domain of domains) served.set(domain.name, domain);
    },
    find: (host) => served.get(host),
    instance: (host) => served.get(host)?.instance,
    answer(request, host) {
      const domain = served.get(host);
      const server = serverNameOf(request);
      if (server !== undefined && (server !== host || !domain)) return misdirected(request);
      if (!domain) return undefined;
      const answered = challenge(request, domain);
      if (answered || server !== undefined) return answered;
      return httpsPort !== undefined && domain.certificate !== undefined
        ? redirect(request, domain)
        : undefined;
    },
    listensAt(port) {
      httpsPort = port;
    },
  };
}

/** The name that a TLS connection was made for; undefined for plain HTTP. */
function serverNameOf({ socket }: IncomingMessage): string | undefined {
  if (!('encrypted' in socket)) return undefined;
  return 'servername' in socket && typeof socket.servername === 'string'
    ? socket.servername.toLowerCase()
    : '';
}

const misdirected = (request: IncomingMessage): Answer =>
  problemAnswer(
    request,
    'misdirected_request',
    'The request can not be answered: its host is another one than the connection was made for.',
    'Open a connection of its own to each host.',
  );
