/** A service in an environment: version, state, age, who; and what can be done from here. */
import Button from '@cloudscape-design/components/button';
import { Link } from 'wouter';
import type { Deployment, Environment, Instance } from '../../../../client/types.generated.ts';
import { followLink } from '../../app/navigation.ts';
import { deployPath, operationPath, type Place, servicePath } from '../../app/paths.ts';
import type { Guard, May } from '../../components/access/guarded.tsx';
import { Who } from '../../components/access/who.tsx';
import { plain } from '../../components/plain.ts';
import { Status } from '../../components/status.tsx';
import { Ago } from '../../components/time.tsx';
import { VersionName, versionWord } from '../../components/version.tsx';

interface CellProps {
  project: string;
  may: May;
  service: string;
  environment: Environment;
  instance: Instance | undefined;
  /** Where a version goes from here, and what is there now. */
  next: Environment | undefined;
  there: Instance | undefined;
}

export function Cell({ project, may, service, environment, instance, next, there }: CellProps) {
  const guard = may('deployment.create', environment);
  if (!instance) {
    return (
      <div className="cell nothing">
        <span className="soft">not deployed</span>
        {environment.state === 'ready' && (
          <DeployLink project={project} service={service} environment={environment.name} guard={guard} />
        )}
      </div>
    );
  }
  const { current, newest } = instance;
  const shown = current ?? newest;
  const place = { project, environment: environment.name, service };
  const promotable = current && next?.state === 'ready' && current.digest !== there?.current?.digest;
  return (
    <div className={`cell ${instance.state}`}>
      <Link className="cell-link" href={servicePath(place)}>
        <span className="unseen">
          {service} in {environment.name}:{' '}
        </span>
        {shown && <VersionName version={shown.version} revision={shown.revision} />}
        <Status of={instance.state} />
      </Link>
      {shown && <Age of={shown} />}
      {instance.state !== 'stopped' && instance.health !== 'healthy' && current && (
        <span className="small">
          {instance.health === 'unknown'
            ? 'its place does not answer'
            : `${instance.health}, ${instance.replicas.ready} of ${instance.replicas.desired} replicas ready`}
        </span>
      )}
      <Newer newest={newest} current={current} />
      <span className="row cell-actions">
        <DeployLink project={project} service={service} environment={environment.name} guard={guard} />
        {promotable && next && (
          <Button
            variant="inline-link"
            {...may('deployment.create', next)}
            href={deployPath(project, { service, environment: next.name, from: environment.name })}
            onFollow={followLink}
            ariaLabel={`Promote to ${next.name}: ${service} from ${environment.name}`}
          >
            Promote to {next.name}
          </Button>
        )}
      </span>
    </div>
  );
}

const DeployLink = ({ project, environment, service, guard }: Place & { guard: Guard }) => (
  <Button
    variant="inline-link"
    {...guard}
    href={deployPath(project, { service, environment })}
    onFollow={followLink}
    ariaLabel={`Deploy ${service} to ${environment}`}
  >
    Deploy
  </Button>
);

const Age = ({ of: { number, createdAt, createdBy } }: { of: Deployment }) => (
  <span className="soft small">
    #{number}, <Ago at={createdAt} /> by <Who id={createdBy} />
  </span>
);

/** What was tried since: it goes on, or failed. */
function Newer({ newest, current }: { newest: Deployment | undefined; current: Deployment | undefined }) {
  if (!newest || newest.number === current?.number) return null;
  const { project, number, status, version, revision, operation, error } = newest;
  if (status === 'succeeded' || status === 'superseded') return null;
  return (
    <Link href={operationPath(project, operation)} className="newer">
      <Status of={status} />
      <span className="small">
        #{number} {plain(versionWord(version, revision))}
        {error && `: ${plain(error.cause).split('\n', 1)[0]}`}
      </span>
    </Link>
  );
}
