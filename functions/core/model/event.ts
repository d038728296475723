/** What happened, and who did it. */
/** Where a request came from, as far as Berth knows. */
export interface Origin {
  /** Network address of the client. */
  address?: string;
  /** What the client calls itself; cut at 200 characters. */
  agent?: string;
}

/** What happened and who did it; written with the change itself, and sealed into its project's chain (I9). */
export interface BerthEvent {
  /** Number in the project's chain, from "1". */
  id: string;
  at: string;
  project: string;
  actor: string;
  /** Absent where Berth itself acts. */
  from?: Origin;
  /** The person behind a token that did it. */
  onBehalfOf?: string;
  /** `noun.verb`, as in `deployment.succeeded`. */
  type: string;
  environment?: string;
  service?: string;
  operation?: string;
  data?: Record<string, unknown>;
  /** Of the event and all before it: see audit-chain.ts. */
  hash: string;
}

/** Actors that are Berth itself. */
export const SYSTEM_ACTOR = 'berth';
