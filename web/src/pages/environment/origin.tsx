/** How far an environment has come that began as another one. */
import Alert from '@cloudscape-design/components/alert';
import { Link } from 'wouter';
import type { Origin as Began } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { useQuery } from '../../api/query.ts';
import { apiPath } from '../../api/read.ts';
import { environmentPath } from '../../app/paths.ts';
import { plain } from '../../components/plain.ts';
import { Ago } from '../../components/time.tsx';

interface InEnvironment {
  project: string;
  environment: string;
}

/** Nothing for one that began empty. */
export function Origin(place: InEnvironment) {
  const { data } = useQuery(
    `${apiPath(place)}/origin`,
    (signal) =>
      body(
        api.GET('/v1/projects/{project}/environments/{environment}/origin', {
          params: { path: place },
          signal,
        }),
      ),
    { isStill: true },
  );
  if (!data) return null;
  const failed = data.services.filter(({ error }) => error);
  return (
    <>
      <p className="soft">
        It began as <Link href={environmentPath({ ...place, environment: data.from })}>{data.from}</Link>{' '}
        <Ago at={data.createdAt} />, {withWhat(data)}. {progress(data)}
      </p>
      {(data.error || failed.length > 0) && (
        <Alert type="error" header={`Not all of ${data.from} is here`}>
          <ul className="plain-list">
            {failed.map(({ service, error }) => (
              <li key={service}>
                {service}: {plain([error?.cause, error?.hint].filter(Boolean).join(' '))}
              </li>
            ))}
            {data.error && failed.length === 0 && (
              <li>{plain([data.error.cause, data.error.hint].filter(Boolean).join(' '))}</li>
            )}
          </ul>
        </Alert>
      )}
    </>
  );
}

function withWhat({ secrets, withData }: Began): string {
  const parts = [secrets && 'secrets', withData && 'data'].filter(Boolean);
  return parts.length === 0 ? 'without its secrets and data' : `with its ${parts.join(' and ')}`;
}

function progress({ services, endedAt }: Began): string {
  if (endedAt !== undefined || services.length === 0) return '';
  const there = services.filter(({ state }) => state === 'succeeded').length;
  return `${there} of ${services.length} services are deployed.`;
}
