/** Steps of the workflows `deploy` and `rollback`. */
import { watchEnvironment } from '../../commands/alerts/alert-watches.ts';
import { deploymentProblems } from '../../commands/deployments/deployment-problems.ts';
import { standbyWrites } from '../../commands/deployments/warm.ts';
import { environmentUse } from '../../commands/environments/environments.ts';
import { splitWords } from '../../core/command-line.ts';
import { deploymentKey } from '../../core/keys.ts';
import {
  type DeploymentDetail,
  type InstanceRef,
  isSameAgain,
  type Operation,
} from '../../core/model/index.ts';
import { Problem, type ProblemDetail } from '../../core/problem.ts';
import { workloadSettings } from '../../core/score/settings.ts';
import type { Ports } from '../../ports/index.ts';
import { RELEASE_LABEL } from '../../ports/registry.ts';
import { quoteOutput } from '../../ports/rules/telling-lines.ts';
import type { Item } from '../../ports/store.ts';
import { retryOnConflict } from '../../records/commit.ts';
import { instanceOf, withStanding } from '../../records/instances.ts';
import { getEnvironment } from '../../records/read.ts';
import { getDeploymentDetail } from '../../records/workloads.ts';
import { servicePorts, workloadSpec } from '../../resources/score/workload-spec.ts';
import { deploymentEndWrites, endingOf, endOperation, errorOf, untilOverdue } from '../end-operation.ts';
import { untilAwake } from '../environment-state.ts';
import { putBackWrites } from '../standing-writes.ts';
import { type Step, StillProgressing } from '../step.ts';
import { putBack, removeOthers } from './put-back.ts';
import { untilReady } from './until-ready.ts';

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
    await watchEnvironment(ports, operation);
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
    const ended = await ports.workloads.runRelease(spec, command, signal);
    if (!ended) return unlessLate(ports, operation);
    const { exitCode, tail } = ended;
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

/** As its state of the workflow says of one call, milliseconds. */
const RELEASE_MS = 600_000;

/** @throws StillProgressing | Problem deadline_exceeded */
function unlessLate({ effects }: Ports, { steps, createdAt }: Operation): never {
  const begun = steps.find(({ name }) => name === 'runRelease')?.startedAt ?? createdAt;
  if (effects.now() < Date.parse(begun) + RELEASE_MS) throw new StillProgressing();
  throw new Problem(
    'deadline_exceeded',
    `The release command took longer than the ${RELEASE_MS / 60_000} minutes that it may.`,
    { hint: 'Look at the log of the service for what it waited for, or do long work in a run.' },
  );
}

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
    // What is tried has no processes before it serves.
    const { processes: _, ...web } = operation;
    const awaited = operation.kind === 'deploy-in-steps' ? web : operation;
    await untilReady(ports, awaited, operation.number, signal);
  },
};

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
        const instance = instanceOf(item.data, operation.service);
        const { newest } = instance;
        if (newest !== number) {
          throw new Problem('superseded', `Deployment ${newest} is newer than ${number}.`, {
            hint: `Follow deployment ${newest} instead.`,
          });
        }
        const all = { ...operation, ...(instance.processes && { processes: instance.processes }) };
        await removeOthers(ports, all, deployment, number);
        const { processes } = deployment;
        return [
          // What was stopped runs again.
          environmentUse(
            item,
            withStanding(item.data, operation, { current: number, state: undefined, processes }),
          ),
          ...(await deploymentEndWrites(ports, operation, number, ending)),
          ...(await standbyWrites(ports, deployment)),
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
    const hasReleased = operation.steps.some(({ name }) => name === 'runRelease');
    // What destroys an environment ends what runs in it.
    if (ending.error.code !== 'environment_gone' && hasReleased)
      await untilOverdue(ports, operation, () => ports.workloads.endCommand(operation, operation.id));
    if (ending.status !== 'superseded')
      await untilOverdue(ports, operation, () => putBack(ports, operation, number));
    await endOperation(ports, operation, {
      ending,
      event: {
        type: `deployment.${ending.status}`,
        data: { number: number, code: ending.error.code, cause: ending.error.cause },
      },
      writes: async () => [
        ...(await deploymentEndWrites(ports, operation, number, ending)),
        ...(ending.status === 'superseded'
          ? []
          : [...(await putBackWrites(ports, operation)), ...(await standbyWrites(ports, operation))]),
      ],
    });
  },
};

const canceled = (): ProblemDetail => ({
  code: 'canceled',
  cause: 'It was canceled on request.',
  hint: 'Start it again when you want it.',
});
