/**
 * Approval: in an environment that asks for it, a deployment waits until a second person has agreed. A waiting
 * deployment has a number but holds no fence: it stops no other deployment, and none of its work has started.
 */
import { deploymentKey, OPERATIONS_QUEUE, operationKey } from '../../core/keys.ts';
import {
  ADMINISTRATOR_ID,
  type Approval,
  type Deployment,
  type Environment,
  type Instance,
  type InstanceRef,
  type Operation,
} from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item } from '../../ports/store.ts';
import { type Caller, commit, retryOnConflict } from '../../records/commit.ts';
import { changingEnvironment } from '../../records/environment-changes.ts';
import { instanceOf, withStanding } from '../../records/instances.ts';
import { getDeployment, getEnvironment, getOperation } from '../../records/read.ts';
import { getDeploymentDetail, workloadOfVersion } from '../../records/workloads.ts';
import { recallPerson } from '../access/people.ts';
import { repinned } from '../deployments/rollback-pins.ts';
import { environmentUse, notReady, RUNS_IN } from '../environments/environments.ts';
import { wakingFor } from '../environments/waking-for.ts';
import { deadlineFrom, START_CHECK_MS, startOperation } from '../operations/operations.ts';
import { takenNow } from '../variables/taken-variables.ts';
import { type AwaitingOperation, endAwaiting, eventOf, isAwaiting } from './awaiting-approval.ts';

/** How long a deployment waits, milliseconds: over a weekend. */
export const APPROVAL_MS = 72 * 60 * 60 * 1000;

type DeploymentRef = InstanceRef & { number: number };

/** The approval that a deployment has to wait for; undefined when it needs none. */
export function approvalNeeded(
  ports: Ports,
  caller: Caller,
  { protection }: Environment,
  kind: Deployment['kind'],
): Approval | undefined {
  if (!protection?.approval) return undefined;
  if (kind === 'rollback' && protection.rollbackWithoutApproval) return undefined;
  const expiresAt = new Date(ports.effects.now() + APPROVAL_MS).toISOString();
  return { state: 'pending', requestedBy: caller.person ?? caller.actor, expiresAt };
}

/** The number of a new deployment: above those that run or ran, and above those that wait. */
export const nextNumber = (instance: Instance | undefined): number =>
  Math.max(instance?.newest ?? 0, instance?.highest ?? 0) + 1;

/**
 * Whoever runs the installation may hold its administrator's token, and is no second person beside it. Someone who has
 * not been seen for long, or ever, may run it by now.
 */
async function maybeOnePerson(ports: Ports, one: string, other: string): Promise<boolean> {
  if (one === other) return true;
  if (one !== ADMINISTRATOR_ID && other !== ADMINISTRATOR_ID) return false;
  const person = await recallPerson(ports, one === ADMINISTRATOR_ID ? other : one);
  return person?.administrator !== false;
}

async function awaited(
  ports: Ports,
  ref: DeploymentRef,
): Promise<[Item<Deployment>, Item<AwaitingOperation>]> {
  const deployment = await getDeployment(ports.store, ref, ref.number);
  const operation = await getOperation(ports.store, deployment.data.operation);
  const { approval } = operation.data;
  if (isAwaiting(operation)) return [deployment, operation];
  throw new Problem(
    'operation_ended',
    `Deployment ${ref.number} does not wait for approval: ${approval ? `it is ${approval.state}` : 'it needs none'}.`,
    { hint: 'Read the deployment to see how it does.' },
  );
}

/**
 * Lets a deployment start. The approver has to be another person than the one who asked for it, whichever tokens,
 * trust rules or sessions the two use.
 * @throws Problem not_found | operation_ended | forbidden | superseded | environment_not_ready
 */
