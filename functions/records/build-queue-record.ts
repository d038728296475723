/** The one record of the queue of builds. */

import { limits } from '../core/limits.ts';
import { BUILD_SECONDS } from '../core/operations/build.ts';
import {
  advance,
  type BuildQueue,
  type Ceilings,
  emptyQueue,
  type QueuedBuild,
} from '../core/source/build-queue.ts';
import type { Ports } from '../ports/index.ts';
import { retryOnConflict } from './commit.ts';

export const BUILD_QUEUE = { pk: 'builds', sk: 'queue' } as const;

const ceilings: Ceilings = {
  all: limits.buildsAtOnce.value,
  project: limits.buildsAtOnceOfProject.value,
  seconds: BUILD_SECONDS,
};

export const readQueue = async ({ store }: Pick<Ports, 'store'>): Promise<BuildQueue> =>
  (await store.get<BuildQueue>(BUILD_QUEUE))?.data ?? emptyQueue;

/** Changes the queue, and lets every build run that may. Resolves to the queue as it is then. */
function change(ports: Ports, by: (queue: BuildQueue) => BuildQueue): Promise<BuildQueue> {
  return retryOnConflict(async () => {
    const item = await ports.store.get<BuildQueue>(BUILD_QUEUE);
    const before = item?.data ?? emptyQueue;
    const data = advance(by(before), ceilings, new Date(ports.effects.now()).toISOString());
    if (JSON.stringify(data) === JSON.stringify(before)) return before;
    const put = { ...BUILD_QUEUE, data };
    await ports.store.transact([{ put, if: item ? { version: item.version } : 'absent' }]);
    return data;
  });
}

/** Puts a build into the queue, unless it is in it. */
export const joinQueue = (ports: Ports, build: QueuedBuild): Promise<BuildQueue> =>
  change(ports, (queue) => {
    const known = [...queue.running, ...queue.waiting].some(({ operation }) => operation === build.operation);
    return known ? queue : { ...queue, waiting: [...queue.waiting, build] };
  });

/** Takes a build out of the queue; idempotent. */
export async function leaveQueue(ports: Ports, operation: string): Promise<void> {
  const isOther = (build: QueuedBuild): boolean => build.operation !== operation;
  await change(ports, (queue) => ({
    ...queue,
    running: queue.running.filter(isOther),
    waiting: queue.waiting.filter(isOther),
  }));
}
