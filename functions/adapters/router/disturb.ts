/** Requests that wait or fail on purpose while a game day is held. */
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Disturbance } from '../../ports/workloads.ts';
import { type Answer, problemAnswer } from './answers.ts';

const isHit = (part: { percent: number }): boolean => Math.random() * 100 < part.percent;

/**
 * @param gone aborts when the client has left
 * @returns the answer in place of the workload's; undefined where the request goes on
 */
export async function disturb(
  request: IncomingMessage,
  { service, until, delay, abort }: Disturbance,
  gone: AbortSignal,
): Promise<Answer | undefined> {
  if (delay && isHit(delay))
    await sleep(Math.min(delay.ms, Math.max(0, until - Date.now())), undefined, { signal: gone }).catch(
      () => undefined,
    );
  if (!abort || !isHit(abort)) return undefined;
  return problemAnswer(
    request,
    'unavailable',
    `${service} did not get the request: a game day is held in its environment.`,
    `Try again; it is over by ${new Date(until).toISOString()}.`,
  );
}
