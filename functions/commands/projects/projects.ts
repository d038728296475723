/** Projects: a team's boundary. */

import { memberIds } from '../../core/authorization/principal.ts';
import { changesOf } from '../../core/field-changes.ts';
import {
  administratorsKey,
  alertRulesKey,
  alertSilencesKey,
  deletedProjectKey,
  eventsPartition,
  idempotencyKey,
  maskingKey,
  pipelineKey,
  policiesKey,
  projectKey,
  projectPartition,
} from '../../core/keys.ts';
import type { DeletedProject, Principal, Project } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { type Item, type Store, StoreConflict, type Write } from '../../ports/store.ts';
import { type Caller, checkIfMatch, commit, retryOnConflict } from '../../records/commit.ts';
import { getProject } from '../../records/read.ts';
import { forgetAccess } from '../access/forget-access.ts';
import { type Administrators, firstMemberWrites } from '../access/members.ts';
import { forgetKept } from '../secrets/kept-for-builds.ts';

export interface NewProject {
  name: string;
  displayName?: string;
  /** A person becomes the first administrator; a project of the platform team may begin without one. */
  creator: Principal;
}

const taken = (name: string): Problem =>
  new Problem('already_exists', `There is a project "${name}" already.`, {
    hint: 'Choose another name, or use the one that is there.',
  });

/**
 * The write that takes up a name. A name is a project's for ever, since its history is found by it: events,
 * operations, logs. So the name of a deleted project is free to its former administrators and to those who run the
 * installation; to others it is taken.
 * @throws Problem already_exists
 */
async function nameWrite({ store }: Ports, { name, creator }: NewProject): Promise<Write> {
  const key = deletedProjectKey(name);
  const deleted = await store.get<DeletedProject>(key);
  const { items: history } = await store.query({ pk: eventsPartition(name), limit: 1 });
  // Of a project that was deleted by an older Berth the history alone is there.
  if (!deleted && history.length === 0) return { check: key, if: 'absent' };
  const former = deleted?.data.administrators ?? [];
  if (!creator.administrator && !memberIds(creator).some((id) => former.includes(id))) throw taken(name);
  return deleted ? { delete: key, if: { version: deleted.version } } : { check: key, if: 'absent' };
}

/** @throws Problem already_exists, also for the name of a deleted project of others */
export async function createProject(ports: Ports, caller: Caller, input: NewProject): Promise<Item<Project>> {
  const nameTaken = await nameWrite(ports, input);
  await forgetAccess(ports, input.name);
  const data: Project = {
    name: input.name,
    ...(input.displayName !== undefined && { displayName: input.displayName }),
    createdAt: new Date(ports.effects.now()).toISOString(),
    createdBy: caller.actor,
  };
  const key = projectKey(input.name);
  const result: Item<Project> = { ...key, data, version: 1 };
  const { createdAt, createdBy } = data;
  const firstMember =
    input.creator.kind === 'user'
      ? firstMemberWrites({
          project: input.name,
          principal: input.creator.id,
          role: 'administrator',
          createdAt,
          createdBy,
        })
      : [];
  try {
    await commit(ports, caller, {
      writes: [{ put: { ...key, data }, if: 'absent' }, nameTaken, ...firstMember],
      events: [{ project: input.name, type: 'project.created' }],
      result,
    });
  } catch (error) {
    if (error instanceof StoreConflict && error.failed.some((at) => at < 2)) throw taken(input.name);
    throw error;
  }
  return result;
}

/** @param patch.displayName null removes it */
export function changeProject(
  ports: Ports,
  caller: Caller,
  project: string,
  patch: { displayName?: string | null; ifMatch?: string },
): Promise<Item<Project>> {
  return retryOnConflict(async () => {
    const item = await getProject(ports.store, project);
    checkIfMatch(item, patch.ifMatch);
    const data: Project = { ...item.data };
    if (patch.displayName === null) delete data.displayName;
    else if (patch.displayName !== undefined) data.displayName = patch.displayName;
    const result = { ...item, data, version: item.version + 1 };
    await commit(ports, caller, {
      writes: [{ put: { ...projectKey(project), data }, if: { version: item.version } }],
      events: [{ project, type: 'project.changed', data: { changes: changesOf(item.data, data) } }],
      result,
    });
    return result;
  });
}

/**
 * Deletes an empty project with its members; its name and its events are kept.
 * @throws Problem not_found | not_empty | precondition_failed
 */
export async function deleteProject(
  ports: Ports,
  caller: Caller,
  project: string,
  options: { ifMatch?: string } = {},
): Promise<void> {
  const deleted = await retryOnConflict(async () => {
    const item = await getProject(ports.store, project);
    checkIfMatch(item, options.ifMatch);
    await refuseContents(ports.store, project);
    const administrators = await ports.store.get<Administrators>(administratorsKey(project));
    const data: DeletedProject = { administrators: administrators?.data.principals ?? [] };
    await commit(ports, caller, {
      writes: [
        { delete: projectKey(project), if: { version: item.version } },
        { put: { ...deletedProjectKey(project), data }, if: 'absent' },
        {
          check: administratorsKey(project),
          if: administrators ? { version: administrators.version } : 'absent',
        },
      ],
      events: [{ project, type: 'project.deleted' }],
    });
    return item;
  });
  // A command that creates something in a project requires the project in the same transaction. So nothing can be
  // created after the deletion, and a second look finds what was created between the first look and the deletion.
  try {
    await refuseContents(ports.store, project);
  } catch (error) {
    const back: Write[] = [
      { put: { ...projectKey(project), data: deleted.data }, if: 'absent' },
      { delete: deletedProjectKey(project) },
    ];
    await putBack(ports, caller, back, project);
    throw error;
  }
  await forgetAccess(ports, project);
  await ports.store.transact(
    [policiesKey, pipelineKey, alertRulesKey, alertSilencesKey, maskingKey].map((keyOf) => ({
      delete: keyOf(project),
    })),
  );
  await forgetKept(ports, project);
}

async function refuseContents(store: Store, project: string): Promise<void> {
  const { items } = await store.query({ pk: projectPartition(project), limit: 1 });
  const first = items[0];
  if (!first) return;
  throw new Problem(
    'not_empty',
    `Project "${project}" is not empty: there is ${first.sk.replace('#', ' "')}".`,
    {
      hint: 'Destroy its environments and delete its services first.',
    },
  );
}

/** Takes a deletion back, together with the answer that its idempotency key would give. */
export async function putBack(ports: Ports, caller: Caller, back: Write[], project: string): Promise<void> {
  const { actor, idempotency } = caller;
  const writes: Write[] = [...back];
  if (idempotency) writes.push({ delete: idempotencyKey(actor, idempotency.key) });
  await commit(ports, { actor }, { writes, events: [{ project, type: 'project.deletion-refused' }] });
}
