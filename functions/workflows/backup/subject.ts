/** What backups and restores work on. */
import { withCopies } from '../../commands/backups/backup-records.ts';
import type { Operation } from '../../core/model/index.ts';
import { Problem, TransientError } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { getEnvironment } from '../../records/read.ts';
import { resourceRequest } from '../../resources/owner.ts';
import { ResourcePending } from '../../resources/type.ts';
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

/**
 * Copies data until the time of a call is over; whatever fails from then on failed because of it.
 * @throws StillProgressing, or the reason of the signal where that is a Problem
 */
export async function inTime<T>(signal: AbortSignal, copy: () => Promise<T>): Promise<T> {
  try {
    return await copy();
  } catch (error) {
    if (!signal.aborted) throw error;
    throw signal.reason instanceof Problem
      ? signal.reason
      : new StillProgressing(undefined, { cause: error });
  }
}

/**
 * What is pending is asked for again by a later call.
 * @param Later what says so: steps that are called again while they go on have StillProgressing, and others are tried again
 */
export async function settled<T>(
  work: () => Promise<T>,
  Later: new (message?: string, options?: ErrorOptions) => TransientError = TransientError,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ResourcePending) throw new Later(error.message, { cause: error });
    throw error;
  }
}

/** Removes the copy of an operation, where its resource is there still. */
export async function discard(
  ports: Ports,
  operation: Operation<'backup'> | Operation<'restore'>,
): Promise<void> {
  try {
    const { copies, request, stillOwned } = await subjectOf(ports, operation);
    await settled(() => copies.discard(ports, request, stillOwned));
  } catch (error) {
    if (!(error instanceof Problem && error.status < 500)) throw error;
  }
}
