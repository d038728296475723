/** The pipeline of a project: its environments in the order in which versions come to them. */
import { changesOf } from '../../core/field-changes.ts';
import { pipelineKey, projectKey } from '../../core/keys.ts';
import type { Pipeline, Stage } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Store } from '../../ports/store.ts';
import { type Caller, checkIfMatch, commit, missing, retryOnConflict } from '../../records/commit.ts';
import { getEnvironment, getProject } from '../../records/read.ts';

/** @throws Problem not_found (project) */
export async function findPipeline(store: Store, project: string): Promise<Item<Pipeline> | undefined> {
  const item = await store.get<Pipeline>(pipelineKey(project));
  if (!item) await getProject(store, project);
  return item;
}

/** @throws Problem not_found */
export async function getPipeline(store: Store, project: string): Promise<Item<Pipeline>> {
  const item = await findPipeline(store, project);
  if (item) return item;
  throw missing(`pipeline in project "${project}"`, `Set one with PUT /v1/projects/${project}/pipeline.`);
}

/** @throws Problem invalid_request */
function checkStages(stages: readonly Stage[]): void {
  const twice = (names: readonly string[]): string | undefined =>
    names.find((name, at) => names.indexOf(name) !== at);
  const stage = twice(stages.map(({ name }) => name));
  const environment = twice(stages.flatMap(({ environments }) => environments));
  if (stage === undefined && environment === undefined) return;
  throw new Problem(
    'invalid_request',
    stage === undefined
      ? `The environment "${environment}" is in the pipeline twice.`
      : `Two stages have the name "${stage}".`,
    { hint: 'Name each stage once, and each environment in one stage.' },
  );
}

/**
 * Sets the pipeline. Promotions that are under way go on as they began.
 * @throws Problem not_found (project, an environment) | invalid_request | precondition_failed
 */
export function putPipeline(
  ports: Ports,
  caller: Caller,
  project: string,
  stages: Stage[],
  { ifMatch }: { ifMatch?: string } = {},
): Promise<Item<Pipeline>> {
  checkStages(stages);
  return retryOnConflict(async () => {
    const before = await findPipeline(ports.store, project);
    checkIfMatch(before, ifMatch);
    for (const environment of stages.flatMap(({ environments }) => environments))
      await getEnvironment(ports.store, { project, environment });
    const updatedAt = new Date(ports.effects.now()).toISOString();
    const createdAt = before?.data.createdAt ?? updatedAt;
    const data: Pipeline = { project, stages, createdAt, updatedAt, updatedBy: caller.actor };
    const result = { ...pipelineKey(project), data, version: (before?.version ?? 0) + 1 };
    await commit(ports, caller, {
      writes: [
        { put: { ...pipelineKey(project), data }, if: before ? { version: before.version } : 'absent' },
        { check: projectKey(project), if: 'present' },
      ],
      events: [
        { project, type: 'pipeline.changed', data: { changes: changed(before?.data.stages, stages) } },
      ],
      result,
    });
    return result;
  });
}

/** @throws Problem not_found | precondition_failed */
export function deletePipeline(
  ports: Ports,
  caller: Caller,
  project: string,
  { ifMatch }: { ifMatch?: string } = {},
): Promise<void> {
  return retryOnConflict(async () => {
    const item = await getPipeline(ports.store, project);
    checkIfMatch(item, ifMatch);
    await commit(ports, caller, {
      writes: [{ delete: pipelineKey(project), if: { version: item.version } }],
      events: [{ project, type: 'pipeline.changed', data: { changes: changed(item.data.stages) } }],
    });
  });
}

const changed = (before?: Stage[], after?: Stage[]) =>
  changesOf({ ...(before && { stages: before }) }, { ...(after && { stages: after }) });
