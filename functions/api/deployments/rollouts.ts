/** Routes of rollouts that go step by step: read one with its figures, and ask something of it. */
import * as z from 'zod';
import { type Rollout, readCounts, rolloutOf, steerRollout } from '../../commands/deployments/rollouts.ts';
import { type DeploymentDetail, isTerminal, rolloutActions } from '../../core/model/index.ts';
import { verdictOf } from '../../core/rollout/verdict.ts';
import type { Ports } from '../../ports/index.ts';
import type { Reply } from '../../records/commit.ts';
import { instanceOf } from '../../records/instances.ts';
import { getEnvironment } from '../../records/read.ts';
import { getDeploymentDetail } from '../../records/workloads.ts';
import { route } from '../http/route-spec.ts';
import { rolloutSchema } from './rollout-view.ts';

const PATH =
  '/v1/projects/{project}/environments/{environment}/services/{service}/deployments/{number}/rollout';

function viewOf({ plan, state }: Rollout): z.infer<typeof rolloutSchema> {
  const { percent, seconds } = plan.stages[state.stage] ?? { percent: 100 };
  const { before: _counters, ...shown } = state;
  const until =
    state.since !== undefined && seconds !== undefined && state.pausedAt === undefined
      ? { until: new Date(Date.parse(state.since) + seconds * 1000).toISOString() }
      : {};
  return { ...plan, ...shown, percent, ...until };
}

/** While it is under way, with figures as they are now; those that can not be read are left out. */
async function liveView(ports: Ports, deployment: DeploymentDetail): Promise<z.infer<typeof rolloutSchema>> {
  const rollout = rolloutOf(deployment);
  const view = viewOf(rollout);
  if (isTerminal(deployment.status) || rollout.state.since === undefined) return view;
  const { data: environment } = await getEnvironment(ports.store, deployment);
  const { current } = instanceOf(environment, deployment.service);
  const counts = await readCounts(ports, deployment, rollout, current).catch(() => undefined);
  const kept = (rollout.state.verdict?.checks ?? []).filter(
    ({ name }) => name !== 'error-rate' && name !== 'p99',
  );
  return counts ? { ...view, verdict: verdictOf(rollout.plan.checks, counts, kept, false) } : view;
}

export const routes = [
  route({
    method: 'get',
    path: PATH,
    policy: { action: 'deployment.read', scope: 'project' },
    operationId: 'getRollout',
    summary: 'Read how a deployment that goes step by step does',
    tag: 'Deployments',
    answers: { 200: { summary: 'Its stages, how far it is, and its figures', schema: rolloutSchema } },
    problems: ['conflict'],
    handle: async ({ ports, params }) => {
      const { data } = await getDeploymentDetail(ports.store, params, Number(params.number));
      return { status: 200, body: await liveView(ports, data) };
    },
  }),
  route({
    method: 'post',
    path: PATH,
    policy: { action: 'deployment.create', scope: 'project' },
    operationId: 'steerRollout',
    summary: 'Ask something of a deployment that goes step by step',
    description:
      '`promote` gives it all requests now, `continue` begins its next stage, `pause` lets it stand still, while its ' +
      'checks go on, and `resume` ends that. To take it back, cancel the deployment; to try it again, deploy its version.',
    tag: 'Deployments',
    body: z.strictObject({ action: z.enum(rolloutActions) }),
    bodyExamples: { promote: { action: 'promote' } },
    answers: { 200: { summary: 'The rollout, which follows at once', schema: rolloutSchema } },
    problems: ['operation_ended', 'conflict'],
    handle: ({ ports, params, body, change }) =>
      change(
        (deployment: DeploymentDetail): Reply => ({ status: 200, body: viewOf(rolloutOf(deployment)) }),
        (caller) => steerRollout(ports, caller, { ...params, number: Number(params.number) }, body.action),
      ),
  }),
];