export async function approveDeployment(
  ports: Ports,
  caller: Caller,
  ref: DeploymentRef,
): Promise<Operation> {
  const approved = await changingEnvironment(ports.store, ref, async () => {
    const { store, effects } = ports;
    const environment = await getEnvironment(store, ref);
    const [deployment, operation] = await awaited(ports, ref);
    const { approval } = operation.data;
    const now = effects.now();
    if (await maybeOnePerson(ports, caller.person ?? caller.actor, approval.requestedBy)) {
      throw new Problem('forbidden', 'You may not approve what you asked for yourself.', {
        hint: 'Ask another maintainer or administrator of the project. Pipelines count as who made the trust rule, the administrator token as whoever runs the installation.',
      });
    }
    if (now >= Date.parse(approval.expiresAt)) {
      throw new Problem('operation_ended', `Deployment ${ref.number} waited too long for approval.`, {
        hint: 'Ask for the deployment again.',
      });
    }
    if (!RUNS_IN.includes(environment.data.state)) throw notReady(environment.data, RUNS_IN);
    const { newest, processes } = instanceOf(environment.data, ref.service);
    if (newest > ref.number) {
      throw new Problem('superseded', `Deployment ${newest} is newer than ${ref.number}.`, {
        hint: `Reject it, or follow deployment ${newest} instead.`,
      });
    }
    const at = new Date(now).toISOString();
    const awake = wakingFor(ports, caller, environment.data);
    const decided: Approval = { ...approval, state: 'approved', decidedBy: caller.actor, decidedAt: at };
    const started: AwaitingOperation = {
      ...operation.data,
      approval: decided,
      generation: awake.environment.generation,
      deadline: deadlineFrom(now, operation.data),
    };
    const due = { queue: OPERATIONS_QUEUE, at: now + START_CHECK_MS };
    const pins = await pinsOfToday(ports, ref, deployment.data);
    await commit(ports, caller, {
      writes: [
        // From here on the deployment has the fence.
        environmentUse(
          environment,
          withStanding({ ...awake.environment, lastActivityAt: at }, ref, {
            newest: ref.number,
            processes: { ...processes, ...deployment.data.processes },
          }),
        ),
        ...awake.writes,
        {
          put: {
            ...deploymentKey(ref, ref.number),
            data: { ...deployment.data, ...pins, approval: decided },
          },
          if: { version: deployment.version },
        },
        { put: { ...operationKey(started.id), data: started, due }, if: { version: operation.version } },
      ],
      events: [
        ...awake.events,
        {
          ...eventOf(ref, started.id),
          type: 'deployment.approved',
          data: { number: ref.number, version: deployment.data.version, requestedBy: approval.requestedBy },
        },
      ],
      result: started,
    });
    return { started, waking: awake.operation };
  });
  if (approved.waking) await startOperation(ports, approved.waking);
  await startOperation(ports, approved.started);
  return approved.started;
}

/**
 * Credentials that a rollback pinned when it was asked for may be worthless by now. What takes all variables takes those that are
 * there still of what was approved: nobody has seen the others.
 */
async function pinsOfToday(
  ports: Ports,
  ref: DeploymentRef,
  deployment: Deployment,
): Promise<Partial<Deployment>> {
  if (deployment.kind === 'rollback') {
    if (!deployment.outputs) return {};
    const { data } = await getDeploymentDetail(ports.store, ref, ref.number);
    return repinned(ports, ref, data, deployment.outputs);
  }
  const variables = await takenNow(ports, ref, await workloadOfVersion(ports.store, deployment));
  const { variables: approved = [] } = deployment;
  return variables ? { variables: variables.filter((name) => approved.includes(name)) } : {};
}

/** @throws Problem not_found | operation_ended */
export function rejectDeployment(
  ports: Ports,
  caller: Caller,
  ref: DeploymentRef,
  reason?: string,
): Promise<Operation> {
  return retryOnConflict(async () => {
    const [, operation] = await awaited(ports, ref);
    return endAwaiting(ports, caller, operation, {
      state: 'rejected',
      error: {
        code: 'approval_rejected',
        cause: `${caller.actor} rejected it${reason === undefined ? '' : `: ${reason}`}`,
        hint: 'Talk to them, then ask for a deployment again.',
      },
    });
  });
}
