/**
 * Who is let in: the environment that the place is for, and of each service the highest fence seen. Both are kept on disk,
 * so that a restart lets in nothing older.
 */

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { instanceName } from '../../core/keys.ts';
import type { EnvironmentRef, InstanceRef } from '../../core/model/index.ts';
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

const fileOf = (layout: Layout, ref: EnvironmentRef): string => join(layout.environment(ref), 'environment');

function ownerOf(layout: Layout, ref: EnvironmentRef): string | undefined {
  try {
    return readFileSync(fileOf(layout, ref), 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whose place it is, seen by who names an environment. Ids are in the order in which environments were made. Where
 * either side has none, it is the `same`.
 */
export function isOf(layout: Layout, ref: EnvironmentRef): 'same' | 'earlier' | 'later' {
  const owner = ref.environmentId === undefined ? undefined : ownerOf(layout, ref);
  if (owner === undefined || ref.environmentId === undefined || owner === ref.environmentId) return 'same';
  return owner > ref.environmentId ? 'later' : 'earlier';
}

/** @throws Problem storage_full */
export function claim(layout: Layout, ref: EnvironmentRef): void {
  if (ref.environmentId === undefined || ownerOf(layout, ref) === ref.environmentId) return;
  try {
    writeFileSync(fileOf(layout, ref), `${ref.environmentId}\n`, { mode: 0o600 });
  } catch (error) {
    throw diskProblem(error);
  }
}

export const gone = ({ environment }: EnvironmentRef): Problem =>
  new Problem(
    'environment_gone',
    `Nothing can run in ${environment}: the environment is not there any more.`,
    { hint: 'Create the environment again, then deploy.' },
  );
