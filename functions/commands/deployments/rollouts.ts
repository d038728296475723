/** Rollouts that go step by step: how they do, and what people ask of them. */
import { deploymentKey } from '../../core/keys.ts';
import {
  type Deployment,
  type DeploymentDetail,
  endInWords,
  type InstanceRef,
  isTerminal,
  type RolloutAction,
  type RolloutState,
} from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { countsSince, keptCounts, noCounts, type RequestCounts } from '../../core/rollout/request-counts.ts';
import type { RolloutPlan } from '../../core/rollout/rollout-plan.ts';
import { workloadSettings } from '../../core/score/settings.ts';
import type { Ports } from '../../ports/index.ts';
import { type Caller, commit, retryOnConflict } from '../../records/commit.ts';
import { getDeploymentDetail } from '../../records/workloads.ts';

/** A deployment with the plan of its steps, and how far it is. */
export interface Rollout {
  plan: RolloutPlan;
  state: RolloutState;
}

/** @throws Problem conflict where the deployment takes over at once */
export function rolloutOf({ number, workload, rollout: state }: DeploymentDetail): Rollout {
  const plan = workloadSettings(workload).rollout;
  if (plan && state) return { plan, state };
  throw new Problem('conflict', `Deployment ${number} has no steps: it takes over as soon as it is ready.`, {
    hint: 'Give the Score file berth.dev/strategy: canary, and deploy a version with that.',
  });
}

/**
 * What was asked of both versions: of the new one in this stage, of what serves since the rollout began, or where that is
 * too little to compare with, since it is counted at all.
 * @param serving number of what serves
 */
export async function readCounts(
  ports: Ports,
  ref: InstanceRef & { number: number },
  { plan, state }: Rollout,
  serving: number | undefined,
): Promise<{ candidate: RequestCounts; stable: RequestCounts }> {
  const all = await ports.activity.counts(ref);
  const { before } = state;
  const since = (number: number | undefined, from: RequestCounts | undefined): RequestCounts =>
    countsSince((number !== undefined && all.get(number)) || noCounts(), from);
  const stable = since(serving, before && keptCounts(before.stable));
  return {
    candidate: since(ref.number, before && keptCounts(before.candidate)),
    stable: stable.requests < plan.checks.minRequests ? since(serving, undefined) : stable,
  };
}

/**
 * Asks something of a rollout that is under way: all requests now, the next stage now, or to stand still until told
 * otherwise.
 * @throws Problem not_found | operation_ended | conflict
 */
export function steerRollout(
  ports: Ports,
  caller: Caller,
  ref: InstanceRef & { number: number },
  action: RolloutAction,
): Promise<DeploymentDetail> {
  return retryOnConflict(async () => {
    const { data: detail, version } = await getDeploymentDetail(ports.store, ref, ref.number);
    const { state } = rolloutOf(detail);
    if (isTerminal(detail.status))
      throw new Problem(
        'operation_ended',
        `Deployment ${ref.number} has ended: it ${endInWords(detail.status)}.`,
        {
          hint: 'Deploy its version again to try it once more.',
        },
      );
    const rollout = steered(state, action, new Date(ports.effects.now()).toISOString());
    const { workload, ...deployment } = detail;
    const data: Deployment = { ...deployment, rollout };
    await commit(ports, caller, {
      writes: [{ put: { ...deploymentKey(ref, ref.number), data }, if: { version } }],
      events: [
        {
          project: ref.project,
          environment: ref.environment,
          service: ref.service,
          operation: deployment.operation,
          type: 'deployment.steered',
          data: { number: ref.number, action },
        },
      ],
      result: { ...data, workload },
    });
    return { ...data, workload };
  });
}

/** @throws Problem conflict */
function steered(state: RolloutState, action: RolloutAction, at: string): RolloutState {
  const { pausedAt, ...going } = state;
  const refuse = (why: string, hint: string): never => {
    throw new Problem('conflict', `The rollout ${why}.`, { hint });
  };
  switch (action) {
    case 'promote':
      return { ...resumed(state, at), asked: 'promote' };
    case 'continue':
      if (state.asked === 'promote')
        return refuse('is getting all requests already', 'Wait until it serves.');
      return { ...resumed(state, at), asked: 'continue' };
    case 'pause':
      if (pausedAt !== undefined) return refuse('is paused already', 'Resume it, or cancel the deployment.');
      if (state.asked === 'promote')
        return refuse('is getting all requests already', 'Cancel the deployment.');
      return { ...going, pausedAt: at };
    case 'resume':
      if (pausedAt === undefined) return refuse('is not paused', 'Pause it first.');
      return resumed(state, at);
  }
}

/** The time that it stood still does not count. */
function resumed({ pausedAt, since, ...state }: RolloutState, at: string): RolloutState {
  if (since === undefined) return state;
  const still =
    pausedAt === undefined ? 0 : Date.parse(at) - Math.max(Date.parse(pausedAt), Date.parse(since));
  return { ...state, since: new Date(Date.parse(since) + still).toISOString() };
}
