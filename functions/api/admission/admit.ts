/** Admits a request or refuses it: reads the grants that the decision needs, once, and words the refusal. */

import {
  type Action,
  type Decision,
  decide,
  type Grant,
  roleIn,
  type Standing,
  standingIn,
  type Target,
} from '../../core/authorization/decide.ts';
import { memberIds } from '../../core/authorization/principal.ts';
import { isRole, type Least, permissions, type Role } from '../../core/authorization/roles.ts';
import { environmentKey, memberKey } from '../../core/keys.ts';
import type { Environment, EnvironmentRef, Member, Principal } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { missingEnvironment, missingProject } from '../../records/read.ts';
import type { Route } from '../http/route-spec.ts';

/** What a caller that was let in may do. */
export interface Access {
  /** The role in what the route is about: an environment, or the project as a whole. None outside of projects. */
  role: Role | undefined;
  /** The project that the route, or the thing it is about, belongs to. */
  project?: string;
  /** The roles in the whole project. None outside of projects. */
  standing(): Standing | undefined;
  /**
   * For an environment of the project that is named beside the path, as where a promotion comes from.
   * @throws Problem not_found for one that the caller may not see
   */
  enter(environment: string): Promise<void>;
  /**
   * Why the caller may not do something else, too, to what the route is about, or to the project as a whole; undefined where
   * they may.
   */
  refusal(action: Action, where?: 'here' | 'project'): Problem | undefined;
}

export const noAccess: Access = {
  role: undefined,
  standing: () => undefined,
  enter: async () => undefined,
  refusal: () => undefined,
};

/**
 * The roles of a principal in a project that the path does not name.
 * @throws Problem not_found when the principal has no role in the project
 */
export async function standingOf(ports: Ports, principal: Principal, project: string): Promise<Standing> {
  const ids = principal.administrator ? [] : memberIds(principal);
  const items = await ports.store.getMany<Member>(ids.map((id) => memberKey(project, id)));
  const grants = items.flatMap((item) => (item ? [item.data] : []));
  const standing = standingIn(principal, grants, project);
  if (!standing) throw missingProject(project);
  return standing;
}

/**
 * A thing that the caller may not see is answered like one that does not exist, after the same reads.
 * @throws Problem forbidden | not_found
 */
export async function admit(
  ports: Ports,
  route: Route,
  params: Record<string, string>,
  principal: Principal,
): Promise<Access> {
  const { policy } = route;
  if (policy.scope !== 'project') {
    const decision = decide(principal, [], policy);
    if (!decision.allowed) throw refusal(decision, route, params, {}, principal);
    return noAccess;
  }
  const owner = route.owner ? await route.owner.of(ports, params) : undefined;
  const found = route.owner ? owner : params;
  // An id that belongs to nothing costs the same reads as one that belongs to someone else.
  const project = found?.project ?? '';
  const environment = found?.environment;
  const { grants, isProtected } = await readGrants(ports, route, principal, project, environment);
  const target: Target = {
    project,
    ...(environment !== undefined && { environment }),
    ...(isProtected && { protected: true }),
  };
  const decision = decide(principal, grants, policy, target);
  if (!decision.allowed) throw refusal(decision, route, params, target, principal);
  if (environment !== undefined && !(await reaches(ports, principal, { project, environment }, owner))) {
    throw route.owner ? route.owner.missing(params) : missingEnvironment({ project, environment });
  }
  return {
    project,
    role: roleIn(principal, grants, target),
    standing: () => standingIn(principal, grants, project),
    async enter(other) {
      const ref = { project, environment: other };
      if (roleIn(principal, grants, ref) === undefined || !(await reaches(ports, principal, ref)))
        throw missingEnvironment(ref);
    },
    refusal(action, where = 'here') {
      const about = where === 'here' ? target : { project };
      const also = decide(principal, grants, { action, scope: 'project' }, about);
      return also.allowed
        ? undefined
        : refusal(also, { ...route, policy: { ...policy, action } }, params, about, principal);
    },
  };
}

