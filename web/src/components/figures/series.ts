/** The figures of a service as points in time. Pure. */
import type { Metrics } from '../../../../client/types.generated.ts';

/** Requests are counted by ten seconds; in a cluster, when somebody looks. */
const FINE_MS = 10_000;
const LOOK_MS = 60_000;

export interface Point {
  /** Epoch milliseconds. */
  at: number;
  value: number;
}

export interface Range {
  /** Epoch milliseconds. */
  from: number;
  to: number;
}

/** How long each point of the requests stands for, milliseconds. */
export function slotOf({ requests }: Pick<Metrics, 'requests'>): number {
  const slotMs = (requests[0]?.seconds ?? 0) * 1000 || FINE_MS;
  const times = requests.map(({ at }) => Date.parse(at));
  const apart = times.slice(1).map((at, index) => at - times[index]!);
  return slotMs < LOOK_MS && apart.length > 0 && Math.min(...apart) >= LOOK_MS ? LOOK_MS : slotMs;
}

type RequestSample = Metrics['requests'][number];

/** Values of what was asked; where nothing was asked, there is nothing to say. */
export const asked = (
  { requests }: Pick<Metrics, 'requests'>,
  { from, to }: Range,
  value: (one: RequestSample) => number,
): Point[] =>
  requests
    .map((one) => ({ at: Date.parse(one.at), value: value(one) }))
    .filter(({ at }) => at >= from && at <= to);

/** Requests in a second: none, where nothing was asked. */
export function rate(metrics: Pick<Metrics, 'requests'>, { from, to }: Range): Point[] {
  const slotMs = slotOf(metrics);
  const known = new Map(
    metrics.requests.map((one) => [
      Math.floor(Date.parse(one.at) / slotMs) * slotMs,
      one.requests / (slotMs / 1000),
    ]),
  );
  if (known.size === 0) return [];
  const points: Point[] = [];
  const newest = Math.max(...known.keys());
  // The slot that goes on is counted once something is known of it.
  const last = Math.max(to - slotMs, Math.min(newest, to));
  for (let at = Math.ceil(from / slotMs) * slotMs; at <= last; at += slotMs)
    points.push({ at, value: known.get(at) ?? 0 });
  return points;
}

/** Percent of the requests that were answered with 5xx. */
export const errorShare = (metrics: Pick<Metrics, 'requests'>, range: Range): Point[] =>
  asked(metrics, range, ({ requests, errors }) => (errors / requests) * 100);

export const used = (
  { compute }: Pick<Metrics, 'compute'>,
  { from, to }: Range,
  value: (one: Metrics['compute'][number]) => number,
): Point[] =>
  compute
    .map((one) => ({ at: Date.parse(one.at), value: value(one) }))
    .filter(({ at }) => at >= from && at <= to);

/** The median distance between points, milliseconds. */
export function spacingOf(points: readonly Point[]): number {
  const apart = points.slice(1).map(({ at }, index) => at - points[index]!.at);
  return apart.sort((one, other) => one - other)[Math.floor(apart.length / 2)] ?? 0;
}

/** @example perSecond(0.25) // "0.25/s" */
export const perSecond = (value: number): string => `${Number(value.toFixed(value >= 10 ? 0 : 2))}/s`;
