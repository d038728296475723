/** The DNS in memory. */
import type { Dns, DnsAnswer } from '../../../functions/ports/dns.ts';

export interface TestDns extends Dns {
  texts: Map<string, string[]>;
  aliases: Map<string, string>;
  /** Names whose servers fail. */
  broken: Set<string>;
}

export function createTestDns(): TestDns {
  const answer = (broken: Set<string>, name: string, records: string[]): DnsAnswer =>
    broken.has(name) ? { fault: 'its name servers failed (SERVFAIL)' } : { records };
  const dns: TestDns = {
    texts: new Map(),
    aliases: new Map(),
    broken: new Set(),
    txt: async (name) => answer(dns.broken, name, dns.texts.get(name) ?? []),
    cname: async (name) => answer(dns.broken, name, [dns.aliases.get(name) ?? []].flat()),
  };
  return dns;
}
