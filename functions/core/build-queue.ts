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
}

export interface Ceilings {
  all: number;
  project: number;
  /** How long a build may run, seconds; the time that it waited does not count. */
  seconds: number;
}

export const emptyQueue: BuildQueue = { running: [], waiting: [], served: [] };

/** The waiting build whose turn it is: the project that had its turn longest ago comes first. */
function nextOf(
  { running, waiting, served }: BuildQueue,
  ceilings: Omit<Ceilings, 'seconds'>,
): QueuedBuild | undefined {
  if (running.length >= ceilings.all) return undefined;
  let next: QueuedBuild | undefined;
  for (const build of waiting) {
    if (running.filter(({ project }) => project === build.project).length >= ceilings.project) continue;
    if (!next || served.indexOf(build.project) < served.indexOf(next.project)) next = build;
  }
  return next;
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
  let queue = { ...given, running: given.running.filter(isLeft), waiting: given.waiting.filter(isLeft) };
  const until = new Date(Date.parse(now) + ceilings.seconds * 1000).toISOString();
  for (let next = nextOf(queue, ceilings); next; next = nextOf(queue, ceilings))
    queue = begun(queue, next, until);
  const present = new Set([...queue.running, ...queue.waiting].map(({ project }) => project));
  return { ...queue, served: queue.served.filter((project) => present.has(project)) };
}

/** How many builds begin before this one; undefined where it does not wait. */
export function aheadOf(given: BuildQueue, operation: string): number | undefined {
  if (!given.waiting.some((build) => build.operation === operation)) return undefined;
  const open = { all: Number.POSITIVE_INFINITY, project: Number.POSITIVE_INFINITY };
  let queue: BuildQueue = given;
  for (let ahead = 0; ; ahead++) {
    const next = nextOf(queue, open);
    if (!next || next.operation === operation) return ahead;
    queue = begun(queue, next, next.until);
  }
}
