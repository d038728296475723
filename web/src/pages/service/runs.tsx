/** Jobs of a service, and the commands that were run beside it. */
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { useState } from 'react';
import { Link } from 'wouter';
import type { Where } from '../../../../client/refusal.ts';
import type { Job, OperationSummary } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { useQuery } from '../../api/query.ts';
import { apiPath } from '../../api/read.ts';
import { navigate } from '../../app/navigation.ts';
import { operationPath, type Place } from '../../app/paths.ts';
import { Guarded } from '../../components/access/guarded.tsx';
import { useAction } from '../../components/dialogs/use-action.ts';
import { Loading } from '../../components/page/loading.tsx';
import { plain } from '../../components/plain.ts';
import { Status } from '../../components/status.tsx';
import { Ago, duration } from '../../components/time.tsx';
import '../builds/builds.css';
import { personWord } from '../../components/access/who.tsx';
import type { ServiceTabProps } from '../service.tsx';

const BASE = '/v1/projects/{project}/environments/{environment}/services/{service}';
const JOB = `${BASE}/jobs/{job}` as const;
const PAGE = 20;
const PAGE_MAX = 200;

export default function RunsTab({ place, where }: ServiceTabProps) {
  return (
    <div className="stack">
      <Jobs place={place} where={where} />
      <Runs place={place} />
    </div>
  );
}

function Jobs({ place, where }: { place: Place; where: Where }) {
  const { data } = useQuery(`${apiPath(place)}/jobs`, (signal) =>
    body(api.GET(`${BASE}/jobs`, { params: { path: place }, signal })),
  );
  if (!data) return <Loading />;
  return (
    <Container header={<Header variant="h2">Jobs</Header>}>
      {data.items.length === 0 && (
        <p className="soft">
          None yet. Set one in a terminal:{' '}
          <code>berth jobs set nightly --schedule &apos;30 2 * * *&apos; -- node report.js</code>
        </p>
      )}
      <ul className="plain-list lines">
        {data.items.map((job) => (
          <JobRow key={job.name} place={place} job={job} where={where} />
        ))}
      </ul>
    </Container>
  );
}

const missedWords: Record<NonNullable<Job['missed']>['reason'], string> = {
  late: 'Berth did not run',
  overlap: 'its last run went on',
  not_deployed: 'the service was not deployed',
  no_process: 'what serves has no such process',
  too_many_runs: 'too many runs were under way',
};

function JobRow({ place, job, where }: { place: Place; job: Job; where: Where }) {
  const { name, schedule, timeZone, command, suspended, nextAt, running, last, missed } = job;
  const params = { path: { ...place, job: name } };
  const start = useAction(async () => {
    const { id } = await body(api.POST(`${JOB}/runs`, { params }));
    navigate(operationPath(place.project, id));
    return undefined;
  }, 'It was not run');
  const suspend = useAction(
    async () => {
      await body(api.PATCH(JOB, { params, body: { suspended: !suspended } }));
      return suspended ? `${name} runs by its schedule again.` : `${name} is suspended.`;
    },
    suspended ? 'It was not resumed' : 'It was not suspended',
  );
  const shown = running[0] ?? last?.operation;
  return (
    <li className="row">
      <strong>{name}</strong>
      <code>{plain(schedule)}</code>
      <span className="soft">{plain(timeZone)}</span>
      {running.length > 0 ? <Status of="running" /> : last && <Status of={last.status} />}
      {shown !== undefined && <Link href={operationPath(place.project, shown)}>Last run</Link>}
      <span className="soft small">
        {suspended && 'Suspended. '}
        {nextAt !== undefined && (
          <>
            Next <Ago at={nextAt} />.{' '}
          </>
        )}
        {missed && `Missed ${missed.count} times: ${missedWords[missed.reason]}. `}
        <code>{plain(command.join(' '))}</code>
      </span>
      <span className="row row-end">
        <Guarded
          action="run.create"
          where={where}
          variant="inline-link"
          loading={start.busy}
          onClick={start.run}
          ariaLabel={`Run now: ${name}`}
        >
          Run now
        </Guarded>
        <Guarded
          action="job.write"
          where={where}
          variant="inline-link"
          loading={suspend.busy}
          onClick={suspend.run}
          ariaLabel={suspended ? `Resume ${name}` : `Suspend ${name}`}
        >
          {suspended ? 'Resume' : 'Suspend'}
        </Guarded>
      </span>
    </li>
  );
}

function Runs({ place }: { place: Place }) {
  const [limit, setLimit] = useState(PAGE);
  const { data } = useQuery(`${apiPath(place)}/runs?limit=${limit}`, (signal) =>
    body(api.GET(`${BASE}/runs`, { params: { path: place, query: { limit: String(limit) } }, signal })),
  );
  if (!data) return <Loading />;
  return (
    <Container header={<Header variant="h2">Runs</Header>}>
      {data.items.length === 0 ? (
        <p className="soft">
          None in the last 30 days. Run a command beside the service in a terminal:{' '}
          <code>berth run -- node report.js</code>
        </p>
      ) : (
        <table className="builds">
          <thead>
            <tr>
              <th scope="col">Command</th>
              <th scope="col">Status</th>
              <th scope="col">Exit code</th>
              <th scope="col">When</th>
              <th scope="col">Took</th>
            </tr>
          </thead>
          <tbody>
            {data.items.map((run) => (
              <RunRow key={run.id} run={run} />
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

function RunRow({ run }: { run: OperationSummary }) {
  const { id, project, status, command = '', job, exitCode, createdAt, createdBy, durationMs } = run;
  return (
    <tr>
      <th scope="row">
        <Link href={operationPath(project, id)}>
          <code>{plain(command)}</code>
        </Link>
      </th>
      <td>
        <Status of={status} />
      </td>
      <td>{exitCode}</td>
      <td>
        <Ago at={createdAt} />{' '}
        <span className="soft">{job === undefined ? `by ${personWord(createdBy)}` : `by job ${job}`}</span>
      </td>
      <td>{durationMs !== undefined && duration(durationMs)}</td>
    </tr>
  );
}
