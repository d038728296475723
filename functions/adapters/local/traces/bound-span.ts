/** Keeps a span within its budgets: what is too much is cut or left out, and counted. */

import { limits } from '../../../core/limits.ts';
import type { Attributes, AttributeValue, Span } from '../../../ports/traces.ts';

const nameMost = limits.spanName.value;
const ID = /^[0-9a-f]+$/;
const ZEROS = /^0+$/;

const isId = (text: string, length: number): boolean =>
  text.length === length && ID.test(text) && !ZEROS.test(text);

/** Why a span can not be kept at all, as a clause; undefined where it can. @param nowUs epoch microseconds */
export function unfitSpan(
  { traceId, spanId, parentId, startUs, durationUs }: Span,
  nowUs: number,
): string | undefined {
  if (!isId(traceId, 32)) return 'its trace id is none';
  if (!isId(spanId, 16) || (parentId !== undefined && !isId(parentId, 16))) return 'its span id is none';
  const mostUs = limits.spanLateSeconds.value * 1e6;
  const aheadUs = limits.spanAheadSeconds.value * 1e6;
  if (!(startUs > nowUs - mostUs)) return 'it began more than an hour ago';
  if (!(startUs < nowUs + aheadUs)) return 'it begins in the future';
  if (!(durationUs >= 0 && durationUs <= mostUs))
    return 'it ends before it begins, or took more than an hour';
  return undefined;
}

/** The span within its budgets, with the number of what is missing in it. */
export function boundSpan(span: Span): Span {
  const most = limits.spanAttributes.value;
  let dropped = span.dropped ?? 0;
  let room = limits.spanSize.value;

  function text(value: string, max = limits.spanText.value): string {
    if (value.length > max) dropped++;
    // A character of two units is not cut in half.
    return (value.length > max ? `${value.slice(0, max - 1)}…` : value).toWellFormed();
  }
  function boundValue(value: AttributeValue): AttributeValue {
    if (typeof value === 'string') return text(value);
    if (!Array.isArray(value)) return value;
    dropped += Math.max(0, value.length - most);
    return value.slice(0, most).map((each) => (typeof each === 'string' ? text(each) : each));
  }
  function fits(part: unknown): boolean {
    const size = Buffer.byteLength(JSON.stringify(part));
    if (size > room) {
      dropped++;
      return false;
    }
    room -= size;
    return true;
  }
  function attributesOf(attributes: Attributes): Attributes {
    const entries = Object.entries(attributes);
    dropped += Math.max(0, entries.length - most);
    return Object.fromEntries(
      entries
        .slice(0, most)
        .map(([key, value]) => [text(key, nameMost), boundValue(value)] as const)
        .filter(fits),
    );
  }

  const aroundUs = limits.spanLateSeconds.value * 1e6;
  const { traceId, spanId, parentId, kind, startUs, durationUs, status } = span;
  const events = span.events.slice(0, limits.spanEvents.value);
  const links = span.links.slice(0, limits.spanEvents.value);
  dropped += span.events.length - events.length + span.links.length - links.length;
  const bounded = {
    name: text(span.name, nameMost),
    ...(span.statusMessage !== undefined && { statusMessage: text(span.statusMessage) }),
    attributes: attributesOf(span.attributes),
    events: events
      .map(({ name, atUs, attributes }) => ({
        name: text(name, nameMost),
        atUs: Math.min(Math.max(atUs, startUs - aroundUs), startUs + aroundUs),
        attributes: attributesOf(attributes),
      }))
      .filter(({ name }) => fits(name)),
    links,
  };
  return {
    traceId,
    spanId,
    ...(parentId !== undefined && { parentId }),
    kind,
    startUs,
    durationUs,
    status,
    ...bounded,
    ...(dropped > 0 && { dropped }),
  };
}
