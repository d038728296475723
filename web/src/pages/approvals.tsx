/** What waits for a second person: what it would change, and the two answers. */
import Container from '@cloudscape-design/components/container';
import { Link } from 'wouter';
import type { Operation } from '../../../client/types.generated.ts';
import { useApprovals } from '../api/approvals.ts';
import { useDiff, useInstance } from '../api/read.ts';
import { operationPath, type Place } from '../app/paths.ts';
import { Title } from '../app/title.tsx';
import { Changes } from '../components/changes.tsx';
import { operationWords } from '../components/operation-words.ts';
import { Crumbs } from '../components/page/crumbs.tsx';
import { Loading } from '../components/page/loading.tsx';
import { plain } from '../components/plain.ts';
import Missing from './missing.tsx';
import { WaitsForApproval } from './operation/approval.tsx';

export default function ApprovalsPage({ project }: { project: string }) {
  const { data: operations, error } = useApprovals(project);
  if (error?.status === 404) return <Missing what={`There is no project ${project}.`} />;
  return (
    <div className="stack">
      <Crumbs project={project} of={[['Approvals']]} />
      <div>
        <Title text={`Approvals · ${project}`}>Approvals</Title>
        <p className="soft page-lead">
          Deployments to protected environments that wait for somebody other than who asked for them.
        </p>
      </div>
      {error && !operations && <p role="alert">{plain(error.message)}</p>}
      {!operations && !error && <Loading />}
      {operations?.length === 0 && <p>Nothing waits for you, or for anybody else.</p>}
      {operations?.map((operation) => (
        <Waiting key={operation.id} operation={operation} />
      ))}
    </div>
  );
}

function Waiting({ operation }: { operation: Operation }) {
  const { id, project, environment, service, number } = operation;
  const words = operationWords(operation);
  return (
    <Container
      header={
        <h2>
          <Link href={operationPath(project, id)}>{words}</Link>
        </h2>
      }
    >
      <section className="stack" aria-label={words}>
        {environment !== undefined && service !== undefined && number !== undefined && (
          <WouldChange place={{ project, environment, service }} number={number} />
        )}
        <WaitsForApproval operation={operation} />
      </section>
    </Container>
  );
}

/** Against what serves there now. */
function WouldChange({ place, number }: { place: Place; number: number }) {
  const { data: instance } = useInstance(place);
  const current = instance?.current?.number;
  const { data: diff, error } = useDiff(
    place,
    current === undefined ? undefined : { from: current, to: number },
  );
  if (error) return <p className="soft">{plain(error.message)}</p>;
  if (instance && current === undefined) {
    return <p className="soft">Nothing serves there yet: it would be the first deployment.</p>;
  }
  if (!diff) return <Loading />;
  return <Changes of={diff.changes} none="It is the same as what serves there now." />;
}
