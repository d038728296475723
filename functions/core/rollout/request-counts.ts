/** Counters of requests that only grow, as a router or a gateway keeps them, and what is read off them. Pure. */

export interface RequestCounts {
  requests: number;
  /** Answers with a status of 500 or more. */
  errors: number;
  /** Requests that took no longer, by the upper bound in seconds; the last bound is infinite. */
  within: ReadonlyMap<number, number>;
}

export const noCounts = (): RequestCounts => ({ requests: 0, errors: 0, within: new Map() });

/** What has come since; a counter that is lower began anew. */
export function countsSince(now: RequestCounts, before: RequestCounts | undefined): RequestCounts {
  if (!before || now.requests < before.requests) return now;
  return {
    requests: now.requests - before.requests,
    errors: Math.max(0, now.errors - before.errors),
    within: new Map(
      [...now.within].map(([bound, count]) => [bound, count - (before.within.get(bound) ?? 0)]),
    ),
  };
}

export function addCounts(one: RequestCounts, other: RequestCounts): RequestCounts {
  const within = new Map(one.within);
  for (const [bound, count] of other.within) within.set(bound, (within.get(bound) ?? 0) + count);
  return { requests: one.requests + other.requests, errors: one.errors + other.errors, within };
}

/** A quantile in milliseconds, as if requests were spread evenly between two bounds; 0 without requests. */
export function quantileMs({ within }: Pick<RequestCounts, 'within'>, share: number): number {
  const bounds = [...within].sort(([a], [b]) => a - b);
  const total = bounds.at(-1)?.[1] ?? 0;
  const rank = share * total;
  let lower = 0;
  let below = 0;
  for (const [bound, count] of bounds) {
    if (count >= rank && count > below) {
      // Beyond the last bound nothing more is known.
      if (!Number.isFinite(bound)) return lower * 1000;
      return Math.round((lower + ((bound - lower) * (rank - below)) / (count - below)) * 100_000) / 100;
    }
    [lower, below] = [Number.isFinite(bound) ? bound : lower, count];
  }
  return lower * 1000;
}

/** Counters in a form that records hold: an infinite bound is null there. */
export interface KeptCounts {
  requests: number;
  errors: number;
  within: [bound: number | null, count: number][];
}

export const keepCounts = ({ requests, errors, within }: RequestCounts): KeptCounts => ({
  requests,
  errors,
  within: [...within].map(([bound, count]) => [Number.isFinite(bound) ? bound : null, count]),
});

export const keptCounts = ({ requests, errors, within }: KeptCounts): RequestCounts => ({
  requests,
  errors,
  within: new Map(within.map(([bound, count]) => [bound ?? Number.POSITIVE_INFINITY, count])),
});
