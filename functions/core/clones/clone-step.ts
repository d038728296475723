/** What comes next of the services of a clone: pure rules of its record. */
import type { ProblemDetail } from '../problem.ts';
import { dependencyOrder } from '../score/graph.ts';
import type { ScoreWorkload } from '../score/workload.ts';
import type { ClonedService } from './clone-record.ts';

/** The other services that a workload takes the address of. */
export function servicesAskedFor({ resources = {} }: Pick<ScoreWorkload, 'resources'>): string[] {
  const names = Object.entries(resources).flatMap(([name, { type, id, params }]) => {
    if (type !== 'service' && type !== 'service-port') return [];
    const given = (params as { workload?: unknown } | undefined)?.workload;
    // As the types themselves read it (functions/resources/service-port.ts).
    return typeof given === 'string' ? [given] : [(id ?? name).split('.').at(-1) ?? ''];
  });
  return [...new Set(names)];
}

/** Services so that each comes behind those that it refers to; as they are where they refer to each other in a circle. */
export function inOrder<S extends Pick<ClonedService, 'service' | 'after'>>(services: readonly S[]): S[] {
  const byName = new Map(services.map((one) => [one.service, one]));
  const known = (name: string): string[] =>
    (byName.get(name)?.after ?? []).filter((other) => other !== name && byName.has(other));
  const ordered = dependencyOrder([...byName.keys()], known);
  return 'cycle' in ordered ? [...services] : ordered.order.flatMap((name) => byName.get(name) ?? []);
}

/** How long after a look at an environment that is not ready the next one is: its databases may be copied for hours, milliseconds. */
export const nextLookMs = (ageMs: number): number => Math.min(15_000, Math.max(1_000, ageMs / 10));

export type NextOfClone =
  | { do: 'deploy'; service: ClonedService }
  | { do: 'look'; services: ClonedService[] }
  | { do: 'end'; state: 'succeeded' | 'failed'; error?: ProblemDetail };

const isOpen = ({ state }: ClonedService): boolean => state === 'waiting' || state === 'deploying';

/** A service waits for those that it refers to, however they end: what needs them says so itself. */
export function nextOfClone(services: readonly ClonedService[]): NextOfClone {
  const open = new Set(services.filter(isOpen).map(({ service }) => service));
  const waiting = services.filter(({ state }) => state === 'waiting');
  const going = services.filter(({ state }) => state === 'deploying');
  const free = waiting.find(
    ({ service, after }) => !after.some((other) => other !== service && open.has(other)),
  );
  // What refers to each other in a circle would wait for ever.
  const service = free ?? (going.length === 0 ? waiting[0] : undefined);
  if (service) return { do: 'deploy', service };
  if (going.length > 0) return { do: 'look', services: going };
  const failed = services.filter(({ state }) => state === 'failed');
  const first = failed[0]?.error;
  if (failed.length === 0) return { do: 'end', state: 'succeeded' };
  const names = failed.map((one) => one.service).join(', ');
  return {
    do: 'end',
    state: 'failed',
    error: {
      code: first?.code ?? 'internal',
      cause: `${failed.length} of ${services.length} services were not deployed: ${names}.${first ? ` ${first.cause}` : ''}`,
      hint: first?.hint ?? 'Look at their deployments, and deploy them again.',
    },
  };
}
