/** The spans of an OTLP request, from the objects of its JSON. What a sender says of itself is passed over. */
import { limits } from '../../../core/limits.ts';
import { type Attributes, type AttributeValue, SPAN_KINDS, type Span } from '../../../ports/traces.ts';

type Json = Readonly<Record<string, unknown>>;

export class MalformedSpans extends Error {}

const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const idOf = (value: unknown): string => textOf(value).toLowerCase();
const countOf = (value: unknown): number =>
  typeof value === 'number' && value > 0 ? Math.min(Math.floor(value), limits.spansMessages.value) : 0;
const isNumeric = (value: unknown): value is string | number =>
  typeof value === 'number' || typeof value === 'string';

/** Nanoseconds are written as text, for they pass what a number holds. @returns microseconds; NaN for what is none */
function microseconds(value: unknown): number {
  if (typeof value === 'number') return Math.floor(value / 1000);
  return typeof value === 'string' && /^\d{1,20}$/.test(value) ? Number(BigInt(value) / 1000n) : Number.NaN;
}

/** The number where it holds it whole, and the text where not. */
function integerOf(value: string | number): string | number {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value).slice(0, 20);
}

const attributesMost = limits.spanAttributes.value;
const eventsMost = limits.spanEvents.value;

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
function kindOf(value: unknown): Span['kind'] {
  const index = typeof value === 'string' ? KINDS.indexOf(value.replace('SPAN_KIND_', '')) : value;
  return (typeof index === 'number' && SPAN_KINDS[index - 1]) || 'internal';
}

function statusOf(code: unknown): Span['status'] {
  if (code === 2 || code === 'STATUS_CODE_ERROR') return 'error';
  return code === 1 || code === 'STATUS_CODE_OK' ? 'ok' : 'unset';
}

/** The spans of a request, and how many more than it may have were passed over. */
export interface RequestSpans {
  spans: Span[];
  over: number;
}

/** @param say what becomes of each text @throws MalformedSpans where it is no request with spans */
export function spansOf(request: unknown, say: (text: string) => string): RequestSpans {
  if (typeof request !== 'object' || request === null || Array.isArray(request))
    throw new MalformedSpans('it is no object with `resourceSpans`');
  let parts = 0;
  let dropped = 0;
  let over = 0;

  /** What is past the budgets is counted, and not looked at. */
  function listOf(value: unknown, what: string, most = limits.spansMessages.value): Json[] {
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) throw new MalformedSpans(`${what} is no list`);
    const taken = value.length > most ? value.slice(0, most) : value;
    dropped += value.length - taken.length;
    parts += taken.length;
    if (parts > limits.spansMessages.value) throw new MalformedSpans('its spans have too many parts');
    return taken.map(objectOf);
  }

  function scalarOf(value: Json): AttributeValue | undefined {
    if (typeof value.stringValue === 'string') return say(value.stringValue);
    if (typeof value.boolValue === 'boolean') return value.boolValue;
    if (isNumeric(value.intValue)) return integerOf(value.intValue);
    if (isNumeric(value.doubleValue)) {
      const number = Number(value.doubleValue);
      // JSON has no others.
      return Number.isFinite(number) ? number : String(number);
    }
    return typeof value.bytesValue === 'string' ? say(value.bytesValue) : undefined;
  }

  /** What is within lists and maps, as one reads it. */
  function plainOf(value: Json, depth = 1): unknown {
    if (depth > limits.spansDepth.value) throw new MalformedSpans('it has too many values within each other');
    if (value.arrayValue !== undefined)
      return listOf(objectOf(value.arrayValue).values, 'arrayValue', attributesMost).map((inner) =>
        plainOf(inner, depth + 1),
      );
    if (value.kvlistValue !== undefined)
      return Object.fromEntries(
        listOf(objectOf(value.kvlistValue).values, 'kvlistValue', attributesMost).map(
          ({ key, value: inner }) => [say(textOf(key)), plainOf(objectOf(inner), depth + 1)],
        ),
      );
    return scalarOf(value) ?? null;
  }

  function attributeOf(value: Json): AttributeValue {
    const scalar = scalarOf(value);
    if (scalar !== undefined) return scalar;
    const plain = plainOf(value);
    const isFlat = Array.isArray(plain) && plain.every((each) => each !== null && typeof each !== 'object');
    return isFlat ? (plain as AttributeValue) : (JSON.stringify(plain) ?? '');
  }

  const attributesOf = (list: unknown): Attributes =>
    Object.fromEntries(
      listOf(list, 'attributes', attributesMost).map(({ key, value }) => [
        say(textOf(key)),
        attributeOf(objectOf(value)),
      ]),
    );

  function spanOf(span: Json): Span {
    const startUs = microseconds(span.startTimeUnixNano);
    const parentId = idOf(span.parentSpanId);
    const status = objectOf(span.status);
    const message = textOf(status.message);
    dropped =
      countOf(span.droppedAttributesCount) +
      countOf(span.droppedEventsCount) +
      countOf(span.droppedLinksCount);
    const kept: Span = {
      traceId: idOf(span.traceId),
      spanId: idOf(span.spanId),
      ...(parentId !== '' && !/^0+$/.test(parentId) && { parentId }),
      name: say(textOf(span.name)),
      kind: kindOf(span.kind),
      startUs,
      durationUs: microseconds(span.endTimeUnixNano) - startUs,
      status: statusOf(status.code),
      ...(message !== '' && { statusMessage: say(message) }),
      attributes: attributesOf(span.attributes),
      events: listOf(span.events, 'events', eventsMost).map(({ name, timeUnixNano, attributes }) => ({
        name: say(textOf(name)),
        atUs: microseconds(timeUnixNano) || startUs,
        attributes: attributesOf(attributes),
      })),
      links: listOf(span.links, 'links', eventsMost)
        .map(({ traceId, spanId }) => ({ traceId: idOf(traceId), spanId: idOf(spanId) }))
        .filter(({ traceId, spanId }) => /^[0-9a-f]{32}$/.test(traceId) && /^[0-9a-f]{16}$/.test(spanId)),
    };
    return dropped > 0 ? { ...kept, dropped } : kept;
  }

  const spans: Span[] = [];
  for (const { scopeSpans } of listOf(objectOf(request).resourceSpans, 'resourceSpans'))
    for (const scope of listOf(scopeSpans, 'scopeSpans')) {
      const taken = listOf(scope.spans, 'spans', limits.spansOfRequest.value - spans.length);
      over += (Array.isArray(scope.spans) ? scope.spans.length : 0) - taken.length;
      for (const span of taken) spans.push(spanOf(span));
    }
  return { spans, over };
}
