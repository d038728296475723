/** What the router of this machine saw: the last request of each environment, and samples of 30 days. */

import { readFileSync } from 'node:fs';
import { environmentName } from '../../../core/keys.ts';
import type { InstanceRef } from '../../../core/model/index.ts';
import type { Activity } from '../../../ports/activity.ts';
import type { Effects } from '../../../ports/effects.ts';
import { replaceFile } from '../../files/atomic-file.ts';
import { createHistory, type History, type KeptSamples } from './activity-history.ts';
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
  /** When it was first asked since it was last forgotten: tells it from an earlier environment of its name. */
  since: number | undefined;
  /** Epoch milliseconds. */
  last: number;
  histories: Map<string, History>;
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
/** Samples are many more than times of last requests, and are kept no more often than this: the length of one. */
const HISTORY_INTERVAL_MS = 300_000;
const FORMAT = 1;

/** The file beside that of the times. @example historyPath('activity.json') // 'activity-history.json' */
const historyPath = (path: string): string => `${path.replace(/\.json$/, '')}-history.json`;

/** What a file of times holds by environment; empty when it is missing or damaged. */
function readTimes(path: string): { last: Record<string, unknown>; since: Record<string, unknown> } {
  try {
    const content = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown> | null;
    const kept = (of: unknown) => (typeof of === 'object' && of !== null ? { ...of } : {});
    if (content?.format === FORMAT) return { last: kept(content.last), since: kept(content.since) };
  } catch {
    // It is as one that is missing.
  }
  return { last: {}, since: {} };
}

/** A line of the file of samples: those of one service. */
type KeptLine = [key: string, since: number | null, service: string, samples: KeptSamples];

/** Lines that are damaged are left out. */
function readLines(path: string): KeptLine[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line): KeptLine[] => {
    try {
      const kept: unknown = JSON.parse(line);
      return Array.isArray(kept) && typeof kept[2] === 'string' ? [kept as KeptLine] : [];
    } catch {
      return [];
    }
  });
}

const newUsage = (last: number, since: number | undefined): Usage => ({
  last,
  since,
  histories: new Map(),
  counters: new Map(),
});

/**
 * What was kept of environments; where that is missing or damaged, idleness is counted from now on. Names are labels
 * without a slash, so that no two environments share a key.
 */
function load(path: string, now: number): Map<string, Usage> {
  const usages = new Map<string, Usage>();
  const { last: lasts, since: sinces } = readTimes(path);
  for (const [key, last] of Object.entries(lasts)) {
    const since = Object.hasOwn(sinces, key) ? sinces[key] : undefined;
    // A time to come, from a clock that was wrong, would keep an environment awake.
    if (typeof last === 'number' && last > 0)
      usages.set(key, newUsage(Math.min(last, now), typeof since === 'number' ? since : undefined));
  }
  for (const [key, since, service, kept] of readLines(historyPath(path))) {
    const usage = usages.get(key);
    // What was forgotten does not come back, also where an environment has its name again.
    if (usage && usage.since === (since ?? undefined)) usage.histories.set(service, createHistory(now, kept));
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
  let historyKeptAt = effects.now();
  let timer: NodeJS.Timeout | undefined;
  let saving: Promise<void> = Promise.resolve();

  async function save(target: string, withHistory: boolean): Promise<void> {
    if (!dirty) return;
    dirty = false;
    const last = Object.fromEntries(Array.from(usages, ([key, usage]) => [key, usage.last]));
    const since = Object.fromEntries(Array.from(usages, ([key, usage]) => [key, usage.since]));
    try {
      await replaceFile(target, async (file) => {
        await file.writeFile(JSON.stringify({ format: FORMAT, last, since }));
      });
      if (withHistory) await saveHistory(historyPath(target));
    } catch {
      changed();
    }
  }

  async function saveHistory(target: string): Promise<void> {
    historyKeptAt = effects.now();
    await replaceFile(target, async (file) => {
      for (const [key, { since = null, histories }] of usages)
        for (const [service, history] of histories) {
          const line: KeptLine = [key, since, service, history.kept()];
          // Requests are answered between two services.
          await file.appendFile(`${JSON.stringify(line)}\n`);
        }
    });
  }

  function prune(): void {
    const now = effects.now();
    for (const { histories, counters } of usages.values())
      for (const [service, history] of histories) {
        if (history.isQuiet(now)) counters.delete(service);
        if (history.isStale(now)) histories.delete(service);
      }
  }

  function flush(
    withHistory = Math.abs(effects.now() - historyKeptAt) >= HISTORY_INTERVAL_MS,
  ): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    prune();
    if (path !== undefined) saving = saving.then(() => save(path, withHistory));
    return saving;
  }

  function changed(): void {
    dirty = true;
    if (timer) return;
    timer = setTimeout(() => void flush(), FLUSH_INTERVAL_MS);
    timer.unref();
  }

  return {
    record(instance, status, durationMs, deployment) {
      const now = effects.now();
      const key = environmentName(instance);
      let usage = usages.get(key);
      if (!usage) {
        usage = newUsage(now, now);
        usages.set(key, usage);
      }
      usage.last = now;
      let history = usage.histories.get(instance.service);
      if (!history) {
        history = createHistory(now);
        usage.histories.set(instance.service, history);
      }
      history.record(now, status >= 500, durationMs);
      if (deployment !== undefined) count(usage, instance.service, deployment, status, durationMs);
      changed();
    },
    async lastRequests(environments) {
      return environments.map((environment) => usages.get(environmentName(environment))?.last);
    },
    async requests(instance, windowSeconds) {
      const history = usages.get(environmentName(instance))?.histories.get(instance.service);
      return history?.samples(effects.now(), windowSeconds) ?? [];
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
    flush: () => flush(),
    async close() {
      dirty = true;
      await flush(true);
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
