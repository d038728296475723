/** Puts off the time at which an environment expires, or brings back one that has. */

import type { Role } from '../../core/authorization/roles.ts';
import { limits } from '../../core/limits.ts';
import type { Environment, EnvironmentRef } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item } from '../../ports/store.ts';
import type { Caller } from '../../records/commit.ts';
import { changeEnvironment } from './environments.ts';

/** The end is at most this far away, seconds. */
export const TTL_MAX = limits.timeToLive.value;

/**
 * Adds to the time that is left.
 * @param role of the caller in the environment
 * @throws Problem not_found | conflict (it does not expire) | invalid_request (too far away) | environment_not_ready
 */
export function extendEnvironment(
  ports: Ports,
  caller: Caller,
  role: Role,
  ref: EnvironmentRef,
  bySeconds: number,
): Promise<Item<Environment>> {
  const expiresAt = ({ expiresAt: end }: Environment): string => {
    if (end === undefined) {
      throw new Problem(
        'conflict',
        `Environment "${ref.environment}" has no end: it stays until somebody destroys it.`,
        {
          hint: 'There is nothing to put off. One that shall end by itself is given a time to live, "ttl", when it is created or changed.',
        },
      );
    }
    const now = ports.effects.now();
    const extended = Math.max(now, Date.parse(end)) + bySeconds * 1000;
    if (extended > now + TTL_MAX * 1000) {
      throw new Problem('invalid_request', 'The environment would expire more than 365 days from now.', {
        hint: 'Extend it by less, or take its ttl away with PATCH {"ttl": null}.',
      });
    }
    return new Date(extended).toISOString();
  };
  return changeEnvironment(ports, caller, role, ref, { expiresAt }, 'environment.extended');
}
