/** The pipeline of a project, what of a service serves along it, and its promotions. */
import type { Pipeline, PipelineStanding, Promotion } from '../../../client/types.generated.ts';
import { api, body } from './client.ts';
import { type Reading, useQuery } from './query.ts';

export const pipelinePath = '/v1/projects/{project}/pipeline';
export const promotionsPath = '/v1/projects/{project}/services/{service}/promotions';

const still = { isStill: true };

/** An error with status 404 where the project has none. */
export const usePipeline = (project: string): Reading<Pipeline> =>
  useQuery(
    `/v1/projects/${project}/pipeline`,
    (signal) => body(api.GET(pipelinePath, { params: { path: { project } }, signal })),
    still,
  );

/** @param service undefined: nothing is read */
export const useStanding = (project: string, service: string | undefined): Reading<PipelineStanding> =>
  useQuery(
    service && `/v1/projects/${project}/services/${service}/pipeline`,
    (signal) =>
      body(
        api.GET('/v1/projects/{project}/services/{service}/pipeline', {
          params: { path: { project, service: service ?? '' } },
          signal,
        }),
      ),
    still,
  );

/** The newest promotion: the one that is under way, or else the last one. @param service undefined: nothing is read */
export const useNewestPromotion = (
  project: string,
  service: string | undefined,
): Reading<Promotion | undefined> =>
  useQuery(
    service && `/v1/projects/${project}/services/${service}/promotions`,
    async (signal) => {
      const params = { path: { project, service: service ?? '' }, query: { limit: '1' } };
      return (await body(api.GET(promotionsPath, { params, signal }))).items[0];
    },
    still,
  );
