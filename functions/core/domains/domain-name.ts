/** Which names can be domains, in the one form that they are kept in. */
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { shortHash } from '../names.ts';

/** As in paths: lower case, ASCII. */
export const DOMAIN_PATTERN =
  /^(?=.{4,240}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;

/** Top-level domains that are no part of the public DNS. */
const PRIVATE = /(?:^|\.)(?:localhost|local|internal|invalid|test|onion|alt|arpa|lan|home|corp|mail)$/;

/** The name of the record that proves a domain stands below this label. */
export const PROOF_LABEL = '_berth';

/** `Bücher.Example.` is `xn--bcher-kva.example`; undefined for what is no name at all. */
export function normaliseDomain(text: string): string | undefined {
  if (text.length > 400 || /[\s/@:?#%\\]/.test(text)) return undefined;
  const name = domainToASCII(text.replace(/\.$/, '')).toLowerCase();
  return name === '' ? undefined : name;
}

/**
 * Why a name can not be added, in words that follow "it"; undefined for one that can.
 * @param own names of the platform itself: they and all below them
 * @param isSuffix names below it belong to different owners, as those below `co.uk`
 */
export function domainRefusal(name: string, own: readonly string[], isSuffix: boolean): string | undefined {
  if (name.includes('*')) return 'is a wildcard: add each host by itself';
  if (isIP(name) !== 0) return 'is an address, and not a name';
  if (own.some((mine) => name === mine || name.endsWith(`.${mine}`))) return 'belongs to this Berth itself';
  if (PRIVATE.test(name)) return 'is no name of the public DNS';
  if (!DOMAIN_PATTERN.test(name)) return 'is no host name with at least two parts, such as www.example.com';
  if (isSuffix) return 'is a public suffix, below which others have their names';
  return undefined;
}

/**
 * What the DNS of a domain has to say for an environment. It is made from the environment's id, which no other
 * environment ever has: a record that stays in the DNS proves nothing for those who come later.
 */
export const domainProof = (environmentId: string, name: string): string =>
  shortHash(`berth-domain\u001f${environmentId}\u001f${name}`, 32);

export const proofName = (name: string): string => `${PROOF_LABEL}.${name}`;
export const proofText = (proof: string): string => `berth-verify=${proof}`;
/** @param target a name whose subdomains all lead to this Berth */
export const proofHost = (proof: string, target: string): string => `${proof}.${target}`;
