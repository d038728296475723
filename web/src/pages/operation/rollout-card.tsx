/** A version that takes over step by step: how far it is, its figures beside those of what serves, and what to do with it. */
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import ProgressBar from '@cloudscape-design/components/progress-bar';
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import { useEffect } from 'react';
import type { Figures, Operation, Rollout } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { useRollout } from '../../api/read.ts';
import type { Place } from '../../app/paths.ts';
import { useAction } from '../../components/dialogs/use-action.ts';
import { plain } from '../../components/plain.ts';
import { Ago } from '../../components/time.tsx';

const ROLLOUT =
  '/v1/projects/{project}/environments/{environment}/services/{service}/deployments/{number}/rollout';

/** Figures change all the time, while nothing tells of it. */
const LOOK_MS = 1_000;

export function RolloutCard({ operation }: { operation: Operation }) {
  const { kind, project, environment = '', service = '', number = 0, endedAt } = operation;
  const place = { project, environment, service };
  const isMeant = kind === 'deploy-in-steps';
  const isRunning = isMeant && endedAt === undefined;
  const { data: rollout, reload } = useRollout(place, isMeant ? number : undefined);
  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(() => void reload(), LOOK_MS);
    return () => clearInterval(timer);
  }, [isRunning, reload]);
  if (!isMeant || !rollout) return null;
  const { verdict } = rollout;
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={stepInWords(rollout, isRunning)}
          actions={isRunning && <Actions place={place} number={number} rollout={rollout} />}
        >
          Step by step
        </Header>
      }
    >
      <div className="stack">
        {isRunning && (
          <ProgressBar
            value={rollout.percent}
            label="Requests to the new version"
            additionalInfo={rollout.stages.map(({ percent }) => `${percent} %`).join(' → ')}
          />
        )}
        {rollout.pausedAt !== undefined && isRunning && (
          <Alert type="info">
            It stands still since <Ago at={rollout.pausedAt} />; its checks go on.
          </Alert>
        )}
        {verdict && (
          <>
            <ul className="plain-list">
              {verdict.checks.map(({ name, state, words }) => (
                <li key={name}>
                  <StatusIndicator type={signs[state]}>{plain(words)}</StatusIndicator>
                </li>
              ))}
            </ul>
            <dl className="facts">
              <FiguresOf label="New version, in this step" figures={verdict.candidate} />
              <FiguresOf label="What serves beside it" figures={verdict.stable} />
            </dl>
          </>
        )}
      </div>
    </Container>
  );
}

const signs: Record<'passed' | 'failed' | 'pending' | 'few', StatusIndicatorProps.Type> = {
  passed: 'success',
  failed: 'error',
  pending: 'in-progress',
  few: 'pending',
};

function stepInWords({ stages, stage, percent, since, until }: Rollout, isRunning: boolean) {
  const step = `Step ${stage + 1} of ${stages.length}: ${percent} % of the requests`;
  if (!isRunning)
    return `It ended in step ${stage + 1} of ${stages.length}, with ${percent} % of the requests.`;
  if (since === undefined) return 'The new version starts; it has no requests yet.';
  return until === undefined ? `${step}, until you go on.` : `${step}.`;
}

function FiguresOf({
  label,
  figures: { requests, errors, errorRate, p50Ms, p99Ms },
}: {
  label: string;
  figures: Figures;
}) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        {requests === 0
          ? 'no requests'
          : `${requests.toLocaleString('en-US')} requests, ${errors.toLocaleString('en-US')} errors (${errorRate.toFixed(1)} %), p50 ${Math.round(p50Ms)} ms, p99 ${Math.round(p99Ms)} ms`}
      </dd>
    </div>
  );
}

type Asked = 'promote' | 'continue' | 'pause' | 'resume';

function Actions({ place, number, rollout }: { place: Place; number: number; rollout: Rollout }) {
  const isPaused = rollout.pausedAt !== undefined;
  return (
    <span className="row">
      <Ask
        place={place}
        number={number}
        action={isPaused ? 'resume' : 'pause'}
        told={isPaused ? 'It goes on.' : 'It stands still.'}
      >
        {isPaused ? 'Resume' : 'Pause'}
      </Ask>
      <Ask place={place} number={number} action="continue" told="Its next step begins.">
        Next step
      </Ask>
      <Ask place={place} number={number} action="promote" told="It gets all requests now.">
        Promote now
      </Ask>
    </span>
  );
}

function Ask({
  place,
  number,
  action,
  told,
  children,
}: {
  place: Place;
  number: number;
  action: Asked;
  told: string;
  children: string;
}) {
  const { busy, run } = useAction(async () => {
    const path = { ...place, number: String(number) };
    await body(api.POST(ROLLOUT, { params: { path }, body: { action } }));
    return told;
  }, 'It was not done');
  return (
    <Button loading={busy} onClick={run}>
      {children}
    </Button>
  );
}
