/** Whose build is next: a queue with a ceiling for each project and in all, in which projects take turns. */

export interface QueuedBuild {
  operation: string;
  project: string;
  /** By this time the build no longer waits, or has ended (ISO 8601), whoever forgot to say so. */
  until: string;
}

export interface BuildQueue {
  running: QueuedBuild[];
  /** In the order in which they came. */
  waiting: QueuedBuild[];
  /** Projects in the order of their latest turn, of those that are in the queue. */
  served: string[];
  /** Until then no build begins: there was no machine for one (ISO 8601). */
  fullUntil?: string;
}

export interface Ceilings {
  all: number;
  project: number;
  /** How long a build may run, seconds; the time that it waited does not count. */
  seconds: number;
}

export const emptyQueue: BuildQueue = { running: [], waiting: [], served: [] };

/** The waiting build whose turn it is: the project that had its turn longest ago comes first. */
function nextOf({ running, waiting, served }: BuildQueue, ceilings: Ceilings): QueuedBuild | undefined {
  if (running.length >= ceilings.all) return undefined;
  const turns = new Map(served.map((project, at) => [project, at]));
  const counts = Map.groupBy(running, ({ project }) => project);
  let next: { build: QueuedBuild; turn: number } | undefined;
  for (const build of waiting) {
    if ((counts.get(build.project)?.length ?? 0) >= ceilings.project) continue;
    const turn = turns.get(build.project) ?? -1;
    if (!next || turn < next.turn) next = { build, turn };
  }
  return next?.build;
}

function begun(queue: BuildQueue, build: QueuedBuild, until: string): BuildQueue {
  return {
    running: [...queue.running, { ...build, until }],
    waiting: queue.waiting.filter((other) => other !== build),
    served: [...queue.served.filter((project) => project !== build.project), build.project],
  };
}

/** The queue with every build running that may. @param now ISO 8601 */
export function advance(given: BuildQueue, ceilings: Ceilings, now: string): BuildQueue {
  const isLeft = ({ until }: QueuedBuild): boolean => until > now;
  const { fullUntil, ...rest } = given;
  const isFull = fullUntil !== undefined && fullUntil > now;
  let queue: BuildQueue = {
    ...rest,
    running: given.running.filter(isLeft),
    waiting: given.waiting.filter(isLeft),
    ...(isFull && { fullUntil }),
  };
  const until = new Date(Date.parse(now) + ceilings.seconds * 1000).toISOString();
  for (let next = nextOf(queue, ceilings); next && !isFull; next = nextOf(queue, ceilings))
    queue = begun(queue, next, until);
  const present = new Set([...queue.running, ...queue.waiting].map(({ project }) => project));
  return { ...queue, served: queue.served.filter((project) => present.has(project)) };
}

/**
 * The queue with a build that has found no machine first in the line again, and all others held back for a while.
 * @param build with the time by which it no longer waits
 */
export function turnedAway(queue: BuildQueue, build: QueuedBuild, fullUntil: string): BuildQueue {
  const isOther = ({ operation }: QueuedBuild): boolean => operation !== build.operation;
  return {
    running: queue.running.filter(isOther),
    waiting: [build, ...queue.waiting.filter(isOther)],
    served: queue.served.filter((project) => project !== build.project),
    fullUntil,
  };
}

/** How many builds begin before this one; undefined where it does not wait. */
export function aheadOf({ waiting, served }: BuildQueue, operation: string): number | undefined {
  const own = waiting.find((build) => build.operation === operation);
  if (!own) return undefined;
  const projects = Map.groupBy(waiting, ({ project }) => project);
  const rank = projects.get(own.project)?.indexOf(own) ?? 0;
  const turns = new Map(served.map((project, at) => [project, at]));
  // Projects that had no turn yet come first, in the order of their builds.
  const order = [...projects.keys()].toSorted((a, b) => (turns.get(a) ?? -1) - (turns.get(b) ?? -1));
  const place = order.indexOf(own.project);
  // Every project has its turn once in a round: those before it once more than those behind it.
  return order.reduce((ahead, project, at) => {
    const builds = projects.get(project)?.length ?? 0;
    return ahead + Math.min(builds, at < place ? rank + 1 : rank);
  }, 0);
}
