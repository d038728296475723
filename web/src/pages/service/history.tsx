/** The deployments of a service, newest first: what differs between any two, and back to one with one click. */
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { useState } from 'react';
import { Link } from 'wouter';
import type { Deployment } from '../../../../client/types.generated.ts';
import { deploy } from '../../api/deploy.ts';
import { useDeployments, useDiff } from '../../api/read.ts';
import { operationPath, type Place } from '../../app/paths.ts';
import { Guarded } from '../../components/access/guarded.tsx';
import { Who } from '../../components/access/who.tsx';
import { Changes } from '../../components/changes.tsx';
import { Loading } from '../../components/page/loading.tsx';
import { plain } from '../../components/plain.ts';
import { Status } from '../../components/status.tsx';
import { Ago, duration } from '../../components/time.tsx';
import { RevisionLine, VersionName } from '../../components/version.tsx';
import type { ServiceTabProps } from '../service.tsx';

const PAGE = 20;
const PAGE_MAX = 200;

export default function HistoryTab({ place, instance }: ServiceTabProps) {
  const [limit, setLimit] = useState(PAGE);
  const [picked, setPicked] = useState<readonly number[]>([]);
  const { data } = useDeployments(place, limit);
  if (!data) return <Loading />;
  const { items, nextCursor } = data;
  /** The two that were picked last. */
  const pick = (number: number) =>
    setPicked((before) =>
      before.includes(number) ? before.filter((one) => one !== number) : [...before, number].slice(-2),
    );
  const [from, to] = [...picked].sort((one, other) => one - other);
  return (
    <div className="stack">
      <p className="soft">Tick two deployments to see what differs between them.</p>
      <ol className="plain-list history">
        {items.map((deployment) => (
          <Row
            key={deployment.number}
            place={place}
            deployment={deployment}
            serves={instance.current?.number === deployment.number}
            isStopped={instance.state === 'stopped'}
            isPicked={picked.includes(deployment.number)}
            onPick={() => pick(deployment.number)}
          />
        ))}
      </ol>
      {nextCursor !== undefined && limit < PAGE_MAX && (
        <div>
          <Button onClick={() => setLimit(Math.min(limit * 2, PAGE_MAX))}>Show more</Button>
        </div>
      )}
      {from !== undefined && to !== undefined && <Difference place={place} from={from} to={to} />}
    </div>
  );
}

function Difference({ place, from, to }: { place: Place; from: number; to: number }) {
  const { data, error } = useDiff(place, { from, to });
  return (
    <Container
      header={
        <Header variant="h2">
          From #{from} to #{to}
        </Header>
      }
    >
      {error && <p>{plain(error.message)}</p>}
      {data && <Changes of={data.changes} none="Nothing differs." />}
    </Container>
  );
}

interface RowProps {
  place: Place;
  deployment: Deployment;
  serves: boolean;
  isStopped: boolean;
  isPicked: boolean;
  onPick(): void;
}

function Row({ place, deployment, serves, isStopped, isPicked, onPick }: RowProps) {
  const { number, status, version, revision, operation, kind, error, createdAt, createdBy, finishedAt } =
    deployment;
  return (
    <li id={`deployment-${number}`} className="history-row">
      <input
        type="checkbox"
        checked={isPicked}
        onChange={onPick}
        aria-label={`Compare deployment ${number}`}
      />
      <div className="history-what">
        <span className="row">
          <Link href={operationPath(place.project, operation)}>#{number}</Link>
          <VersionName version={version} revision={revision} />
          <Status of={status} />
          {serves && <span className="badge">{isStopped ? 'current' : 'serves'}</span>}
        </span>
        <span className="soft small">
          {kindWords(deployment)}
          <Ago at={createdAt} /> by <Who id={createdBy} />
          {finishedAt !== undefined && `, took ${duration(Date.parse(finishedAt) - Date.parse(createdAt))}`}
        </span>
        <RevisionLine revision={revision} />
        {error && <span className="small">{plain(error.cause).split('\n', 1)[0]}</span>}
      </div>
      {status === 'succeeded' && !serves && kind !== 'remove' && kind !== 'stop' && (
        <RollBack place={place} number={number} />
      )}
    </li>
  );
}

const words: Record<Deployment['kind'], (deployment: Deployment) => string> = {
  deploy: () => '',
  promote: ({ fromEnvironment }) => `From ${fromEnvironment}, `,
  rollback: ({ rollbackTo }) => `Rollback to ${rollbackTo}, `,
  redeploy: () => 'With rotated credentials, ',
  restart: () => 'Restart, ',
  scale: ({ replicas, processes = {} }) => {
    const web = replicas === undefined ? 'as in the Score file' : `to ${replicas}`;
    const beside = Object.entries(processes).map(([name, one]) => `, ${name} to ${one.replicas}`);
    return `Scale ${web}${beside.join('')}, `;
  },
  start: () => 'Start, ',
  stop: () => 'Stop, ',
  remove: () => 'Removal, ',
};
const kindWords = (deployment: Deployment): string => words[deployment.kind](deployment);

function RollBack({ place, number }: { place: Place; number: number }) {
  const [busy, setBusy] = useState(false);
  return (
    <Guarded
      action="deployment.create"
      where={{ name: place.environment }}
      loading={busy}
      onClick={() => {
        if (busy) return;
        setBusy(true);
        void deploy(place, { rollbackTo: number }).finally(() => setBusy(false));
      }}
    >
      Roll back to {number}
    </Guarded>
  );
}
