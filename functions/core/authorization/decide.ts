/** Decides who may do what, by the table in roles.ts. Pure: the caller hands in the facts. */
import type { Principal } from '../model/index.ts';
import {
  type Action,
  higherRole,
  isAtLeast,
  isRole,
  type Least,
  lowerRole,
  type Permission,
  permissions,
  type Role,
} from './roles.ts';

export type { Action } from './roles.ts';

/**
 * What a route is about. `project`: something of a project, for those who are let into it. `platform`: nothing of one
 * project, decided by the action alone. `public`: open to everyone.
 */
export type Scope = 'project' | 'platform' | 'public';

export interface Policy {
  action: Action;
  scope: Scope;
}

/** What a membership gives: a role in the project, and another one in some of its environments. */
export interface Grant {
  role: Role;
  /** By the name of the environment, where it takes the place of `role`. */
  environments?: Readonly<Record<string, Role>>;
}

/** What is asked for. */
export interface Target {
  project?: string;
  /** Absent: the project as a whole. */
  environment?: string;
  /** The environment is a protected one. */
  protected?: boolean;
}

export type Decision =
  | { allowed: true }
  /** The principal may not even know whether the target exists. */
  | { allowed: false; reason: 'hidden' }
  /**
   * `signed-out`: the caller is not known. `limited`: the token or pipeline is limited to something else. `people`:
   * tokens and pipelines may not do it.
   */
  | { allowed: false; reason: 'signed-out' | 'limited' | 'people' }
  /**
   * @property needs the role that the action needs; @property has the caller's role there, if the action asks for roles
   */
  | { allowed: false; reason: 'role'; needs: Least; has?: Role };

/** Tokens of a project and pipelines bring their own role: they are not members. */
const bringsItsRole = ({ kind, owner }: Principal): boolean =>
  kind === 'workflow' || (kind === 'token' && owner === undefined);

/**
 * The role that a principal has in a project, or in one of its environments.
 * @param grants of the memberships of the principal and its groups in this project
 * @returns undefined for a principal that the project does not let in
 */
export function roleIn(principal: Principal, grants: readonly Grant[], target: Target): Role | undefined {
  const { limits, administrator } = principal;
  const { project, environment } = target;
  if (limits?.project !== undefined && limits.project !== project) return undefined;
  if (limits?.environments && environment !== undefined && !limits.environments.includes(environment)) {
    return undefined;
  }
  let role: Role | undefined;
  if (bringsItsRole(principal)) role = limits?.project === undefined ? undefined : limits.role;
  else if (administrator) role = 'administrator';
  else {
    for (const grant of grants) {
      const there =
        environment !== undefined && grant.environments && Object.hasOwn(grant.environments, environment)
          ? grant.environments[environment]
          : undefined;
      role = higherRole(role, there ?? grant.role);
    }
  }
  return role !== undefined && limits?.role !== undefined ? lowerRole(role, limits.role) : role;
}

/** Decides whether a principal may do what a permission stands for. Whatever no rule allows is denied. */
export function decide(
  principal: Principal | undefined,
  grants: readonly Grant[],
  policy: Policy,
  target: Target = {},
): Decision {
  const permission = permissions[policy.action];
  const { least, protected: inProtected, acrossEnvironments } = permission;
  if (policy.scope === 'public') {
    return least === 'public' ? { allowed: true } : { allowed: false, reason: 'signed-out' };
  }
  if (!principal) return { allowed: false, reason: 'signed-out' };
  if (!isRole(least)) return decidePlatform(principal, permission, least, policy.scope);
  if (policy.scope !== 'project' || target.project === undefined) return { allowed: false, reason: 'hidden' };
  const has = roleIn(principal, grants, target);
  if (has === undefined) return { allowed: false, reason: 'hidden' };
  if (principal.limits?.environments && target.environment === undefined && !acrossEnvironments) {
    return { allowed: false, reason: 'limited' };
  }
  if (!mayGrant(principal, permission)) return { allowed: false, reason: 'people' };
  const needs = target.protected && inProtected ? inProtected : least;
  return isAtLeast(has, needs) ? { allowed: true } : { allowed: false, reason: 'role', needs, has };
}

/** A token may create access only if it was made for that: a stolen one must not create access that outlives it. */
const mayGrant = ({ kind, limits }: Principal, { grants }: Permission): boolean =>
  grants === undefined ||
  kind === 'user' ||
  kind === 'system' ||
  (grants.tokens === 'allowed' && kind === 'token' && limits?.createsTokens === true);

/** The roles of someone in a project and, where they differ, in its environments. */
export interface Standing {
  role: Role;
  environments?: Readonly<Record<string, Role>>;
}

/** @returns undefined for a principal that the project does not let in */
export function standingIn(
  principal: Principal,
  grants: readonly Grant[],
  project: string,
): Standing | undefined {
  const role = roleIn(principal, grants, { project });
  if (role === undefined) return undefined;
  const names = new Set(grants.flatMap(({ environments = {} }) => Object.keys(environments)));
  const environments = [...names].sort().flatMap((environment) => {
    const there = roleIn(principal, grants, { project, environment });
    return there === undefined ? [] : [[environment, there] as const];
  });
  return { role, ...(environments.length > 0 && { environments: Object.fromEntries(environments) }) };
}

const at = ({ role, environments }: Standing, environment: string): Role =>
  environments && Object.hasOwn(environments, environment) ? environments[environment]! : role;

/**
 * The first role of `wanted` that is above the giver's role at the same place; undefined when there is none. A role
 * in the whole project also holds in environments where the giver has less.
 * @param within the environments that the wanted role is limited to
 */
export function exceeding(giver: Standing, wanted: Standing, within?: readonly string[]): Role | undefined {
  const names =
    within ?? new Set([...Object.keys(giver.environments ?? {}), ...Object.keys(wanted.environments ?? {})]);
  if (!isAtLeast(giver.role, wanted.role)) return wanted.role;
  for (const name of names) if (!isAtLeast(at(giver, name), at(wanted, name))) return at(wanted, name);
  return undefined;
}

function decidePlatform(
  principal: Principal,
  permission: Permission,
  least: Exclude<Least, Role>,
  scope: Scope,
): Decision {
  if (scope === 'project') return { allowed: false, reason: 'hidden' };
  const { kind, limits, administrator } = principal;
  switch (least) {
    case 'public':
    case 'signed-in':
      return { allowed: true };
    case 'person':
      return ((kind === 'user' || kind === 'system') && !limits) ||
        (permission.grants !== undefined && mayGrant(principal, permission))
        ? { allowed: true }
        : { allowed: false, reason: 'role', needs: 'person' };
    case 'platform':
      return administrator && !limits
        ? { allowed: true }
        : { allowed: false, reason: 'role', needs: 'platform' };
  }
}
