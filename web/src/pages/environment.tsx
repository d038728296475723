/** An environment: what is in it, and when it sleeps and goes. */
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { Link } from 'wouter';
import type { Resource } from '../../../client/types.generated.ts';
import { useEnvironment, useOverview, useResources } from '../api/read.ts';
import { followLink } from '../app/navigation.ts';
import {
  backupsPath,
  environmentLogsPath,
  mapPath,
  operationPath,
  servicePath,
  tracesPath,
} from '../app/paths.ts';
import { Title } from '../app/title.tsx';
import { Who } from '../components/access/who.tsx';
import { ExternalLink } from '../components/external-link.tsx';
import { Facts } from '../components/facts.tsx';
import { Crumbs } from '../components/page/crumbs.tsx';
import { Loading } from '../components/page/loading.tsx';
import { plain } from '../components/plain.ts';
import { Status } from '../components/status.tsx';
import { Ago } from '../components/time.tsx';
import { VersionName } from '../components/version.tsx';
import { CostCard } from './costs/cost-card.tsx';
import { EnvironmentActions } from './environment/actions.tsx';
import { Destroy } from './environment/destroy.tsx';
import { Domains } from './environment/domains.tsx';
import { Origin } from './environment/origin.tsx';
import { Secrets } from './environment/secrets.tsx';
import { Variables } from './environment/variables.tsx';
import { sleepWords } from './environment/words.ts';
import Missing from './missing.tsx';

export interface InEnvironment {
  project: string;
  environment: string;
}

export default function EnvironmentPage(place: InEnvironment) {
  const { data: environment, error } = useEnvironment(place);
  if (error?.status === 404) {
    return <Missing what={`There is no environment ${place.environment} in ${place.project} now.`} />;
  }
  if (!environment) return <Loading />;
  const { name, project, state, kind, idleAfter, hibernatesAt, expiresAt, destroyAt, lastActivityAt } =
    environment;
  const { leftovers } = environment;
  return (
    <div className="stack">
      <Crumbs project={project} of={[[name]]} />
      <div className="row">
        <Title text={`${name} · ${project}`}>{name}</Title>
        <span role="status">
          <Status of={state} />
        </span>
        <span className="row row-end">
          <EnvironmentActions environment={environment} />
        </span>
      </div>
      {leftovers && leftovers.length > 0 && (
        <Alert type="warning" header="Not removed yet, and tried again">
          {leftovers.map(plain).join(', ')}
        </Alert>
      )}
      {(state !== 'ready' || environment.operation !== undefined) && (
        <p className="lead">
          {sleepWords(state)}{' '}
          {environment.operation !== undefined && (
            <Link href={operationPath(project, environment.operation)}>Watch it</Link>
          )}
        </p>
      )}
      <Origin {...place} />
      <Facts
        of={[
          ['Kind', kind],
          ['Place', environment.placement],
          [
            'Sleeps',
            hibernatesAt === undefined ? (
              idleAfter === undefined ? (
                'never by itself'
              ) : (
                `after ${idleAfter} without use`
              )
            ) : (
              <span key="sleeps">
                <Ago at={hibernatesAt} />, unless it is used
              </span>
            ),
          ],
          [
            'Office hours',
            environment.officeHours !== undefined &&
              `${environment.officeHours.days}, ${environment.officeHours.from} to ${environment.officeHours.to}, ${environment.officeHours.zone}`,
          ],
          ['Last used', <Ago key="used" at={lastActivityAt} />],
          [
            destroyAt === undefined ? 'Expires' : 'Expired',
            expiresAt === undefined ? 'never' : <Ago key="goes" at={expiresAt} />,
          ],
          ['Destroyed', destroyAt !== undefined && <Ago key="destroyed" at={destroyAt} />],
          [
            'Created',
            <span key="made">
              <Ago at={environment.createdAt} /> by <Who id={environment.createdBy} />
            </span>,
          ],
        ]}
      />
      <Services {...place} />
      <Resources {...place} />
      <CostCard {...place} />
      <Domains
        {...place}
        where={environment}
        isReady={!['destroying', 'provisioning', 'failed'].includes(state)}
      />
      <Variables
        {...place}
        where={environment}
        isReady={!['destroying', 'provisioning', 'failed'].includes(state)}
      />
      <Secrets
        {...place}
        where={environment}
        isReady={!['destroying', 'provisioning', 'failed'].includes(state)}
      />
      <Destroy environment={environment} />
    </div>
  );
}

function Services({ project, environment }: InEnvironment) {
  const { data } = useOverview(project);
  const instances = data?.instances.filter((one) => one.environment === environment) ?? [];
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            instances.length > 0 && (
              <span className="row">
                <Button href={mapPath({ project, environment })} onFollow={followLink}>
                  Map
                </Button>
                <Button href={tracesPath({ project, environment })} onFollow={followLink}>
                  Traces
                </Button>
                <Button href={environmentLogsPath({ project, environment })} onFollow={followLink}>
                  Logs of all
                </Button>
              </span>
            )
          }
        >
          Services
        </Header>
      }
    >
      {instances.length === 0 && <p className="soft">Nothing is deployed here yet.</p>}
      <ul className="plain-list lines">
        {instances.map(({ service, state, url, current, newest }) => {
          const shown = current ?? newest;
          return (
            <li key={service} className="row">
              <Link href={servicePath({ project, environment, service })}>{service}</Link>
              <Status of={state} />
              {shown && <VersionName version={shown.version} revision={shown.revision} />}
              <span className="row-end">{url !== undefined && <ExternalLink href={url} />}</span>
            </li>
          );
        })}
      </ul>
    </Container>
  );
}

function Resources(place: InEnvironment) {
  const { data: resources = [] } = useResources(place);
  return (
    <Container header={<Header variant="h2">Resources</Header>}>
      {resources.length === 0 && (
        <p className="soft">
          None yet. A service that names a database or a volume in its score.yaml gets it here when it is
          deployed.
        </p>
      )}
      <ul className="plain-list lines">
        {resources.map((resource) => (
          <ResourceLine key={resource.uid} place={place} resource={resource} />
        ))}
      </ul>
    </Container>
  );
}

function ResourceLine({
  place,
  resource: { uid, type, class: className, state, services, outputs, backups },
}: {
  place: InEnvironment;
  resource: Resource;
}) {
  return (
    <li>
      <span className="row">
        <strong>{plain(type)}</strong>
        {className !== 'default' && <span className="soft">{plain(className)}</span>}
        <Status of={state} />
        <code className="soft">{plain(uid)}</code>
        <span className="soft">used by {services.join(', ')}</span>
        {backups && (
          <Link className="row-end" href={backupsPath(place)} aria-label={`Backups of ${uid}`}>
            Backups
          </Link>
        )}
      </span>
      {outputs.length > 0 && (
        <dl className="outputs">
          {outputs.map((name) => (
            <div key={name}>
              <dt>
                <code>{plain(name)}</code>
              </dt>
              <dd className="soft" title="Not shown: a workload gets it by a placeholder">
                ••••••
              </dd>
            </div>
          ))}
        </dl>
      )}
    </li>
  );
}
