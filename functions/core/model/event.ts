/** What happened, and who did it. */
import type { TypedData } from '../events/event-types.ts';

/** Where a request came from, as far as Berth knows. */
export interface Origin {
  /** Network address of the client. */
  address?: string;
  /** What the client calls itself; cut at 200 characters. */
  agent?: string;
}

/** What is told of an event by whoever emits it. */
export type EventFields = TypedData & {
  project: string;
  environment?: string;
  service?: string;
  operation?: string;
};

/** An event before it has its place in the chain. */
export type UnsealedEvent = EventFields & {
  /** ISO 8601. */
  at: string;
  actor: string;
  /** Absent where Berth itself acts. */
  from?: Origin;
  /** The person behind a token that did it. */
  onBehalfOf?: string;
};

/**
 * What happened and who did it; written with the change itself, and sealed into its project's chain (I9). A store may
 * hold events of types that are no longer emitted: they are served as they are.
 */
export type BerthEvent = UnsealedEvent & {
  /** Number in the project's chain, from "1". */
  id: string;
  /** Of the event and all before it: see audit-chain.ts. */
  hash: string;
};

/** Actors that are Berth itself. */
export const SYSTEM_ACTOR = 'berth';
