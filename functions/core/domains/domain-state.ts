/** How a domain stands, in a word and in words, and when something of it is due. */

import { proofName, proofText } from './domain-name.ts';
import type { Domain, DomainCertificate } from './domain-record.ts';

export const domainStates = ['waiting_for_dns', 'ordering', 'active', 'failing', 'suspended'] as const;
export type DomainState = (typeof domainStates)[number];

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A proof that is gone for so long ends what it proved. */
export const SUSPENDED_AFTER_MS = 3 * DAY_MS;
/** What is proven is looked at this often. */
const LOOK_PROVEN_MS = 6 * HOUR_MS;
const LOOK_MISSING_MS = HOUR_MS;
/** What waits for its DNS is looked at after a tenth of the time that it has waited, within these bounds. */
const LOOK_LEAST_MS = MINUTE_MS;
const LOOK_MOST_MS = 6 * HOUR_MS;
/** An order that failed is repeated after this time, and after twice as long each time. */
const RETRY_MS = HOUR_MS;
const RETRY_LONGEST_MS = DAY_MS;

const lifeOf = ({ notBefore, notAfter }: DomainCertificate): number =>
  Date.parse(notAfter) - Date.parse(notBefore);

/** A third of its life is left, epoch milliseconds. */
export const renewsAt = (certificate: DomainCertificate): number =>
  Date.parse(certificate.notAfter) - lifeOf(certificate) / 3;
/** A sixth of its life is left: it should have been renewed long since. */
export const warnsAt = (certificate: DomainCertificate): number =>
  Date.parse(certificate.notAfter) - lifeOf(certificate) / 6;

export const retryDelay = (failures: number): number =>
  Math.min(RETRY_LONGEST_MS, RETRY_MS * 2 ** Math.min(10, failures - 1));

/** When the DNS is to be looked at again, epoch milliseconds. */
export function looksAt({ seen, provenAt, missingSince, suspendedAt, createdAt }: Domain): number {
  if (!seen) return Date.parse(createdAt);
  const at = Date.parse(seen.at);
  if (missingSince !== undefined) return at + LOOK_MISSING_MS;
  if (provenAt !== undefined) return at + (seen.fault === undefined ? LOOK_PROVEN_MS : LOOK_MISSING_MS);
  const waited = at - Date.parse(suspendedAt ?? createdAt);
  return at + Math.min(LOOK_MOST_MS, Math.max(LOOK_LEAST_MS, waited / 10));
}

/** When an order is to be begun, epoch milliseconds; undefined while none may be. */
export function ordersAt(domain: Domain): number | undefined {
  const { provenAt, missingSince, certificate, failed, waitsUntil } = domain;
  if (provenAt === undefined || missingSince !== undefined) return undefined;
  const due = certificate ? renewsAt(certificate) : Date.parse(provenAt);
  return Math.max(due, ...[failed?.retryAt, waitsUntil].flatMap((at) => (at ? [Date.parse(at)] : [])));
}

/** When the end of its certificate has to be told of, epoch milliseconds. */
export function tellsAt({ certificate, warned }: Domain): number | undefined {
  if (!certificate || warned === 'expired') return undefined;
  return warned === undefined ? warnsAt(certificate) : Date.parse(certificate.notAfter);
}

/** @param orders whether this Berth orders certificates */
export function domainState(domain: Domain, now: number, orders: boolean): DomainState {
  const { provenAt, suspendedAt, certificate, failed, waitsUntil } = domain;
  if (suspendedAt !== undefined) return 'suspended';
  if (provenAt === undefined) return 'waiting_for_dns';
  if (certificate ? Date.parse(certificate.notAfter) > now : !orders) return 'active';
  return failed || certificate || waitsUntil !== undefined ? 'failing' : 'ordering';
}

const quoted = (texts: readonly string[]): string => texts.map((text) => `"${text}"`).join(', ');

function dnsWords({ name, proof, seen }: Domain): string {
  const wanted = `a TXT record ${proofName(name)} with the text "${proofText(proof)}"`;
  if (!seen) return `Waiting for DNS: ${wanted}. It has not been looked at yet.`;
  if (seen.held)
    return 'Its DNS proves it, but it is held elsewhere in this installation: it comes free when it is removed there, or has had no proof there for 3 days.';
  if (seen.fault !== undefined)
    return `Waiting for DNS: ${wanted}. It could not be looked at: ${seen.fault}.`;
  const now = seen.found.length > 0 ? `There is ${quoted(seen.found)} now` : 'There is nothing now';
  return `Waiting for DNS: ${wanted}. ${now}.`;
}

function certificateWords(domain: Domain, now: number): string {
  const { order, failed, waitsUntil, certificate, missingSince } = domain;
  const isValid = certificate && Date.parse(certificate.notAfter) > now;
  const held =
    certificate &&
    (isValid ? `Active until ${certificate.notAfter}.` : `Expired at ${certificate.notAfter}.`);
  const failure =
    failed &&
    `${certificate ? 'Its renewal' : 'Its order'} failed: ${failed.why} It is tried again at ${failed.retryAt}.`;
  const budget =
    waitsUntil &&
    `The project has ordered as many certificates as it may within a week; the next one is ordered at ${waitsUntil}.`;
  const ordering = order && missingSince === undefined && 'A certificate is being ordered.';
  const said = [held, failure ?? budget ?? ordering].filter(Boolean);
  return said.length > 0 ? said.join(' ') : 'A certificate is about to be ordered.';
}

/** How it stands, for people: what is missing, what is there now, and what comes next. */
export function domainWords(domain: Domain, now: number, orders: boolean): string {
  const { provenAt, missingSince, suspendedAt } = domain;
  if (suspendedAt !== undefined)
    return `Suspended since ${suspendedAt}, for its proof was gone for 3 days. ${dnsWords(domain)}`;
  if (provenAt === undefined) return dnsWords(domain);
  const served = orders
    ? certificateWords(domain, now)
    : 'Active by HTTP alone: this Berth orders no certificates.';
  if (missingSince === undefined) return served;
  const ends = new Date(Date.parse(missingSince) + SUSPENDED_AFTER_MS).toISOString();
  return `${served} Its proof is gone since ${missingSince}: without it the domain is suspended at ${ends}.`;
}
