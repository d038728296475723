/** Issuers of pipelines' tokens, as trust rules name them. */
import { createIssuer, type Issuer } from '../identity/issuer.ts';

export interface Federation {
  /** The issuer at a URL, without asking it: one that does not answer is noticed when a token is verified. */
  issuer(url: string): Issuer;
  /** Whether a trust rule may name this issuer. */
  accepts(url: string): boolean;
}

/** How many issuers keep their keys in memory. */
const KEPT_MAX = 100;

/** @param options.trusted origins that may be plain http and have private addresses */
export function createFederation(options: {
  fetch: typeof globalThis.fetch;
  trusted?: readonly string[];
}): Federation {
  const issuers = new Map<string, Issuer>();
  return {
    issuer(url) {
      const known = issuers.get(url);
      if (known) return known;
      const issuer = createIssuer({ issuer: url, fetch: options.fetch });
      if (issuers.size >= KEPT_MAX) issuers.clear();
      issuers.set(url, issuer);
      return issuer;
    },
    accepts(url) {
      if (!URL.canParse(url)) return false;
      const { protocol, username, password, search, hash, origin, href } = new URL(url);
      const isExact = url === href || `${url}/` === href;
      if (!isExact || username !== '' || password !== '' || search !== '' || hash !== '') return false;
      return protocol === 'https:' || (options.trusted ?? []).includes(origin);
    },
  };
}

/** For a host without an HTTP client: trust rules can be made, but no token can be verified. */
export const noFederation: Federation = createFederation({
  fetch: () => Promise.reject(new TypeError('There is no client for issuers')),
});
