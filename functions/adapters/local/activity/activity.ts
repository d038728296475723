/** What the router of this machine saw: the last request of each environment, and samples for an hour. */

import { readFileSync } from 'node:fs';
import { environmentName } from '../../../core/keys.ts';
import type { InstanceRef } from '../../../core/model/index.ts';
import type { Activity } from '../../../ports/activity.ts';
import type { Effects } from '../../../ports/effects.ts';
import { replaceFile } from '../../files/atomic-file.ts';
import { createSeries, type Series } from './activity-series.ts';
import { createHistogram, type Histogram } from './histogram.ts';

export interface LocalActivity extends Activity {
  /**
   * Counts one answered request; cheap. A status of 500 or more is an error.
   * @param deployment the one that had it; undefined where none had it
   */
  record(instance: InstanceRef, status: number, durationMs: number, deployment?: number): void;
  /** Keeps the times of last requests now. A disk that can not be written to is tried again later. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

interface Usage {
  /** Epoch milliseconds. */
  last: number;
  series: Map<string, Series>;
  /** By service and deployment, in the order in which deployments were first asked. */
  counters: Map<string, Map<number, Counter>>;
}

interface Counter {
  requests: number;
  errors: number;
  took: Histogram;
}

/** More deployments of a service are not told apart: two serve side by side at most, and requests to others end. */
const COUNTERS_EACH = 4;

const FLUSH_INTERVAL_MS = 5000;
const HOUR_SECONDS = 3600;
const FORMAT = 1;

/** Names are labels without a slash, so that no two environments share a key. */

/** Times by environment; empty when the file is missing or damaged: idleness is then counted from now on. */
function load(path: string, now: number): Map<string, Usage> {
  const usages = new Map<string, Usage>();
  try {
    const content = JSON.parse(readFileSync(path, 'utf8')) as { format?: unknown; last?: unknown } | null;
    if (content?.format !== FORMAT || typeof content.last !== 'object' || !content.last) return usages;
    for (const [key, last] of Object.entries(content.last)) {
      // A time to come, from a clock that was wrong, would keep an environment awake.
      if (typeof last === 'number' && last > 0)
        usages.set(key, { last: Math.min(last, now), series: new Map(), counters: new Map() });
    }
  } catch {
    return new Map();
  }
  return usages;
}

function count(
  { counters }: Usage,
  service: string,
  deployment: number,
  status: number,
  durationMs: number,
): void {
  const ofService = counters.get(service) ?? new Map<number, Counter>();
  counters.set(service, ofService);
  let counter = ofService.get(deployment);
  if (!counter) {
    counter = { requests: 0, errors: 0, took: createHistogram() };
    ofService.set(deployment, counter);
    const [oldest] = ofService.keys();
    if (ofService.size > COUNTERS_EACH && oldest !== undefined) ofService.delete(oldest);
  }
  counter.requests++;
  if (status >= 500) counter.errors++;
  counter.took.add(durationMs);
}

/** @param options.path keeps the times of last requests over a restart; without it they live in memory only */
export function createActivity(options: { path?: string; effects: Pick<Effects, 'now'> }): LocalActivity {
  const { path, effects } = options;
  const usages = path === undefined ? new Map<string, Usage>() : load(path, effects.now());
  let dirty = false;
  let timer: NodeJS.Timeout | undefined;
  let saving: Promise<void> = Promise.resolve();

  async function save(target: string): Promise<void> {
    if (!dirty) return;
    dirty = false;
    const last = Object.fromEntries(Array.from(usages, ([key, usage]) => [key, usage.last]));
    try {
      await replaceFile(target, async (file) => {
        await file.writeFile(JSON.stringify({ format: FORMAT, last }));
      });
    } catch {
      changed();
    }
  }

  function prune(): void {
    const now = effects.now();
    for (const { series, counters } of usages.values())
      for (const [service, samples] of series)
        if (samples.isStale(now)) {
          series.delete(service);
          counters.delete(service);
        }
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    prune();
    if (path !== undefined) saving = saving.then(() => save(path));
    return saving;
  }

  function changed(): void {
    dirty = true;
    if (timer) return;
    timer = setTimeout(flush, FLUSH_INTERVAL_MS);
    timer.unref();
  }

  return {
    record(instance, status, durationMs, deployment) {
      const now = effects.now();
      const key = environmentName(instance);
      let usage = usages.get(key);
      if (!usage) {
        usage = { last: now, series: new Map(), counters: new Map() };
        usages.set(key, usage);
      }
      usage.last = now;
      let series = usage.series.get(instance.service);
      if (!series) {
        series = createSeries();
        usage.series.set(instance.service, series);
      }
      series.record(now, status >= 500, durationMs);
      if (deployment !== undefined) count(usage, instance.service, deployment, status, durationMs);
      changed();
    },
    async lastRequests(environments) {
      return environments.map((environment) => usages.get(environmentName(environment))?.last);
    },
    async requests(instance, windowSeconds) {
      const now = effects.now();
      const from = now - Math.min(windowSeconds, HOUR_SECONDS) * 1000;
      return usages.get(environmentName(instance))?.series.get(instance.service)?.samples(from, now) ?? [];
    },
    async counts(instance) {
      const counters = usages.get(environmentName(instance))?.counters.get(instance.service);
      return new Map(
        [...(counters ?? [])].map(([deployment, { requests, errors, took }]) => [
          deployment,
          { requests, errors, within: took.within() },
        ]),
      );
    },
    async forget(environment) {
      if (usages.delete(environmentName(environment))) changed();
    },
    flush,
    async close() {
      await flush();
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
