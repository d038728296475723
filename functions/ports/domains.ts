/** What a place needs to serve domains of customers. */
import type { Challenge, InstanceRef } from '../core/model/index.ts';
import type { Certificates } from './certificates.ts';
import type { Dns } from './dns.ts';

/** A domain that is proven. */
export interface ServedDomain {
  name: string;
  instance: InstanceRef;
  /** What is answered at `/.well-known/acme-challenge/` while an order waits for it. */
  challenges: readonly Challenge[];
  /** The version of the key and of the chain among the secrets; absent where it has no certificate. */
  certificate?: string;
}

/** The way in to workloads: it is told what it serves, and knows nothing else. */
export interface ServedDomains {
  /**
   * Serves a domain, or serves it otherwise than before; idempotent.
   * @returns once it is served so; where that fails it goes on trying by itself
   * @throws TransientError
   */
  set(domain: ServedDomain): Promise<void>;
  /** Serves it no more; idempotent. As `set`. */
  remove(name: string): Promise<void>;
  /** Serves these, and nothing else that was served when Berth ended; it waits for none of them. */
  restore(domains: readonly ServedDomain[]): void;
}

export interface Domains {
  dns: Dns;
  served: ServedDomains;
  /** Absent where nobody has set from whom certificates are ordered: domains are served by HTTP then. */
  certificates?: Certificates;
  /** Names of the platform itself, which nobody may add; nor what is below them. */
  own: readonly string[];
  /** A name whose subdomains all lead here: a CNAME to one of them proves a domain too. */
  target?: string;
}
