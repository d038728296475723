/**
 * Takes a promotion further. What comes next follows from its record alone (core/pipelines), so it may be called at any
 * time, by several processes, and after a crash. A deployment and the record that tells of it are one transaction: it is
 * begun once, and never after the promotion was canceled or has ended.
 */
import { operationKey, promotionHeadKey, promotionKey } from '../../core/keys.ts';
import {
  isTerminal,
  type OperationOn,
  type Promotion,
  type PromotionStage,
  type PromotionTarget,
} from '../../core/model/index.ts';
import { nextStep } from '../../core/pipelines/promotion-step.ts';
import { Problem, type ProblemDetail } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { type Item, StoreConflict, type Write } from '../../ports/store.ts';
import { type Caller, commit, NotTogether } from '../../records/commit.ts';
import { instanceIn } from '../../records/instances.ts';
import { getDeployment, getEnvironment } from '../../records/read.ts';
import type { AcceptedDeployment } from '../deployments/accept-deployment.ts';
import { environmentGone } from '../deployments/deployment-fence.ts';
import { createDeployment } from '../deployments/deployments.ts';
import { APPROVAL_LOOK_MS, LOOK_MS, passes, TRY_MS } from '../deployments/patience.ts';
import { cancelOperation } from '../operations/operations.ts';
import { type PromotionHead, promotionWrite, toldOf } from './promotions.ts';

type Ref = Pick<Promotion, 'project' | 'service' | 'id'>;

/** Goes as far as it goes now. */
export async function advancePromotion(ports: Ports, ref: Ref): Promise<void> {
  for (;;) {
    const item = await ports.store.get<Promotion>(promotionKey(ref, ref.id));
    if (item?.data.state !== 'running') return;
    try {
      if ((await step(ports, item)) === 'later') return;
    } catch (error) {
      // Somebody else was faster: what they wrote is read.
      if (!(error instanceof StoreConflict || error instanceof NotTogether)) throw error;
    }
  }
}

type Outcome = 'on' | 'later';

async function step(ports: Ports, item: Item<Promotion>): Promise<Outcome> {
  const promotion = item.data;
  const now = ports.effects.now();
  const next = nextStep(promotion, now);
  const write = (data: Promotion, afterMs = 0): Promise<void> =>
    ports.store.transact([promotionWrite(ports, data, { version: item.version }, afterMs)]);
  switch (next.do) {
    case 'deploy':
      return begin(ports, item, next.target);
    case 'look':
      return look(ports, item, next.targets);
    case 'bake': {
      const bakesUntil = new Date(now + next.stage.bakeSeconds * 1000).toISOString();
      await write(withStage(promotion, { ...next.stage, bakesUntil }));
      return 'on';
    }
    case 'wait':
      await write(promotion, next.until - now);
      return 'later';
    case 'pass': {
      const gone =
        next.stage.bakeSeconds === 0 ? undefined : await noLongerServing(ports, promotion, next.stage);
      if (gone) await finish(ports, item, { state: 'failed', error: gone });
      else await write(withStage(promotion, { ...next.stage, passedAt: new Date(now).toISOString() }));
      return 'on';
    }
    case 'end':
      await finish(ports, item, next);
      return 'on';
  }
}

const withStage = (promotion: Promotion, stage: PromotionStage): Promotion => ({
  ...promotion,
  stages: promotion.stages.map((one) => (one.name === stage.name ? stage : one)),
});

const withTarget = (promotion: Promotion, target: PromotionTarget): Promotion => ({
  ...promotion,
  stages: promotion.stages.map((stage) => ({
    ...stage,
    targets: stage.targets.map((one) => (one.environment === target.environment ? target : one)),
  })),
});

/** Whoever asked for the promotion asks for its deployments. */
const callerOf = ({ createdBy, person }: Promotion): Caller => ({
  actor: createdBy,
  ...(person !== undefined && { person }),
});

async function begin(ports: Ports, item: Item<Promotion>, target: PromotionTarget): Promise<Outcome> {
  const { project, service, version, fromEnvironment } = item.data;
  const { environment, environmentId } = target;
  const ref = { project, environment, service };
  const together = ({ deployment, operation }: AcceptedDeployment): Write[] => {
    // Another environment may have its name by now.
    if (deployment.environmentId !== environmentId) throw environmentGone(ref);
    const { stuckSince: _since, ...rest } = item.data;
    const begun = {
      ...target,
      state: 'deploying' as const,
      deployment: deployment.number,
      operation: operation.id,
    };
    return [promotionWrite(ports, withTarget(rest, begun), { version: item.version }, LOOK_MS)];
  };
  try {
    await createDeployment(ports, { ...callerOf(item.data), together }, ref, { version, fromEnvironment });
    return 'on';
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return giveUpOrWait(ports, item, target, error.toDetail());
  }
}

