/** Steps of the workflows `deploy` and `rollback`. */
import { deploymentProblems } from '../../commands/deployments/deployment-problems.ts';
import { environmentUse } from '../../commands/environments/environments.ts';
import { splitWords } from '../../core/command-line.ts';
import { deploymentKey, environmentKey } from '../../core/keys.ts';
import {
  type DeploymentDetail,
  type Environment,
  type InstanceRef,
  isSameAgain,
  type Operation,
} from '../../core/model/index.ts';
import { Problem, type ProblemCode, type ProblemDetail } from '../../core/problem.ts';
import { workloadSettings } from '../../core/score/settings.ts';
import type { Ports } from '../../ports/index.ts';
import { RELEASE_LABEL } from '../../ports/registry.ts';
import { quoteOutput } from '../../ports/rules/telling-lines.ts';
import type { Item, Write } from '../../ports/store.ts';
import { retryOnConflict } from '../../records/commit.ts';
import { instanceIn, instanceOf, withStanding } from '../../records/instances.ts';
import { getDeployment, getEnvironment } from '../../records/read.ts';
import { getDeploymentDetail } from '../../records/workloads.ts';
import { deploymentEndWrites, endingOf, endOperation, errorOf, untilOverdue } from '../end-operation.ts';
import { untilAwake } from '../environment-state.ts';
import { standingWrites } from '../standing-writes.ts';
import { type Step, StillProgressing } from '../step.ts';
import { servicePorts, workloadSpec } from '../workload-spec.ts';
import { putBack } from './put-back.ts';

type DeploymentStep = Step<Operation<'deploy' | 'deploy-in-steps' | 'rollback'>>;

const deploymentOf = (
  ports: Ports,
  operation: InstanceRef & { number: number },
): Promise<Item<DeploymentDetail>> => getDeploymentDetail(ports.store, operation, operation.number);

/** Waits until the environment is awake, and checks that everything the deployment needs is available. */
export const prepareDeployment: DeploymentStep = {
  role: 'work',
  watched: true,
  async run({ ports, operation, signal }) {
    // What wakes up has its services declared, each with what served before, which would undo a newer deployment.
    await untilAwake(ports, operation, signal);
    await retryOnConflict(async () => {
      const item = await deploymentOf(ports, operation);
      // Policies are checked again, since the deployment may have waited after it was accepted.
      const [problem] = await deploymentProblems(ports, item.data, item.data, new Map());
      if (problem) throw problem;
      // A deployment that awaited approval was only queued until now. A late second run may find that it has ended.
      if (item.data.status !== 'queued') return;
      const { workload: _ofVersion, ...deployment } = item.data;
      const put = {
        ...deploymentKey(deployment, deployment.number),
        data: { ...deployment, status: 'running' },
      };
      await ports.store.transact([{ put, if: { version: item.version } }]);
    });
  },
};

/** Runs the release command, if there is one, before the new version takes traffic. */
export const runRelease: DeploymentStep = {
  role: 'work',
  watched: true,
  doneWhenStarted: 'applyWorkload',
  async run({ ports, operation, signal }) {
    const { data } = await deploymentOf(ports, operation);
    // The same version runs once more, so there is nothing left for a release command to prepare.
    if (isSameAgain(data.kind)) return;
    const image = await ports.registry.resolve(data, data.digest);
    const labelled = image.config.labels[RELEASE_LABEL];
    const command =
      workloadSettings(data.workload).releaseCommand ?? (labelled ? splitWords(labelled) : undefined);
    if (!command) return;
    const spec = await workloadSpec(ports, data, data.number);
    const { exitCode, tail } = await ports.workloads.runRelease(spec, command, signal);
    if (exitCode === 0) return;
    const environment = await getEnvironment(ports.store, operation);
    const serves = instanceOf(environment.data, operation.service).current !== undefined;
    throw new Problem(
      'release_failed',
      `The release command ended with exit code ${exitCode}. ${quoteOutput(tail, 8)}`,
      {
        hint: `Read the service's log, mend the command, and deploy a new version.${serves ? ' The version before still serves.' : ''}`,
      },
    );
  },
};

