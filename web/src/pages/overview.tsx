/** The services of a project by environment. */
import { Link } from 'wouter';
import { all, api } from '../api/client.ts';
import { useQuery } from '../api/query.ts';
import { Loading } from '../app/loading.tsx';
import { environmentPath, servicePath } from '../app/paths.ts';
import { Title } from '../app/title.tsx';
import { Status } from '../components/status.tsx';
import Missing from './missing.tsx';

export default function Overview({ project }: { project: string }) {
  const { data: environments, error } = useQuery(`/v1/projects/${project}/environments`, (signal) =>
    all((query) =>
      api.GET('/v1/projects/{project}/environments', { params: { path: { project }, query }, signal }),
    ),
  );
  if (error?.status === 404) return <Missing what={`There is no project ${project}.`} />;
  if (!environments) return <Loading />;
  return (
    <div className="stack">
      <Title text={project} />
      {environments.map(({ name, state }) => (
        <section key={name} aria-label={name}>
          <h2>
            <Link href={environmentPath({ project, environment: name })}>{name}</Link> <Status of={state} />
          </h2>
          <Instances project={project} environment={name} />
        </section>
      ))}
    </div>
  );
}

function Instances({ project, environment }: { project: string; environment: string }) {
  const { data: instances = [] } = useQuery(
    `/v1/projects/${project}/environments/${environment}/services`,
    (signal) =>
      all((query) =>
        api.GET('/v1/projects/{project}/environments/{environment}/services', {
          params: { path: { project, environment }, query },
          signal,
        }),
      ),
  );
  return (
    <ul className="plain-list">
      {instances.map(({ service, state }) => (
        <li key={service}>
          <Link href={servicePath({ project, environment, service })}>{service}</Link> <Status of={state} />
        </li>
      ))}
    </ul>
  );
}
