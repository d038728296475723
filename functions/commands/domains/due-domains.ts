/** What is done with a domain that is due, and when somebody asks to have it looked at now. */
import { looksAt, tellsAt } from '../../core/domains/domain-state.ts';
import type { TypedData } from '../../core/events/event-types.ts';
import { DOMAIN_CLAIMS, domainKey, environmentKey } from '../../core/keys.ts';
import {
  type Domain,
  type DomainClaim,
  type Environment,
  type EnvironmentRef,
  isFor,
  SYSTEM_ACTOR,
} from '../../core/model/index.ts';
import type { Domains, ServedDomain } from '../../ports/domains.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item } from '../../ports/store.ts';
import { type Caller, commit, retryOnConflict } from '../../records/commit.ts';
import { getEnvironment } from '../../records/read.ts';
import { readAll } from '../../records/read-all.ts';
import { domainWrite, forgetCertificates, getDomain, scheduled, servedAs } from './domain-record.ts';
import { claimRemoval, requireDomains } from './domains.ts';
import { lookAtDomain } from './look-at-domain.ts';
import { advanceOrder, isOrderDue } from './order-certificate.ts';

const system = { actor: SYSTEM_ACTOR };

/** Who asks for a look has a failed order tried again, where it failed this long ago, milliseconds. */
const RETRY_LEAST_MS = 15 * 60_000;

/**
 * Does one thing of what is due of a domain, and writes when it is due again.
 * @throws StoreConflict where somebody else has changed it meanwhile; TransientError
 */
export async function advanceDomain(ports: Ports, domains: Domains, item: Item<Domain>): Promise<void> {
  const { data } = item;
  const now = ports.effects.now();
  const environment = await ports.store.get<Environment>(environmentKey(data));
  if (!environment || !isFor(data, environment.data)) return forget(ports, domains, item);
  if (looksAt(data) <= now) return void (await lookAtDomain(ports, domains, system, item));
  const tells = tellsAt(data);
  if (tells !== undefined && tells <= now) return tell(ports, item);
  const { certificates } = domains;
  if (certificates && isOrderDue(data, now)) return advanceOrder({ ports, domains, certificates }, item);
  await postponeDomain(ports, item, scheduled(data, ports));
}

/** Its environment is gone, and whatever it held goes with it. */
async function forget(ports: Ports, domains: Domains, { data, version }: Item<Domain>): Promise<void> {
  const claim = await claimRemoval(ports, data);
  await ports.store.transact([{ delete: domainKey(data, data.name), if: { version } }, claim]);
  if ('delete' in claim) domains.served.remove(data.name).catch(() => undefined);
  await forgetCertificates(ports, data);
}

/** The end of its certificate is told of once before, and once when it has come. */
async function tell(ports: Ports, { data, version }: Item<Domain>): Promise<void> {
  const { project, environment, service, name, certificate, warned } = data;
  if (!certificate) return;
  const { notAfter } = certificate;
  const isOver = warned === 'expiring' || Date.parse(notAfter) <= ports.effects.now();
  const event: TypedData = isOver
    ? { type: 'domain.expired', data: { domain: name, notAfter } }
    : { type: 'domain.expiring', data: { domain: name, notAfter } };
  const told = scheduled({ ...data, warned: isOver ? 'expired' : 'expiring' }, ports);
  await commit(ports, system, {
    writes: [domainWrite(told, { version })],
    events: [{ project, environment, service, ...event }],
  });
}

/** Has it looked at later, at `nextAt`. */
export const postponeDomain = (ports: Ports, { version }: Item<Domain>, domain: Domain): Promise<void> =>
  ports.store.transact([domainWrite(domain, { version })]);

/**
 * Looks at the DNS of a domain now. An order that failed a while ago is tried again.
 * @throws Problem not_found | not_supported
 */
export async function checkDomain(
  ports: Ports,
  caller: Caller,
  ref: EnvironmentRef,
  name: string,
): Promise<Item<Domain>> {
  const { data: environment } = await getEnvironment(ports.store, ref);
  return retryOnConflict(async () => {
    const item = await getDomain(ports.store, ref, name);
    const domains = requireDomains(ports, environment.placement);
    const { failed } = item.data;
    const now = ports.effects.now();
    const isOld = failed && now - Date.parse(failed.at) >= RETRY_LEAST_MS;
    const data = isOld
      ? { ...item.data, failed: { ...failed, retryAt: new Date(now).toISOString() } }
      : item.data;
    return lookAtDomain(ports, domains, caller, { ...item, data });
  });
}

/** Tells the way in all that is proven, when it begins. */
export async function serveDomains({ store }: Pick<Ports, 'store'>, domains: Domains): Promise<void> {
  const proven: ServedDomain[] = [];
  for (const { data: claim } of await readAll<DomainClaim>(store, DOMAIN_CLAIMS)) {
    const item = await store.get<Domain>(domainKey(claim, claim.name));
    if (item?.data.provenAt !== undefined && isFor(claim, { id: item.data.environmentId }))
      proven.push(servedAs(item.data));
  }
  domains.served.restore(proven);
}
