/** Builds, which make versions from source. */
import type { DataOf } from '../../core/events/event-types.ts';
import { serviceKey } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Operation } from '../../core/model/index.ts';
import type { BuildInput } from '../../core/operations/kinds/build.ts';
import { Problem } from '../../core/problem.ts';
import { checkFolder } from '../../core/source/folder.ts';
import type { BuildSource } from '../../ports/builder.ts';
import type { Ports } from '../../ports/index.ts';
import { StoreConflict } from '../../ports/store.ts';
import { readQueue } from '../../records/build-queue-record.ts';
import { type Caller, commit } from '../../records/commit.ts';
import { acceptWrites, newOperation, startOperation } from '../operations/operations.ts';

export interface BuildCommand {
  project: string;
  service: string;
  source: BuildSource & { sha256?: string; bytes?: number };
  /** The tag of the version that the build makes. */
  tag?: string;
  /** The folder that is built; the whole source if not given. */
  path?: string;
}

/** What a build's operation keeps of its source. All values are strings, so that they pass through a workflow. */
export function buildInput({ source, tag, path = '' }: BuildCommand): BuildInput {
  const folder = checkFolder(path);
  const common = { ...(tag && { tag }), ...(folder && { path: folder }) };
  if (source.kind === 'git') {
    const { url, ref, commit } = source;
    return { ...common, kind: 'git', url, ref, ...(commit !== undefined && { commit }) };
  }
  return { ...common, kind: 'upload', source: source.id };
}

/** @throws Problem not_found (service) | too_many_requests (the project has too many that wait) */
export async function createBuild(
  ports: Ports,
  caller: Caller,
  command: BuildCommand,
): Promise<Operation<'build'>> {
  const { project, service } = command;
  await checkWaiting(ports, project);
  const operation = newOperation(ports, caller.actor, {
    kind: 'build',
    project,
    service,
    input: buildInput(command),
  });
  try {
    await commit(ports, caller, {
      writes: [{ check: serviceKey({ project, service }), if: 'present' }, ...acceptWrites(ports, operation)],
      events: [
        { project, service, operation: operation.id, type: 'build.created', data: sourceSummary(command) },
      ],
      result: operation,
    });
  } catch (error) {
    if (!(error instanceof StoreConflict) || !error.failed.includes(0)) throw error;
    throw new Problem('not_found', `There is no service "${service}" in project "${project}".`, {
      hint: `Create it with POST /v1/projects/${project}/services.`,
    });
  }
  await startOperation(ports, operation);
  return operation;
}

/** Builds that are accepted at the same time may pass it together: the rate of operations bounds how many. */
async function checkWaiting(ports: Ports, project: string): Promise<void> {
  const { waiting } = await readQueue(ports);
  const most = limits.buildsWaiting.value;
  if (waiting.filter((build) => build.project === project).length < most) return;
  throw new Problem(
    'too_many_requests',
    `The build was not begun: ${most} builds of the project wait already.`,
    {
      hint: 'Wait until some have ended, or cancel those that nobody needs.',
    },
  );
}

function sourceSummary({ source, ...command }: BuildCommand): DataOf<'build.created'> {
  const path = checkFolder(command.path ?? '');
  const folder = path === '' ? {} : { path };
  if (source.kind === 'git') return { kind: 'git', ref: source.ref, ...folder };
  return { kind: 'upload', ...(source.sha256 && { sha256: source.sha256, bytes: source.bytes }), ...folder };
}
