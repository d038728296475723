/** Types of events: domains, and their certificates. */
import * as z from 'zod';
import type { EventDeclarations } from '../events/event-declaration.ts';

const of = { domain: z.string().describe('The host, in lower case and ASCII.') };
const why = { cause: z.string().describe('What happened and why.') };
const expires = { notAfter: z.string().describe('When the certificate ends.') };

export const domainEvents = {
  'domain.added': { data: z.object(of), words: 'Domain {domain} added to {service} in {environment}' },
  'domain.proven': {
    data: z.object({ ...of, by: z.enum(['TXT', 'CNAME']).describe('The record that proves it.') }),
    words: 'Domain {domain} of {service} in {environment} is proven',
    tone: 'good',
  },
  'domain.proof-missing': {
    data: z.object({
      ...of,
      suspendsAt: z.string().describe('When it is suspended, unless the proof is back.'),
    }),
    words: 'The DNS record that proves domain {domain} of {service} in {environment} is gone',
    tone: 'bad',
  },
  'domain.suspended': {
    data: z.object(of),
    words: 'Domain {domain} of {service} in {environment} is suspended: its proof was gone for 3 days',
    tone: 'bad',
  },
  'domain.certificate-issued': {
    data: z.object({ ...of, ...expires, issuer: z.string() }),
    words: 'Domain {domain} of {service} in {environment} has a certificate until {notAfter}',
    tone: 'good',
  },
  'domain.order-failed': {
    data: z.object({ ...of, ...why, retryAt: z.string().describe('When it is tried again.') }),
    words: 'No certificate for domain {domain} of {service} in {environment}',
    tone: 'bad',
  },
  'domain.expiring': {
    data: z.object({ ...of, ...expires }),
    words:
      'The certificate of domain {domain} of {service} in {environment} ends at {notAfter}, and was not renewed',
    tone: 'bad',
  },
  'domain.expired': {
    data: z.object({ ...of, ...expires }),
    words: 'The certificate of domain {domain} of {service} in {environment} has expired',
    tone: 'bad',
  },
  'domain.removed': {
    data: z.object(of),
    words: 'Domain {domain} removed from {service} in {environment}',
  },
} as const satisfies EventDeclarations;
