/** Adds, lists and removes domains. */
import { domainProof, domainRefusal, normaliseDomain } from '../../core/domains/domain-name.ts';
import {
  DOMAIN_PREFIX,
  domainClaimKey,
  domainKey,
  environmentKey,
  environmentPartition,
} from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Domain, DomainClaim, EnvironmentRef } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Domains } from '../../ports/domains.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Write } from '../../ports/store.ts';
import { type Caller, commit, retryOnConflict } from '../../records/commit.ts';
import { changingEnvironment } from '../../records/environment-changes.ts';
import { instanceOf } from '../../records/instances.ts';
import { getEnvironment } from '../../records/read.ts';
import { readAll } from '../../records/read-all.ts';
import { beingRemoved } from '../deployments/deployment-fence.ts';
import { notReady } from '../environments/environments.ts';
import { domainWrite, forgetCertificates, getDomain } from './domain-record.ts';

/** All domains of an environment, by name. */
export async function listDomains(ports: Ports, ref: EnvironmentRef): Promise<Item<Domain>[]> {
  await getEnvironment(ports.store, ref);
  return domainsOf(ports, ref);
}

const domainsOf = (ports: Ports, ref: EnvironmentRef): Promise<Item<Domain>[]> =>
  readAll<Domain>(ports.store, environmentPartition(ref), DOMAIN_PREFIX);

/** @throws Problem not_supported where nothing serves domains */
export function requireDomains({ domains }: Pick<Ports, 'domains'>, placement?: string): Domains {
  if (domains && placement === undefined) return domains;
  throw new Problem('not_supported', 'Domains of your own are not served in this place.', {
    hint: 'Let a proxy of yours pass the host on to the address of the service, which its page shows.',
  });
}

/** @throws Problem invalid_request for a name that can not be added */
async function nameOf(text: string, own: readonly string[]): Promise<string> {
  const name = normaliseDomain(text);
  const refusal =
    name === undefined
      ? 'is no host name, such as www.example.com'
      : domainRefusal(name, own, await isPublicSuffix(name));
  if (name !== undefined && refusal === undefined) return name;
  throw new Problem('invalid_request', `The domain can not be added: it ${refusal}.`, {
    hint: 'Add a host of a domain that you own, such as www.example.com.',
  });
}

/** The list of public suffixes is loaded when a domain is added, and not before. */
async function isPublicSuffix(name: string): Promise<boolean> {
  const { getPublicSuffix } = await import('tldts');
  return getPublicSuffix(name, { allowPrivateDomains: true }) === name;
}

/**
 * Adds a domain to a service. Nothing is reserved by that: it is whose DNS proves it.
 * @throws Problem not_found | not_supported | invalid_request | already_exists | environment_not_ready |
 * operation_in_progress | conflict (too many)
 */
export async function addDomain(
  ports: Ports,
  caller: Caller,
  ref: EnvironmentRef,
  input: { name: string; service: string },
): Promise<Item<Domain>> {
  const { data: found } = await getEnvironment(ports.store, ref);
  const name = await nameOf(input.name, requireDomains(ports, found.placement).own);
  const { project, environment } = ref;
  const instance = { project, environment, service: input.service };
  return changingEnvironment(ports.store, ref, async () => {
    const parent = await getEnvironment(ports.store, ref);
    if (parent.data.state === 'destroying') throw notReady(parent.data, ['ready', 'hibernated']);
    if (instanceOf(parent.data, input.service).state === 'removing') throw beingRemoved(instance);
    await refuseAnother(ports, ref, name);
    const at = new Date(ports.effects.now()).toISOString();
    const domain: Domain = {
      ...instance,
      environmentId: parent.data.id,
      name,
      proof: domainProof(parent.data.id, name),
      nextAt: at,
      createdAt: at,
      createdBy: caller.actor,
    };
    const result = { ...domainKey(ref, name), data: domain, version: 1 };
    await commit(ports, caller, {
      writes: [
        domainWrite(domain, 'absent'),
        { check: environmentKey(ref), if: { version: parent.version } },
      ],
      events: [{ ...instance, type: 'domain.added', data: { domain: name } }],
      result,
    });
    return result;
  });
}

async function refuseAnother(ports: Ports, ref: EnvironmentRef, name: string): Promise<void> {
  const present = await domainsOf(ports, ref);
  const same = present.find(({ data }) => data.name === name);
  if (same) {
    throw new Problem('already_exists', `Domain "${name}" is added to service "${same.data.service}" here.`, {
      hint: 'Remove it there first; what it has in the DNS can stay.',
    });
  }
  if (present.length < limits.domains.value) return;
  throw new Problem(
    'conflict',
    `Environment "${ref.environment}" has ${limits.domains.value} domains, which is as many as it may have.`,
    { hint: 'Remove one that is not needed first.' },
  );
}

/**
 * Removes a domain: from then on it is free for whoever proves it.
 * @throws Problem not_found
 */
export async function removeDomain(
  ports: Ports,
  caller: Caller,
  ref: EnvironmentRef,
  name: string,
): Promise<void> {
  const { data } = await retryOnConflict(async () => {
    const item = await getDomain(ports.store, ref, name);
    await commit(ports, caller, await removal(ports, item));
    return item;
  });
  await letGo(ports, data);
}

/** What removes a domain from the records, with what it holds. */
async function removal(ports: Ports, { data, pk, sk, version }: Item<Domain>) {
  const { project, environment, service, name } = data;
  const writes: Write[] = [{ delete: { pk, sk }, if: { version } }];
  if (data.provenAt !== undefined) writes.push(await claimRemoval(ports, data));
  const event = { project, environment, service, type: 'domain.removed' as const, data: { domain: name } };
  return { writes, events: [event] };
}

/** The write that frees a domain that an environment holds; what another one holds stays. */
export async function claimRemoval({ store }: Ports, domain: Domain): Promise<Write> {
  const key = domainClaimKey(domain.name);
  const claim = await store.get<DomainClaim>(key);
  return claim && isHolder(claim.data, domain)
    ? { delete: key, if: { version: claim.version } }
    : { check: key, if: claim ? { version: claim.version } : 'absent' };
}

export const isHolder = (claim: DomainClaim, domain: Domain): boolean =>
  claim.environmentId === domain.environmentId;

async function letGo(ports: Ports, domain: Domain): Promise<void> {
  // What was never proven is not served by this record; another environment may have proven the name.
  if (domain.provenAt !== undefined) ports.domains?.served.remove(domain.name).catch(() => undefined);
  await forgetCertificates(ports, domain);
}

/** Removes the domains of an environment, or of a service of it, which goes; it can be run again. */
export async function releaseDomains(
  ports: Ports,
  caller: Caller,
  ref: EnvironmentRef,
  service?: string,
): Promise<void> {
  for (const { data } of await domainsOf(ports, ref))
    if (service === undefined || data.service === service)
      await removeDomain(ports, caller, ref, data.name).catch((error: unknown) => {
        if (!(error instanceof Problem && error.code === 'not_found')) throw error;
      });
}
