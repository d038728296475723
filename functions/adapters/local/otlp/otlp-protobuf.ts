/**
 * OTLP's protobuf of traces (opentelemetry/proto/trace/v1) as the objects of its JSON, and its answers. Fields that are not here
 * are passed over. Loaded with the first request that needs it.
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { limits } from '../../../core/limits.ts';

type Scalar = 'string' | 'id' | 'bytes' | 'fixed64' | 'int64' | 'uint32' | 'bool' | 'double';
type Field = [name: string, type: Scalar | MessageName | [MessageName]];

const messages = {
  request: { 1: ['resourceSpans', ['resourceSpans']] },
  resourceSpans: { 2: ['scopeSpans', ['scopeSpans']] },
  scopeSpans: { 2: ['spans', ['span']] },
  span: {
    1: ['traceId', 'id'],
    2: ['spanId', 'id'],
    4: ['parentSpanId', 'id'],
    5: ['name', 'string'],
    6: ['kind', 'uint32'],
    7: ['startTimeUnixNano', 'fixed64'],
    8: ['endTimeUnixNano', 'fixed64'],
    9: ['attributes', ['keyValue']],
    10: ['droppedAttributesCount', 'uint32'],
    11: ['events', ['event']],
    12: ['droppedEventsCount', 'uint32'],
    13: ['links', ['link']],
    14: ['droppedLinksCount', 'uint32'],
    15: ['status', 'status'],
  },
  event: {
    1: ['timeUnixNano', 'fixed64'],
    2: ['name', 'string'],
    3: ['attributes', ['keyValue']],
  },
  link: { 1: ['traceId', 'id'], 2: ['spanId', 'id'] },
  status: { 2: ['message', 'string'], 3: ['code', 'uint32'] },
  keyValue: { 1: ['key', 'string'], 2: ['value', 'anyValue'] },
  anyValue: {
    1: ['stringValue', 'string'],
    2: ['boolValue', 'bool'],
    3: ['intValue', 'int64'],
    4: ['doubleValue', 'double'],
    5: ['arrayValue', 'arrayValue'],
    6: ['kvlistValue', 'keyValueList'],
    7: ['bytesValue', 'bytes'],
  },
  arrayValue: { 1: ['values', ['anyValue']] },
  keyValueList: { 1: ['values', ['keyValue']] },
} as const satisfies Record<string, Record<number, readonly unknown[]>>;

type MessageName =
  | 'request'
  | 'resourceSpans'
  | 'scopeSpans'
  | 'span'
  | 'event'
  | 'link'
  | 'status'
  | 'keyValue'
  | 'anyValue'
  | 'arrayValue'
  | 'keyValueList';

const wires: Readonly<Record<Scalar, WireType>> = {
  string: WireType.LengthDelimited,
  id: WireType.LengthDelimited,
  bytes: WireType.LengthDelimited,
  fixed64: WireType.Bit64,
  int64: WireType.Varint,
  uint32: WireType.Varint,
  bool: WireType.Varint,
  double: WireType.Bit64,
};

const readers: Readonly<Record<Scalar, (reader: BinaryReader) => unknown>> = {
  string: (reader) => reader.string(),
  id: (reader) => Buffer.from(reader.bytes()).toString('hex'),
  bytes: (reader) => Buffer.from(reader.bytes()).toString('base64'),
  fixed64: (reader) => String(reader.fixed64()),
  int64: (reader) => String(reader.int64()),
  uint32: (reader) => reader.uint32(),
  bool: (reader) => reader.bool(),
  double: (reader) => reader.double(),
};

/** @throws Error where it is no such message */
export function decodeRequest(bytes: Uint8Array): unknown {
  const reader = new BinaryReader(bytes);
  let count = 0;

  /** @param outer where the message ends that this one is in */
  function readWithin(name: MessageName, outer: number, depth: number): Record<string, unknown> {
    const length = reader.uint32();
    return read(name, reader.pos + length, outer, depth);
  }

  function read(name: MessageName, end: number, outer: number, depth: number): Record<string, unknown> {
    if (end > outer) throw new RangeError('a message of it ends early');
    // What two bytes ask for takes a hundred.
    count++;
    if (depth > limits.spansDepth.value || count > limits.spansMessages.value)
      throw new Error('it has too many messages within each other');
    const fields: Readonly<Record<number, Field>> = messages[name] as never;
    const message: Record<string, unknown> = {};
    while (reader.pos < end) {
      const [number, wire] = reader.tag();
      const [key, type] = fields[number] ?? [];
      if (key === undefined || type === undefined) {
        reader.skip(wire, number, limits.spansDepth.value);
        continue;
      }
      const scalar = typeof type === 'string' && type in readers ? (type as Scalar) : undefined;
      if (wire !== (scalar ? wires[scalar] : WireType.LengthDelimited))
        throw new Error(`the field ${key} is of another type`);
      if (scalar) message[key] = readers[scalar](reader);
      else if (typeof type === 'string') message[key] = readWithin(type as MessageName, end, depth + 1);
      else {
        const list = (message[key] ?? []) as unknown[];
        list.push(readWithin(type[0], end, depth + 1));
        message[key] = list;
      }
    }
    if (reader.pos > end) throw new RangeError('a field of it passes the end of its message');
    return message;
  }

  return read('request', reader.len, reader.len, 0);
}

/** An ExportTraceServiceResponse. */
export function encodeResponse(rejected: number, message: string | undefined): Uint8Array {
  const writer = new BinaryWriter();
  if (rejected === 0) return writer.finish();
  writer.tag(1, WireType.LengthDelimited).fork().tag(1, WireType.Varint).int64(rejected);
  if (message !== undefined) writer.tag(2, WireType.LengthDelimited).string(message);
  return writer.join().finish();
}

/** A google.rpc.Status. */
export const encodeStatus = (code: number, message: string): Uint8Array =>
  new BinaryWriter()
    .tag(1, WireType.Varint)
    .int32(code)
    .tag(2, WireType.LengthDelimited)
    .string(message)
    .finish();
