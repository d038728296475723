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

/** What every operation has, whatever its kind. */
export interface OperationState {
  id: string;
  status: RunStatus;
  steps: OperationStep[];
  cancelRequested?: boolean;
  error?: ProblemDetail;
  result?: Record<string, unknown>;
  /** What it used up to its latest record; of an ended one, all. */
  cost?: Cost;
  createdAt: string;
  createdBy: string;
  endedAt?: string;
  /** By then it has ended or is ended by the sweep (I3). */
  deadline: string;
}

/** A piece of long work: one run of a state machine. Each kind has its own target and input. */
export type Operation<Kind extends OperationKind = OperationKind> = OperationRequest<Kind> & OperationState;

/** An operation that is carried out on one of these. */
export type OperationOn<Target extends keyof Targets> = Operation<KindOn<Target>>;

const terminal: ReadonlySet<RunStatus> = new Set(['succeeded', 'failed', 'canceled', 'superseded']);

/** Whether nothing more will happen to it. */
export const isTerminal = (status: RunStatus): boolean => terminal.has(status);
