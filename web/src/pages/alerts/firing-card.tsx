/** An alert that fires: what was seen, what may have set it off, and what is worth to be done. */
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { Link } from 'wouter';
import type { Where } from '../../../../client/refusal.ts';
import type { Alert } from '../../../../client/types.generated.ts';
import { environmentPath, servicePath } from '../../app/paths.ts';
import { Guarded } from '../../components/access/guarded.tsx';
import { Who } from '../../components/access/who.tsx';
import { Command } from '../../components/command.tsx';
import { Facts } from '../../components/facts.tsx';
import { plain } from '../../components/plain.ts';
import { Status } from '../../components/status.tsx';
import { Ago } from '../../components/time.tsx';
import { VersionName } from '../../components/version.tsx';

interface FiringCardProps {
  alert: Alert;
  where: Where;
  onOpen(what: 'acknowledge' | 'silence'): void;
}

export function FiringCard({ alert, where, onOpen }: FiringCardProps) {
  const { project, environment, service, subject, rule, evidence, deployment, acknowledged } = alert;
  const name = `${rule} of ${subject} in ${environment}`;
  const place = service === undefined ? undefined : { project, environment, service };
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <span className="row">
              {!acknowledged && (
                <Guarded
                  action="alert.acknowledge"
                  where={where}
                  variant="primary"
                  onClick={() => onOpen('acknowledge')}
                  ariaLabel={`Look after ${name}`}
                >
                  I look after it …
                </Guarded>
              )}
              {alert.silence === undefined && (
                <Guarded
                  action="alert.silence"
                  where={where}
                  onClick={() => onOpen('silence')}
                  ariaLabel={`Silence ${name}`}
                >
                  Silence …
                </Guarded>
              )}
            </span>
          }
        >
          {place ? <Link href={servicePath(place)}>{plain(subject)}</Link> : plain(subject)}{' '}
          <span className="soft">in</span>{' '}
          <Link href={environmentPath({ project, environment })}>{environment}</Link>
        </Header>
      }
    >
      <section className="stack" aria-label={name}>
        <p>{plain(evidence.words)}</p>
        <Facts
          of={[
            ['Rule', rule],
            [
              'State',
              alert.silence === undefined ? (
                <Status key="state" of="firing" />
              ) : (
                <Status key="state" of="silenced" />
              ),
            ],
            ['Fired', <Ago key="at" at={alert.firedAt} />],
            [
              'Looked after by',
              acknowledged && (
                <span key="who">
                  <Who id={acknowledged.by} />
                  {acknowledged.note !== undefined && (
                    <span className="soft"> {plain(acknowledged.note)}</span>
                  )}
                </span>
              ),
            ],
            [
              'Shortly before',
              deployment && (
                <span key="before">
                  <Link href={servicePath({ project, environment, service: deployment.service }, 'history')}>
                    deployment {deployment.number}
                  </Link>{' '}
                  of <VersionName version={deployment.version} /> by <Who id={deployment.by} />{' '}
                  <Ago at={deployment.at} />
                </span>
              ),
            ],
          ]}
        />
        <Command text={alert.next} label="What to run next" />
      </section>
    </Container>
  );
}
