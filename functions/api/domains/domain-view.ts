/** How domains are shown: what the DNS has to say, what it says, and how the certificate does. */
import * as z from 'zod';
import { proofHost, proofName, proofText } from '../../core/domains/domain-name.ts';
import { domainState, domainStates, domainWords, renewsAt } from '../../core/domains/domain-state.ts';
import type { Domain } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import { compact, timeSchema } from '../http/schemas.ts';

const recordSchema = z.object({
  type: z.enum(['TXT', 'CNAME']),
  name: z.string().meta({ example: '_berth.www.example.com' }),
  value: z.string().meta({ example: 'berth-verify=0f1e2d3c4b5a69788796a5b4c3d2e1f0' }),
});

export const domainSchema = z
  .object({
    name: z.string().meta({ example: 'www.example.com', description: 'In lower case and ASCII.' }),
    project: z.string().meta({ example: 'demo' }),
    environment: z.string().meta({ example: 'dev' }),
    service: z.string().meta({ example: 'guestbook' }),
    state: z.enum(domainStates).meta({
      description:
        '`waiting_for_dns`: not proven yet. `ordering`: proven, and without a certificate so far. `active`: served. ' +
        '`failing`: no valid certificate, and the last order failed. `suspended`: its proof was gone for three days.',
    }),
    message: z.string().meta({
      description: 'The state in words: what is missing, what is there now, and what comes next.',
      example: 'Active until 2026-03-01T00:00:00.000Z.',
    }),
    records: z.array(recordSchema).meta({ description: 'Each of these proves the domain; one is enough.' }),
    seen: z
      .object({
        at: timeSchema,
        found: z.array(z.string()).meta({ description: 'The texts that the TXT record has.' }),
        pointsTo: z.string().optional().meta({ description: 'Where the domain leads by a CNAME.' }),
        fault: z.string().optional().meta({ description: 'Why name servers gave no answer.' }),
      })
      .optional()
      .meta({ description: 'What the DNS said last.' }),
    provenAt: timeSchema.optional(),
    missingSince: timeSchema.optional().meta({ description: 'Since when its proof is gone.' }),
    suspendedAt: timeSchema.optional(),
    certificate: z
      .object({
        issuer: z.string().meta({ example: 'R12' }),
        notBefore: timeSchema,
        notAfter: timeSchema,
        renewsAt: timeSchema.meta({ description: 'When a third of its life is left.' }),
      })
      .optional(),
    failure: z
      .object({ at: timeSchema, cause: z.string(), retryAt: timeSchema })
      .optional()
      .meta({ description: 'Why the last order failed, and when it is tried again.' }),
    nextAt: timeSchema.meta({ description: 'When something of it is looked at next.' }),
    createdAt: timeSchema,
    createdBy: z.string().meta({ example: 'user:ada' }),
  })
  .meta({ id: 'Domain' });

export function domainView(domain: Domain, { domains, effects }: Ports): z.infer<typeof domainSchema> {
  const { environmentId: _, proof, seen, order: _order, failed, certificate, ...rest } = domain;
  const { waitsUntil: _waits, warned: _warned, ...shown } = rest;
  const now = effects.now();
  const orders = domains?.certificates !== undefined;
  const target = domains?.target;
  return compact({
    ...shown,
    state: domainState(domain, now, orders),
    message: domainWords(domain, now, orders),
    records: [
      { type: 'TXT' as const, name: proofName(domain.name), value: proofText(proof) },
      ...(target === undefined
        ? []
        : [{ type: 'CNAME' as const, name: domain.name, value: proofHost(proof, target) }]),
    ],
    seen: seen && compact({ at: seen.at, found: seen.found, pointsTo: seen.pointsTo, fault: seen.fault }),
    failure: failed && { at: failed.at, cause: failed.why, retryAt: failed.retryAt },
    certificate: certificate && {
      issuer: certificate.issuer,
      notBefore: certificate.notBefore,
      notAfter: certificate.notAfter,
      renewsAt: new Date(renewsAt(certificate)).toISOString(),
    },
  });
}
