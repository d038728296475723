/** Requests that wait or fail on purpose while a game day is held. */
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Disturbance } from '../../ports/workloads.ts';
import { type Answer, problemAnswer } from './answers.ts';

/** One that is going on. */
export interface Disturbed extends Disturbance {
  /** Its end, by `performance.now()`. */
  until: number;
}

const isHit = (part: { percent: number }): boolean => Math.random() * 100 < part.percent;

const leftOf = (until: number): number => Math.max(0, until - performance.now());

/**
 * @param gone aborts when the client has left
 * @returns the answer in place of the workload's; undefined where the request goes on
 */
export async function disturb(
  request: IncomingMessage,
  { service, until, delay, abort }: Disturbed,
  gone: AbortSignal,
): Promise<Answer | undefined> {
  if (delay && isHit(delay))
    await sleep(Math.min(delay.ms, leftOf(until)), undefined, { signal: gone }).catch(() => undefined);
  if (!abort || !isHit(abort)) return undefined;
  return problemAnswer(
    request,
    'unavailable',
    `${service} did not get the request: a game day is held in its environment.`,
    `Try again; it is over in ${Math.ceil(leftOf(until) / 1000)} s.`,
  );
}
