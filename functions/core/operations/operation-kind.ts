/** The declaration of a kind of operation: everything but the code of its steps. */
import type { FUNCTION_MB } from '../function-memory.ts';
import type { Approval } from '../model/deployment.ts';
import type { Processes } from '../model/environment.ts';

/** The functions on AWS that run steps. */
export type StepFunction = Exclude<keyof typeof FUNCTION_MB, 'requests'>;

/** The targets of operations: the fields that name each. An operation never has the fields of another target. */
export interface Targets {
  service: {
    service: string;
    environment?: never;
    environmentId?: never;
    generation?: never;
    number?: never;
    approval?: never;
  };
  instance: {
    environment: string;
    /** Of the very environment: a later one may have its name. */
    environmentId: string;
    service: string;
    generation?: never;
    number?: never;
    approval?: never;
  };
  environment: {
    environment: string;
    /** Of the very environment: a later one may have its name. Absent in older records. */
    environmentId?: string;
    /** Where the environment is that it makes; absent where it makes none, and in older records. */
    placement?: string;
    /** The environment's generation when the operation was accepted. */
    generation: number;
    service?: never;
    number?: never;
    approval?: never;
  };
  deployment: {
    environment: string;
    /** Of the very environment: a later one may have its name. Absent in older records. */
    environmentId?: string;
    service: string;
    /** The number of the deployment that the operation carries out. */
    number: number;
    /** The environment's generation when the operation was accepted. */
    generation: number;
    /** The processes of the deployment; of what ends the service, all that may run of it. */
    processes?: Processes;
    /** Present where a second person has to approve; until then the operation is queued and nothing starts. */
    approval?: Approval;
  };
}

export interface StepDeclaration {
  /** What the step does, in a sentence, for docs/reference/workflows.md. */
  summary: string;
  /** The function that runs the step, where it is not the one of its kind. */
  runsOn?: StepFunction;
  /**
   * Where waiting holds something scarce, the first call waits for so long, seconds, and those after it only look, once
   * at least: the Retry of the workflow has the time between them. For steps that end as StillProgressing when their
   * signal aborts, and whose first step of the workflow is one that an operation which is to stop does not pass.
   */
  waitsSeconds?: number;
}

/** Nine of ten rollouts are done within the time, seconds. */
export const IN_PLACE_SECONDS = 60;

export interface OperationKindDeclaration {
  target: keyof Targets;
  /** Made by `inputOf`; absent where the steps need nothing but the target. */
  input?: InputType<object>;
  /**
   * The time after which the operation has ended, seconds; more than the TimeoutSeconds of its state machine (I3).
   */
  boundSeconds: number;
  cancelable: boolean;
  runsOn: StepFunction;
  /** A phrase for people, with fields of the target in braces. */
  words: string;
  /** The steps, by the names that the ASL file uses. */
  steps: Record<string, StepDeclaration>;
  /** The step that ends the operation when its workflow fails. */
  recovery: string;
}

/** Carries a type in a value that is empty when the program runs. */
export interface InputType<Input extends object> {
  readonly of?: Input;
}

/** The type of a kind's input: references that its steps need (a source, a tag), never payloads. */
export const inputOf = <Input extends object>(): InputType<Input> => ({});

/** Declares a kind. The types keep its names, and the recovery has to be one of its steps. */
export const operationKind = <const Kind extends OperationKindDeclaration>(
  declaration: Kind & { recovery: keyof Kind['steps'] },
): Kind => declaration;
