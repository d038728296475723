/**
 * A client for a cluster that may be away: when calls have failed to reach it several times in a row, it is left alone
 * for a while, and calls fail at once with what was seen last. So a dead cluster holds nobody for longer than that.
 */
import { Problem, TransientError } from '../../../core/problem.ts';
import type { KubernetesClient } from './client.ts';

export interface GuardOptions {
  now(): number;
  /** So many failures in a row; 2 unless told. */
  failures?: number;
  /** How long it is left alone, milliseconds; 20 s unless told. Then one call tries it, and others wait for that. */
  restMs?: number;
}

/** The cluster could not be reached at all: what it answers, and what its rules refuse, is something else. */
const isAway = (error: unknown): boolean =>
  (error instanceof TransientError && !/answered \d{3}/.test(error.message)) ||
  (error instanceof Problem && error.code === 'unavailable');

const isTimeout = (reason: unknown): boolean => reason instanceof Error && reason.name === 'TimeoutError';

export function createGuardedClient(
  client: KubernetesClient,
  { now, failures = 2, restMs = 20_000 }: GuardOptions,
): KubernetesClient {
  let failed = 0;
  let rest: { until: number; error: unknown } | undefined;

  function enter(): void {
    if (!rest) return;
    if (now() < rest.until) throw rest.error;
    // This call tries it; those that come meanwhile fail as before.
    rest = { ...rest, until: now() + restMs };
  }
  function passed(): void {
    failed = 0;
    rest = undefined;
  }
  function noted(error: unknown): void {
    if (!isAway(error)) passed();
    else if (++failed >= failures) rest = { until: now() + restMs, error };
  }

  async function guarded<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    enter();
    try {
      const answer = await call();
      passed();
      return answer;
    } catch (error) {
      if (!signal?.aborted) noted(error);
      // Whoever gave it only so long has seen that it does not answer; whoever went away for another reason has not.
      else if (isTimeout(signal.reason)) noted(new TransientError('The cluster did not answer in time.'));
      throw error;
    }
  }

  async function* guardedStream<T>(open: () => AsyncIterable<T>, signal: AbortSignal): AsyncIterable<T> {
    enter();
    try {
      for await (const item of open()) {
        passed();
        yield item;
      }
    } catch (error) {
      if (!signal.aborted) noted(error);
      throw error;
    }
  }

  return {
    get: (path, given) => guarded(() => client.get(path, given), given?.signal),
    list: (path, query, signal) => guarded(() => client.list(path, query, signal), signal),
    call: (method, path, given) => guarded(() => client.call(method, path, given), given?.signal),
    text: (path, query, signal) => guarded(() => client.text(path, query, signal), signal),
    status: (path, headers, signal) => guarded(() => client.status(path, headers, signal), signal),
    lines: (path, query, signal) => guardedStream(() => client.lines(path, query, signal), signal),
    watch: (path, query, signal) => guardedStream(() => client.watch(path, query, signal), signal),
    // Nothing is sent for it.
    address: (path, refused) => client.address(path, refused),
    close: () => client.close(),
  };
}
