/** Asks the public DNS. */

/** What name servers say; a name that is not there, or has no such record, has none. */
export type DnsAnswer = { records: string[] } | { fault: string };

export interface Dns {
  /** The texts of a name, each joined from its parts. It never rejects: why there is no answer is in words. */
  txt(name: string): Promise<DnsAnswer>;
  /** Where a name points to, in lower case and without a dot at its end. It never rejects. */
  cname(name: string): Promise<DnsAnswer>;
}