export const applyWorkload: DeploymentStep = {
  role: 'work',
  async run({ ports, operation }) {
    const { data } = await deploymentOf(ports, operation);
    const spec = await workloadSpec(ports, data, data.number);
    await ports.workloads.apply(operation.kind === 'deploy-in-steps' ? { ...spec, trial: true } : spec);
  },
};

/** Waits for the rollout. Near the end of the time of one invocation it hands over to the next. */
export const awaitRollout: DeploymentStep = {
  role: 'work',
  watched: true,
  async run({ ports, operation, signal }) {
    const rollout = await ports.workloads.awaitRollout(operation, operation.number, signal);
    if (rollout.state === 'ready') return;
    if (rollout.state === 'progressing') throw new StillProgressing();
    const { code, cause, hint } = rollout.error;
    throw new Problem(asRolloutCode(code), cause, { hint });
  },
};

const rolloutCodes = [
  'workload_crashed',
  'workload_not_ready',
  'image_unavailable',
  'fenced',
  'superseded',
  'environment_gone',
] as const;

/** The code of a failed rollout, if an adapter may give it; the general one otherwise. */
const asRolloutCode = (code: ProblemCode): (typeof rolloutCodes)[number] =>
  rolloutCodes.find((known) => known === code) ?? 'workload_not_ready';

/** Makes the deployment the current one, if it is still the newest. */
export const finishDeployment: DeploymentStep = {
  role: 'finish',
  async run({ ports, operation }) {
    const { number } = operation;
    const { data: deployment } = await deploymentOf(ports, operation);
    // Without a port there is nothing that a request could reach.
    const isReachable = servicePorts(deployment.workload).length > 0;
    const result = { number, ...(isReachable && { url: await ports.workloads.url(operation) }) };
    const ending = { status: 'succeeded' as const, result };
    await endOperation(ports, operation, {
      ending,
      event: {
        type: 'deployment.succeeded',
        data: { number, kind: operation.kind === 'rollback' ? 'rollback' : 'deploy' },
      },
      writes: async () => {
        const item = await getEnvironment(ports.store, operation);
        const { newest } = instanceOf(item.data, operation.service);
        if (newest !== number) {
          throw new Problem('superseded', `Deployment ${newest} is newer than ${number}.`, {
            hint: `Follow deployment ${newest} instead.`,
          });
        }
        return [
          // What was stopped runs again.
          environmentUse(item, withStanding(item.data, operation, { current: number, state: undefined })),
          ...(await deploymentEndWrites(ports, operation, number, ending)),
        ];
      },
    });
  },
};

/** Puts back what served before, unless a newer deployment has taken over, and records why. */
export const recoverDeployment: DeploymentStep = {
  role: 'recover',
  async run(context) {
    const { ports, operation } = context;
    const { number } = operation;
    const ending = endingOf(operation.cancelRequested && !operation.error ? canceled() : errorOf(context));
    if (ending.status !== 'superseded')
      await untilOverdue(ports, operation, () => putBack(ports, operation, number));
    await endOperation(ports, operation, {
      ending,
      event: {
        type: `deployment.${ending.status}`,
        data: { number: number, code: ending.error.code, cause: ending.error.cause },
      },
      writes: async () => [
        ...(ending.status === 'superseded' ? [] : await scaleBack(ports, operation)),
        ...(await deploymentEndWrites(ports, operation, number, ending)),
      ],
    });
  },
};

/**
 * A scale that was not reached is not what later deployments take over, whichever deployment was the last that had to
 * reach it. A newer one has taken it already.
 */
async function scaleBack(ports: Ports, operation: InstanceRef & { number: number }): Promise<Write[]> {
  const environment = await ports.store.get<Environment>(environmentKey(operation));
  const instance = environment && instanceIn(environment.data, operation.service);
  if (instance?.current === undefined) return [];
  const { replicas } = (await getDeployment(ports.store, operation, instance.current)).data;
  return instance.replicas === replicas ? [] : standingWrites(ports, operation, { replicas });
}

const canceled = (): ProblemDetail => ({
  code: 'canceled',
  cause: 'It was canceled on request.',
  hint: 'Start it again when you want it.',
});
