/** Begins or continues the trace of a request: tells the workload of it, and has the span of the router kept. */
import { randomFillSync } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { instanceName } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { InstanceRef } from '../../core/model/index.ts';
import { formatTraceparent, parseTraceparent, type TraceContext } from '../../core/traces/trace-context.ts';
import type { Effects } from '../../ports/effects.ts';
import type { Traces } from '../../ports/traces.ts';

export interface Ended {
  host: string;
  /** Without the query, which may hold what is nobody else's business. */
  path: string;
  status: number;
  tookMs: number;
  deployment?: number;
}

export interface Tracer {
  /** A request is about to be passed to a workload; only the first call for it counts. */
  begin(request: IncomingMessage, instance: InstanceRef): void;
  /** The fields of a request with those of its trace. */
  fields(request: IncomingMessage, fields: string[]): string[];
  end(request: IncomingMessage, instance: InstanceRef, ended: Ended): void;
}

interface Window {
  second: number;
  seen: number;
  /** Of so many requests one is traced. */
  every: number;
  sampled: number;
  /** Those of them that clients asked for. */
  wished: number;
  failed: number;
}

const POOL_BYTES = 4096;
const PATH_MAX = 300;
const SERVICES_MAX = 1000;
const FAILED = 500;
/** What took longer has a span of that length: one that began before it would be too late. */
const TOOK_MOST_US = (limits.spanLateSeconds.value - 1) * 1e6;

/** Identifiers of random bytes, of which many are made at once. */
function createIds(): (bytes: number) => string {
  const pool = Buffer.alloc(POOL_BYTES);
  let at = POOL_BYTES;
  return (bytes) => {
    if (at + bytes > POOL_BYTES) {
      randomFillSync(pool);
      at = 0;
    }
    at += bytes;
    return pool.toString('hex', at - bytes, at);
  };
}

/** Which requests are traced: so many a second of each service, spread over all that the last second had. */
function createSampler(most: number, now: Effects['now']) {
  const windows = new Map<string, Window>();

  function windowOf(key: string): Window {
    const second = Math.floor(now() / 1000);
    const known = windows.get(key);
    if (known?.second === second) return known;
    if (!known && windows.size >= SERVICES_MAX) windows.clear();
    const before = known?.second === second - 1 ? known.seen : 0;
    const every = Math.max(1, Math.ceil(before / most));
    const window = { second, seen: 0, every, sampled: 0, wished: 0, failed: 0 };
    windows.set(key, window);
    return window;
  }

  return {
    /** @param asked what the client wishes: it is given half of the places, and no more than anybody of the others */
    sample(key: string, asked: boolean | undefined): 'wish' | 'turn' | undefined {
      if (asked === false) return undefined;
      const window = windowOf(key);
      const isWish = asked === true && window.wished < Math.floor(most / 2);
      const isTurn = isWish || window.seen++ % window.every === 0;
      if (!isTurn || window.sampled >= most) return undefined;
      window.sampled++;
      if (isWish) window.wished++;
      return isWish ? 'wish' : 'turn';
    },
    /** Whether one that failed is kept beside those. */
    keepFailed(key: string): boolean {
      const window = windowOf(key);
      return window.failed++ < most;
    },
  };
}

export function createTracer(traces: Pick<Traces, 'receive'>, { now }: Pick<Effects, 'now'>): Tracer {
  const makeId = createIds();
  const sampler = createSampler(limits.tracesPerSecond.value, now);
  const begun = new WeakMap<IncomingMessage, TraceContext & { parent?: TraceContext; link?: TraceContext }>();
  return {
    begin(request, instance) {
      if (begun.has(request)) return;
      const brought = parseTraceparent(request.headers.traceparent as string | undefined);
      const chosen = sampler.sample(instanceName(instance), brought?.sampled);
      // The trace of a client may be full: it takes no place from those of Berth.
      const isOwn = brought !== undefined && chosen === 'turn';
      const parent = isOwn ? undefined : brought;
      begun.set(request, {
        traceId: parent?.traceId ?? makeId(16),
        spanId: makeId(8),
        sampled: chosen !== undefined,
        ...(parent && { parent }),
        ...(isOwn && { link: brought }),
      });
    },
    fields(request, fields) {
      const context = begun.get(request);
      if (!context) return fields;
      const kept: string[] = [];
      for (let at = 0; at < fields.length; at += 2) {
        const name = fields[at] as string;
        const lower = name.length === 11 || name.length === 10 ? name.toLowerCase() : '';
        // What vendors keep beside a trace goes on with it, and with no other.
        if (lower === 'traceparent' || (lower === 'tracestate' && !context.parent)) continue;
        kept.push(name, fields[at + 1] as string);
      }
      kept.push('Traceparent', formatTraceparent(context));
      return kept;
    },
    end(request, instance, { host, path, status, tookMs, deployment }) {
      const context = begun.get(request);
      if (!context) return;
      const isFailed = status >= FAILED;
      if (!context.sampled && !(isFailed && sampler.keepFailed(instanceName(instance)))) return;
      const { traceId, spanId, parent, link } = context;
      const durationUs = Math.min(Math.round(tookMs * 1000), TOOK_MOST_US);
      traces.receive({ ...instance, from: 'router', ...(deployment !== undefined && { deployment }) }, [
        {
          traceId,
          spanId,
          ...(parent && { parentId: parent.spanId }),
          name: `${request.method} ${path.slice(0, PATH_MAX)}`,
          kind: 'server',
          startUs: now() * 1000 - durationUs,
          durationUs,
          status: isFailed ? 'error' : 'unset',
          attributes: {
            'http.request.method': request.method ?? '',
            'server.address': host,
            'url.path': path.slice(0, PATH_MAX),
            'http.response.status_code': status,
            // What the program told of it was not asked for.
            ...(!context.sampled && { 'berth.sampled': false }),
          },
          events: [],
          links: link ? [{ traceId: link.traceId, spanId: link.spanId }] : [],
        },
      ]);
    },
  };
}
