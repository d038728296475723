/** What environments cost, as pages read and say it. */
import type { EnvironmentCost, ProjectCost } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { type Reading, useQuery } from '../../api/query.ts';

export const useProjectCost = (project: string): Reading<ProjectCost> =>
  useQuery(`/v1/projects/${project}/cost`, (signal) =>
    body(api.GET('/v1/projects/{project}/cost', { params: { path: { project }, query: {} }, signal })),
  );

export const useEnvironmentCost = (path: {
  project: string;
  environment: string;
}): Reading<EnvironmentCost> =>
  useQuery(`/v1/projects/${path.project}/environments/${path.environment}/cost`, (signal) =>
    body(api.GET('/v1/projects/{project}/environments/{environment}/cost', { params: { path }, signal })),
  );

/** @example dollars(1234.5) // "$1,234.50" */
export const dollars = (usd: number): string =>
  usd.toLocaleString('en-US', { style: 'currency', currency: 'USD' });

/** Where it is not on AWS, the sums are what it would be there. */
export const whereWords = (basis: EnvironmentCost['basis']): string =>
  basis === 'on_aws' ? 'On AWS' : 'It does not run on AWS: this is what it would cost there';

export const pricesWords = ({ region, date }: EnvironmentCost['prices']): string =>
  `at the list prices of ${region} from ${date}`;
