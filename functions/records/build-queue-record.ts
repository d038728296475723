/** The one record of the queue of builds. */

import { limits } from '../core/limits.ts';
import { BUILD_SECONDS } from '../core/operations/kinds/build.ts';
import {
  advance,
  type BuildQueue,
  type Ceilings,
  emptyQueue,
  type QueuedBuild,
  turnedAway,
} from '../core/source/build-queue.ts';
import type { Ports } from '../ports/index.ts';
import { retryOnConflict } from './commit.ts';

export const BUILD_QUEUE = { pk: 'builds', sk: 'queue' } as const;

const ceilingsOf = ({ builder }: Ports): Ceilings => ({
  all: Math.min(limits.buildsAtOnce.value, builder.atOnce ?? Number.POSITIVE_INFINITY),
  project: limits.buildsAtOnceOfProject.value,
  seconds: BUILD_SECONDS,
});

/** How long no build begins after one that has found no machine, milliseconds. */
const FULL_MS = 20_000;

export const readQueue = async ({ store }: Pick<Ports, 'store'>): Promise<BuildQueue> =>
  (await store.get<BuildQueue>(BUILD_QUEUE))?.data ?? emptyQueue;

/** Changes the queue, and lets every build run that may. Resolves to the queue as it is then. */
function change(ports: Ports, by: (queue: BuildQueue) => BuildQueue): Promise<BuildQueue> {
  return retryOnConflict(async () => {
    const item = await ports.store.get<BuildQueue>(BUILD_QUEUE);
    const before = item?.data ?? emptyQueue;
    const data = advance(by(before), ceilingsOf(ports), new Date(ports.effects.now()).toISOString());
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

/** Puts a build that has found no machine back to the head of the queue, and lets no other try for a while. */
export const giveBackTurn = (ports: Ports, build: QueuedBuild): Promise<BuildQueue> => {
  const fullUntil = new Date(ports.effects.now() + FULL_MS).toISOString();
  return change(ports, (queue) => turnedAway(queue, build, fullUntil));
};

/** Takes a build out of the queue; idempotent. */
export async function leaveQueue(ports: Ports, operation: string): Promise<void> {
  const isOther = (build: QueuedBuild): boolean => build.operation !== operation;
  await change(ports, (queue) => ({
    ...queue,
    running: queue.running.filter(isOther),
    waiting: queue.waiting.filter(isOther),
  }));
}
