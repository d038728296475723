/** How a service does, in words; what serves, where, and what went wrong last. */
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { Link } from 'wouter';
import type { Deployment, InstanceDetail } from '../../../../client/types.generated.ts';
import { bringsVersion, deploy } from '../../api/deploy.ts';
import { followLink } from '../../app/navigation.ts';
import { operationPath, servicePath } from '../../app/paths.ts';
import { Guarded } from '../../components/access/guarded.tsx';
import { Who } from '../../components/access/who.tsx';
import { ExternalLink } from '../../components/external-link.tsx';
import { Facts } from '../../components/facts.tsx';
import { ProblemAlert } from '../../components/page/problem-alert.tsx';
import { recipesInWords } from '../../components/page/recipes-in-words.ts';
import { plain } from '../../components/plain.ts';
import { Status } from '../../components/status.tsx';
import { Ago } from '../../components/time.tsx';
import { RevisionLine, VersionName } from '../../components/version.tsx';
import type { ServiceTabProps } from '../service.tsx';
import { isStoppedByPeople } from './actions.tsx';

/** Without the reason of a failure, which has a place of its own. */
function inWords({ newest, current, status }: InstanceDetail): string {
  if (newest?.status !== 'failed' || newest.number === current?.number) return plain(status);
  return current ? `Deployment ${current.number} goes on serving.` : 'Nothing serves yet.';
}

export default function StatusTab({ place, instance, where }: ServiceTabProps) {
  const { newest, current, url, health, replicas, endpoints, changed, scale, standby, process, processes } =
    instance;
  const goesOn = newest && newest.number !== current?.number && !newest.finishedAt;
  return (
    <div className="stack">
      <p className="lead">{inWords(instance)}</p>
      {newest?.status === 'failed' && newest.error && (
        <ProblemAlert
          header={`Deployment ${newest.number} failed`}
          error={newest.error}
          action={
            <span className="row">
              {newest.error.code.startsWith('workload') && (
                <Button href={servicePath(place, 'logs')} onFollow={followLink}>
                  Open the log
                </Button>
              )}
              {bringsVersion(newest) && (
                <Guarded
                  action="deployment.create"
                  where={where}
                  onClick={() => void deploy(place, { version: newest.version })}
                >
                  Try again
                </Guarded>
              )}
              {bringsVersion(newest) && current && current.number !== newest.number && (
                <Guarded
                  action="deployment.create"
                  where={where}
                  onClick={() => void deploy(place, { rollbackTo: current.number })}
                >
                  Roll back to {current.number}
                </Guarded>
              )}
            </span>
          }
        />
      )}
      <Container header={<Header variant="h2">Now</Header>}>
        <Facts
          of={[
            [
              'Address',
              url === undefined ? 'None: it has no service ports.' : <ExternalLink key="url" href={url} />,
            ],
            ['Health', <Status key="health" of={health} />],
            [
              process === undefined ? 'Replicas' : `Process ${process}`,
              `${replicas.ready} of ${replicas.desired} ready`,
            ],
            ...(processes ?? []).map(({ name, ready, desired }): [string, string] => [
              `Process ${name}`,
              `${ready} of ${desired} ready`,
            ]),
            ['Scaled to', scale !== undefined && String(scale)],
            ['Changed since, restart it to take', changed.length > 0 && changed.map(plain).join(', ')],
            [
              isStoppedByPeople(instance) ? 'Stopped' : 'Serves',
              current && <Current key="current" of={current} />,
            ],
            ['Made by recipes', recipesInWords(current?.recipes)],
            ['Goes on', goesOn && <Going key="going" of={newest} />],
            ['Beside it', standby && <Beside key="standby" of={standby} />],
            [
              'Inside the environment',
              endpoints.length > 0 &&
                endpoints.map(({ name, address }) => `${name} at ${address}`).join(', '),
            ],
          ]}
        />
      </Container>
      {replicas.items.length > 0 && <Replicas of={replicas.items} />}
    </div>
  );
}

const Current = ({
  of: { project, number, version, revision, operation, createdAt, createdBy },
}: {
  of: Deployment;
}) => (
  <>
    <Link href={operationPath(project, operation)}>#{number}</Link>{' '}
    <VersionName version={version} revision={revision} />, <Ago at={createdAt} /> by <Who id={createdBy} />
    <br />
    <RevisionLine revision={revision} />
  </>
);

const Going = ({ of: { project, number, status, operation } }: { of: Deployment }) => (
  <>
    <Link href={operationPath(project, operation)}>Deployment {number}</Link> <Status of={status} />
  </>
);

const Beside = ({
  of: { deployment, why, until, replicas },
}: {
  of: NonNullable<InstanceDetail['standby']>;
}) => (
  <>
    Deployment {deployment},{' '}
    {why === 'warm' ? 'warm: going back to it is a switch' : 'which failed, to be looked at'}; {replicas}{' '}
    {replicas === 1 ? 'replica' : 'replicas'} without requests, ends <Ago at={until} />
  </>
);

function Replicas({ of }: { of: InstanceDetail['replicas']['items'] }) {
  return (
    <Container header={<Header variant="h2">Replicas</Header>}>
      <ul className="plain-list replicas">
        {of.map(({ id, deployment, state, restarts, startedAt, reason, process }) => (
          <li key={id} className="row">
            <Status of={state} />
            <code>{plain(id)}</code>
            <span className="soft">
              {process !== undefined && `${process}, `}deployment {deployment}
              {startedAt !== undefined && (
                <>
                  , started <Ago at={startedAt} />
                </>
              )}
              {restarts > 0 && `, ${restarts} ${restarts === 1 ? 'restart' : 'restarts'}`}
              {reason !== undefined && `: ${plain(reason)}`}
            </span>
          </li>
        ))}
      </ul>
    </Container>
  );
}
