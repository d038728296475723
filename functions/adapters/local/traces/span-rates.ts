/** How many of something each may have a second; those of ten seconds may come at once. */

export interface Rates {
  /** How many of so many are allowed now; they are counted. */
  take(key: string, count: number): number;
  /** The same for so many together: all of them, or 0 and none is counted. At most those of ten seconds. */
  takeAll(key: string, count: number): number;
}

const BURST_SECONDS = 10;
/** Past it those that have their whole share again are forgotten. */
const KNOWN_MAX = 1000;

/** @param now epoch milliseconds */
export function createRates(perSecond: number, now: () => number): Rates {
  const most = perSecond * BURST_SECONDS;
  const buckets = new Map<string, { left: number; at: number }>();
  const leftOf = ({ left, at }: { left: number; at: number }, time: number): number =>
    Math.min(most, left + (Math.max(0, time - at) / 1000) * perSecond);
  function take(key: string, count: number, whole: boolean): number {
    const time = now();
    const left = leftOf(buckets.get(key) ?? { left: most, at: time }, time);
    const able = Math.floor(left);
    const taken = count <= able ? count : whole ? 0 : able;
    buckets.set(key, { left: left - taken, at: time });
    if (buckets.size > KNOWN_MAX)
      for (const [other, bucket] of buckets) if (leftOf(bucket, time) >= most) buckets.delete(other);
    return taken;
  }
  return {
    take: (key, count) => take(key, count, false),
    takeAll: (key, count) => take(key, count, true),
  };
}
