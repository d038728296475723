/** Finds a replica for a request, waiting for one while its environment wakes or its workload starts. */
import { environmentName } from '../../core/keys.ts';
import type { EnvironmentRef } from '../../core/model/index.ts';
import type { Backend } from '../../ports/traffic.ts';
import type { WorkloadHost } from './request-host.ts';
import type { RoutedTraffic, Target } from './traffic.ts';

/**
 * What is known of a workload that has not been declared, or not yet since Berth started:
 * `hibernated` wakes its environment, `starting` is waited for, `stopped` by people is neither.
 */
type Known = 'hibernated' | 'starting' | 'stopped' | 'absent';

/** Asked for each request for what has not been declared or is scaled to 0, before it is held. @param path raw, without the query */
export type Lookup = (place: WorkloadHost, host: string, path: string) => Promise<Known>;

export type Found =
  | { backend: Backend; target: Target }
  | { reason: 'absent' | 'late' | 'full' | 'portless' | 'stopped' }
  | { reason: 'failing'; target: Target }
  | { reason: 'wake'; error: unknown };

/**
 * Wakes an environment, after it has fallen asleep where it is just about to; may resolve as soon as that is under way.
 * `awake`: it does not sleep, so that a workload which stands still in it was stopped by someone.
 */
export type Wake = (environment: EnvironmentRef) => Promise<'waking' | 'awake'>;

export interface HoldOptions {
  traffic: Pick<RoutedTraffic, 'target' | 'nextChange'>;
  wake: Wake;
  lookup: Lookup;
  holdMs: number;
  /** How long a crashed workload is given to start again. */
  failingMs: number;
  /** Requests held at once, of all environments and of one. */
  most: number;
  mostEach: number;
}

export interface Hold {
  /**
   * @param limitMs how long the request waits at most; the usual time where undefined
   * @param choose takes a replica of what was found; the next one in turn unless given
   */
  find(
    host: string,
    path: string,
    place: WorkloadHost | undefined,
    signal: AbortSignal,
    limitMs?: number,
    choose?: Choose,
  ): Promise<Found>;
}

type Choose = (target: Target) => Backend | undefined;

const inTurn: Choose = (target) => target.next();

export function createHold(options: HoldOptions): Hold {
  const { traffic } = options;
  const waking = new Map<string, ReturnType<Wake>>();
  const held = new Map<string, number>();
  let total = 0;

  function wake(environment: EnvironmentRef, key: string): ReturnType<Wake> {
    const present = waking.get(key);
    if (present) return present;
    const { project, environment: name } = environment;
    const started = options.wake({ project, environment: name }).finally(() => waking.delete(key));
    waking.set(key, started);
    return started;
  }

  async function search(
    host: string,
    path: string,
    place: WorkloadHost | undefined,
    key: string,
    first: Known | undefined,
    signal: AbortSignal,
    choose: Choose,
  ): Promise<Found> {
    let known = first;
    const from = performance.now();
    let failure: { reason: 'wake'; error: unknown } | undefined;
    let awake = false;
    let woken = false;
    // One signal for the life of this search, so that a failed wake is noticed while nothing else changes.
    const stop = new AbortController();
    const ended = AbortSignal.any([signal, stop.signal]);
    const rouse = (environment: EnvironmentRef): void => {
      if (woken) return;
      woken = true;
      wake(environment, key).then(
        (state) => {
          if (state === 'waking') return;
          awake = true;
          stop.abort();
        },
        (error: unknown) => {
          failure = { reason: 'wake', error };
          stop.abort();
        },
      );
    };
    for (;;) {
      const target = traffic.target(host, path);
      const backend = target && choose(target);
      if (target && backend) return { backend, target };
      if (failure) return failure;
      if (target?.state === 'ready') return { reason: 'portless' };
      if (signal.aborted)
        return target?.state === 'failing' ? { reason: 'failing', target } : { reason: 'late' };
      if (target?.state === 'stopped' && awake) return { reason: 'stopped' };
      if (target?.state === 'stopped' && !woken) {
        if ((await options.lookup(target.instance, host, path)) === 'stopped') return { reason: 'stopped' };
        rouse(target.instance);
      }
      if (!target && known === undefined) {
        // It was withdrawn while the request waited.
        known = place ? await options.lookup(place, host, path) : 'absent';
        continue;
      }
      if (!target && (known === 'absent' || known === 'stopped')) return { reason: known };
      if (!target && known === 'hibernated' && place) rouse(place);
      // The environment was awake before it was to be woken: it is waited for as usual from here on.
      const patience = awake ? signal : ended;
      if (target?.state !== 'failing') {
        await traffic.nextChange(patience);
        continue;
      }
      const left = options.failingMs - (performance.now() - from);
      if (left <= 0) return { reason: 'failing', target };
      await traffic.nextChange(AbortSignal.any([patience, AbortSignal.timeout(Math.ceil(left))]));
    }
  }

  return {
    async find(host, path, place, signal, limitMs = options.holdMs, choose = inTurn) {
      const target = traffic.target(host, path);
      const backend = target && choose(target);
      if (target && backend) return { backend, target };
      const environment = target?.instance ?? place;
      if (!environment) return { reason: 'absent' };
      // What does not exist takes no place among what is held.
      const known = target || !place ? undefined : await options.lookup(place, host, path);
      if (known === 'absent' || known === 'stopped') return { reason: known };
      const key = environmentName(environment);
      const mine = held.get(key) ?? 0;
      if (total >= options.most || mine >= options.mostEach) {
        // Others that wait keep nothing asleep. Why waking failed is told to those that are held.
        const asleep = known === 'hibernated' || target?.state === 'stopped';
        if (asleep) wake(environment, key).catch(() => undefined);
        return { reason: 'full' };
      }
      total++;
      held.set(key, mine + 1);
      try {
        return await search(
          host,
          path,
          place,
          key,
          known,
          AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
          choose,
        );
      } finally {
        total--;
        const rest = (held.get(key) ?? 1) - 1;
        if (rest > 0) held.set(key, rest);
        else held.delete(key);
      }
    },
  };
}
