/** The changes that came into environments, and how each did: from the events of a project, in their order. */
import type { BerthEvent } from '../model/index.ts';

/** A deployment that was to bring a version; going back, and running the same once more, is none. */
export interface DeliveredChange {
  environment: string;
  service: string;
  number: number;
  version: string;
  /** Epoch milliseconds, as all times here. */
  endedAt: number;
  /** `failed` has the code of the problem. `taken_back`: it served, and was rolled back within a day. */
  outcome: 'served' | 'failed' | 'taken_back';
  code?: string;
  /** When what it broke was mended: the next deployment, or the rollback, that served. Absent while nothing did. */
  restoredAt?: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

interface Begun {
  kind: string;
  version: string;
  rollbackTo?: number;
}

/** A service in an environment. */
interface Lane {
  begun: Map<number, Begun>;
  /** The change that serves, where it was seen to come. */
  current?: DeliveredChange;
  /** Changes that wait to be mended. */
  broken: DeliveredChange[];
}

export interface ChangeCollector {
  next(event: BerthEvent): void;
  /** In the order in which they ended. */
  changes: readonly DeliveredChange[];
}

/** Deployments that began before the first event are not counted. */
export function collectChanges(): ChangeCollector {
  const lanes = new Map<string, Lane>();
  const changes: DeliveredChange[] = [];

  function next(event: BerthEvent): void {
    const { environment, service } = event;
    if (environment === undefined) return;
    if (event.type === 'environment.destroyed') {
      for (const name of [...lanes.keys()]) if (name.startsWith(`${environment}/`)) lanes.delete(name);
      return;
    }
    if (service === undefined || !event.type.startsWith('deployment.')) return;
    const name = `${environment}/${service}`;
    const lane: Lane = lanes.get(name) ?? { begun: new Map(), broken: [] };
    lanes.set(name, lane);
    const endedAt = Date.parse(event.at);

    if (event.type === 'deployment.created') {
      const { number, kind, version, rollbackTo } = event.data;
      lane.begun.set(number, { kind, version, ...(rollbackTo !== undefined && { rollbackTo }) });
      return;
    }
    if (event.type !== 'deployment.succeeded' && event.type !== 'deployment.failed') return;
    const { number } = event.data;
    const begun = lane.begun.get(number);
    lane.begun.delete(number);
    if (!begun) return;
    const isChange = begun.kind === 'deploy' || begun.kind === 'promote';
    const of = { environment, service, number, version: begun.version, endedAt };
    if (event.type === 'deployment.failed') {
      if (!isChange) return;
      const change: DeliveredChange = { ...of, outcome: 'failed', code: event.data.code };
      changes.push(change);
      lane.broken.push(change);
      return;
    }
    const { current } = lane;
    if (begun.kind === 'rollback' && current && endedAt - current.endedAt <= DAY_MS) {
      current.outcome = 'taken_back';
      current.restoredAt = endedAt;
    }
    if (isChange || begun.kind === 'rollback') {
      for (const change of lane.broken) change.restoredAt = endedAt;
      lane.broken = [];
      delete lane.current;
    }
    if (!isChange) return;
    const change: DeliveredChange = { ...of, outcome: 'served' };
    changes.push(change);
    lane.current = change;
  }

  return { next, changes };
}
