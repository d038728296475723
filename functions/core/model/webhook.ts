/** Where the events of a project are sent, and how far delivery has come. */
import type { WebhookFormat } from '../events/formats/webhook-formats.ts';

/** Where a project's events are sent. */
export interface Webhook {
  id: string;
  project: string;
  /** The address may contain a secret of the receiver, so events never hold it. */
  url: string;
  /** Types of events, or nouns that stand for all of their types; all types where absent. */
  types?: string[];
  /** The form that a chat or a pager takes; the signed one of Berth where absent. */
  format?: WebhookFormat;
  description?: string;
  enabled: boolean;
  /** Why Berth disabled it. */
  disabledReason?: string;
  /** Versions of the signing secret; after a rotation the previous one signs too until its time is over. */
  secret: { version: string; previous?: { version: string; until: string } };
  createdAt: string;
  createdBy: string;
}

/** An event that a receiver did not take and that will be sent again. */
export interface WebhookFailure {
  since: string;
  attempts: number;
  /** The reason of the last attempt's failure. */
  reason: string;
  nextAt: string;
}

/**
 * How far a webhook's delivery has come. It is a record apart from the webhook, which changes when people change it.
 */
export interface WebhookDelivery {
  project: string;
  /** The id of the webhook, or of the connection whose provider is told how commits are doing. */
  webhook: string;
  /** The service of a connection; absent for a webhook. */
  service?: string;
  /** When the provider of a connection was last asked what is newest; epoch milliseconds. */
  askedAt?: number;
  /** A copy of the webhook's `enabled`. */
  active: boolean;
  /** The number of the last event that was delivered, or that the webhook does not ask for. */
  delivered: number;
  failure?: WebhookFailure;
  /** Which process delivers now, and until when no other does; epoch milliseconds. */
  lease?: { id: string; until: number };
}