async function giveUpOrWait(
  ports: Ports,
  item: Item<Promotion>,
  target: PromotionTarget,
  error: ProblemDetail,
): Promise<Outcome> {
  const now = ports.effects.now();
  const since = item.data.stuckSince ?? new Date(now).toISOString();
  const isPassing = passes(error.code, since, now);
  const data = isPassing
    ? { ...item.data, stuckSince: since }
    : withTarget(item.data, { ...target, state: 'failed', error });
  await ports.store.transact([
    promotionWrite(ports, data, { version: item.version }, isPassing ? TRY_MS : 0),
  ]);
  return isPassing ? 'later' : 'on';
}

/** Takes over how the deployments have ended that have ended. */
async function look(ports: Ports, item: Item<Promotion>, targets: PromotionTarget[]): Promise<Outcome> {
  let promotion = item.data;
  let isAwaited = true;
  for (const target of targets) {
    const found = await ports.store.get<OperationOn<'deployment'>>(operationKey(target.operation ?? ''));
    // Nobody looked for so long that it was forgotten: nothing tells that it succeeded.
    const { status = 'failed', error, approval, cancelRequested } = found?.data ?? {};
    if (!found || isTerminal(status)) {
      const ended = status === 'succeeded' ? 'succeeded' : 'failed';
      promotion = withTarget(promotion, { ...target, state: ended, ...(error && { error }) });
      continue;
    }
    // What is canceled waits for nobody any more.
    isAwaited &&= approval?.state === 'pending' && !promotion.cancelRequested;
    if (promotion.cancelRequested && !cancelRequested)
      await cancelOperation(ports, callerOf(promotion), found.data.id).catch(ignoreProblem);
  }
  const isNew = promotion !== item.data;
  const afterMs = isNew ? 0 : isAwaited ? APPROVAL_LOOK_MS : LOOK_MS;
  await ports.store.transact([promotionWrite(ports, promotion, { version: item.version }, afterMs)]);
  return isNew ? 'on' : 'later';
}

const ignoreProblem = (error: unknown): void => {
  if (!(error instanceof Problem)) throw error;
};

/** What was to bake and does not serve any more goes no further: it was rolled back, or something newer was deployed. */
async function noLongerServing(
  ports: Ports,
  { project, service, version }: Promotion,
  { targets }: PromotionStage,
): Promise<ProblemDetail | undefined> {
  for (const { environment } of targets) {
    const ref = { project, environment, service };
    try {
      const { data } = await getEnvironment(ports.store, ref);
      const current = instanceIn(data, service)?.current;
      if (current !== undefined && (await getDeployment(ports.store, ref, current)).data.version === version)
        continue;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
    return {
      code: 'superseded',
      cause: `Version ${version} did not stay in environment "${environment}" for as long as it was to.`,
      hint: 'Promote what serves there now.',
    };
  }
  return undefined;
}

/** Ends a promotion, and tells it. */
async function finish(
  ports: Ports,
  item: Item<Promotion>,
  { state, error }: { state: 'succeeded' | 'failed' | 'canceled'; error?: ProblemDetail },
): Promise<void> {
  const { stuckSince: _since, ...rest } = item.data;
  const endedAt = new Date(ports.effects.now()).toISOString();
  const promotion: Promotion = { ...rest, state, ...(error && { error }), endedAt };
  const { project, service } = promotion;
  const head = await ports.store.get<PromotionHead>(promotionHeadKey(promotion));
  await commit(ports, callerOf(promotion), {
    writes: [
      promotionWrite(ports, promotion, { version: item.version }),
      ...(head?.data.running === promotion.id
        ? [{ delete: promotionHeadKey(promotion), if: { version: head.version } }]
        : []),
    ],
    events: [
      {
        project,
        service,
        type: 'promotion.ended',
        data: { ...toldOf(promotion), state, ...(error && { code: error.code, cause: error.cause }) },
      },
    ],
  });
}
