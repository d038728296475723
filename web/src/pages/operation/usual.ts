/** How long steps usually take, by operations of the kind that went well before. */
import type { Operation } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { useQuery } from '../../api/query.ts';
import { usualTimes } from './usual-times.ts';

/** So many of the latest that succeeded are looked at. */
const LOOKED_AT = 3;

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
