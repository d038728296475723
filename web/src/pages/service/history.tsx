import { all, api } from '../../api/client.ts';
import { useQuery } from '../../api/query.ts';
import { Status } from '../../components/status.tsx';
import type { ServiceTabProps } from '../service.tsx';

export default function HistoryTab({ place }: ServiceTabProps) {
  const { project, environment, service } = place;
  const { data: deployments = [] } = useQuery(
    `/v1/projects/${project}/environments/${environment}/services/${service}/deployments`,
    (signal) =>
      all((query) =>
        api.GET('/v1/projects/{project}/environments/{environment}/services/{service}/deployments', {
          params: { path: { project, environment, service }, query },
          signal,
        }),
      ),
  );
  return (
    <ol className="plain-list">
      {deployments.map(({ number, status }) => (
        <li key={number}>
          #{number} <Status of={status} />
        </li>
      ))}
    </ol>
  );
}
