/** Long work: one run of a state machine. */
import type { KindOn, OperationKind, OperationRequest, StepName } from '../operations/index.ts';
import type { Targets } from '../operations/operation-kind.ts';
import type { ProblemDetail } from '../problem.ts';
import type { Cost } from '../units.ts';

export type { OperationKind, StepName } from '../operations/index.ts';

export type RunStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled' | 'superseded';

export interface OperationStep {
  name: StepName;
  startedAt: string;
  /** 1 for the first try. */
  attempt: number;
}

/** The fields that every operation has, whatever its kind. */
export interface OperationState {
  id: string;
  status: RunStatus;
  steps: OperationStep[];
  cancelRequested?: boolean;
  /** Of a build that waits for its turn: how many begin before it. */
  waitingFor?: number;
  error?: ProblemDetail;
  /** Its compensation has begun: from now on it can not succeed, whatever a step of it that is late still does. */
  compensating?: true;
  result?: Record<string, unknown>;
  /** The cost up to the latest write of the record; of an ended operation, the whole cost. */
  cost?: Cost;
  createdAt: string;
  createdBy: string;
  endedAt?: string;
  /** By this time the operation has ended, or the sweep ends it (I3). */
  deadline: string;
}

/** A piece of long work: one run of a state machine. Each kind has its own target and input. */
export type Operation<Kind extends OperationKind = OperationKind> = OperationRequest<Kind> & OperationState;

/** An operation that is carried out on one of these targets. */
export type OperationOn<Target extends keyof Targets> = Operation<KindOn<Target>>;

const terminal: ReadonlySet<RunStatus> = new Set(['succeeded', 'failed', 'canceled', 'superseded']);

/** The end of an operation, in words that follow "it". */
export const endInWords = (status: RunStatus): string =>
  status === 'canceled' || status === 'superseded' ? `was ${status}` : status;

/** Tells whether the operation has ended, so that nothing more will happen to it. */
export const isTerminal = (status: RunStatus): boolean => terminal.has(status);
