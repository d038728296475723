/** What the claims of a token say of a person. Nothing is coerced: a claim of another type says nothing. */

import type { JWTPayload } from 'jose';
import { limits } from '../../core/limits.ts';

/** A person as an identity provider knows them. */
export interface Person {
  /** The `sub` claim: the issuer's own name for the person, which never changes. */
  subject: string;
  name?: string;
  /** Only an address that the issuer has verified. */
  email?: string;
  groups: string[];
  /** Whether the person administers the platform. */
  administrator: boolean;
}

export interface ClaimRules {
  /** The claim with the groups; `groups` by default. */
  groupsClaim?: string;
  /** A subject, or an e-mail address that the issuer says it has verified. */
  administrator?: string;
  /** Members of this group administer the platform. */
  administratorGroup?: string;
}

const GROUPS_MAX = limits.groups.value;
const SUBJECT = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/;
const EMAIL = /^[^\s@]{1,200}@[^\s@]{1,200}$/;

/** The person that claims name; undefined when they name nobody. */
export function personOf(claims: JWTPayload, rules: ClaimRules): Person | undefined {
  const { sub, email } = claims;
  // A logout token has the same issuer and audience, and identifies nobody.
  if (typeof sub !== 'string' || !SUBJECT.test(sub) || claims.events !== undefined) return undefined;
  const address =
    claims.email_verified === true && typeof email === 'string' && EMAIL.test(email) ? email : undefined;
  const groups = groupsOf(claims[rules.groupsClaim ?? 'groups']);
  const name = nameOf(claims);
  return {
    subject: sub,
    ...(name !== undefined && { name }),
    ...(address !== undefined && { email: address }),
    groups,
    administrator: isAdministrator({ sub, address, groups }, rules),
  };
}

function isAdministrator(
  { sub, address, groups }: { sub: string; address: string | undefined; groups: string[] },
  { administrator, administratorGroup }: ClaimRules,
): boolean {
  const byName = !!administrator && (sub === administrator || address === administrator);
  return byName || (!!administratorGroup && groups.includes(administratorGroup));
}

/** A list of strings; anything else in the claim is ignored. */
function groupsOf(claim: unknown): string[] {
  if (!Array.isArray(claim)) return [];
  return [...new Set(claim.filter(isLine))].slice(0, GROUPS_MAX);
}

function nameOf({ name, preferred_username: username }: JWTPayload): string | undefined {
  return [name, username].find(isLine);
}

const isLine = (value: unknown): value is string =>
  typeof value === 'string' &&
  value.trim() === value &&
  value.length > 0 &&
  value.length <= 256 &&
  value.isWellFormed() &&
  !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(value);
