/**
 * Crashes of workloads, as events. The first crash is reported at once; those that follow are counted and reported
 * together, less and less often, so that a program that never comes up does not fill the list.
 */
import { environmentKey } from '../../core/keys.ts';
import { type Environment, SYSTEM_ACTOR } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import { StoreConflict } from '../../ports/store.ts';
import type { WorkloadCrash } from '../../ports/workloads.ts';
import { commit } from '../../records/commit.ts';
import { serviceUnder } from '../../records/instances.ts';

export interface RuntimeEvents {
  crashed(crash: WorkloadCrash): void;
  /** Writes the crashes that were counted, and takes no more. */
  close(): Promise<void>;
}

interface Window {
  timer: NodeJS.Timeout;
  lengthMs: number;
  /** Crashes since the last event. */
  count: number;
  last: WorkloadCrash;
}

const WINDOW_MS = 60_000;
const WINDOW_MAX_MS = 15 * 60_000;
const WHY_MAX = 500;

/** @param options.onError gets the error of an event that could not be written, since no caller waits for it */
export function createRuntimeEvents(
  ports: Ports,
  options: { windowMs?: number; onError(error: unknown): void },
): RuntimeEvents {
  const { windowMs = WINDOW_MS, onError } = options;
  const windows = new Map<string, Window>();
  let writing: Promise<void> = Promise.resolve();
  let closed = false;

  const keyOf = ({ project, environment, service, deployment, container }: WorkloadCrash): string =>
    [project, environment, service, deployment, container].join('/');

  async function write({ project, environment, service, ...crash }: WorkloadCrash, count: number) {
    const { deployment, container, why } = crash;
    const ref = { project, environment };
    try {
      // A process of a service runs under a name of its own.
      const found = await ports.store.get<Environment>(environmentKey(ref));
      await commit(
        ports,
        { actor: SYSTEM_ACTOR },
        {
          writes: [{ check: environmentKey(ref), if: 'present' }],
          events: [
            {
              ...ref,
              service: found ? serviceUnder(found.data, service) : service,
              type: 'instance.crashed',
              data: { number: deployment, container, cause: why.slice(0, WHY_MAX), count },
            },
          ],
        },
      );
    } catch (error) {
      // The crashed workload belonged to an environment that is gone.
      if (!(error instanceof StoreConflict)) onError(error);
    }
  }

  function enqueue(crash: WorkloadCrash, count: number): void {
    writing = writing.then(() => write(crash, count));
  }

  function open(key: string, last: WorkloadCrash, lengthMs: number): void {
    const timer = setTimeout(() => {
      const window = windows.get(key);
      windows.delete(key);
      if (!window || window.count === 0) return;
      enqueue(window.last, window.count);
      open(key, window.last, Math.min(lengthMs * 2, WINDOW_MAX_MS));
    }, lengthMs);
    timer.unref();
    windows.set(key, { timer, lengthMs, count: 0, last });
  }

  return {
    crashed(crash) {
      if (closed) return;
      const key = keyOf(crash);
      const window = windows.get(key);
      if (window) {
        window.count += 1;
        window.last = crash;
        return;
      }
      enqueue(crash, 1);
      open(key, crash, windowMs);
    },
    async close() {
      closed = true;
      for (const { timer, count, last } of windows.values()) {
        clearTimeout(timer);
        if (count > 0) enqueue(last, count);
      }
      windows.clear();
      await writing;
    },
  };
}
