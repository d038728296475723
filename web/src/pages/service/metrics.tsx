/** What a service uses now. */
import { api, body } from '../../api/client.ts';
import { useQuery } from '../../api/query.ts';
import { Facts } from '../../components/facts.tsx';
import type { ServiceTabProps } from '../service.tsx';

export default function MetricsTab({ place }: ServiceTabProps) {
  const { project, environment, service } = place;
  const { data } = useQuery(
    `/v1/projects/${project}/environments/${environment}/services/${service}/metrics`,
    (signal) =>
      body(
        api.GET('/v1/projects/{project}/environments/{environment}/services/{service}/metrics', {
          params: { path: { project, environment, service } },
          signal,
        }),
      ),
  );
  if (!data) return null;
  return <Facts of={Object.entries(data).map(([name, value]) => [name, JSON.stringify(value)])} />;
}
