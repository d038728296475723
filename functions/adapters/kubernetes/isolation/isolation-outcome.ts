/** What the pods of a trial have found. Pure: of their status alone. */
import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import type { IsolationOutcome, IsolationWay } from '../../../ports/isolation.ts';

/** Ways that have to lead somewhere; all others must not. */
const WANTED: readonly string[] = ['neighbour', 'names'] satisfies IsolationWay[];

/** No connection was made: refused, unreachable, without an answer, or to a name that nobody knew. */
const NOT_REACHED =
  /\bdial (?:tcp|udp)\b|deadline exceeded|Client\.Timeout|canceled while waiting for connection/;
/** Whatever was said by somebody at the other end. */
const ANSWERED = /^(?:OK|Bad healthcheck status):/m;
const FAILED = /^Error calling healthcheck: /m;

type Reached = 'reached' | 'not_reached' | { unclear: string };

/** @returns undefined while it runs */
export function reachedBy({ state, name }: V1ContainerStatus): Reached | undefined {
  const ended = state?.terminated;
  if (!ended) return undefined;
  const message = ended.message ?? '';
  if (ended.exitCode === 0 || ANSWERED.test(message)) return 'reached';
  if (!FAILED.test(message)) return { unclear: `${name} ended with code ${ended.exitCode}` };
  // Whatever broke off later than that had somebody to speak to.
  return NOT_REACHED.test(message) ? 'not_reached' : 'reached';
}

/** @returns undefined while one of them has not ended */
export function verdictOf(pods: readonly V1Pod[]): IsolationOutcome | undefined {
  const open: IsolationWay[] = [];
  const shut: IsolationWay[] = [];
  for (const { status } of pods) {
    const containers = status?.containerStatuses ?? [];
    if (containers.length === 0) return undefined;
    for (const container of containers) {
      const reached = reachedBy(container);
      if (reached === undefined) return undefined;
      if (typeof reached === 'object')
        return { state: 'unknown', why: `A pod could not try the network: ${reached.unclear}.` };
      const way = container.name as IsolationWay;
      if (reached === 'reached' && !WANTED.includes(way)) open.push(way);
      if (reached === 'not_reached' && WANTED.includes(way)) shut.push(way);
    }
  }
  // Where not even a neighbour is reached, it says nothing that a stranger is not.
  if (shut.includes('neighbour') && open.length === 0)
    return { state: 'not_in_force', open, shut: ['neighbour'] };
  return open.length + shut.length === 0 ? { state: 'in_force' } : { state: 'not_in_force', open, shut };
}
