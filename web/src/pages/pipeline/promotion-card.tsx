/** A promotion: how far it has come, and what it waits for. */
import { Link } from 'wouter';
import type { Operation, Promotion } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { promotionsPath } from '../../api/pipelines.ts';
import { approvalsPath, operationPath } from '../../app/paths.ts';
import { Guarded } from '../../components/access/guarded.tsx';
import { Who } from '../../components/access/who.tsx';
import { useAction } from '../../components/dialogs/use-action.ts';
import { plain } from '../../components/plain.ts';
import { Status } from '../../components/status.tsx';
import { Ago } from '../../components/time.tsx';
import { VersionName } from '../../components/version.tsx';

type Stage = Promotion['stages'][number];
type Target = Stage['targets'][number];

interface PromotionCardProps {
  promotion: Promotion;
  /** Deployments of the project that wait for somebody. */
  approvals: readonly Operation[];
}

export function PromotionCard({ promotion, approvals }: PromotionCardProps) {
  const { project, service, id, version, revision, fromEnvironment, state, stages, error } = promotion;
  const cancel = useAction(async () => {
    const path = { project, service, promotion: id };
    await body(api.POST(`${promotionsPath}/{promotion}/cancel`, { params: { path } }));
    return 'Nothing more is begun, and what is being deployed is canceled.';
  }, 'It was not canceled');
  const isRunning = state === 'running';
  const current = stages.findIndex(({ passedAt }) => passedAt === undefined);
  return (
    <section className="promotion" aria-label={`Promotion of ${service} from ${fromEnvironment}`}>
      <div className="row">
        <Status of={state}>
          {isRunning
            ? promotion.cancelRequested
              ? 'is being canceled'
              : 'promotion under way'
            : `promotion ${state}`}
        </Status>
        <VersionName version={version} revision={revision} />
        <span className="soft">
          from {fromEnvironment}, <Ago at={promotion.endedAt ?? promotion.createdAt} /> by{' '}
          <Who id={promotion.createdBy} />
        </span>
        {isRunning && (
          <span className="row-end">
            <Guarded
              action="promotion.create"
              loading={cancel.busy}
              {...(promotion.cancelRequested && { disabled: true, disabledReason: 'It is being canceled.' })}
              onClick={cancel.run}
              ariaLabel={`Cancel the promotion of ${service}`}
            >
              Cancel
            </Guarded>
          </span>
        )}
      </div>
      {error && (
        <p>
          {plain(error.cause).split('\n', 1)[0]} <span className="soft">{plain(error.hint)}</span>
        </p>
      )}
      <ol className="plain-list promotion-stages">
        {stages.map((stage, at) => (
          <li key={stage.name}>
            <strong>{stage.name}</strong>
            {stage.targets.map((target) => (
              <TargetLine
                key={target.environment}
                project={project}
                stage={stage.name}
                target={target}
                after={isRunning && at > current ? stages[at - 1]?.name : undefined}
                isRunning={isRunning}
                waits={approvals.some((one) => one.id === target.operation)}
              />
            ))}
            {isRunning && at === current && stage.bakesUntil !== undefined && (
              <span className="soft">
                bakes, and goes on <Ago at={stage.bakesUntil} />
              </span>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

interface TargetLineProps {
  project: string;
  stage: string;
  target: Target;
  /** The stage that it waits for. */
  after: string | undefined;
  isRunning: boolean;
  /** Whether its deployment waits for approval. */
  waits: boolean;
}

function TargetLine({ project, stage, target, after, isRunning, waits }: TargetLineProps) {
  const { environment, state, operation, error } = target;
  const words =
    state === 'waiting'
      ? !isRunning
        ? 'not begun'
        : after === undefined
          ? 'waits until nothing else is under way there'
          : `comes after ${after}`
      : waits
        ? 'waits for approval'
        : state;
  return (
    <div>
      {environment !== stage && <span>{environment} </span>}
      <Status of={state === 'waiting' && !isRunning ? 'skipped' : waits ? 'waiting' : state}>{words}</Status>{' '}
      {operation !== undefined && (
        <Link
          className="small"
          href={waits ? approvalsPath(project) : operationPath(project, operation)}
          aria-label={`${waits ? 'Approvals' : 'Deployment'} in ${environment}`}
        >
          {waits ? 'Approvals' : 'Deployment'}
        </Link>
      )}
      {error && <div className="soft small">{plain(error.cause).split('\n', 1)[0]}</div>}
    </div>
  );
}
