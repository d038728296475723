/** The server for HTTPS: it has a certificate for each domain that is served, and for nothing else. */
import type { ServerOptions } from 'node:http';
import { createServer, type Server } from 'node:https';
import { createSecureContext, type SecureContext } from 'node:tls';
import { limits } from '../../core/limits.ts';
import type { ServedDomain } from '../../ports/domains.ts';
import type { RoutedDomains } from './domains.ts';

export interface SecureServerOptions {
  domains: Pick<RoutedDomains, 'find'>;
  /** Key and chain of a domain, PEM; undefined where they are gone. */
  read(domain: ServedDomain, version: string): Promise<{ key: string; cert: string } | undefined>;
  /** A certificate could not be read. */
  onError(error: unknown): void;
  server: ServerOptions;
}

/** A client that names no domain of ours gets no certificate: that costs a look into a table, and no key is used. */
export function createSecureServer({ domains, read, onError, server: options }: SecureServerOptions): Server {
  const contexts = new Map<string, { version: string; context: Promise<SecureContext | undefined> }>();

  async function load(domain: ServedDomain, version: string): Promise<SecureContext | undefined> {
    const pair = await read(domain, version);
    return pair && createSecureContext({ ...pair, minVersion: 'TLSv1.2' });
  }

  function contextOf(name: string): Promise<SecureContext | undefined> {
    const domain = domains.find(name);
    const version = domain?.certificate;
    const kept = contexts.get(name);
    if (kept && kept.version === version) return kept.context;
    contexts.delete(name);
    if (!domain || version === undefined) return Promise.resolve(undefined);
    const context = load(domain, version);
    contexts.set(name, { version, context });
    // A read that failed is repeated by the next connection.
    context.catch(() => contexts.delete(name));
    return context;
  }

  const server = createServer({
    ...options,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: limits.tlsHandshake.value * 1000,
    SNICallback: (name, done) => {
      contextOf(name.toLowerCase()).then(
        (context) => done(null, context),
        (error: unknown) => {
          onError(error);
          done(null, undefined);
        },
      );
    },
  });
  // Of a handshake that failed nobody but the client hears.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return server;
}
