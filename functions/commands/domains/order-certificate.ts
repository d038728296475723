/**
 * Takes the certificate of a domain a step further. What will be done is written first; each step can be run again, and
 * what a crash cut off goes on by what is written.
 */
import { X509Certificate } from 'node:crypto';
import { ordersAt, retryDelay } from '../../core/domains/domain-state.ts';
import type { TypedData } from '../../core/events/event-types.ts';
import { certificateOrdersKey, domainSecretPath } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { CertificateOrders, Domain, DomainOrder } from '../../core/model/index.ts';
import { SYSTEM_ACTOR } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Certificates } from '../../ports/certificates.ts';
import type { Domains } from '../../ports/domains.ts';
import type { Ports } from '../../ports/index.ts';
import { type Item, StoreConflict, type Write } from '../../ports/store.ts';
import { commit } from '../../records/commit.ts';
import { domainWrite, forgetCertificates, scheduled, serve, servedAs } from './domain-record.ts';

const WEEK_MS = 7 * 24 * 60 * 60_000;
/** An order that is not done by then never will be. */
const ORDER_MS = 60 * 60_000;

export interface Ordering {
  ports: Ports;
  domains: Domains;
  certificates: Certificates;
}

/** Whether there is something to do for its certificate. Nothing is ordered for what is not proven now. */
export function isOrderDue(domain: Domain, now: number): boolean {
  if (domain.order) return domain.missingSince === undefined;
  const at = ordersAt(domain);
  return at !== undefined && at <= now;
}

/** @throws StoreConflict where somebody else has changed it meanwhile; TransientError: it is tried again */
export async function advanceOrder(ordering: Ordering, item: Item<Domain>): Promise<void> {
  const { ports } = ordering;
  const { order } = item.data;
  if (!order) return begin(ordering, item);
  const isLate = ports.effects.now() - Date.parse(order.begunAt) > ORDER_MS;
  try {
    if (isLate) throw late();
    if (order.url === undefined) await place(ordering, item, order);
    else await finish(ordering, item, { ...order, url: order.url });
  } catch (error) {
    if (!(error instanceof Problem && error.code === 'certificate_refused')) throw error;
    await fail(ordering, item, order, error.message);
  }
}

const late = (): Problem =>
  new Problem('certificate_refused', 'The authority did not come to an end within an hour.', {
    hint: 'It is tried again by itself.',
  });

/** The intent, and one of the budget, in one transaction. */
async function begin({ ports, domains }: Ordering, { data: before, version }: Item<Domain>): Promise<void> {
  const now = ports.effects.now();
  const key = certificateOrdersKey(before.project);
  const orders = await ports.store.get<CertificateOrders>(key);
  const recent = (orders?.data.at ?? []).filter((at) => Date.parse(at) > now - WEEK_MS);
  const { waitsUntil: _over, ...domain } = before;
  const [first] = recent;
  if (first !== undefined && recent.length >= limits.certificateOrders.value) {
    const waitsUntil = new Date(Date.parse(first) + WEEK_MS).toISOString();
    return write({ ports, domains }, { ...before, waitsUntil }, version);
  }
  const begunAt = new Date(now).toISOString();
  const order: DomainOrder = { id: ports.effects.id(), begunAt, challenges: [] };
  await write({ ports, domains }, { ...domain, order }, version, {
    writes: [
      {
        put: { ...key, data: { at: [...recent, begunAt] } satisfies CertificateOrders },
        if: orders ? { version: orders.version } : 'absent',
      },
    ],
  });
}

/** The key is kept before the authority hears of it, so that no certificate is without its key. */
async function place(ordering: Ordering, { data, version }: Item<Domain>, order: DomainOrder): Promise<void> {
  const { ports, certificates } = ordering;
  const path = domainSecretPath(data, data.name, 'key');
  await ports.secrets.put(path, await certificates.newKey(), { versionId: order.id });
  const { url, challenges } = await certificates.order(data.name);
  await written(ordering, { ...data, order: { ...order, url, challenges } }, version);
}

