/** An operation as it goes on: its steps in time, what it prints, and what to do when it failed. */
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { Link } from 'wouter';
import type { Operation } from '../../../client/types.generated.ts';
import { api, body } from '../api/client.ts';
import { useOperation } from '../api/use-operation.ts';
import { activityPath, environmentPath, projectPath, servicePath } from '../app/paths.ts';
import { Title } from '../app/title.tsx';
import { Guarded } from '../components/access/guarded.tsx';
import { Who } from '../components/access/who.tsx';
import { useAction } from '../components/dialogs/use-action.ts';
import { ExternalLink } from '../components/external-link.tsx';
import { Facts } from '../components/facts.tsx';
import { operationWords } from '../components/operation-words.ts';
import { Crumbs } from '../components/page/crumbs.tsx';
import { Loading } from '../components/page/loading.tsx';
import { Status } from '../components/status.tsx';
import { Ago, duration } from '../components/time.tsx';
import Missing from './missing.tsx';
import { WaitsForApproval } from './operation/approval.tsx';
import { DeployBuilt } from './operation/deploy-built.tsx';
import { Failure } from './operation/failure.tsx';
import { GameDayReport } from './operation/game-day-report.tsx';
import { OperationLog } from './operation/log.tsx';
import { BeforeAndAfter, RollBack, useRelease, WhatChanges } from './operation/release.tsx';
import { Stages } from './operation/release-stages.tsx';
import { RolloutCard } from './operation/rollout-card.tsx';
import { Timeline } from './operation/timeline.tsx';

export default function OperationPage({ project, operation: id }: { project: string; operation: string }) {
  const { operation, error } = useOperation(id);
  if (error?.status === 404) return <Missing what="There is no such operation: they are kept for 30 days." />;
  if (!operation) return <Loading />;
  if (operation.project !== project) return <Missing />;
  return <Shown project={project} operation={operation} />;
}

function Shown({ project, operation }: { project: string; operation: Operation }) {
  const release = useRelease(operation);
  const words = operationWords(operation);
  const isRunning = operation.endedAt === undefined;
  return (
    <div className="stack">
      <Crumbs project={project} of={crumbsOf(operation, words)} />
      <div className="row">
        <Title text={words}>{words}</Title>
        <span role="status">
          <Status of={operation.status} />
        </span>
        <span className="row row-end">
          {isRunning && <CancelButton operation={operation} />}
          {release && !isRunning && <RollBack release={release} />}
        </span>
      </div>
      <Facts
        of={[
          ['Where', <Where key="where" operation={operation} />],
          [
            'Started',
            <span key="started">
              <Ago at={operation.createdAt} /> by <Who id={operation.createdBy} />
            </span>,
          ],
          ['Took', operation.durationMs !== undefined && duration(operation.durationMs)],
          [
            'Address',
            typeof operation.result?.url === 'string' && (
              <ExternalLink key="address" href={operation.result.url} />
            ),
          ],
          ['Exit code', typeof operation.result?.exitCode === 'number' && String(operation.result.exitCode)],
        ]}
      />
      {isRunning && operation.waitingFor !== undefined && (
        <p className="lead" role="status">
          {waitsInWords(operation.waitingFor)}
        </p>
      )}
      {release && <Stages operation={operation} release={release} />}
      <WaitsForApproval operation={operation} />
      <DeployBuilt operation={operation} />
      {operation.error && <Failure operation={operation} error={operation.error} />}
      <RolloutCard operation={operation} />
      <GameDayReport operation={operation} />
      <Container header={<Header variant="h2">Steps</Header>}>
        <Timeline operation={operation} />
      </Container>
      <OperationLog operation={operation} />
      {release && <WhatChanges release={release} />}
      {release && <BeforeAndAfter release={release} operation={operation} />}
    </div>
  );
}

function crumbsOf(operation: Operation, words: string): [text: string, href?: string][] {
  const { project, environment, service, number } = operation;
  const own: [string] = [number === undefined ? words : `#${number}`];
  if (environment === undefined) return [['Activity', activityPath(project)], own];
  const inside: [string, string] = [environment, environmentPath({ project, environment })];
  if (service === undefined) return [inside, own];
  return [inside, [service, servicePath({ project, environment, service })], own];
}

function waitsInWords(builds: number): string {
  if (builds === 0) return 'It waits for its turn, and is next.';
  return `It waits for its turn: ${builds === 1 ? 'one build begins' : `${builds} builds begin`} before it.`;
}

function Where({ operation: { project, environment, service } }: { operation: Operation }) {
  if (environment === undefined) return <Link href={projectPath(project)}>{service ?? project}</Link>;
  const place = environmentPath({ project, environment });
  if (service === undefined) return <Link href={place}>{environment}</Link>;
  return (
    <>
      <Link href={servicePath({ project, environment, service })}>{service}</Link> in{' '}
      <Link href={place}>{environment}</Link>
    </>
  );
}

function CancelButton({ operation: { id, kind, environment, cancelRequested } }: { operation: Operation }) {
  // What takes over step by step gives its requests back.
  const isWayBack = kind === 'deploy-in-steps';
  const { busy, run } = useAction(async () => {
    await body(api.POST('/v1/operations/{operation}/cancel', { params: { path: { operation: id } } }));
    return 'It was asked to stop.';
  }, 'It was not canceled');
  return (
    <Guarded
      action="operation.cancel"
      {...(environment !== undefined && { where: { name: environment } })}
      {...(isWayBack && { variant: 'primary', iconName: 'undo' })}
      loading={busy}
      disabled={cancelRequested === true}
      onClick={run}
    >
      {cancelRequested ? 'Canceling' : isWayBack ? 'Roll back now' : 'Cancel'}
    </Guarded>
  );
}
