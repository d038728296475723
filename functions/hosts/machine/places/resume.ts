/** Resumes at a start what the last run left: workloads are declared again, and unfinished operations go on. */

import { ENVIRONMENT_PREFIX, PROJECTS, projectPartition } from '../../../core/keys.ts';
import type { Environment, EnvironmentRef, Project } from '../../../core/model/index.ts';
import type { Ports } from '../../../ports/index.ts';
import { readAll } from '../../../records/read-all.ts';
import { startAll } from '../../../workflows/environment-state.ts';
import type { LocalLog } from '../terminal-log.ts';

interface Resumable extends Omit<Ports, 'workflows' | 'databases'> {
  workflows: Ports['workflows'] & { resume(): Promise<number> };
  databases: Ports['databases'] & { resume(): Promise<void> };
}

/**
 * Declares workloads again. Never rejects: a workload that can not be brought back is logged, and the rest goes on.
 */
export async function resumeWorkloads(ports: Resumable, log: LocalLog): Promise<void> {
  try {
    await ports.databases.resume();
  } catch (error) {
    log.error('The database server did not come up', error);
  }
  for (const { data: project } of await readAll<Project>(ports.store, PROJECTS)) {
    for (const ref of await awake(ports, project.name)) {
      await startAll(ports, ref).catch((error: unknown) =>
        log.error(`Environment ${ref.project}/${ref.environment} did not come up`, error),
      );
    }
  }
  await ports.workflows.resume();
}

async function awake(ports: Resumable, project: string): Promise<EnvironmentRef[]> {
  const items = await readAll<Environment>(ports.store, projectPartition(project), ENVIRONMENT_PREFIX);
  return items
    .filter(({ data }) => data.state === 'ready')
    .map(({ data }) => ({ project, environment: data.name }));
}
