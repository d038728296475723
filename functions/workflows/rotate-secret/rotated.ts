/** What a rotation rotates: a secret of the environment or the credentials of a resource, behind one interface. */
import type { TypedData } from '../../core/events/event-types.ts';
import type { Operation, RotationDecision } from '../../core/model/index.ts';
import type { ProblemDetail } from '../../core/problem.ts';
import type { Write } from '../../ports/store.ts';

export type RotationOperation = Operation<'rotate-secret'>;

/** The versions that a deployment has to hold, by the path of the secret. */
export type Credentials = ReadonlyMap<string, string>;

/** The record of what is rotated, while the rotation holds it. */
export interface Held {
  decision?: RotationDecision;
  /** What was in use when the rotation was accepted. It stays until the end, and so does `next`. */
  previous: Credentials;
  /** What replaces it; absent until it is made. */
  next?: Credentials;
}

/** Every member can run twice, and leaves a record alone that is gone or that another operation holds. */
export interface Rotated {
  /** Undefined where the record is gone, or another operation holds it. */
  held(): Promise<Held | undefined>;
  /** Makes `next`, good beside `previous`. Nothing may serve with credentials that are neither. */
  prepare(): Promise<void>;
  /** New deployments take `next` from now on, unless the rotation goes back. */
  switch(): Promise<void>;
  /**
   * The write that decides, if nothing else has decided and the switch was made; undefined otherwise. A second
   * decision is refused by the record's version.
   */
  decisionWrite(decision: RotationDecision): Promise<Write | undefined>;
  /** Whether an earlier version of Berth, which kept no decision, has retired `previous`. */
  isRetired(): Promise<boolean>;
  /** Makes `previous` worthless. */
  retire(): Promise<void>;
  /** New deployments take `previous` again. */
  restore(): Promise<void>;
  /** Makes `next` worthless after a rotation went back, where it opens something. */
  abandon(): Promise<void>;
  /** The writes that let go of the record. */
  release(): Promise<Write[]>;
  result: Record<string, unknown>;
  succeeded: TypedData;
  failed(error: ProblemDetail): TypedData;
}
