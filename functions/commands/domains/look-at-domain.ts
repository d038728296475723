/** Looks at what the DNS says of a domain, and decides who holds it. */
import { proofHost, proofName, proofText } from '../../core/domains/domain-name.ts';
import { SUSPENDED_AFTER_MS } from '../../core/domains/domain-state.ts';
import type { TypedData } from '../../core/events/event-types.ts';
import { domainClaimKey } from '../../core/keys.ts';
import type { Domain, DomainClaim, DomainSighting } from '../../core/model/index.ts';
import type { Domains } from '../../ports/domains.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Write } from '../../ports/store.ts';
import { type Caller, commit } from '../../records/commit.ts';
import { domainWrite, forgetCertificates, scheduled, serve } from './domain-record.ts';
import { claimRemoval, isHolder } from './domains.ts';

/** So much of what foreign name servers say is kept. */
const SHOWN = 5;
const SHOWN_LENGTH = 120;

const shown = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, ' ').slice(0, SHOWN_LENGTH);

/** Both records are asked for; either one proves the domain. */
async function look({ dns, target }: Domains, { name, proof }: Domain): Promise<Omit<DomainSighting, 'at'>> {
  const [texts, alias] = await Promise.all([dns.txt(proofName(name)), dns.cname(name)]);
  const found = 'records' in texts ? texts.records : [];
  const pointsTo = 'records' in alias ? alias.records[0] : undefined;
  const seen = {
    found: found.slice(0, SHOWN).map(shown),
    ...(pointsTo !== undefined && { pointsTo: shown(pointsTo) }),
  };
  if (found.includes(proofText(proof))) return { ...seen, proof: 'TXT' };
  if (target !== undefined && pointsTo === proofHost(proof, target)) return { ...seen, proof: 'CNAME' };
  const fault = [texts, ...(target === undefined ? [] : [alias])].flatMap((answer) =>
    'fault' in answer ? [answer.fault] : [],
  )[0];
  return { ...seen, ...(fault !== undefined && { fault }) };
}

interface Outcome {
  domain: Domain;
  writes: Write[];
  events: TypedData[];
}

/**
 * Looks at a domain now, and writes down what follows: it is proven, its proof is gone, or it is suspended. A look
 * without an answer changes nothing that was known.
 * @throws StoreConflict where somebody else has changed it meanwhile
 */
export async function lookAtDomain(
  ports: Ports,
  domains: Domains,
  caller: Caller,
  item: Item<Domain>,
): Promise<Item<Domain>> {
  const { data: before, version } = item;
  const sighting = { ...(await look(domains, before)), at: new Date(ports.effects.now()).toISOString() };
  const { domain, writes, events } = await outcome(ports, before, sighting);
  const data = scheduled(domain, ports);
  const { project, environment, service } = data;
  const result = { ...item, data, version: version + 1 };
  await commit(ports, caller, {
    writes: [domainWrite(data, { version }), ...writes],
    events: events.map((event) => ({ project, environment, service, ...event })),
    result,
  });
  // Without a proof it is nobody's: what the way in has of the name may be another environment's.
  if (data.provenAt !== undefined || before.provenAt !== undefined) serve(domains, data);
  if (data.suspendedAt !== undefined && before.suspendedAt === undefined)
    await forgetCertificates(ports, data);
  return result;
}

function outcome(ports: Ports, before: Domain, seen: DomainSighting): Promise<Outcome> | Outcome {
  if (seen.proof !== undefined)
    return before.provenAt === undefined ? proven(ports, before, seen) : kept(before, seen);
  if (seen.fault !== undefined || before.provenAt === undefined)
    return { domain: { ...before, seen }, writes: [], events: [] };
  return missed(ports, before, seen);
}

/** The first to prove it holds it. */
async function proven(ports: Ports, before: Domain, seen: DomainSighting): Promise<Outcome> {
  const { project, environment, environmentId, service, name } = before;
  const key = domainClaimKey(name);
  const claim = await ports.store.get<DomainClaim>(key);
  if (claim && !isHolder(claim.data, before))
    return { domain: { ...before, seen: { ...seen, held: true } }, writes: [], events: [] };
  const { suspendedAt: _over, ...rest } = before;
  const data: DomainClaim = { project, environment, environmentId, service, name };
  return {
    domain: { ...rest, seen, provenAt: seen.at },
    writes: [{ put: { ...key, data }, if: claim ? { version: claim.version } : 'absent' }],
    events: [{ type: 'domain.proven', data: { domain: name, by: seen.proof ?? 'TXT' } }],
  };
}

function kept({ missingSince: _over, ...before }: Domain, seen: DomainSighting): Outcome {
  return { domain: { ...before, seen }, writes: [], events: [] };
}

async function missed(ports: Ports, before: Domain, seen: DomainSighting): Promise<Outcome> {
  const { name, missingSince = seen.at } = before;
  const ends = Date.parse(missingSince) + SUSPENDED_AFTER_MS;
  if (ends > ports.effects.now()) {
    const suspendsAt = new Date(ends).toISOString();
    const isNew = before.missingSince === undefined;
    return {
      domain: { ...before, seen, missingSince },
      writes: [],
      events: isNew ? [{ type: 'domain.proof-missing', data: { domain: name, suspendsAt } }] : [],
    };
  }
  const { project, environment, environmentId, service, proof, nextAt, createdAt, createdBy } = before;
  const identity = { project, environment, environmentId, service, name, proof };
  return {
    domain: { ...identity, seen, suspendedAt: seen.at, nextAt, createdAt, createdBy },
    writes: [await claimRemoval(ports, before)],
    events: [{ type: 'domain.suspended', data: { domain: name } }],
  };
}
