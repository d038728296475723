/** What backups and restores work on. */
import { withCopies } from '../../commands/backups/backup-records.ts';
import type { Operation } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { getEnvironment } from '../../records/read.ts';
import { resourceRequest } from '../../resources/owner.ts';
import { environmentOf } from '../environment-state.ts';
import { checkOwner } from '../owned-resources.ts';
import { StillProgressing } from '../step.ts';

/** The resource of an operation, with what its type needs to copy it. */
export async function subjectOf(ports: Ports, operation: Operation<'backup'> | Operation<'restore'>) {
  const ref = { ...environmentOf(operation), resource: operation.input.resource };
  const { item, copies } = await withCopies(ports.store, ref);
  const { data: environment } = await getEnvironment(ports.store, ref);
  const request = { ...resourceRequest(item.data, environment.id), operation: operation.id };
  return { copies, request, stillOwned: () => checkOwner(ports.store, request) };
}

/** Copies data until the time of a call is over; a stream that ends so says only that it was aborted. @throws StillProgressing */
export async function inTime<T>(signal: AbortSignal, copy: () => Promise<T>): Promise<T> {
  try {
    return await copy();
  } catch (error) {
    if (!signal.aborted || !(error instanceof Error && error.name === 'AbortError')) throw error;
    throw signal.reason instanceof Problem
      ? signal.reason
      : new StillProgressing(undefined, { cause: error });
  }
}

/** Removes the copy of an operation, where its resource is there still. */
export async function discard(
  ports: Ports,
  operation: Operation<'backup'> | Operation<'restore'>,
): Promise<void> {
  try {
    const { copies, request, stillOwned } = await subjectOf(ports, operation);
    await copies.discard(ports, request, stillOwned);
  } catch (error) {
    if (!(error instanceof Problem && error.status < 500)) throw error;
  }
}
