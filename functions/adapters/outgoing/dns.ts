/** Asks name servers, without the resolver of the system, which would occupy a thread for as long as they wait. */
import { promises } from 'node:dns';
import { limits } from '../../core/limits.ts';
import type { Dns, DnsAnswer } from '../../ports/dns.ts';

export interface DnsOptions {
  /** Name servers, as `127.0.0.1:53`; those of the system where absent. */
  servers?: readonly string[];
  /** The time for an answer, milliseconds. */
  timeoutMs?: number;
}

const NONE = new Set(['ENOTFOUND', 'ENODATA']);

const faults: Readonly<Record<string, string>> = {
  ETIMEOUT: 'its name servers gave no answer in time',
  ECANCELLED: 'its name servers gave no answer in time',
  ESERVFAIL: 'its name servers failed (SERVFAIL)',
  EREFUSED: 'its name servers refused to answer',
};

export function createDns({ servers, timeoutMs = limits.dnsSeconds.value * 1000 }: DnsOptions = {}): Dns {
  async function ask(of: (resolver: promises.Resolver) => Promise<string[]>): Promise<DnsAnswer> {
    // Each question has a resolver of its own, which knows the name servers that there are now.
    const resolver = new promises.Resolver({ timeout: Math.ceil(timeoutMs / 2), tries: 2 });
    if (servers) resolver.setServers([...servers]);
    const timer = setTimeout(() => resolver.cancel(), timeoutMs);
    try {
      return { records: await of(resolver) };
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (NONE.has(code)) return { records: [] };
      return { fault: faults[code] ?? 'its name servers could not be asked' };
    } finally {
      clearTimeout(timer);
    }
  }
  return {
    txt: (name) => ask(async (resolver) => (await resolver.resolveTxt(name)).map((parts) => parts.join(''))),
    cname: (name) =>
      ask(async (resolver) =>
        (await resolver.resolveCname(name)).map((target) => target.toLowerCase().replace(/\.$/, '')),
      ),
  };
}
