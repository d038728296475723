/** A row a service, a column an environment; on a phone one below the other, or one environment at a time. */
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
import { OneEnvironment, useOneEnvironment } from './one-environment.tsx';

interface BoardProps {
  overview: Overview;
  /** In the order of the pipeline. */
  environments: readonly Environment[];
}

export function Board({ overview, environments }: BoardProps) {
  const isNarrow = useMedia('(max-width: 720px)');
  const isBig = isLarge(overview.services.length, environments.length, isNarrow ? 'phone' : 'wide');
  if (isNarrow && isBig) return <PhoneBoard overview={overview} environments={environments} />;
  return (
    <Cells
      overview={overview}
      environments={environments}
      columns={environments}
      isNarrow={isNarrow}
      scrolls={isBig ? 'frame' : undefined}
    />
  );
}

/** More cells than one would scroll through: those of one environment, of the services that are looked for. */
function PhoneBoard({ overview, environments }: BoardProps) {
  const { chosen, choose, find, setFind } = useOneEnvironment(environments);
  const services = overview.services.filter(({ name }) => name.includes(find));
  return (
    <div className="stack">
      <OneEnvironment
        environments={environments}
        instances={overview.instances}
        chosen={chosen}
        onChoose={choose}
        find={find}
        onFind={setFind}
      />
      {services.length === 0 ? (
        <p className="soft">No service has “{find}” in its name.</p>
      ) : (
        <Cells
          overview={{ ...overview, services }}
          environments={environments}
          columns={[chosen]}
          isNarrow
          scrolls="page"
        />
      )}
    </div>
  );
}

interface CellsProps extends BoardProps {
  /** The environments on show. */
  columns: readonly Environment[];
  isNarrow: boolean;
  /** What moves the rows, where there are so many that only those near what one sees are drawn. */
  scrolls: 'frame' | 'page' | undefined;
}

function Cells({ overview, environments, columns, isNarrow, scrolls }: CellsProps) {
  const { project, services, instances } = overview;
  const may = useMay();
  const frame = useRef<HTMLDivElement>(null);
  const shape = `${services.map(({ name }) => name)}/${columns.map(({ id }) => id)}`;
  const inView = useInView(frame, shape, scrolls);
  const { at: focused, ...keys } = useArrowKeys(frame, services.length, columns.length);
  const byPlace = new Map(instances.map((one) => [`${one.service}/${one.environment}`, one]));
  const at = (service: string, environment: Environment | undefined): Instance | undefined =>
    environment && byPlace.get(`${service}/${environment.name}`);
  const draws = (row: number, column: number): boolean =>
    scrolls === undefined ||
    (inView.rows.has(row) && (scrolls === 'page' || inView.columns.has(column))) ||
    (focused?.row === row && focused.column === column);
  const isPhone = scrolls === 'page';
  return (
    <div
      ref={frame}
      className={`board-frame${scrolls === 'frame' ? ' big' : ''}${isPhone ? ' one-environment' : ''}`}
    >
      <table className="board" aria-label="Services by environment" {...keys}>
        <thead>
          <tr>
            <th scope="col">Service</th>
            {columns.map((environment, column) => (
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
              {scrolls && !inView.rows.has(row) && focused?.row !== row ? (
                <td colSpan={columns.length} />
              ) : (
                columns.map((environment, column) => (
                  <td
                    key={environment.id}
                    data-testid={`${name}-${environment.name}`}
                    data-cell={`${row}/${column}`}
                    tabIndex={-1}
                  >
                    {isNarrow && !isPhone && (
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
                        next={nextOf(environments, environment)}
                        there={at(name, nextOf(environments, environment))}
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
function nextOf(environments: readonly Environment[], from: Environment): Environment | undefined {
  const next = environments[environments.indexOf(from) + 1];
  return next?.kind === 'persistent' && from.kind === 'persistent' ? next : undefined;
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
