/**
 * Rate limits: token buckets of this process, by person, by project for the operations that begin in it, and by address
 * for requests that were refused for their credentials. Nobody waits because of another bucket.
 */
import { type Principal, personOf } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';

export interface Rate {
  perSecond: number;
  /** So many at once after a pause. */
  burst: number;
}

export interface RateLimits {
  /** Requests of one person, with all tokens and pipelines that count as them. */
  principal: Rate;
  /** Operations that begin in one project. */
  operations: Rate;
  /** Names that one person asks for where the answer tells of names that others have. */
  names: Rate;
  /** Requests of one network address whose credentials were refused; each public route is counted by itself. */
  address: Rate;
  /** What one network address brings about by public routes (token exchanges, sign-outs, hooks), each route by itself. */
  exchange: Rate;
}

export const defaultRates: RateLimits = {
  principal: { perSecond: 100, burst: 500 },
  operations: { perSecond: 1, burst: 60 },
  names: { perSecond: 0.1, burst: 30 },
  address: { perSecond: 5, burst: 100 },
  exchange: { perSecond: 20, burst: 200 },
};

export interface Rates {
  /** @throws Problem too_many_requests, with the seconds to wait */
  take(kind: keyof RateLimits, who: string): void;
  /** The same without taking, for requests that are counted by how they end. */
  check(kind: keyof RateLimits, who: string): void;
  /** Counts what `check` let through. */
  charge(kind: keyof RateLimits, who: string): void;
}

interface Bucket {
  left: number;
  at: number;
}

/** How many buckets are remembered. The one that was used longest ago is forgotten first, and is full again. */
const BUCKETS_MAX = 20_000;

const whom: Readonly<Record<keyof RateLimits, string>> = {
  principal: 'You send more requests than one may',
  operations: 'This project begins more operations than one may',
  names: 'You ask for more names than one may',
  address: 'This address sends more requests without valid credentials than one may',
  exchange: 'This address sends more than one may',
};

const inWords = ({ perSecond }: Rate): string =>
  perSecond < 1 ? `${perSecond * 60} a minute` : `${perSecond} a second`;

/** @param now the clock, milliseconds */
export function createRates(limits: RateLimits, now: () => number): Rates {
  const buckets = new Map<string, Bucket>();

  function bucketOf(kind: keyof RateLimits, key: string): Bucket {
    const { perSecond, burst } = limits[kind];
    const at = now();
    const bucket = buckets.get(key) ?? { left: burst, at };
    // A clock that was set back adds no tokens and takes none.
    const passed = Math.max(0, at - bucket.at) / 1000;
    bucket.left = Math.min(burst, bucket.left + passed * perSecond);
    bucket.at = at;
    return bucket;
  }

  function demand(kind: keyof RateLimits, bucket: Bucket): void {
    if (bucket.left >= 1) return;
    const retryAfter = Math.max(1, Math.ceil((1 - bucket.left) / limits[kind].perSecond));
    throw new Problem('too_many_requests', `${whom[kind]}: ${inWords(limits[kind])}.`, {
      hint: `Wait ${retryAfter} s, then send it again; Retry-After says how long.`,
      extra: { retryAfter },
    });
  }

  function charge(kind: keyof RateLimits, who: string): void {
    const key = `${kind} ${who}`;
    const bucket = bucketOf(kind, key);
    bucket.left = Math.max(0, bucket.left - 1);
    buckets.delete(key);
    buckets.set(key, bucket);
    if (buckets.size > BUCKETS_MAX) buckets.delete(buckets.keys().next().value!);
  }

  const check = (kind: keyof RateLimits, who: string): void => demand(kind, bucketOf(kind, `${kind} ${who}`));

  return {
    take(kind, who) {
      check(kind, who);
      charge(kind, who);
    },
    check,
    charge,
  };
}

/**
 * Who shares a bucket: a person with all tokens that act for them, the tokens of projects that they made, and the
 * pipelines that their trust rules let in. The administrator of this installation has no limit: they run the machine.
 */
export const sharesRate = (principal: Principal): string | undefined =>
  principal.kind === 'system' ? undefined : personOf(principal);
