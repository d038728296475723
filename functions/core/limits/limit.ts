/** The form of a budget. */
import type { ProblemCode } from '../problem.ts';

export type LimitUnit =
  | 'bytes'
  | 'characters'
  | 'seconds'
  | 'lines'
  | 'tokens'
  | 'levels'
  | 'connections'
  | 'requests'
  | 'streams'
  | 'wakes'
  | 'builds'
  | 'deployments'
  | 'records'
  | 'entries'
  | 'values';

export interface Limit {
  value: number;
  unit: LimitUnit;
  /** What is bounded, as the beginning of a sentence. */
  of: string;
  /** For whom it is counted: `a request`, `a project`. */
  each: string;
  /** What happens past it, in words; with the code of the answer where there is one. */
  past: string;
  code?: ProblemCode;
}

/** A budget as it is declared, with its value as a number and no more. */
export const limit = (declaration: Limit): Limit => declaration;

export const KIB = 1024;
export const MIB = 1024 ** 2;
