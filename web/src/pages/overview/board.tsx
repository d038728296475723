/** A row a service, a column an environment; on a small screen one below the other. */
import { Link } from 'wouter';
import type { Environment, Instance, Overview } from '../../../../client/types.generated.ts';
import { environmentPath } from '../../app/paths.ts';
import { useMay } from '../../components/access/guarded.tsx';
import { Status } from '../../components/status.tsx';
import { Ago } from '../../components/time.tsx';
import { Cell } from './cell.tsx';

interface BoardProps {
  overview: Overview;
  /** In the order of the pipeline. */
  environments: readonly Environment[];
}

export function Board({ overview: { project, services, instances }, environments }: BoardProps) {
  const may = useMay();
  const byPlace = new Map(instances.map((one) => [`${one.service}/${one.environment}`, one]));
  const at = (service: string, environment: Environment | undefined): Instance | undefined =>
    environment && byPlace.get(`${service}/${environment.name}`);
  return (
    <div className="board-frame">
      <table className="board" aria-label="Services by environment">
        <thead>
          <tr>
            <th scope="col">Service</th>
            {environments.map((environment) => (
              <th key={environment.id} scope="col" id={`environment-${environment.name}`}>
                <EnvironmentHead environment={environment} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {services.map(({ name }) => (
            <tr key={name}>
              <th scope="row">
                <span className="service-name">{name}</span>
              </th>
              {environments.map((environment, index) => (
                <td key={environment.id} data-testid={`${name}-${environment.name}`}>
                  <p className="cell-environment">
                    <Link href={environmentPath({ project, environment: environment.name })}>
                      {environment.name}
                    </Link>
                    <Status of={environment.state} />
                  </p>
                  <Cell
                    project={project}
                    may={may}
                    service={name}
                    environment={environment}
                    instance={at(name, environment)}
                    next={nextOf(environments, index)}
                    there={at(name, nextOf(environments, index))}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Where a version goes from here: the next lasting environment. */
function nextOf(environments: readonly Environment[], index: number): Environment | undefined {
  const next = environments[index + 1];
  return next?.kind === 'persistent' && environments[index]?.kind === 'persistent' ? next : undefined;
}

function EnvironmentHead({ environment }: { environment: Environment }) {
  const { project, name, state, kind, hibernatesAt, expiresAt } = environment;
  return (
    <>
      <span className="row">
        <Link href={environmentPath({ project, environment: name })}>{name}</Link>
        <Status of={state} />
      </span>
      <span className="soft small">
        {kind}
        {hibernatesAt !== undefined && (
          <>
            , sleeps <Ago at={hibernatesAt} />
          </>
        )}
        {expiresAt !== undefined && (
          <>
            , expires <Ago at={expiresAt} />
          </>
        )}
      </span>
    </>
  );
}
