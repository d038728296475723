/** What happened, and who did it. */
import type { TypedData } from '../events/event-types.ts';

/** The origin of a request, as far as Berth knows it. */
export interface Origin {
  /** Network address of the client. */
  address?: string;
  /** The client's name for itself, cut at 200 characters. */
  agent?: string;
}

/** The part of an event that its emitter gives. */
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
  /** The person behind the token that acted. */
  onBehalfOf?: string;
};

/**
 * An event: what happened and who did it. It is written with the change itself, and sealed into its project's chain
 * (I9). A store may hold events of types that are no longer emitted: they are served as they are.
 */
export type BerthEvent = UnsealedEvent & {
  /** The number of the event in the project's chain, from "1". */
  id: string;
  /** The hash of the event and all events before it: see events/audit-chain.ts. */
  hash: string;
};

/** Actors that are Berth itself. */
export const SYSTEM_ACTOR = 'berth';
