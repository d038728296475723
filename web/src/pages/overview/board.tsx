/** A row a service, a column an environment; on a small screen one below the other. */
import { useRef } from 'react';
import { Link } from 'wouter';
import type { Environment, Instance, Overview } from '../../../../client/types.generated.ts';
import { useMedia } from '../../app/media.ts';
import { environmentPath } from '../../app/paths.ts';
import { useMay } from '../../components/access/guarded.tsx';
import { Status } from '../../components/status.tsx';
import { Ago } from '../../components/time.tsx';
import { useArrowKeys } from './arrow-keys.ts';
import './board.css';
import { Cell } from './cell.tsx';
import { isLarge, useInView } from './in-view.ts';

interface BoardProps {
  overview: Overview;
  /** In the order of the pipeline. */
  environments: readonly Environment[];
}

export function Board({ overview: { project, services, instances }, environments }: BoardProps) {
  const may = useMay();
  const frame = useRef<HTMLDivElement>(null);
  const isNarrow = useMedia('(max-width: 720px)');
  const isBig = !isNarrow && isLarge(services.length, environments.length);
  const shape = `${services.map(({ name }) => name)}/${environments.map(({ id }) => id)}`;
  const inView = useInView(frame, shape, isBig);
  const { at: focused, ...keys } = useArrowKeys(frame, services.length, environments.length);
  const byPlace = new Map(instances.map((one) => [`${one.service}/${one.environment}`, one]));
  const at = (service: string, environment: Environment | undefined): Instance | undefined =>
    environment && byPlace.get(`${service}/${environment.name}`);
  const draws = (row: number, column: number): boolean =>
    !isBig ||
    (inView.rows.has(row) && inView.columns.has(column)) ||
    (focused?.row === row && focused.column === column);
  return (
    <div ref={frame} className={isBig ? 'board-frame big' : 'board-frame'}>
      <table className="board" aria-label="Services by environment" {...keys}>
        <thead>
          <tr>
            <th scope="col">Service</th>
            {environments.map((environment, column) => (
              <th
                key={environment.id}
                scope="col"
                id={`environment-${environment.name}`}
                data-column={column}
              >
                <EnvironmentHead environment={environment} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {services.map(({ name }, row) => (
            <tr key={name} data-row={row}>
              <th scope="row">
                <span className="service-name">{name}</span>
              </th>
              {isBig && !inView.rows.has(row) && focused?.row !== row ? (
                <td colSpan={environments.length} />
              ) : (
                environments.map((environment, column) => (
                  <td
                    key={environment.id}
                    data-testid={`${name}-${environment.name}`}
                    data-cell={`${row}/${column}`}
                    tabIndex={-1}
                  >
                    {isNarrow && (
                      <p className="cell-environment">
                        <Link href={environmentPath({ project, environment: environment.name })}>
                          {environment.name}
                        </Link>
                        <Status of={environment.state} />
                      </p>
                    )}
                    {draws(row, column) && (
                      <Cell
                        project={project}
                        may={may}
                        service={name}
                        environment={environment}
                        instance={at(name, environment)}
                        next={nextOf(environments, column)}
                        there={at(name, nextOf(environments, column))}
                      />
                    )}
                  </td>
                ))
              )}
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
  const { project, name, state, kind, hibernatesAt, expiresAt, destroyAt } = environment;
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
        {destroyAt !== undefined && (
          <>
            , destroyed <Ago at={destroyAt} />
          </>
        )}
        {expiresAt !== undefined && destroyAt === undefined && (
          <>
            , expires <Ago at={expiresAt} />
          </>
        )}
      </span>
    </>
  );
}
