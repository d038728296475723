/** Lines on their way to CloudWatch Logs: buffered, sent in order and in batches, tried again, dropped at last. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CloudWatchLogsClient,
  CreateLogStreamCommand,
  type InputLogEvent,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import type { LogLine } from '../../../ports/logs.ts';
import { isAws, sent, unless } from '../sdk-errors.ts';
import { encode } from './log-events.ts';

export interface LogsWriterOptions {
  client: CloudWatchLogsClient;
  group: string;
  /** Eight characters that no other writer has. */
  writer: string;
  now(): number;
  /** How long lines wait for others to be sent with, milliseconds. */
  delayMs: number;
  /** Told of lines that were dropped. */
  onDrop?(stream: string, lines: number, cause: unknown): void;
}

/** Limits of PutLogEvents. */
const BATCH_MAX_EVENTS = 10_000;
const BATCH_MAX_BYTES = 1_048_576;
const EVENT_OVERHEAD_BYTES = 26;
/** How much may wait in all streams together. More is dropped, so that the process does not grow without end. */
const BUFFER_MAX_LINES = 100_000;
const ATTEMPTS = 4;

export interface LogsWriter {
  append(stream: string, line: LogLine): void;
  /** Resolves when all that was appended to the stream before is sent or dropped. */
  flush(stream: string): Promise<void>;
  flushAll(): Promise<void>;
}

export function createLogsWriter(options: LogsWriterOptions): LogsWriter {
  const { client, group, writer, now, delayMs, onDrop } = options;
  const waiting = new Map<string, InputLogEvent[]>();
  /** What is being sent to each stream; one batch at a time keeps the order. */
  const sending = new Map<string, Promise<void>>();
  let buffered = 0;
  let count = 0;
  let last = 0;
  let timer: NodeJS.Timeout | undefined;

  async function sendBatch(stream: string, logEvents: InputLogEvent[]): Promise<void> {
    const target = { logGroupName: group, logStreamName: stream };
    for (let attempt = 1; ; attempt++) {
      try {
        await sent(client.send(new PutLogEventsCommand({ ...target, logEvents })));
        return;
      } catch (error) {
        if (attempt === ATTEMPTS) return onDrop?.(stream, logEvents.length, error);
        try {
          if (isAws(error, 'ResourceNotFoundException'))
            await unless(['ResourceAlreadyExistsException'], client.send(new CreateLogStreamCommand(target)));
          else await sleep(100 * 4 ** attempt);
        } catch (failure) {
          return onDrop?.(stream, logEvents.length, failure);
        }
      }
    }
  }

  /** Sends what waits for a stream, behind what is being sent to it. */
  function send(stream: string): Promise<void> {
    const turn = (sending.get(stream) ?? Promise.resolve()).then(async () => {
      const events = waiting.get(stream) ?? [];
      waiting.delete(stream);
      buffered -= events.length;
      for (const batch of batches(events)) await sendBatch(stream, batch);
    });
    sending.set(stream, turn);
    return turn.finally(() => {
      if (sending.get(stream) === turn) sending.delete(stream);
    });
  }

  const flushAll = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    await Promise.all([...new Set([...waiting.keys(), ...sending.keys()])].map(send));
  };

  return {
    append(stream, line) {
      if (buffered >= BUFFER_MAX_LINES) return onDrop?.(stream, 1, new Error('too many lines wait'));
      last = Math.max(now(), last);
      const events = waiting.get(stream) ?? [];
      waiting.set(stream, events);
      events.push({ timestamp: last, message: encode(line, writer, count++) });
      buffered++;
      timer ??= setTimeout(() => void flushAll(), delayMs).unref();
    },

    flush: send,
    flushAll,
  };
}

function* batches(events: readonly InputLogEvent[]): Generator<InputLogEvent[]> {
  let batch: InputLogEvent[] = [];
  let bytes = 0;
  for (const event of events) {
    const size = Buffer.byteLength(event.message ?? '') + EVENT_OVERHEAD_BYTES;
    if (batch.length === BATCH_MAX_EVENTS || bytes + size > BATCH_MAX_BYTES) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(event);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
