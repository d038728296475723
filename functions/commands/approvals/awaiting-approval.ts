/** Deployments that waited for approval and never start: they were rejected, canceled, or not approved in time. */
import { deploymentKey } from '../../core/keys.ts';
import {
  type Approval,
  type Deployment,
  type InstanceRef,
  isTerminal,
  type Operation,
  type OperationOn,
  SYSTEM_ACTOR,
} from '../../core/model/index.ts';
import type { ProblemDetail } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Write } from '../../ports/store.ts';
import { type Caller, commit } from '../../records/commit.ts';
import { endedOperationWrites } from '../../records/operation-summaries.ts';

export type AwaitingOperation = OperationOn<'deployment'> & { approval: Approval };

/** Tells whether the operation waits for approval; until then none of it may start. */
export const isAwaiting = (item: Item<Operation>): item is Item<AwaitingOperation> =>
  item.data.approval?.state === 'pending' && !isTerminal(item.data.status);

export const eventOf = ({ project, environment, service }: InstanceRef, operation: string) => ({
  project,
  environment,
  service,
  operation,
});

/** Ends an operation that has waited for approval too long. */
export const expireAwaiting = (ports: Ports, item: Item<AwaitingOperation>): Promise<Operation> =>
  endAwaiting(ports, { actor: SYSTEM_ACTOR }, item, {
    state: 'expired',
    error: {
      code: 'approval_expired',
      cause: 'Nobody approved it in time.',
      hint: 'Ask for the deployment again, and tell a maintainer of the project.',
    },
  });

/** Ends a waiting operation on request of somebody who may cancel it. */
export const cancelAwaiting = (
  ports: Ports,
  caller: Caller,
  item: Item<AwaitingOperation>,
): Promise<Operation> =>
  endAwaiting(ports, caller, item, {
    state: 'canceled',
    error: {
      code: 'canceled',
      cause: 'It was canceled on request.',
      hint: 'Start it again when you want it.',
    },
  });

type Ended = Pick<Approval, 'state'> & { error: ProblemDetail };

/** Ends the operation and its deployment before anything has started: there is nothing to put back. */
export async function endAwaiting(
  ports: Ports,
  caller: Caller,
  item: Item<AwaitingOperation>,
  { state, error }: Ended,
): Promise<Operation> {
  const { project, environment, service, number, approval } = item.data;
  const ref = { project, environment, service };
  const at = new Date(ports.effects.now()).toISOString();
  const decided: Approval = { ...approval, state, decidedBy: caller.actor, decidedAt: at };
  const ended: AwaitingOperation = {
    ...item.data,
    approval: decided,
    status: 'canceled',
    error,
    endedAt: at,
  };
  const key = deploymentKey(ref, number);
  const deployment = await ports.store.get<Deployment>(key);
  const writes: Write[] = endedOperationWrites(ports, ended, item.version);
  // When its environment was destroyed meanwhile the deployment's record is gone, or that of a later environment's.
  if (deployment?.data.operation === ended.id) {
    const data: Deployment = {
      ...deployment.data,
      approval: decided,
      status: 'canceled',
      error,
      finishedAt: at,
    };
    writes.push({ put: { ...key, data }, if: { version: deployment.version } });
  }
  await commit(ports, caller, {
    writes,
    events: [
      {
        ...eventOf(ref, ended.id),
        type: `deployment.${state === 'rejected' ? 'rejected' : 'canceled'}`,
        data: { number, code: error.code, cause: error.cause, requestedBy: approval.requestedBy },
      },
    ],
    result: ended,
  });
  return ended;
}
