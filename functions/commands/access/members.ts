/** Members of projects: people and groups, with their roles. */

import { exceeding, type Standing } from '../../core/authorization/decide.ts';
import type { Role } from '../../core/authorization/roles.ts';
import {
  administratorsKey,
  memberKey,
  membershipKey,
  membersPartition,
  projectKey,
} from '../../core/keys.ts';
import type { Member } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Store, Write } from '../../ports/store.ts';
import { type Caller, checkIfMatch, commit, mustGet, retryOnConflict } from '../../records/commit.ts';
import { getProject } from '../../records/read.ts';

export interface MemberRef {
  project: string;
  principal: string;
}

export interface MemberRoles {
  role: Role;
  environments?: Record<string, Role>;
}

/** The caller, with their roles in the project: nobody gives or takes more than they have. */
export interface Granter extends Caller {
  standing: Standing;
}

export interface Administrators {
  /** Ids of the people and groups who are administrators of the whole project. */
  principals: string[];
}

/** The records of a new member. */
export function memberWrites(member: Member): Write[] {
  const { project, principal } = member;
  return [
    { put: { ...memberKey(project, principal), data: member }, if: 'absent' },
    { put: { ...membershipKey(principal, project), data: {} } },
  ];
}

/** The records of a project's first administrator. */
export const firstMemberWrites = (member: Member): Write[] => [
  ...memberWrites(member),
  { put: { ...administratorsKey(member.project), data: { principals: [member.principal] } } },
];

export const getMember = (store: Store, { project, principal }: MemberRef): Promise<Item<Member>> =>
  mustGet(
    store,
    memberKey(project, principal),
    `member "${principal}" of project "${project}"`,
    `List the members with GET /v1/projects/${project}/members.`,
  );

/**
 * Adds a member, or changes a member's roles.
 * @throws Problem not_found (project) | forbidden (more than the granter has) | conflict (the last administrator)
 */
export function putMember(
  ports: Ports,
  granter: Granter,
  ref: MemberRef,
  roles: MemberRoles,
  options: { ifMatch?: string } = {},
): Promise<{ item: Item<Member>; created: boolean }> {
  return retryOnConflict(async () => {
    const { store, effects } = ports;
    const { project, principal } = ref;
    await getProject(store, project);
    const before = await store.get<Member>(memberKey(project, principal));
    checkIfMatch(before, options.ifMatch);
    refuseAbove(granter, roles);
    if (before) refuseAbove(granter, before.data);
    const data: Member = {
      project,
      principal,
      role: roles.role,
      ...(roles.environments &&
        Object.keys(roles.environments).length > 0 && { environments: roles.environments }),
      createdAt: before?.data.createdAt ?? new Date(effects.now()).toISOString(),
      createdBy: before?.data.createdBy ?? granter.actor,
    };
    const item: Item<Member> = {
      ...memberKey(project, principal),
      data,
      version: (before?.version ?? 0) + 1,
    };
    const result = { item, created: before === undefined };
    await commit(ports, granter, {
      writes: [
        {
          put: { ...memberKey(project, principal), data },
          if: before ? { version: before.version } : 'absent',
        },
        { put: { ...membershipKey(principal, project), data: {} } },
        { check: projectKey(project), if: 'present' },
        ...(await administratorsWrites(store, ref, data.role === 'administrator')),
      ],
      events: [
        before
          ? {
              project,
              type: 'member.changed',
              data: { principal, ...grantsOf(data), before: grantsOf(before.data) },
            }
          : { project, type: 'member.added', data: { principal, ...grantsOf(data) } },
      ],
      result,
    });
    return result;
  });
}

/** @throws Problem not_found | forbidden (a role above the granter's) | conflict (the last administrator) */
export function removeMember(
  ports: Ports,
  granter: Granter,
  ref: MemberRef,
  options: { ifMatch?: string } = {},
): Promise<void> {
  return retryOnConflict(async () => {
    const { project, principal } = ref;
    await getProject(ports.store, project);
    const item = await getMember(ports.store, ref);
    checkIfMatch(item, options.ifMatch);
    refuseAbove(granter, item.data);
    await commit(ports, granter, {
      writes: [
        { delete: memberKey(project, principal), if: { version: item.version } },
        { delete: membershipKey(principal, project) },
        ...(await administratorsWrites(ports.store, ref, false)),
      ],
      events: [{ project, type: 'member.removed', data: { principal, before: grantsOf(item.data) } }],
    });
  });
}

const grantsOf = ({ role, environments }: MemberRoles): MemberRoles => ({
  role,
  ...(environments && { environments }),
});

/** @throws Problem forbidden when `wanted` exceeds the giver's role anywhere */
export function refuseAbove(
  { standing }: Pick<Granter, 'standing'>,
  wanted: Standing,
  within?: readonly string[],
): void {
  const role = exceeding(standing, wanted, within);
  if (role === undefined) return;
  const others = Object.entries(standing.environments ?? {}).map(([name, there]) => `, in ${name} ${there}`);
  throw new Problem(
    'forbidden',
    `You may not give or take the role ${role} there: yours is ${standing.role}${others.join('')}.`,
    { hint: 'Ask an administrator of the project.' },
  );
}

/**
 * Keeps the list of administrators in step with a change of one member. The list is one record, so that when two
 * administrators remove each other at once, only one of them succeeds.
 * @throws Problem conflict when nobody would be left
 */
async function administratorsWrites(
  store: Store,
  { project, principal }: MemberRef,
  becomes: boolean,
): Promise<Write[]> {
  const key = administratorsKey(project);
  const item = await store.get<Administrators>(key);
  const principals = item?.data.principals ?? [];
  if (principals.includes(principal) === becomes) return [];
  const left = principals.filter((id) => id !== principal);
  const now = becomes ? [...left, principal] : left;
  if (now.length === 0) {
    throw new Problem('conflict', `"${principal}" is the last administrator of project "${project}".`, {
      hint: 'Make someone else an administrator first.',
    });
  }
  return [{ put: { ...key, data: { principals: now } }, if: item ? { version: item.version } : 'absent' }];
}

/**
 * Removes the members of a project that does not exist.
 * @throws StoreConflict when there is a project by now
 */
export async function forgetMembers(store: Store, project: string): Promise<void> {
  const gone: Write = { check: projectKey(project), if: 'absent' };
  for (;;) {
    const { items } = await store.query({ pk: membersPartition(project), limit: 45 });
    const writes = items.flatMap(({ pk, sk }): Write[] => [
      { delete: { pk, sk } },
      { delete: membershipKey(sk, project) },
    ]);
    if (items.length === 0) {
      if (!(await store.get(administratorsKey(project)))) return;
      writes.push({ delete: administratorsKey(project) });
    }
    await store.transact([gone, ...writes]);
  }
}
