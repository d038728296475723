/** What who is signed in may do in a project, and who gives more. */
import type { Access, Member } from '../../../client/types.generated.ts';
import { api, body } from './client.ts';
import { type Reading, useQuery } from './query.ts';

/** @param project undefined: nothing is read */
export const useAccess = (project: string | undefined): Reading<Access> =>
  useQuery(
    project && `/v1/projects/${project}/access`,
    (signal) =>
      body(
        api.GET('/v1/projects/{project}/access', { params: { path: { project: project ?? '' } }, signal }),
      ),
    { isStill: true },
  );

/** Members of a project as far as the first page of them goes. @param project undefined: nothing is read */
export const useSomeMembers = (project: string | undefined): Reading<Member[]> =>
  useQuery(
    project && `/v1/projects/${project}/members?limit=200`,
    async (signal) => {
      const params = { path: { project: project ?? '' }, query: { limit: '200' } };
      return (await body(api.GET('/v1/projects/{project}/members', { params, signal }))).items;
    },
    { isStill: true },
  );
