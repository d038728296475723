/** Long work: accepted in the same transaction as the change it carries out, then started by its id. */
import { OPERATIONS_QUEUE, operationKey } from '../../core/keys.ts';
import { isTerminal, type Operation, type OperationKind } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { currentMeter } from '../../ports/meter.ts';
import type { Write } from '../../ports/store.ts';
import { type Caller, commit, retryOnConflict } from '../../records/commit.ts';
import { operationLineWrites } from '../../records/operation-summaries.ts';
import { getOperation } from '../../records/read.ts';
import { cancelAwaiting, isAwaiting } from '../deployments/awaiting-approval.ts';

/** The bound of each kind of operation, seconds; each is more than the TimeoutSeconds of its state machine (I3). */
export const operationBoundSeconds: Record<OperationKind, number> = {
  build: 1_320,
  'provision-environment': 660,
  deploy: 4_020,
  rollback: 1_320,
  hibernate: 360,
  wake: 1_260,
  'destroy-environment': 3_120,
  'rotate-secret': 4_620,
};

/** After this long the sweep looks whether an accepted operation was started, milliseconds. */
export const START_CHECK_MS = 10_000;

type NewOperation = Pick<Operation, 'kind' | 'project'> &
  Partial<Pick<Operation, 'environment' | 'service' | 'number' | 'generation' | 'input' | 'approval'>>;

/** A queued operation. @param createdBy the actor */
export function newOperation(ports: Ports, createdBy: string, fields: NewOperation): Operation {
  const now = ports.effects.now();
  return {
    id: ports.effects.id(),
    status: 'queued',
    input: {},
    steps: [],
    ...fields,
    createdAt: new Date(now).toISOString(),
    createdBy,
    deadline:
      fields.approval?.expiresAt ?? new Date(now + operationBoundSeconds[fields.kind] * 1000).toISOString(),
  };
}

/** The writes that accept an operation. */
export function acceptWrites(ports: Ports, operation: Operation): Write[] {
  const { approval } = operation;
  const at = approval ? Date.parse(approval.expiresAt) : ports.effects.now() + START_CHECK_MS;
  const due = { queue: OPERATIONS_QUEUE, at };
  return [
    { put: { ...operationKey(operation.id), data: operation, due }, if: 'absent' },
    ...operationLineWrites(operation),
  ];
}

/**
 * Starts an accepted operation. A fault is not the caller's: the operation is durable, and the sweep starts
 * what was not started (I1).
 */
export async function startOperation(ports: Ports, operation: Operation): Promise<void> {
  // The sweep calls this too: only the approval itself may start an operation that waits for approval.
  if (operation.approval?.state === 'pending') return;
  const used = currentMeter()?.read();
  await ports.workflows
    .start(operation.kind, operation.id, { operation: operation.id, ...(used && { used }) })
    .catch(() => undefined);
}

const cancelable: ReadonlySet<OperationKind> = new Set(['build', 'deploy', 'rollback']);

/**
 * Asks an operation to stop; its next step, or the one that waits, ends it as canceled.
 * @throws Problem not_found | operation_ended | conflict (a kind that can not be canceled)
 */
export function cancelOperation(ports: Ports, caller: Caller, id: string): Promise<Operation> {
  return retryOnConflict(async () => {
    const item = await getOperation(ports.store, id);
    const operation = item.data;
    if (isTerminal(operation.status)) {
      throw new Problem('operation_ended', `The operation has ended already: it ${operation.status}.`, {
        hint: 'There is nothing left to cancel.',
      });
    }
    if (!cancelable.has(operation.kind)) {
      throw new Problem(
        'conflict',
        `An operation of kind "${operation.kind}" can not be canceled: it always ends in a known state.`,
        {
          hint: 'Wait until it has ended; only builds and deployments can be canceled.',
        },
      );
    }
    if (isAwaiting(operation)) return cancelAwaiting(ports, caller, item);
    const canceled = { ...operation, cancelRequested: true };
    await commit(ports, caller, {
      writes: [
        {
          put: { ...operationKey(id), data: canceled, ...(item.due && { due: item.due }) },
          if: { version: item.version },
        },
      ],
      events: [
        {
          project: operation.project,
          type: 'operation.cancel-requested',
          operation: id,
          ...(operation.environment && { environment: operation.environment }),
          ...(operation.service && { service: operation.service }),
        },
      ],
      result: canceled,
    });
    return canceled;
  });
}
