/** The one deployment that stays beside what serves and gets no requests: the one before, or one that failed. */
import { isDeepStrictEqual } from 'node:util';
import type { StandbyStatus, WorkloadSpec } from '../../ports/workloads.ts';
import type { Deployment } from './running-deployment.ts';

export interface Standby {
  /** Keeps a deployment in place of the one that was kept; for no time, it ends at once. */
  keep(deployment: Deployment, why: StandbyStatus['why'], seconds: number, drain: boolean): void;
  /** Ends what is kept. @param dueBy only if its time has come by then */
  end(dueBy?: number): void;
  /** Hands out what is warm, ready, and the same as a spec in all but its number; it is not kept any more. */
  take(spec: WorkloadSpec): Deployment | undefined;
  status(): StandbyStatus | undefined;
}

/** What runs by a spec, without what only tells how it came there. */
function content(spec: WorkloadSpec): Partial<WorkloadSpec> {
  const { number, fence, operation, trial, reuse, warmSeconds, keepFailedSeconds, ...rest } = spec;
  return { ...rest, minReadySeconds: 0 };
}

/** @param retire ends a deployment */
export function createStandby(
  now: () => number,
  retire: (deployment: Deployment, drain: boolean) => void,
): Standby {
  let kept: { deployment: Deployment; why: StandbyStatus['why']; until: number } | undefined;

  function release(): Deployment | undefined {
    const deployment = kept?.deployment;
    kept = undefined;
    return deployment;
  }

  const standby: Standby = {
    keep(deployment, why, seconds, drain) {
      standby.end();
      if (seconds === 0) return retire(deployment, drain);
      kept = { deployment, why, until: now() + seconds * 1000 };
    },
    end(dueBy = Number.POSITIVE_INFINITY) {
      if (kept && kept.until > dueBy) return;
      const deployment = release();
      // Requests of before, such as a WebSocket, may still be under way.
      if (deployment) retire(deployment, true);
    },
    take(spec) {
      if (kept?.why !== 'warm') return undefined;
      const { deployment } = kept;
      const ready = deployment.replicas.filter((replica) => replica.ready).length;
      if (ready < spec.replicas || deployment.desired !== spec.replicas) return undefined;
      return isDeepStrictEqual(content(deployment.spec), content(spec)) ? release() : undefined;
    },
    status: () =>
      kept && {
        deployment: kept.deployment.number,
        why: kept.why,
        until: new Date(kept.until).toISOString(),
        replicas: kept.deployment.replicas.filter((replica) => replica.ready).length,
      },
  };
  return standby;
}
