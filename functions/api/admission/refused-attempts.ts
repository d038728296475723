/** Attempts that were refused, for the audit trail of the project, or of the platform, that they were on. */

import { projectKey } from '../../core/keys.ts';
import { type Origin, PLATFORM } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import { StoreConflict } from '../../ports/store.ts';
import { type Change, commit } from '../../records/commit.ts';

export interface Refusal {
  project: string;
  environment?: string;
  /** A principal's id. */
  actor: string;
  /** Whose attempts are counted together: making more tokens makes no more events. */
  person: string;
  action: string;
  from?: Origin;
}

export interface Refusals {
  /** Does not wait for the store, so that the time of a refusal does not tell whether the project exists. */
  note(refusal: Refusal): void;
  /** Resolves when all that was noted is recorded. */
  flush(): Promise<void>;
}

/** Repeated attempts of one person on one project within this time are one event and a count; milliseconds. */
const GATHER_MS = 60_000;
/** Pairs of person and project that are remembered. */
const REMEMBERED_MAX = 10_000;

export function createRefusals(ports: Ports, onError: (error: unknown) => void): Refusals {
  const latest = new Map<string, { at: number; more: number }>();
  let recording: Promise<void> = Promise.resolve();

  async function record({ project, environment, actor, action, from }: Refusal, more: number): Promise<void> {
    const change: Change = {
      writes: project === PLATFORM ? [] : [{ check: projectKey(project), if: 'present' }],
      events: [
        {
          project,
          ...(environment !== undefined && { environment }),
          type: 'access.refused',
          data: { action, ...(more > 0 && { unrecorded: more }) },
        },
      ],
    };
    try {
      await commit(ports, { actor, ...(from && { from }) }, change);
    } catch (error) {
      // There is no such project.
      if (!(error instanceof StoreConflict)) onError(error);
    }
  }

  return {
    note(refusal) {
      const key = JSON.stringify([refusal.person, refusal.project]);
      const now = ports.effects.now();
      const last = latest.get(key);
      if (last && now - last.at < GATHER_MS) {
        last.more += 1;
        return;
      }
      latest.delete(key);
      latest.set(key, { at: now, more: 0 });
      if (latest.size > REMEMBERED_MAX) latest.delete(latest.keys().next().value ?? '');
      recording = recording.then(() => record(refusal, last?.more ?? 0));
    },
    flush: () => recording,
  };
}
