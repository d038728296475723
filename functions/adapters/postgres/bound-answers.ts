/** Bounds what a server that is not ours, or statements that are not ours, may answer: what comes is kept in memory until it is whole. */
import type { Duplex } from 'node:stream';
import type { Client } from 'pg';

export interface AnswerBounds {
  maxBytes: number;
  /** For a whole answer, milliseconds; without an end where absent. */
  withinMs?: number;
}

/** About what a row takes of memory beside its values, and each of its values: rows can be empty, and many. */
const [ROW_BYTES, VALUE_BYTES] = [64, 32];

interface Wire {
  stream: Duplex;
  attachListeners(stream: Duplex): void;
  on(event: 'dataRow', listener: (row: { fields: readonly unknown[] }) => void): void;
}

/** The library tells of no connection; it has had this one since its beginning. */
const wireOf = (client: Client): Wire => (client as unknown as { connection: Wire }).connection;
export const streamOf = (client: Client): Duplex => wireOf(client).stream;

/**
 * To be called before it connects. What the library can not read it throws where nobody could catch it, which would end the
 * process: that breaks the connection as well.
 * @returns what asks within the bounds
 */
export function boundAnswers(
  client: Client,
  { maxBytes, withinMs }: AnswerBounds,
): <T>(ask: () => Promise<T>) => Promise<T> {
  const wire = wireOf(client);
  let bytes = 0;
  let broken: Error | undefined;
  const breakOff = (error: Error): void => {
    broken ??= error;
    streamOf(client).destroy(broken);
  };
  const weigh = (size: number): void => {
    bytes += size;
    if (bytes > maxBytes) breakOff(new Error(`An answer of the server is larger than ${maxBytes} bytes`));
  };
  wire.on('dataRow', ({ fields }) => weigh(ROW_BYTES + VALUE_BYTES * fields.length));
  const attach = wire.attachListeners.bind(wire);
  wire.attachListeners = (stream) => {
    const on = stream.on.bind(stream);
    const guarded = (listener: (chunk: Buffer) => void) => (chunk: Buffer) => {
      weigh(chunk.length);
      if (broken) return;
      try {
        listener(chunk);
      } catch (error) {
        breakOff(error instanceof Error ? error : new Error('The server does not speak as one does'));
      }
    };
    stream.on = ((event: string, listener: (chunk: Buffer) => void) =>
      on(event, event === 'data' ? guarded(listener) : listener)) as Duplex['on'];
    attach(stream);
  };
  return async (ask) => {
    bytes = 0;
    const late = (ms: number) => breakOff(new Error(`The server gave no answer within ${ms / 1000} s`));
    const timer = withinMs === undefined ? undefined : setTimeout(late, withinMs, withinMs);
    try {
      return await ask();
    } catch (error) {
      throw broken ?? error;
    } finally {
      clearTimeout(timer);
    }
  };
}
