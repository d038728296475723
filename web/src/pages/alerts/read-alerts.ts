/** The alerts of a project, what of them is silenced, and by which rules they fire. */
import type { Alert, AlertRules, AlertSilence } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { type List, useList } from '../../api/list.ts';
import { type Reading, useQuery } from '../../api/query.ts';

export const alertsApi = '/v1/projects/{project}/alerts';
export const silencesApi = '/v1/projects/{project}/alert-silences';
export const rulesApi = '/v1/projects/{project}/alert-rules';

const still = { isStill: true };

/** All that fire. */
export const useFiring = (project: string): Reading<Alert[]> =>
  useQuery(
    `/v1/projects/${project}/alerts?state=firing`,
    async (signal) => {
      const params = { path: { project }, query: { state: 'firing' as const } };
      return (await body(api.GET(alertsApi, { params, signal }))).items;
    },
    still,
  );

/** Also those that were over within the last 30 days, newest first. */
export const useAlerts = (project: string): List<Alert> =>
  useList(`/v1/projects/${project}/alerts`, (query, signal) =>
    api.GET(alertsApi, { params: { path: { project }, query }, signal }),
  );

export const useSilences = (project: string): Reading<AlertSilence[]> =>
  useQuery(
    `/v1/projects/${project}/alert-silences`,
    async (signal) => (await body(api.GET(silencesApi, { params: { path: { project } }, signal }))).items,
    still,
  );

export const useAlertRules = (project: string): Reading<AlertRules> =>
  useQuery(
    `/v1/projects/${project}/alert-rules`,
    (signal) => body(api.GET(rulesApi, { params: { path: { project } }, signal })),
    still,
  );
