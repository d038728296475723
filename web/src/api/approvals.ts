/** The deployments of a project that wait for a second person. */
import type { Operation } from '../../../client/types.generated.ts';
import { api, body } from './client.ts';
import { type Reading, useQuery } from './query.ts';

/** The most that are looked at: each is read to see whether it waits for a person or for its turn. */
const LOOKED_MAX = '100';

export const useApprovals = (project: string): Reading<Operation[]> =>
  useQuery(
    `/v1/projects/${project}/approvals`,
    async (signal) => {
      const { items } = await body(
        api.GET('/v1/projects/{project}/operations', {
          params: { path: { project }, query: { status: 'queued', limit: LOOKED_MAX } },
          signal,
        }),
      );
      const waiting = items.filter(({ number }) => number !== undefined);
      const operations = await Promise.all(
        waiting.map(({ id }) =>
          body(api.GET('/v1/operations/{operation}', { params: { path: { operation: id } }, signal })),
        ),
      );
      return operations.filter(({ approval }) => approval?.state === 'pending');
    },
    { isStill: true },
  );
