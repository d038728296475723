/** Long work: accepted in the same transaction as the change it carries out, then started by its id. */
import { OPERATIONS_QUEUE, operationKey } from '../../core/keys.ts';
import { endInWords, isTerminal, type Operation, type OperationState } from '../../core/model/index.ts';
import { declaredSteps, type OperationRequest, operationKinds } from '../../core/operations/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { currentMeter } from '../../ports/meter.ts';
import type { Write } from '../../ports/store.ts';
import { type Caller, commit, retryOnConflict } from '../../records/commit.ts';
import { operationLineWrites } from '../../records/operation-summaries.ts';
import { getOperation } from '../../records/read.ts';
import { cancelAwaiting, isAwaiting } from '../approvals/awaiting-approval.ts';

/** After this time the sweep checks that an accepted operation was started, milliseconds. */
export const START_CHECK_MS = 10_000;

/** The time by which an operation that starts now has ended, or is ended by the sweep. */
export const deadlineFrom = (now: number, { kind }: Pick<Operation, 'kind'>): string =>
  new Date(now + operationKinds[kind].boundSeconds * 1000).toISOString();

/** What is accepted today names the very environment, since a later one may have its name before the operation ends. */
export type NewRequest = OperationRequest & ({ environment?: never } | { environmentId: string });

/** A queued operation. @param createdBy the actor */
export function newOperation<Request extends NewRequest>(
  ports: Ports,
  createdBy: string,
  request: Request,
): Request & OperationState {
  const now = ports.effects.now();
  const state: OperationState = {
    id: ports.effects.id(),
    status: 'queued',
    steps: [],
    createdAt: new Date(now).toISOString(),
    createdBy,
    deadline: request.approval?.expiresAt ?? deadlineFrom(now, request),
  };
  return { ...request, ...state };
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
 * Starts an accepted operation. A fault does not concern the caller: the operation is durable, and the sweep starts
 * it later (I1).
 */
export async function startOperation(ports: Ports, operation: Operation): Promise<void> {
  // The sweep calls this too: only the approval itself may start an operation that waits for approval.
  if (operation.approval?.state === 'pending') return;
  const used = currentMeter()?.read();
  await ports.workflows
    .start(operation.kind, operation.id, { operation: operation.id, ...(used && { used }) })
    .catch(() => undefined);
}

/**
 * Has a run that may pause between two looks hear at once that its operation is to stop: another run begins, whose first
 * step ends it. The one that pauses finds it ended. Before the pauses the step itself hears of it, so that what it still
 * does is over before it is undone. Where this fails, the next look hears of it.
 */
async function tellPausing({ workflows, effects }: Ports, { id, kind, steps }: Operation): Promise<void> {
  const last = steps.at(-1);
  const waitsSeconds = last && declaredSteps[last.name].waitsSeconds;
  if (!workflows.pauses || waitsSeconds === undefined) return;
  if (effects.now() < Date.parse(last?.startedAt ?? '') + waitsSeconds * 1000) return;
  await workflows.start(kind, `${id}-canceled`, { operation: id }).catch(() => undefined);
}

/**
 * Asks an operation to stop. Its next step, or the step that is waiting, ends it as canceled.
 * @throws Problem not_found | operation_ended | conflict (a kind that can not be canceled)
 */
export async function cancelOperation(ports: Ports, caller: Caller, id: string): Promise<Operation> {
  const canceled = await requestCancel(ports, caller, id);
  await tellPausing(ports, canceled);
  return canceled;
}

function requestCancel(ports: Ports, caller: Caller, id: string): Promise<Operation> {
  return retryOnConflict(async () => {
    const item = await getOperation(ports.store, id);
    const operation = item.data;
    if (isTerminal(operation.status)) {
      throw new Problem(
        'operation_ended',
        `The operation has ended already: it ${endInWords(operation.status)}.`,
        {
          hint: 'There is nothing left to cancel.',
        },
      );
    }
    if (!operationKinds[operation.kind].cancelable) {
      throw new Problem(
        'conflict',
        `An operation of kind "${operation.kind}" can not be canceled: it always ends in a known state.`,
        {
          hint: 'Wait until it has ended; only builds, deployments, runs and game days can be canceled.',
        },
      );
    }
    if (isAwaiting(item)) return cancelAwaiting(ports, caller, item);
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
