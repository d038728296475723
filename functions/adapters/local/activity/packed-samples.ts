/** Samples in typed arrays, 24 bytes each: a service has over a thousand of them. */

/** What was asked of an instance in one slot of time. */
export interface Sample {
  /** Counted from the epoch, in lengths of a sample. */
  slot: number;
  requests: number;
  errors: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
}

const FIELDS = 3;
const FIRST_ROOM = 8;

export const round = (ms: number): number => Math.round(ms * 100) / 100;

/** In the order of their slots. */
export interface PackedSamples {
  /** @param sample later than all that are there */
  push(sample: Sample): void;
  last(): Sample | undefined;
  all(): Sample[];
  /** Leaves out those that are not within these slots, both included. */
  keep(first: number, last: number): void;
}

export function createPackedSamples(samples: readonly Sample[]): PackedSamples {
  let length = 0;
  let counts = new Uint32Array(FIRST_ROOM * FIELDS);
  let times = new Float32Array(FIRST_ROOM * FIELDS);

  const at = (index: number): Sample => {
    const [slot = 0, requests = 0, errors = 0] = counts.subarray(index * FIELDS);
    const [p50 = 0, p95 = 0, p99 = 0] = times.subarray(index * FIELDS);
    return { slot, requests, errors, p50Ms: round(p50), p95Ms: round(p95), p99Ms: round(p99) };
  };

  function grow(): void {
    const wider = { counts: new Uint32Array(counts.length * 2), times: new Float32Array(times.length * 2) };
    wider.counts.set(counts);
    wider.times.set(times);
    ({ counts, times } = wider);
  }

  function push({ slot, requests, errors, p50Ms, p95Ms, p99Ms }: Sample): void {
    if ((length + 1) * FIELDS > counts.length) grow();
    counts.set([slot, requests, errors], length * FIELDS);
    times.set([p50Ms, p95Ms, p99Ms], length * FIELDS);
    length++;
  }

  for (const sample of samples) push(sample);
  return {
    push,
    last: () => (length === 0 ? undefined : at(length - 1)),
    all: () => Array.from({ length }, (_, index) => at(index)),
    keep(first, last) {
      let gone = 0;
      while (gone < length && (counts[gone * FIELDS] ?? 0) < first) gone++;
      while (length > gone && (counts[(length - 1) * FIELDS] ?? 0) > last) length--;
      if (gone === 0) return;
      counts.copyWithin(0, gone * FIELDS, length * FIELDS);
      times.copyWithin(0, gone * FIELDS, length * FIELDS);
      length -= gone;
    },
  };
}
