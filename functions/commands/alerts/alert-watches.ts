/** Which environments are watched for alerts: those that something was deployed to. */
import {
  ALERT_WATCHES_BEGUN,
  alertWatchKey,
  ENVIRONMENT_PREFIX,
  environmentKey,
  PROJECTS,
  projectPartition,
} from '../../core/keys.ts';
import type { AlertWatch, Environment, EnvironmentRef, Project } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import { StoreConflict } from '../../ports/store.ts';
import { readAll } from '../../records/read-all.ts';

type Stored = Pick<Ports, 'store'>;

export const newWatch = ({ project, environment }: EnvironmentRef, environmentId: string): AlertWatch => ({
  project,
  environment,
  environmentId,
  tracks: [],
  restarts: {},
});

/** Has an environment watched from now on; idempotent. One that is gone is not. */
export async function watchEnvironment(
  { store }: Stored,
  ref: EnvironmentRef & { environmentId?: string },
): Promise<void> {
  if (await store.get(alertWatchKey(ref))) return;
  const id = ref.environmentId ?? (await store.get<Environment>(environmentKey(ref)))?.data.id;
  if (id === undefined) return;
  const put = { ...alertWatchKey(ref), data: newWatch(ref, id) };
  // Of one that is destroyed at the same moment the next look removes it.
  await store.transact([{ put, if: 'absent' }]).catch((error: unknown) => {
    // Somebody else was faster.
    if (!(error instanceof StoreConflict)) throw error;
  });
}

/** Once for each installation: has those environments watched that were deployed to before there were alerts. */
export async function watchOlderEnvironments({ store }: Stored): Promise<void> {
  for (const { data: project } of await readAll<Project>(store, PROJECTS)) {
    const environments = await readAll<Environment>(
      store,
      projectPartition(project.name),
      ENVIRONMENT_PREFIX,
    );
    for (const { data } of environments)
      if (Object.keys(data.services).length > 0)
        await watchEnvironment({ store }, { project: data.project, environment: data.name });
  }
  await store.transact([{ put: { ...ALERT_WATCHES_BEGUN, data: {} } }]);
}