/**
 * Tells whether a token may reach the environment that has the name now: it was made for one environment, and ends
 * with it.
 * @param of what belongs to an environment of that name, possibly to an earlier one
 */
async function reaches(
  { store }: Ports,
  { limits }: Principal,
  ref: EnvironmentRef,
  of: { createdAt?: string } = {},
): Promise<boolean> {
  const ids = limits?.environmentIds;
  if (!ids) return true;
  const now = await store.get<Environment>(environmentKey(ref));
  if (!now) return true;
  return now.data.id === ids[ref.environment] && (of.createdAt ?? now.data.createdAt) >= now.data.createdAt;
}

/** Memberships of the caller in a project, and whether the environment is protected where that matters: one read. */
async function readGrants(
  ports: Ports,
  { policy }: Route,
  principal: Principal,
  project: string,
  environment: string | undefined,
): Promise<{ grants: Grant[]; isProtected: boolean }> {
  // Those who run the installation may do all that a project's administrator may.
  if (principal.administrator && !principal.limits) return { grants: [], isProtected: false };
  const ids = principal.administrator ? [] : memberIds(principal);
  const keys = ids.map((id) => memberKey(project, id));
  const asks = environment !== undefined && permissions[policy.action].protected !== undefined;
  if (asks) keys.push(environmentKey({ project, environment }));
  const items = await ports.store.getMany<Member | Environment>(keys);
  const last = asks ? (items.pop()?.data as Environment | undefined) : undefined;
  const members = items.flatMap((item) => (item ? [item.data as Member] : []));
  return { grants: members, isProtected: last?.protection !== undefined };
}

const BY_A_PERSON =
  'Do it signed in yourself: in the console, or on the command line after berth login without --role and --token.';

const whom: Readonly<Record<Exclude<Least, Role>, string>> = {
  public: 'it is closed',
  'signed-in': 'that takes someone who is signed in',
  person: 'that takes a person, for tokens and pipelines may not',
  platform: 'that takes someone who runs this installation of Berth',
};

function refusal(
  decision: Exclude<Decision, { allowed: true }>,
  route: Route,
  params: Record<string, string>,
  target: Target,
  principal: Principal,
): Problem {
  const { does } = permissions[route.policy.action];
  const place =
    target.environment === undefined
      ? `project "${target.project}"`
      : `environment "${target.environment}" of project "${target.project}"`;
  switch (decision.reason) {
    case 'role': {
      if (!isRole(decision.needs)) {
        return new Problem('forbidden', `You may not ${does}: ${whom[decision.needs]}.`, {
          hint:
            decision.needs === 'person'
              ? BY_A_PERSON
              : 'Ask the platform team, who run this installation of Berth.',
        });
      }
      const why = target.protected ? ', for it is protected' : '';
      return new Problem(
        'forbidden',
        `You may not ${does} in ${place}: that takes the role ${decision.needs}${why}, and yours is ${decision.has}.`,
        { hint: `Ask a maintainer or administrator of project "${target.project}" for it.` },
      );
    }
    case 'people':
      return new Problem('forbidden', `You may not ${does}: ${whom.person}.`, {
        hint: `${BY_A_PERSON} A token that was made to make tokens may make some too.`,
      });
    case 'limited':
      return new Problem(
        'forbidden',
        `You may not ${does}: this token is limited to ${principal.limits?.environments?.join(', ')}.`,
        { hint: 'Use a token that is not limited to environments.' },
      );
    case 'hidden':
    case 'signed-out':
      return hidden(route, params, principal);
  }
}

/** A refusal in the same words as for a thing that does not exist. */
function hidden(route: Route, params: Record<string, string>, { limits }: Principal): Problem {
  if (route.owner) return route.owner.missing(params);
  const project = params.project ?? '';
  const { environment } = params;
  const isOther =
    environment !== undefined && limits?.environments && !limits.environments.includes(environment);
  if (isOther && limits.project === project) return missingEnvironment({ project, environment });
  return missingProject(project);
}
