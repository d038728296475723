/** Where the events of a project are sent, and how far that is. */
/** Where a project's events are sent. */
export interface Webhook {
  id: string;
  project: string;
  /** Some receivers have a secret in it: it is in no event. */
  url: string;
  /** Types of events, or nouns that stand for all of theirs; all where absent. */
  types?: string[];
  description?: string;
  enabled: boolean;
  /** Why Berth disabled it. */
  disabledReason?: string;
  /** Versions of the signing secret; the one before signs too until its time is up. */
  secret: { version: string; previous?: { version: string; until: string } };
  createdAt: string;
  createdBy: string;
}

/** An event that a receiver did not take, and is sent again. */
export interface WebhookFailure {
  since: string;
  attempts: number;
  /** Of the last attempt. */
  reason: string;
  nextAt: string;
}

/** How far a webhook is: apart from the webhook itself, which changes when people change it. */
export interface WebhookDelivery {
  project: string;
  webhook: string;
  /** As the webhook is enabled. */
  active: boolean;
  /** Number of the last event that was delivered, or that it does not ask for. */
  delivered: number;
  failure?: WebhookFailure;
  /** Who delivers now, and until when nobody else does; epoch milliseconds. */
  lease?: { id: string; until: number };
}
