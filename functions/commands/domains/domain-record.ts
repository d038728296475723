/** The record of a domain: how it is written, and what of it the way in is told. */
import { looksAt, ordersAt, tellsAt } from '../../core/domains/domain-state.ts';
import { DOMAINS_QUEUE, domainKey, domainSecretPath } from '../../core/keys.ts';
import type { Domain, EnvironmentRef } from '../../core/model/index.ts';
import type { Domains, ServedDomain } from '../../ports/domains.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Store, Write } from '../../ports/store.ts';
import { mustGet } from '../../records/commit.ts';

/** An order that is under way is taken further this often, milliseconds. */
const ORDER_STEP_MS = 2_000;

/** @throws Problem not_found */
export const getDomain = (store: Store, ref: EnvironmentRef, name: string): Promise<Item<Domain>> =>
  mustGet<Domain>(
    store,
    domainKey(ref, name),
    `domain "${name}" in environment "${ref.environment}"`,
    `List its domains with GET /v1/projects/${ref.project}/environments/${ref.environment}/domains.`,
  );

/** The domain with the time at which something of it is due next. */
export function scheduled(domain: Domain, { domains, effects }: Pick<Ports, 'domains' | 'effects'>): Domain {
  const now = effects.now();
  const isOrdering = domain.order && domain.missingSince === undefined;
  const order = isOrdering ? now + ORDER_STEP_MS : ordersAt(domain);
  const times = [
    looksAt(domain),
    ...(domains?.certificates && order !== undefined ? [order] : []),
    ...[tellsAt(domain)].flatMap((at) => at ?? []),
  ];
  return { ...domain, nextAt: new Date(Math.min(...times)).toISOString() };
}

/** The write that replaces a domain's record, with its due time. */
export const domainWrite = (domain: Domain, condition: 'absent' | { version: number }): Write => ({
  put: {
    ...domainKey(domain, domain.name),
    data: domain,
    due: { queue: DOMAINS_QUEUE, at: Date.parse(domain.nextAt) },
  },
  if: condition,
});

/** What the way in is told of a proven domain. */
export function servedAs(domain: Domain): ServedDomain {
  const { name, project, environment, service, order, certificate } = domain;
  return {
    name,
    instance: { project, environment, service },
    challenges: order?.challenges ?? [],
    ...(certificate && { certificate: certificate.version }),
  };
}

/** Tells the way in what a record says, and does not wait for it: it goes on by itself. */
export function serve({ served }: Pick<Domains, 'served'>, domain: Domain): void {
  const told = domain.provenAt === undefined ? served.remove(domain.name) : served.set(servedAs(domain));
  told.catch(() => undefined);
}

/** Removes the key and the certificates of a domain. */
export async function forgetCertificates({ secrets }: Ports, domain: Domain): Promise<void> {
  for (const part of ['certificate', 'key'] as const)
    await secrets.remove(domainSecretPath(domain, domain.name, part));
}
