/** Code that the workflows which make, rotate and remove resources share. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Resource } from '../core/model/index.ts';
import { ResourcePending } from '../resources/type.ts';
import { StillProgressing } from './step.ts';

/** How long to wait before a pending resource is looked at again, milliseconds. */
const PENDING_MS = 5_000;

/** Asks again while the resource is pending; near the end of the step's time it hands over to the next invocation. */
export async function untilSettled<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ResourcePending)) throw error;
    }
    await sleep(PENDING_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) throw new StillProgressing();
  }
}

/** The request to a resource type, made from the owner record. */
export const resourceRequest = (resource: Resource, environmentId: string) => ({
  project: resource.project,
  environment: resource.environment,
  environmentId,
  service: resource.services[0] ?? '',
  uid: resource.uid,
  class: resource.class,
  id: resource.id,
  operation: resource.operation,
});
