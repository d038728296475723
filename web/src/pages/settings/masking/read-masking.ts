/** How a project masks data that are copied, and which databases it has. */
import type { Masking as Answer } from '../../../../../client/types.generated.ts';
import { all, api } from '../../../api/client.ts';
import { type Reading, useQuery } from '../../../api/query.ts';
import { useOverview } from '../../../api/read.ts';

export const maskingApi = '/v1/projects/{project}/masking';

export type Rule = Answer['rules'][number];

export interface Masking {
  rules: readonly Rule[];
  /** By which a change is refused when somebody else has made one in the meantime; empty where nothing is set. */
  etag: string;
}

export const useMasking = (project: string): Reading<Masking> =>
  useQuery(
    `/v1/projects/${project}/masking`,
    async (signal) => {
      const { data, response } = await api.GET(maskingApi, { params: { path: { project } }, signal });
      return { rules: data?.rules ?? [], etag: response.headers.get('etag') ?? '' };
    },
    { isStill: true },
  );

/** The uids of databases in all environments, each once. */
export function useDatabaseUids(project: string): Reading<string[]> {
  const { data: overview } = useOverview(project);
  const names = overview?.environments.map(({ name }) => name);
  return useQuery(
    names && `/v1/projects/${project}/databases?${names.join()}`,
    async (signal) => {
      const lists = await Promise.all(
        (names ?? []).map((environment) =>
          all((query) =>
            api.GET('/v1/projects/{project}/environments/{environment}/resources', {
              params: { path: { project, environment }, query },
              signal,
            }),
          ),
        ),
      );
      return [...new Set(lists.flat().flatMap(({ uid, backups }) => (backups ? [uid] : [])))].sort();
    },
    { isStill: true },
  );
}
