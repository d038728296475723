/** Traces of an environment: the spans of its requests, as the way in and the workloads tell them. */
import type { EnvironmentRef, InstanceRef } from '../core/model/index.ts';
import type { WorkloadSpec } from './workloads.ts';

export const SPAN_KINDS = ['internal', 'server', 'client', 'producer', 'consumer'] as const;
export const TRACE_ORDERS = ['newest', 'slowest', 'failing'] as const;

export type AttributeValue = string | number | boolean | (string | number | boolean)[];
export type Attributes = Record<string, AttributeValue>;

export interface Span {
  /** 32 hexadecimal digits in lower case, not all of them 0. */
  traceId: string;
  /** 16 hexadecimal digits in lower case, not all of them 0. */
  spanId: string;
  /** Absent where it is the first of its trace. */
  parentId?: string;
  name: string;
  kind: (typeof SPAN_KINDS)[number];
  /** Epoch microseconds. */
  startUs: number;
  durationUs: number;
  status: 'unset' | 'ok' | 'error';
  statusMessage?: string;
  attributes: Attributes;
  events: { name: string; atUs: number; attributes: Attributes }[];
  links: { traceId: string; spanId: string }[];
  /** How many attributes, events and links were left out, and texts cut. */
  dropped?: number;
}

/** Who tells of spans. What they say of it themselves counts for nothing. */
export interface SpanSource extends InstanceRef {
  deployment?: number;
  /** `router`: the way in, which saw the request from outside. */
  from: 'router' | 'workload';
}

export interface StoredSpan extends Span {
  service: string;
  deployment?: number;
  from: SpanSource['from'];
}

/** What became of spans that were handed over. */
export interface Received {
  rejected: number;
  /** Why some were rejected, as a sentence. */
  why?: string;
  /** Whoever sends the rejected ones again after that many seconds may be luckier; absent where that helps nothing. */
  retryAfterSeconds?: number;
}

export interface TraceSummary {
  id: string;
  /** Epoch microseconds. */
  startUs: number;
  /** From the first beginning to the last end. */
  durationUs: number;
  /** The span that began first. */
  first: { service: string; name: string };
  services: string[];
  spans: number;
  /** Spans that failed. */
  errors: number;
}

/** When a trace began. */
export interface TraceTimes {
  /** At or after this time (ISO 8601). */
  since?: string;
  /** At or before this time. */
  until?: string;
}

export interface TraceQuery extends TraceTimes {
  /** Only those in which this service took part. */
  service?: string;
  minDurationUs?: number;
  /** Only those in which a span failed. */
  failed?: boolean;
  /** `failing`: those in which a span failed first, the newest of them at the front. `newest` unless given. */
  order?: (typeof TRACE_ORDERS)[number];
  /** 1 to 200. */
  limit: number;
  /** `next` of the page before, with the same query. */
  from?: string;
}

export interface TracePage {
  traces: TraceSummary[];
  next?: string;
}

export interface Traces {
  /**
   * Takes spans without waiting, within the budgets of core/limits/traces.ts; what is too much is cut or rejected. A span
   * that was had before counts as taken. Never throws: a disk that is full loses spans, and never the caller.
   */
  receive(source: SpanSource, spans: readonly Span[]): Received;
  /**
   * All that was received before is in it.
   * @throws RangeError for a limit, a time or a position that is none
   */
  list(environment: EnvironmentRef, query: TraceQuery): Promise<TracePage>;
  /** The spans of a trace by their beginnings; empty where there is none of that id. */
  read(environment: EnvironmentRef, traceId: string, times?: TraceTimes): Promise<StoredSpan[]>;
  close(): Promise<void>;
}

/** Lets the workloads of a place send spans; asked by the adapter that starts them. */
export interface WorkloadTelemetry {
  /** Variables of OpenTelemetry's SDKs for a container that has others already. @param present the names of those */
  variables(spec: WorkloadSpec, present: ReadonlySet<string>): Record<string, string>;
  /** What of them is to be hidden in output. */
  secrets(spec: WorkloadSpec): string[];
  /** Nothing of an environment sends any more. */
  forget(environment: EnvironmentRef): void;
}
