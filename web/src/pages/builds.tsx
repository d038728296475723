/** Builds of a project: start one, and see how the others went. */
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import type { OperationSummary } from '../../../client/types.generated.ts';
import { api, body } from '../api/client.ts';
import { useQuery } from '../api/query.ts';
import { useOverview } from '../api/read.ts';
import { deployPath, operationPath } from '../app/paths.ts';
import { Title } from '../app/title.tsx';
import { Who } from '../components/access/who.tsx';
import { Crumbs } from '../components/page/crumbs.tsx';
import { Loading } from '../components/page/loading.tsx';
import { plain } from '../components/plain.ts';
import { Status } from '../components/status.tsx';
import { Ago, duration } from '../components/time.tsx';
import './builds/builds.css';
import { StartBuild } from './builds/start.tsx';
import Missing from './missing.tsx';
import { FirstService } from './overview/first-steps.tsx';

const PAGE = 20;
const PAGE_MAX = 200;

export default function BuildsPage({ project }: { project: string }) {
  const { data: overview, error } = useOverview(project);
  const [query, setQuery] = useSearchParams();
  if (error?.status === 404) return <Missing what={`There is no project ${project}.`} />;
  if (!overview) return <Loading />;
  const { services } = overview;
  const [first] = services;
  const service = (services.find(({ name }) => name === query.get('service')) ?? first)?.name;
  return (
    <div className="stack">
      <Crumbs project={project} of={[['Builds']]} />
      <Title text={`Builds · ${project}`}>Builds</Title>
      {service === undefined ? (
        <FirstService project={project} />
      ) : (
        <>
          <StartBuild
            project={project}
            services={services}
            service={service}
            onService={(name) => setQuery({ service: name }, { replace: true })}
          />
          <Builds key={service} project={project} service={service} />
        </>
      )}
    </div>
  );
}

function Builds({ project, service }: { project: string; service: string }) {
  const [limit, setLimit] = useState(PAGE);
  const { data } = useQuery(`/v1/projects/${project}/services/${service}/builds?limit=${limit}`, (signal) =>
    body(
      api.GET('/v1/projects/{project}/services/{service}/builds', {
        params: { path: { project, service }, query: { limit: String(limit) } },
        signal,
      }),
    ),
  );
  if (!data) return <Loading />;
  return (
    <Container header={<Header variant="h2">Builds of {service}</Header>}>
      {data.items.length === 0 ? (
        <p className="soft">None in the last 30 days. The first one makes the version that you can deploy.</p>
      ) : (
        <table className="builds">
          <thead>
            <tr>
              <th scope="col">Build</th>
              <th scope="col">Status</th>
              <th scope="col">Version</th>
              <th scope="col">When</th>
              <th scope="col">Took</th>
            </tr>
          </thead>
          <tbody>
            {data.items.map((build) => (
              <Row key={build.id} build={build} service={service} />
            ))}
          </tbody>
        </table>
      )}
      {data.nextCursor !== undefined && limit < PAGE_MAX && (
        <Button onClick={() => setLimit(Math.min(limit * 2, PAGE_MAX))}>Show more</Button>
      )}
    </Container>
  );
}

function Row({ build, service }: { build: OperationSummary; service: string }) {
  const { id, project, status, ref, tag, version, createdAt, createdBy, durationMs } = build;
  return (
    <tr>
      <th scope="row">
        <Link href={operationPath(project, id)}>{plain(tag ?? ref ?? 'From an upload')}</Link>
      </th>
      <td>
        <Status of={status} />
      </td>
      <td>
        {version !== undefined && (
          <>
            <code>{version}</code>{' '}
            <Link href={deployPath(project, { service, version })} aria-label={`Deploy version ${version}`}>
              Deploy
            </Link>
          </>
        )}
      </td>
      <td>
        <Ago at={createdAt} />{' '}
        <span className="soft">
          by <Who id={createdBy} />
        </span>
      </td>
      <td>{durationMs !== undefined && duration(durationMs)}</td>
    </tr>
  );
}
