/** How long requests took, in bins whose upper bounds grow by a quarter, from a quarter of a millisecond to over five minutes. */
const FIRST_MS = 0.25;
const GROWTH = 1.25;
const BINS = 64;
const LOG_GROWTH = Math.log(GROWTH);

const binOf = (ms: number): number =>
  ms <= FIRST_MS ? 0 : Math.min(BINS - 1, Math.ceil(Math.log(ms / FIRST_MS) / LOG_GROWTH));

export interface Histogram {
  add(ms: number): void;
  clear(): void;
  /** The middle of the bin that has the request of this rank, from 1 on; undefined past the last. */
  at(rank: number): number | undefined;
  /** Requests that took no longer, by the upper bound in seconds. */
  within(): Map<number, number>;
}

export function createHistogram(): Histogram {
  const bins = new Uint32Array(BINS);
  return {
    add(ms) {
      const bin = binOf(ms);
      bins[bin] = (bins[bin] ?? 0) + 1;
    },
    clear: () => void bins.fill(0),
    at(rank) {
      let seen = 0;
      for (const [bin, count] of bins.entries()) {
        seen += count;
        if (seen >= rank) return FIRST_MS * GROWTH ** (bin - 0.5);
      }
      return undefined;
    },
    within() {
      let seen = 0;
      return new Map(
        Array.from(bins, (count, bin) => {
          seen += count;
          const bound = bin === BINS - 1 ? Number.POSITIVE_INFINITY : (FIRST_MS * GROWTH ** bin) / 1000;
          return [bound, seen];
        }),
      );
    },
  };
}
