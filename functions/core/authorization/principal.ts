/** Ids of those who call: `user:<subject>`, `group:<name>`, `token:<id>`, `ci:<issuer>:<subject>`. */
import { limits } from '../limits.ts';

/** Whom a project can let in. */
export const MEMBER_KINDS = ['user', 'group', 'email'] as const;
export type MemberKind = (typeof MEMBER_KINDS)[number];

export const PRINCIPAL_ID_MAX = limits.personId.value;

// Characters that stand for themselves in a URL's path, in keys of the store and in logs.
const PLAIN = /[A-Za-z0-9._~@+,$!-]/;

/**
 * Escapes free text for use in an id: other characters become `=` and two hex digits for each byte of UTF-8. Each
 * text has one form, and it reads the same in paths, keys and logs.
 */
export function escapePart(text: string): string {
  let escaped = '';
  for (const character of text) {
    if (PLAIN.test(character)) escaped += character;
    else
      for (const byte of new TextEncoder().encode(character))
        escaped += `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return escaped;
}

const escapedPart = '(?:[A-Za-z0-9._~@+,$!-]|=[0-9A-F]{2})+';

const patternOf = (kinds: string): RegExp =>
  new RegExp(`^(?=.{1,${PRINCIPAL_ID_MAX}}$)(?:${kinds}):${escapedPart}$`);

/** Ids of members, as they stand in paths. */
export const MEMBER_PATTERN = patternOf('user|group|email');

/** Ids of people. */
export const PERSON_PATTERN = patternOf('user');

/**
 * The id of a person or a group of the installation's issuer. E-mail addresses are put in lower case.
 * @returns undefined for a text that can not name anybody: empty, too long, or not a text
 */
export function principalId(kind: MemberKind, text: string): string | undefined {
  if (text === '' || !text.isWellFormed()) return undefined;
  const id = `${kind}:${escapePart(kind === 'email' ? text.toLowerCase() : text)}`;
  return id.length <= PRINCIPAL_ID_MAX ? id : undefined;
}

/** The ids under which a project may have let a principal in. @param groups names, as the issuer gives them */
export function memberIds(principal: {
  id: string;
  owner?: string;
  email?: string;
  groups: readonly string[];
}): string[] {
  const { id, owner, email, groups } = principal;
  const ids = [owner ?? id];
  const address = email === undefined ? undefined : principalId('email', email);
  if (address !== undefined) ids.push(address);
  for (const group of groups) {
    const groupId = principalId('group', group);
    if (groupId !== undefined) ids.push(groupId);
  }
  return [...new Set(ids)].slice(0, MEMBER_IDS_MAX);
}

/** Groups beyond this number are ignored, since all of them are read at once with each request. */
export const MEMBER_IDS_MAX = limits.memberIds.value;
