/** Services: deployable units, each with its image repository and its versions. */
import { changesOf } from '../../core/field-changes.ts';
import {
  connectionKey,
  ENVIRONMENT_PREFIX,
  projectKey,
  projectPartition,
  serviceKey,
  versionsPartition,
} from '../../core/keys.ts';
import type { Connection, Environment, Service } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { type Item, type Store, StoreConflict, TRANSACTION_MAX, type Write } from '../../ports/store.ts';
import { type Caller, checkIfMatch, commit, retryOnConflict } from '../../records/commit.ts';
import { instanceIn } from '../../records/instances.ts';
import { getProject, getService } from '../../records/read.ts';
import { disconnectionWrites, forgetConnection } from '../connections/connections.ts';
import { putBack } from '../projects/projects.ts';

interface ServiceRef {
  project: string;
  service: string;
}

export interface NewService {
  project: string;
  name: string;
  repository?: string;
}

/** @throws Problem not_found (project) | already_exists */
export async function createService(ports: Ports, caller: Caller, input: NewService): Promise<Item<Service>> {
  const { project, name } = input;
  const ref = { project, service: name };
  const key = serviceKey(ref);
  await getProject(ports.store, project);
  if (await ports.store.get(key)) throw exists(ref);
  // Versions that an interrupted deletion left behind belong to no service.
  await removeVersions(ports.store, ref);
  // The repository comes first: a service needs it, and one without a service does no harm and is found again.
  await ports.registry.ensureRepository(ref);
  const data: Service = {
    project,
    name,
    ...(input.repository !== undefined && { repository: input.repository }),
    createdAt: new Date(ports.effects.now()).toISOString(),
    createdBy: caller.actor,
  };
  const result: Item<Service> = { ...key, data, version: 1 };
  try {
    await commit(ports, caller, {
      writes: [
        { put: { ...key, data }, if: 'absent' },
        { check: projectKey(project), if: 'present' },
      ],
      events: [{ project, service: name, type: 'service.created' }],
      result,
    });
  } catch (error) {
    if (!(error instanceof StoreConflict)) throw error;
    if (error.failed.includes(0)) throw exists(ref);
    await getProject(ports.store, project);
    throw error;
  }
  return result;
}

const exists = ({ project, service }: ServiceRef): Problem =>
  new Problem('already_exists', `Project "${project}" already has a service "${service}".`, {
    hint: 'Choose another name, or use the one that is there.',
  });

/** @param patch.repository null removes it */
export function changeService(
  ports: Ports,
  caller: Caller,
  ref: ServiceRef,
  patch: { repository?: string | null; ifMatch?: string },
): Promise<Item<Service>> {
  return retryOnConflict(async () => {
    const item = await getService(ports.store, ref);
    checkIfMatch(item, patch.ifMatch);
    const data: Service = { ...item.data };
    if (patch.repository === null) delete data.repository;
    else if (patch.repository !== undefined) data.repository = patch.repository;
    const result = { ...item, data, version: item.version + 1 };
    await commit(ports, caller, {
      writes: [{ put: { ...serviceKey(ref), data }, if: { version: item.version } }],
      events: [
        {
          project: ref.project,
          service: ref.service,
          type: 'service.changed',
          data: { changes: changesOf(item.data, data) },
        },
      ],
      result,
    });
    return result;
  });
}

/**
 * Deletes a service that is deployed nowhere, with its versions and images.
 * @throws Problem not_found | not_empty | precondition_failed
 */
export async function deleteService(
  ports: Ports,
  caller: Caller,
  ref: ServiceRef,
  options: { ifMatch?: string } = {},
): Promise<void> {
  const { project, service } = ref;
  const key = serviceKey(ref);
  const deleted = await retryOnConflict(async () => {
    const item = await getService(ports.store, ref);
    checkIfMatch(item, options.ifMatch);
    await refuseInstances(ports.store, ref);
    const connection = await ports.store.get<Connection>(connectionKey(ref));
    await commit(ports, caller, {
      writes: [
        { delete: key, if: { version: item.version } },
        ...(connection ? disconnectionWrites(connection) : []),
      ],
      events: [{ project, service, type: 'service.deleted' }],
    });
    if (connection) await forgetConnection(ports, connection.data);
    return item;
  });
  // A deployment requires its service in the same transaction, so one that was accepted in between is seen now.
  try {
    await refuseInstances(ports.store, ref);
  } catch (error) {
    await putBack(ports, caller, [{ put: { ...key, data: deleted.data }, if: 'absent' }], project);
    throw error;
  }
  await removeVersions(ports.store, ref);
  await ports.registry.removeRepository({ project, service });
}

async function refuseInstances(store: Store, ref: ServiceRef): Promise<void> {
  const { project, service } = ref;
  let after: string | undefined;
  do {
    const page = await store.query<Environment>({
      pk: projectPartition(project),
      prefix: ENVIRONMENT_PREFIX,
      limit: 100,
      ...(after !== undefined && { after }),
    });
    const found = page.items.find(({ data }) => instanceIn(data, service));
    if (found) {
      throw new Problem(
        'not_empty',
        `Service "${service}" is deployed in environment "${found.data.name}".`,
        {
          hint: 'Remove it from the environments that it is deployed in first.',
        },
      );
    }
    after = page.next;
  } while (after !== undefined);
}

/** Removes the versions of a service with all records that point to them. */
async function removeVersions(store: Store, ref: ServiceRef): Promise<void> {
  for (;;) {
    const { items } = await store.query({ pk: versionsPartition(ref), limit: TRANSACTION_MAX });
    if (items.length === 0) return;
    await store.transact(items.map(({ pk, sk }): Write => ({ delete: { pk, sk } })));
  }
}
