/** The spans of an OTLP request, from the objects of its JSON. What a sender says of itself is passed over. */
import { type Attributes, type AttributeValue, SPAN_KINDS, type Span } from '../../../ports/traces.ts';

type Json = Readonly<Record<string, unknown>>;

export class MalformedSpans extends Error {}

const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};

function listOf(value: unknown, what: string): Json[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new MalformedSpans(`${what} is no list`);
  return value.map(objectOf);
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const idOf = (value: unknown): string => textOf(value).toLowerCase();
const countOf = (value: unknown): number => (typeof value === 'number' && value > 0 ? Math.floor(value) : 0);

/** Nanoseconds are written as text, for they pass what a number holds. @returns microseconds; NaN for what is none */
function microseconds(value: unknown): number {
  if (typeof value === 'number') return Math.floor(value / 1000);
  return typeof value === 'string' && /^\d{1,20}$/.test(value) ? Number(BigInt(value) / 1000n) : Number.NaN;
}

/** The number where it holds it whole, and the text where not. */
function integerOf(value: unknown): string | number {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value).slice(0, 20);
}

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
function kindOf(value: unknown): Span['kind'] {
  const index = typeof value === 'string' ? KINDS.indexOf(value.replace('SPAN_KIND_', '')) : Number(value);
  return SPAN_KINDS[index - 1] ?? 'internal';
}

function statusOf(code: unknown): Span['status'] {
  if (code === 2 || code === 'STATUS_CODE_ERROR') return 'error';
  return code === 1 || code === 'STATUS_CODE_OK' ? 'ok' : 'unset';
}

/** @param say what becomes of each text @throws MalformedSpans where it is no request with spans */
export function spansOf(request: unknown, say: (text: string) => string): Span[] {
  if (typeof request !== 'object' || request === null || Array.isArray(request))
    throw new MalformedSpans('it is no object with `resourceSpans`');

  function scalarOf(value: Json): AttributeValue | undefined {
    if (typeof value.stringValue === 'string') return say(value.stringValue);
    if (typeof value.boolValue === 'boolean') return value.boolValue;
    if (value.intValue !== undefined) return integerOf(value.intValue);
    if (value.doubleValue !== undefined) {
      const number = Number(value.doubleValue);
      // JSON has no others.
      return Number.isFinite(number) ? number : String(number);
    }
    return typeof value.bytesValue === 'string' ? say(value.bytesValue) : undefined;
  }

  /** What is within lists and maps, as one reads it. */
  function plainOf(value: Json): unknown {
    if (value.arrayValue !== undefined)
      return listOf(objectOf(value.arrayValue).values, 'arrayValue').map(plainOf);
    if (value.kvlistValue !== undefined)
      return Object.fromEntries(
        listOf(objectOf(value.kvlistValue).values, 'kvlistValue').map(({ key, value: inner }) => [
          say(textOf(key)),
          plainOf(objectOf(inner)),
        ]),
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
      listOf(list, 'attributes').map(({ key, value }) => [say(textOf(key)), attributeOf(objectOf(value))]),
    );

  function spanOf(span: Json): Span {
    const startUs = microseconds(span.startTimeUnixNano);
    const parentId = idOf(span.parentSpanId);
    const status = objectOf(span.status);
    const message = textOf(status.message);
    const dropped =
      countOf(span.droppedAttributesCount) +
      countOf(span.droppedEventsCount) +
      countOf(span.droppedLinksCount);
    return {
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
      events: listOf(span.events, 'events').map(({ name, timeUnixNano, attributes }) => ({
        name: say(textOf(name)),
        atUs: microseconds(timeUnixNano) || startUs,
        attributes: attributesOf(attributes),
      })),
      links: listOf(span.links, 'links')
        .map(({ traceId, spanId }) => ({ traceId: idOf(traceId), spanId: idOf(spanId) }))
        .filter(({ traceId, spanId }) => /^[0-9a-f]{32}$/.test(traceId) && /^[0-9a-f]{16}$/.test(spanId)),
      ...(dropped > 0 && { dropped }),
    };
  }

  return listOf(objectOf(request).resourceSpans, 'resourceSpans').flatMap(({ scopeSpans }) =>
    listOf(scopeSpans, 'scopeSpans').flatMap(({ spans }) => listOf(spans, 'spans').map(spanOf)),
  );
}