async function finish(
  ordering: Ordering,
  { data, version }: Item<Domain>,
  order: DomainOrder & { url: string },
): Promise<void> {
  const { ports, certificates, domains } = ordering;
  const key = await ports.secrets.get(domainSecretPath(data, data.name, 'key'), order.id);
  if (key === undefined)
    throw new Problem('certificate_refused', 'Its key is gone.', { hint: 'It is tried again by itself.' });
  // The authority asks as soon as it is told to, and only once: the way in has to answer by then.
  await domains.served.set(servedAs(data));
  const chain = await certificates.finish({ domain: data.name, url: order.url, key });
  if (chain === undefined) return write(ordering, data, version);
  const { validFromDate, validToDate, issuer } = new X509Certificate(chain);
  const certificate = {
    version: order.id,
    notBefore: validFromDate.toISOString(),
    notAfter: validToDate.toISOString(),
    issuer: nameOf(issuer),
  };
  await ports.secrets.put(domainSecretPath(data, data.name, 'certificate'), chain, { versionId: order.id });
  const { order: _done, failed: _over, warned: _told, ...rest } = data;
  const event: TypedData = {
    type: 'domain.certificate-issued',
    data: { domain: data.name, notAfter: certificate.notAfter, issuer: certificate.issuer },
  };
  await written(ordering, { ...rest, certificate }, version, { events: [event] });
  if (data.certificate) await revoke(ports, data, data.certificate.version);
}

/** The common name of who issued it, or all that is said of it. */
const nameOf = (issuer: string): string => (/^CN=(.{1,100})$/m.exec(issuer)?.[1] ?? issuer).slice(0, 100);

async function fail(ordering: Ordering, item: Item<Domain>, order: DomainOrder, why: string): Promise<void> {
  const { ports } = ordering;
  const { order: _over, ...rest } = item.data;
  const now = ports.effects.now();
  const count = (rest.failed?.count ?? 0) + 1;
  const retryAt = new Date(now + retryDelay(count)).toISOString();
  const failed = { count, at: new Date(now).toISOString(), why: why.slice(0, 500), retryAt };
  const event: TypedData = {
    type: 'domain.order-failed',
    data: { domain: rest.name, cause: failed.why, retryAt },
  };
  await write(ordering, { ...rest, failed }, item.version, { events: [event] });
  await revoke(ports, rest, order.id);
}

/** The key of an order, and what was issued for it, become unreadable. */
async function revoke({ secrets }: Ports, domain: Domain, version: string): Promise<void> {
  for (const part of ['certificate', 'key'] as const)
    await secrets.revoke(domainSecretPath(domain, domain.name, part), version);
}

interface More {
  writes?: Write[];
  events?: TypedData[];
}

/** As `write`, and where the domain was removed meanwhile, what was kept for it goes as well. */
async function written(ordering: Ordering, domain: Domain, version: number, more: More = {}): Promise<void> {
  await write(ordering, domain, version, more).catch(async (error: unknown) => {
    const isGone = error instanceof StoreConflict && !(await isThere(ordering.ports, domain));
    if (isGone) await forgetCertificates(ordering.ports, domain);
    throw error;
  });
}

const isThere = async ({ store }: Ports, domain: Domain): Promise<boolean> => {
  const write = domainWrite(domain, 'absent');
  return 'put' in write && (await store.get(write.put)) !== undefined;
};

async function write(
  { ports, domains }: Pick<Ordering, 'ports' | 'domains'>,
  domain: Domain,
  version: number,
  { writes = [], events = [] }: More = {},
): Promise<void> {
  const data = scheduled(domain, ports);
  const { project, environment, service } = data;
  await commit(
    ports,
    { actor: SYSTEM_ACTOR },
    {
      writes: [domainWrite(data, { version }), ...writes],
      events: events.map((event) => ({ project, environment, service, ...event })),
    },
  );
  serve(domains, data);
}
