/** How long steps usually take, by operations of the kind that went well before. */
import type { Operation } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { useQuery } from '../../api/query.ts';

/** So many of the latest that succeeded are looked at. */
const LOOKED_AT = 3;

/** Milliseconds by the name of the step; a step that ran more than once counts as a whole. */
function stepTimes({ steps }: Pick<Operation, 'steps'>): Map<string, number> {
  const times = new Map<string, number>();
  for (const { name, durationMs = 0 } of steps) times.set(name, (times.get(name) ?? 0) + durationMs);
  return times;
}

/** The median of each step. */
export function usualTimes(operations: readonly Pick<Operation, 'steps'>[]): Map<string, number> {
  const all = operations.map(stepTimes);
  const names = new Set(all.flatMap((times) => [...times.keys()]));
  return new Map(
    [...names].map((name) => {
      const found = all.flatMap((times) => times.get(name) ?? []).sort((one, other) => one - other);
      return [name, found[Math.floor((found.length - 1) / 2)]!];
    }),
  );
}

/** @param of undefined: nothing is read @returns empty until it is known, and where there was none before */
export function useUsualTimes(of: Operation | undefined): ReadonlyMap<string, number> {
  const { data } = useQuery(
    of && `usual ${of.project} ${of.kind} ${of.environment} ${of.service}`,
    async (signal) => {
      if (!of) return [];
      const { project, kind, environment, service } = of;
      const { items } = await body(
        api.GET('/v1/projects/{project}/operations', {
          params: {
            path: { project },
            query: {
              kind,
              status: 'succeeded',
              ...(environment !== undefined && { environment }),
              ...(service !== undefined && { service }),
            },
          },
          signal,
        }),
      );
      const before = items.filter(({ id }) => id !== of.id).slice(0, LOOKED_AT);
      const read = await Promise.all(
        before.map(({ id }) =>
          body(api.GET('/v1/operations/{operation}', { params: { path: { operation: id } }, signal })),
        ),
      );
      return [...usualTimes(read)];
    },
    { isStill: true },
  );
  return new Map(data);
}
