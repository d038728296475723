/** Traces of an environment. */
import type { Trace, TraceDetails } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { type List, useList } from '../../api/list.ts';
import { type Reading, useQuery } from '../../api/query.ts';
import { apiPath } from '../../api/read.ts';
import type { InEnvironment } from '../environment.tsx';

export const orders = ['failing', 'slowest', 'newest'] as const;
export type Order = (typeof orders)[number];

/** @param service whose part is looked for; all where undefined */
export const useTraces = (path: InEnvironment, order: Order, service: string | undefined): List<Trace> =>
  useList(
    `${apiPath(path)}/traces?${order}&${service ?? ''}`,
    (page, signal) => {
      const query = { ...page, order, ...(service !== undefined && { service }) };
      return api.GET('/v1/projects/{project}/environments/{environment}/traces', {
        params: { path, query },
        signal,
      });
    },
    { isStill: false },
  );

export const useTrace = (path: InEnvironment & { trace: string }): Reading<TraceDetails> =>
  useQuery(`${apiPath(path)}/traces/${path.trace}`, (signal) =>
    body(
      api.GET('/v1/projects/{project}/environments/{environment}/traces/{trace}', {
        params: { path },
        signal,
      }),
    ),
  );
