/** Decides who may do what, by the table in roles.ts. Pure: what it needs to know is handed to it. */
import type { Principal } from './model.ts';
import {
  type Action,
  higherRole,
  isAtLeast,
  isRole,
  type Least,
  lowerRole,
  permissions,
  type Role,
} from './roles.ts';

export type { Action } from './roles.ts';

/**
 * What a route is about. `project`: something of a project, for those whom it lets in. `platform`: nothing of one
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
  /** By the name of the environment; there it takes the place of `role`. */
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
  /** They may not know whether it is there. */
  | { allowed: false; reason: 'hidden' }
  /** `signed-out`: nobody is known. `limited`: a token or pipeline is limited to something else. */
  | { allowed: false; reason: 'signed-out' | 'limited' }
  /** @property needs whom it takes; @property has their role there, if there are roles there */
  | { allowed: false; reason: 'role'; needs: Least; has?: Role };

/** Tokens of a project and pipelines bring their role along; nobody made them members. */
const bringsItsRole = ({ kind, owner }: Principal): boolean =>
  kind === 'workflow' || (kind === 'token' && owner === undefined);

/**
 * The role that a principal has in a project, or in one of its environments.
 * @param grants of the memberships of the principal and its groups in this project
 * @returns undefined for whom the project does not let in
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

/** Whether someone may do what a policy stands for. Whatever no rule allows is denied. */
export function decide(
  principal: Principal | undefined,
  grants: readonly Grant[],
  policy: Policy,
  target: Target = {},
): Decision {
  const { least, protected: inProtected, acrossEnvironments } = permissions[policy.action];
  if (policy.scope === 'public') {
    return least === 'public' ? { allowed: true } : { allowed: false, reason: 'signed-out' };
  }
  if (!principal) return { allowed: false, reason: 'signed-out' };
  if (!isRole(least)) return decidePlatform(principal, least, policy.scope);
  if (policy.scope !== 'project' || target.project === undefined) return { allowed: false, reason: 'hidden' };
  const has = roleIn(principal, grants, target);
  if (has === undefined) return { allowed: false, reason: 'hidden' };
  if (principal.limits?.environments && target.environment === undefined && !acrossEnvironments) {
    return { allowed: false, reason: 'limited' };
  }
  const needs = target.protected && inProtected ? inProtected : least;
  return isAtLeast(has, needs) ? { allowed: true } : { allowed: false, reason: 'role', needs, has };
}

function decidePlatform(principal: Principal, least: Exclude<Least, Role>, scope: Scope): Decision {
  if (scope === 'project') return { allowed: false, reason: 'hidden' };
  const { kind, limits, administrator } = principal;
  switch (least) {
    case 'public':
    case 'signed-in':
      return { allowed: true };
    case 'person':
      return (kind === 'user' || kind === 'system') && !limits
        ? { allowed: true }
        : { allowed: false, reason: 'role', needs: 'person' };
    case 'platform':
      return administrator && !limits
        ? { allowed: true }
        : { allowed: false, reason: 'role', needs: 'platform' };
  }
}
