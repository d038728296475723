/** What somebody would be refused, told beforehand: the answer that the API gives, from the same table. */

import { type Action, permissions, type Role, roles } from './permissions.generated.ts';
import type { Access, Principal } from './types.generated.ts';

/** The environment that an action is about. */
export interface Where {
  name: string;
  protection?: unknown;
}

export type Refusal =
  /** `has`: the role in this place, absent where there is none. */
  | { why: 'role'; needs: Role; has?: Role; isProtected: boolean }
  /** `people`: no token or pipeline may. `limited`: this token is limited to other places. */
  | { why: 'people' | 'limited' | 'platform' };

type Caller = Pick<Principal, 'kind' | 'administrator' | 'limits'>;

const isRole = (text: string): text is Role => (roles as readonly string[]).includes(text);

/**
 * @param access the roles in the project, for what is about one; undefined: not let in
 * @param where the environment, for what is done in one
 * @returns undefined for what is allowed
 */
export function refusalOf(
  caller: Caller,
  access: Access | undefined,
  action: Action,
  where?: Where,
): Refusal | undefined {
  const { kind, administrator, limits } = caller;
  const { least, protected: inProtected, acrossEnvironments, tokens } = permissions[action];
  const isPerson = kind === 'user' || kind === 'system';
  const mayGrant =
    tokens === undefined ||
    isPerson ||
    (tokens === 'allowed' && kind === 'token' && limits?.createsTokens === true);
  if (least === 'signed-in') return undefined;
  if (least === 'platform') return administrator && !limits ? undefined : { why: 'platform' };
  if (least === 'person') {
    return (isPerson && !limits) || (tokens !== undefined && mayGrant) ? undefined : { why: 'people' };
  }
  const reaches = where === undefined ? acrossEnvironments : limits?.environments?.includes(where.name);
  if (limits?.environments && !reaches) return { why: 'limited' };
  if (!mayGrant) return { why: 'people' };
  const isProtected = where?.protection !== undefined && inProtected !== undefined;
  const needs = isProtected && inProtected ? inProtected : least;
  const has = access && ((where && ownRole(access, where.name)) ?? access.role);
  if (has !== undefined && roles.indexOf(has) >= roles.indexOf(needs)) return undefined;
  return { why: 'role', needs, isProtected, ...(has !== undefined && { has }) };
}

const ownRole = ({ environments }: Access, name: string): Role | undefined =>
  Object.hasOwn(environments, name) ? environments[name] : undefined;

/** The roles from one on, which may do it. */
export const rolesFrom = (role: string): readonly Role[] =>
  isRole(role) ? roles.slice(roles.indexOf(role)) : [];
