/** Long work: one run of a state machine. */
import type { ProblemDetail } from '../problem.ts';
import type { Cost } from '../units.ts';
import type { Approval } from './deployment.ts';

export type RunStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled' | 'superseded';

export type OperationKind =
  | 'build'
  | 'provision-environment'
  | 'deploy'
  | 'rollback'
  | 'hibernate'
  | 'wake'
  | 'destroy-environment'
  | 'rotate-secret';

export interface OperationStep {
  name: string;
  startedAt: string;
  /** 1 for the first try. */
  attempt: number;
}

/** A piece of long work: one run of a state machine. */
export interface Operation {
  id: string;
  kind: OperationKind;
  status: RunStatus;
  project: string;
  environment?: string;
  service?: string;
  /** The deployment that it carries out. */
  number?: number;
  /** The environment's generation when it was accepted. */
  generation?: number;
  /** References the steps need (a source, a tag), never payloads. */
  input: Record<string, string>;
  steps: OperationStep[];
  cancelRequested?: boolean;
  /** Of a deployment that a second person has to approve; until then it is queued, and nothing starts. */
  approval?: Approval;
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

const terminal: ReadonlySet<RunStatus> = new Set(['succeeded', 'failed', 'canceled', 'superseded']);

/** Whether nothing more will happen to it. */
export const isTerminal = (status: RunStatus): boolean => terminal.has(status);
