/** Budgets of domains and of the certificates that are ordered for them. */
import { limit } from './limit.ts';

export const domainLimits = {
  domains: limit({
    value: 50,
    unit: 'values',
    of: 'Domains',
    each: 'an environment',
    past: 'One domain more is refused.',
    code: 'conflict',
  }),
  certificateOrders: limit({
    value: 20,
    unit: 'values',
    of: 'Certificates that are ordered, renewals and orders that failed among them',
    each: 'a project, within a week',
    past: 'The next one is ordered when a week has passed since the first of these; the domain says when that is.',
  }),
  dnsSeconds: limit({
    value: 4,
    unit: 'seconds',
    of: 'The time that name servers have to answer for a domain',
    each: 'a look at a domain',
    past: 'The look counts for nothing, and is repeated.',
  }),
  tlsHandshake: limit({
    value: 10,
    unit: 'seconds',
    of: 'The time that a client has for its TLS handshake, on one machine',
    each: 'a connection',
    past: 'The connection is closed.',
  }),
} as const;
