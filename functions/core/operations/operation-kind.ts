/** What is known of a kind of operation, apart from the code of its steps. */
import type { FUNCTION_MB } from '../function-memory.ts';
import type { Approval } from '../model/deployment.ts';

/** The functions on AWS that run steps. */
export type StepFunction = Exclude<keyof typeof FUNCTION_MB, 'requests'>;

/** What an operation is carried out on: the fields that name it. Those of other targets are never there. */
export interface Targets {
  service: { service: string; environment?: never; generation?: never; number?: never; approval?: never };
  environment: {
    environment: string;
    /** The environment's generation when the operation was accepted. */
    generation: number;
    service?: never;
    number?: never;
    approval?: never;
  };
  deployment: {
    environment: string;
    service: string;
    /** Of the deployment that it carries out. */
    number: number;
    /** The environment's generation when the operation was accepted. */
    generation: number;
    /** Where a second person has to approve; until then it is queued, and nothing starts. */
    approval?: Approval;
  };
}

export interface StepDeclaration {
  /** What it does, in a sentence, for docs/reference/workflows.md. */
  summary: string;
  /** The function that runs it, where that is not the one of its kind. */
  runsOn?: StepFunction;
}

export interface OperationKindDeclaration {
  target: keyof Targets;
  /** By `inputOf`; absent where its steps need nothing but the target. */
  input?: InputType<object>;
  /** By then it has ended, seconds; more than the TimeoutSeconds of its state machine (I3). */
  boundSeconds: number;
  cancelable: boolean;
  runsOn: StepFunction;
  /** For people, with fields of the target in braces. */
  words: string;
  /** By the names that its ASL file uses. */
  steps: Record<string, StepDeclaration>;
  /** The step that ends it when its workflow can not. */
  recovery: string;
}

/** A type, kept in a value that is empty when the program runs. */
export interface InputType<Input extends object> {
  readonly of?: Input;
}

/** The type of a kind's input: references that its steps need (a source, a tag), never payloads. */
export const inputOf = <Input extends object>(): InputType<Input> => ({});

/** Declares a kind; its names are kept as types, and the recovery has to be one of its steps. */
export const operationKind = <const Kind extends OperationKindDeclaration>(
  declaration: Kind & { recovery: keyof Kind['steps'] },
): Kind => declaration;
