/** Why an operation failed, with the buttons that follow its hint. */
import Button from '@cloudscape-design/components/button';
import type { Error as Cause, Operation } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { bringsVersion, deploy } from '../../api/deploy.ts';
import { useQuery } from '../../api/query.ts';
import { apiPath, useInstance } from '../../api/read.ts';
import { followLink } from '../../app/navigation.ts';
import { deployPath, environmentPath, type Place, servicePath } from '../../app/paths.ts';
import { Guarded } from '../../components/access/guarded.tsx';
import { operationWords } from '../../components/operation-words.ts';
import { ProblemAlert } from '../../components/page/problem-alert.tsx';

export function Failure({ operation, error }: { operation: Operation; error: Cause }) {
  const { project, environment, service, number, status } = operation;
  const header = `${operationWords(operation)} ${status === 'failed' ? 'failed' : `was ${status}`}`;
  const place = environment !== undefined && service !== undefined && { project, environment, service };
  return (
    <ProblemAlert
      header={header}
      error={error}
      action={
        place && number !== undefined ? (
          <DeploymentActions place={place} number={number} code={error.code} />
        ) : environment === undefined ? undefined : (
          <Button href={environmentPath({ project, environment })} onFollow={followLink}>
            Open {environment}
          </Button>
        )
      }
    />
  );
}

function DeploymentActions({ place, number, code }: { place: Place; number: number; code: string }) {
  const { data: instance } = useInstance(place);
  const { data: deployment } = useQuery(`${apiPath(place)}/deployments/${number}`, (signal) =>
    body(
      api.GET('/v1/projects/{project}/environments/{environment}/services/{service}/deployments/{number}', {
        params: { path: { ...place, number: String(number) } },
        signal,
      }),
    ),
  );
  const current = instance?.current;
  // Another try, or a way back, is for what brought a version; the service's page has the buttons of all else.
  const version = deployment && bringsVersion(deployment) ? deployment.version : undefined;
  const isNewest = version !== undefined && instance?.newest?.number === number;
  const { project, environment, service } = place;
  return (
    <span className="row">
      {code.startsWith('workload') && (
        <Button href={servicePath(place, 'logs')} onFollow={followLink}>
          Open the log
        </Button>
      )}
      {isNewest && (
        <Guarded
          action="deployment.create"
          where={{ name: environment }}
          onClick={() => void deploy(place, { version })}
        >
          Try again
        </Guarded>
      )}
      {isNewest && current && current.number !== number && (
        <Guarded
          action="deployment.create"
          where={{ name: environment }}
          onClick={() => void deploy(place, { rollbackTo: current.number })}
        >
          Roll back to {current.number}
        </Guarded>
      )}
      {deployment && version === undefined ? (
        <Button href={servicePath(place)} onFollow={followLink}>
          Open {service}
        </Button>
      ) : (
        <Guarded
          action="deployment.create"
          where={{ name: environment }}
          href={deployPath(project, { service, environment })}
          onFollow={followLink}
        >
          Deploy another version
        </Guarded>
      )}
    </span>
  );
}
