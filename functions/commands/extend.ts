/** Puts off the time at which an environment is destroyed. */
import type { Environment, EnvironmentRef } from '../core/model.ts';
import { Problem } from '../core/problem.ts';
import type { Ports } from '../ports/index.ts';
import type { Item } from '../ports/store.ts';
import type { Caller } from './change.ts';
import { changeEnvironment } from './environments.ts';
import { getEnvironment } from './records.ts';

/** An environment's time is at most this far away, seconds. */
export const TTL_MAX = 365 * 86_400;

const TRIES = 5;

/**
 * Adds time to what is left.
 * @throws Problem not_found | conflict (it does not expire) | invalid_request (too far away) | environment_not_ready
 */
export async function extendEnvironment(
  ports: Ports,
  caller: Caller,
  ref: EnvironmentRef,
  bySeconds: number,
): Promise<Item<Environment>> {
  for (let tries = 1; ; tries++) {
    const { data, version } = await getEnvironment(ports.store, ref);
    if (data.expiresAt === undefined) {
      throw new Problem('conflict', `Environment "${ref.environment}" does not expire.`, {
        hint: 'There is nothing to extend; PATCH it with {"ttl": "7d"} if it shall expire.',
      });
    }
    const left = Math.max(0, Date.parse(data.expiresAt) - ports.effects.now());
    const ttlSeconds = left / 1000 + bySeconds;
    if (ttlSeconds > TTL_MAX) {
      throw new Problem('invalid_request', 'The environment would expire more than 365 days from now.', {
        hint: 'Extend it by less, or take its ttl away with PATCH {"ttl": null}.',
      });
    }
    try {
      return await changeEnvironment(
        ports,
        caller,
        ref,
        { ttlSeconds, ifMatch: version },
        'environment.extended',
      );
    } catch (error) {
      const raced = error instanceof Problem && error.code === 'precondition_failed';
      if (!raced || tries === TRIES) throw error;
    }
  }
}
