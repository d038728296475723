/** The highest fence seen of each service; kept on disk, so that a restart does not let an older deployment in. */

import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { instanceName } from '../../core/keys.ts';
import type { InstanceRef } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { diskProblem } from '../files/disk-full.ts';
import { type Layout, readNumbers } from './layout.ts';

export interface Fences {
  /** Refuses a fence below an earlier one. @throws Problem fenced */
  check(ref: InstanceRef, fence: number): void;
  /** Checks a fence and keeps it. @throws Problem fenced | storage_full */
  raise(ref: InstanceRef, fence: number): void;
  /** Forgets an environment. */
  forget(prefix: string): void;
}

export function createFences(layout: Layout): Fences {
  const known = new Map<string, number>();
  const file = (ref: InstanceRef): string => join(layout.environment(ref), 'fences.json');

  function highest(ref: InstanceRef): number {
    const key = instanceName(ref);
    const present = known.get(key);
    if (present !== undefined) return present;
    const stored = readNumbers(file(ref));
    const value = Object.hasOwn(stored, ref.service) ? Number(stored[ref.service]) : 0;
    known.set(key, value);
    return value;
  }

  const fences: Fences = {
    check(ref, fence) {
      const newest = highest(ref);
      if (fence >= newest) return;
      throw new Problem(
        'fenced',
        `${ref.service} was not changed: deployment ${newest} has taken over from ${fence}.`,
        {
          hint: `Look at deployment ${newest}; it is the newest.`,
        },
      );
    },
    raise(ref, fence) {
      fences.check(ref, fence);
      if (fence === highest(ref)) return;
      const text = JSON.stringify({ ...readNumbers(file(ref)), [ref.service]: fence });
      try {
        writeFileSync(`${file(ref)}.new`, text, { mode: 0o600 });
        renameSync(`${file(ref)}.new`, file(ref));
      } catch (error) {
        throw diskProblem(error);
      }
      known.set(instanceName(ref), fence);
    },
    forget(prefix) {
      for (const key of known.keys()) if (key.startsWith(prefix)) known.delete(key);
    },
  };
  return fences;
}
