/** Traces on one machine: a database file of their own, written to in batches. */
import { existsSync } from 'node:fs';
import { environmentName, instanceName } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import { Problem } from '../../../core/problem.ts';
import type { Effects } from '../../../ports/effects.ts';
import { traceRange, traceStart } from '../../../ports/rules/trace-query.ts';
import type { Received, StoredSpan, TraceSummary, Traces } from '../../../ports/traces.ts';
import { boundSpan, unfitSpan } from './bound-span.ts';
import { createRates } from './span-rates.ts';
import {
  defaultBounds,
  isDamaged,
  openTracesDatabase,
  removeDatabase,
  type TraceBounds,
  type TracesDatabase,
  type Waiting,
} from './traces-database.ts';
import { columnOf, type TraceRow } from './traces-sql.ts';

export interface LocalTracesOptions {
  /** The database file; made with the first span. */
  path: string;
  effects: Pick<Effects, 'now'>;
  /** Is told once of spans that could not be written, until some can be again. */
  onLost?: (error: unknown) => void;
  bounds?: Partial<TraceBounds>;
  /** Milliseconds since some moment: not moved by who sets the clock. */
  elapsed?: () => number;
  /** How long one batch may take, milliseconds. */
  batchMs?: number;
}

/** A batch is written after this time. */
const BATCH_MS = 500;
/** So many are written at once, and for so long: time in which nothing else is done. */
const BATCH_SPANS = 500;
const BATCH_MOST_MS = 10;
const FORGET_EVERY_MS = 10 * 60 * 1000;
/** After an error the disk is left alone for so long. */
const PAUSE_MS = 5_000;

const summaryOf = (row: TraceRow): TraceSummary => ({
  id: row.trace,
  startUs: row.start,
  durationUs: row.duration,
  first: { service: row.service, name: row.name },
  services: row.services.trim().split(' '),
  spans: row.spans,
  errors: row.errors,
});

export function createLocalTraces(options: LocalTracesOptions): Traces {
  const { path, effects, onLost, elapsed = () => performance.now() } = options;
  const bounds = { ...defaultBounds, ...options.bounds };
  const rates = createRates(limits.spansPerSecond.value, effects.now);
  const ratesOfAll = createRates(limits.spansOfInstallation.value, effects.now);
  const waiting: Waiting[] = [];
  let waitingBytes = 0;
  let database: TracesDatabase | undefined;
  let timer: NodeJS.Timeout | undefined;
  let forgotten = Number.NEGATIVE_INFINITY;
  let pausedUntil = Number.NEGATIVE_INFINITY;
  let losing = false;
  let closed = false;

  const oldestUs = (): number => (effects.now() - limits.traceSeconds.value * 1000) * 1000;

  function lose(error: unknown): void {
    // Whatever is wrong with the file, it is opened anew.
    pausedUntil = elapsed() + PAUSE_MS;
    try {
      if (!losing) onLost?.(error);
      losing = true;
      database?.close();
      if (isDamaged(error)) removeDatabase(path);
    } catch {
      // The disk may refuse this too; it is tried again after the pause.
    } finally {
      database = undefined;
    }
  }

  function writeBatch(): void {
    const batch = waiting.slice(0, BATCH_SPANS);
    // What waited through a pause is old, and would only be lost once more.
    let done = batch.length;
    try {
      if (done === 0 || elapsed() < pausedUntil) return;
      database ??= openTracesDatabase(path, bounds);
      done = database.write(batch, options.batchMs ?? BATCH_MOST_MS);
      if (elapsed() - forgotten > FORGET_EVERY_MS) {
        forgotten = elapsed();
        database.forget(oldestUs());
      }
      losing = false;
    } catch (error) {
      lose(error);
    } finally {
      for (const { body } of waiting.splice(0, done)) waitingBytes -= body.length;
    }
  }

  function later(ms: number): void {
    if (timer || closed) return;
    timer = setTimeout(() => {
      timer = undefined;
      writeBatch();
      if (waiting.length > 0) later(0);
    }, ms);
    timer.unref();
  }

  /** Of all that was received before; undefined where there is nothing. @throws Problem unavailable */
  function reading<T>(read: (from: TracesDatabase) => T): T | undefined {
    while (waiting.length > 0) writeBatch();
    try {
      if (!database && existsSync(path) && !closed) database = openTracesDatabase(path, bounds);
      return database && read(database);
    } catch (error) {
      lose(error);
      throw new Problem('unavailable', 'Traces can not be read: their file can not be.', {
        hint: 'Try again in a moment; the log of Berth says what is wrong with the disk.',
        cause: error,
      });
    }
  }

  return {
    receive(source, spans): Received {
      const { service, deployment, from } = source;
      const environment = environmentName(source);
      const nowUs = effects.now() * 1000;
      const most = Math.min(spans.length, limits.spansOfRequest.value);
      const own = rates.take(`${from} ${instanceName(source)}`, most);
      // The way in has few, which no workload keeps out.
      const allowed = from === 'router' ? own : ratesOfAll.take('', own);
      let rejected = spans.length - allowed;
      let why: string | undefined =
        most < spans.length ? `A request may have ${limits.spansOfRequest.value} spans.` : undefined;
      let retryAfterSeconds: number | undefined;
      if (allowed < most) {
        why =
          own < most
            ? `A service may send ${limits.spansPerSecond.value} spans a second.`
            : `All services together may send ${limits.spansOfInstallation.value} spans a second.`;
        retryAfterSeconds = 1;
      }
      for (const [index, span] of spans.slice(0, allowed).entries()) {
        const unfit = unfitSpan(span, nowUs);
        if (unfit !== undefined) {
          rejected++;
          why = `A span can not be kept: ${unfit}.`;
          continue;
        }
        if (closed || waitingBytes > limits.spansWaiting.value) {
          rejected += allowed - index;
          why = 'Too many spans wait to be written.';
          retryAfterSeconds = 5;
          break;
        }
        const bounded = boundSpan(span);
        const { traceId, spanId, name, startUs, durationUs, status } = bounded;
        const stored: StoredSpan = {
          ...bounded,
          service,
          from,
          ...(deployment !== undefined && { deployment }),
        };
        const body = JSON.stringify(stored);
        waitingBytes += body.length;
        const failed = status === 'error';
        waiting.push({
          environment,
          service,
          traceId,
          spanId,
          name,
          startUs,
          endUs: startUs + durationUs,
          failed,
          body,
        });
      }
      if (waiting.length > 0) later(BATCH_MS);
      return {
        rejected,
        ...(why !== undefined && { why }),
        ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
      };
    },
    async list(environment, query) {
      const { sinceUs: since, untilUs: until } = traceRange(query, oldestUs());
      const after = traceStart(query);
      const asked = { ...query, limit: query.limit + 1 };
      const rows = reading((from) => from.rows(environmentName(environment), asked, { since, until }, after));
      const page = (rows ?? []).slice(0, query.limit);
      const last = page.at(-1);
      const more = last !== undefined && (rows?.length ?? 0) > page.length;
      return {
        traces: page.map(summaryOf),
        ...(more && { next: `${last[columnOf(query)]}.${last.id}` }),
      };
    },
    async read(environment, traceId, times = {}) {
      const { sinceUs: since, untilUs: until } = traceRange(times, oldestUs());
      return reading((from) => from.spans(environmentName(environment), traceId, { since, until })) ?? [];
    },
    async close() {
      clearTimeout(timer);
      timer = undefined;
      while (waiting.length > 0) writeBatch();
      closed = true;
      database?.close();
      database = undefined;
    },
  };
}
