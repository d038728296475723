/** What a query of traces may be. */
import { limits } from '../../core/limits.ts';
import { TRACE_ORDERS, type TraceQuery, type TraceTimes } from '../traces.ts';

/** A value of the order, and the number of a trace among those that share it. */
const POSITION = /^(\d{1,16})\.(\d{1,16})$/;

export interface TraceRange {
  /** Epoch microseconds, both inclusive. */
  sinceUs: number;
  untilUs: number;
}

/** @throws RangeError */
function timeUs(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new RangeError('a time is no ISO 8601 time');
  return ms * 1000;
}

/** @throws RangeError */
export const traceRange = ({ since, until }: TraceTimes, oldestUs: number): TraceRange => ({
  sinceUs: Math.max(timeUs(since, oldestUs), oldestUs),
  // The whole of the millisecond.
  untilUs: timeUs(until, Number.MAX_SAFE_INTEGER - 999) + 999,
});

/** Where a page goes on. @throws RangeError for a limit, an order or a position that is none */
export function traceStart({ limit, order = 'newest', from }: TraceQuery): [number, number] | undefined {
  if (!Number.isInteger(limit) || limit < 1 || limit > limits.listPage.value)
    throw new RangeError(`limit is 1 to ${limits.listPage.value}, not ${limit}`);
  if (!TRACE_ORDERS.includes(order)) throw new RangeError(`there is no order ${order}`);
  if (from === undefined) return undefined;
  const [, value, id] = POSITION.exec(from) ?? [];
  if (value === undefined || id === undefined) throw new RangeError('the position is none');
  return [Number(value), Number(id)];
}
