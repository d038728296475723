/** Where the output of a project is sent, and how far that has come. */
import type { WebhookFailure } from '../model/webhook.ts';

/** `otlp`: OTLP/HTTP logs in JSON; `ndjson`: a JSON object a line. */
export const drainFormats = ['otlp', 'ndjson'] as const;
export type DrainFormat = (typeof drainFormats)[number];

/** Which lines are sent; a part that is left out lets all pass. */
export interface DrainFilter {
  /** Names of environments, with wildcards. */
  environments?: string[];
  services?: string[];
  /** As core/logs/log-query.ts has it. */
  search?: string;
}

export interface Drain {
  id: string;
  project: string;
  /** The address may contain a secret of the receiver, so events never hold it. */
  url: string;
  format: DrainFormat;
  filter?: DrainFilter;
  /** The output of operations too, such as builds and runs. */
  operations?: true;
  /** Names of headers of its own, and the version of the secret that has their values. */
  headers?: { names: string[]; version: string };
  description?: string;
  enabled: boolean;
  /** Why Berth paused it. */
  pausedReason?: string;
  /** Lines from before it was made, or went on after a pause, are not sent. */
  begunAt: string;
  /** Of streams that it did not read before, lines from before this time are not sent: its filter was another one. */
  readsSince: string;
  createdAt: string;
  createdBy: string;
}

/** How far a drain is. A record apart from the drain, which changes when people change it. */
export interface DrainDelivery {
  project: string;
  drain: string;
  /** A copy of the drain's `enabled`. */
  active: boolean;
  /** Lines that the receiver took, all in all. */
  delivered: number;
  deliveredAt?: string;
  /** Lines that were dropped, all in all. */
  dropped: number;
  droppedAt?: string;
  /** Lines were dropped that could not be counted. */
  droppedMore?: true;
  /** Dropped lines that the receiver was not told of yet. */
  untold: number;
  /** As `droppedMore`, and the receiver was not told of it yet. */
  untoldMore?: true;
  /** What the receiver did not take and that is sent again. */
  failure?: WebhookFailure;
  /** How often the receiver has refused what is sent next; absent where it never did. */
  refused?: number;
  /** Why it did not take the last of what was dropped, or what is sent again. */
  lastError?: { at: string; reason: string };
}

/** How far a drain has read a stream. */
export interface DrainPlace {
  /** Absent where nothing of it was read. */
  place?: string;
  /** The drain's `begunAt`: a place from before a pause counts no more. */
  begunAt: string;
  /** Until all that was there was read once: lines from before this time are not sent. */
  since?: string;
}
