/** Domains of customers on one machine: the DNS that is asked, who issues certificates, and the port for HTTPS. */
import { readFileSync } from 'node:fs';
import type { ServerOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createDns } from '../../adapters/outgoing/dns.ts';
import type { RoutedDomains } from '../../adapters/router/domains.ts';
import { createSecureServer } from '../../adapters/router/secure-server.ts';
import { domainSecretPath } from '../../core/keys.ts';
import { Problem, TransientError } from '../../core/problem.ts';
import type { Certificates } from '../../ports/certificates.ts';
import type { DnsAnswer } from '../../ports/dns.ts';
import type { Domains } from '../../ports/domains.ts';
import type { Secrets } from '../../ports/secrets.ts';
import { ConfigError, type LocalConfig } from './config/config.ts';
import type { DomainsConfig } from './config/config-domains.ts';
import type { Handlers, PlaceDomains, ReadCertificate } from './places/place.ts';
import type { LocalLog } from './terminal-log.ts';
import { answerWithProblems, hasTwoHosts, refuseTwoHosts, serverOptions } from './unreadable-requests.ts';

/** @param stopping ends what waits for others, so that Berth itself waits for nobody when it stops */
export async function domainPorts(
  { url, domains = {} }: LocalConfig,
  place: PlaceDomains,
  secrets: Secrets,
  stopping: AbortSignal,
): Promise<Domains> {
  const { acme, target, dnsServers } = domains;
  const dns = createDns(dnsServers && { servers: dnsServers });
  const stopped = (): DnsAnswer => ({ fault: 'Berth stopped meanwhile' });
  return {
    dns: {
      txt: (name) => untilStopped(stopping, dns.txt(name)).catch(stopped),
      cname: (name) => untilStopped(stopping, dns.cname(name)).catch(stopped),
    },
    served: place.served(readCertificate(secrets)),
    own: [...place.own, ...(target === undefined ? [] : [target]), ...(url ? [new URL(url).hostname] : [])],
    ...(target !== undefined && { target }),
    ...(acme && { certificates: stoppable(await connectAuthority(acme, secrets), stopping) }),
  };
}

const readCertificate =
  (secrets: Secrets): ReadCertificate =>
  async (domain, version) => {
    const part = (name: 'key' | 'certificate') =>
      secrets.get(domainSecretPath(domain.instance, domain.name, name), version);
    const [key, cert] = await Promise.all([part('key'), part('certificate')]);
    return key === undefined || cert === undefined ? undefined : { key, cert };
  };

/** What is ordered meanwhile goes on by what was written before. @throws TransientError when Berth stops */
async function untilStopped<T>(stopping: AbortSignal, work: Promise<T>): Promise<T> {
  let leave = (): void => undefined;
  const stopped = new Promise<never>((_, reject) => {
    leave = () => reject(new TransientError('Berth stops.'));
    if (stopping.aborted) leave();
    stopping.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    stopping.removeEventListener('abort', leave);
  }
}

const stoppable = (authority: Certificates, stopping: AbortSignal): Certificates => ({
  newKey: authority.newKey,
  order: (domain) => untilStopped(stopping, authority.order(domain)),
  finish: (order) => untilStopped(stopping, authority.finish(order)),
});

/** Only where it is set, it is loaded. @throws ConfigError */
async function connectAuthority(
  { directory, email, authorityFile }: Required<DomainsConfig>['acme'],
  secrets: Secrets,
): Promise<Certificates> {
  const { createAcme } = await import('../../adapters/acme/acme.ts');
  return createAcme({
    directory,
    secrets,
    ...(email !== undefined && { email }),
    ...(authorityFile !== undefined && { authority: readAuthority(authorityFile) }),
  });
}

function readAuthority(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`BERTH_ACME_CA_FILE can not be used: it can not be read (${why}).`);
  }
}

export interface SecureListener {
  port: number;
  close(): Promise<void>;
}

/**
 * Listens for HTTPS, and has HTTP sent there.
 * @throws Problem unavailable where the port is taken
 */
export async function listenSecurely(
  { host, domains }: LocalConfig,
  served: RoutedDomains,
  secrets: Secrets,
  handlers: Handlers,
  log: LocalLog,
): Promise<SecureListener | undefined> {
  if (!domains?.acme) return undefined;
  const wanted = domains.acme.httpsPort;
  const server = createSecureServer({
    domains: served,
    read: readCertificate(secrets),
    onError: (error) => log.error('A certificate could not be read', error),
    server: {
      ...serverOptions,
      shouldUpgradeCallback: (request) => !hasTwoHosts(request) && handlers.upgrades(request),
    } satisfies ServerOptions,
  });
  answerWithProblems(server);
  server.on('request', (request, response) =>
    hasTwoHosts(request) ? refuseTwoHosts(request, response) : handlers.request(request, response),
  );
  server.on('upgrade', (request, socket, head) => handlers.upgrade(request, socket, head));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(wanted, host, () => resolve(server.off('error', reject) && undefined));
  }).catch((error: NodeJS.ErrnoException) => {
    throw new Problem(
      'unavailable',
      `Berth can not listen for HTTPS on ${host}:${wanted}: ${error.message}.`,
      {
        hint: 'Stop what uses that port, or choose another one with BERTH_HTTPS_PORT.',
        cause: error,
      },
    );
  });
  const { port } = server.address() as AddressInfo;
  served.listensAt(port);
  return {
    port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
