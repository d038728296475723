/** Bounds what a server that is not ours may answer: what comes is kept in memory until it is whole. */
import type { Duplex } from 'node:stream';
import type { Client } from 'pg';

export interface AnswerBounds {
  maxBytes: number;
  /** For a whole answer, milliseconds. */
  withinMs: number;
}

interface Wire {
  stream: Duplex;
  attachListeners(stream: Duplex): void;
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
  const attach = wire.attachListeners.bind(wire);
  wire.attachListeners = (stream) => {
    const on = stream.on.bind(stream);
    const guarded = (listener: (chunk: Buffer) => void) => (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes)
        return breakOff(new Error(`An answer of the server is larger than ${maxBytes} bytes`));
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
    const late = () => breakOff(new Error(`The server gave no answer within ${withinMs / 1000} s`));
    const timer = setTimeout(late, withinMs);
    try {
      return await ask();
    } catch (error) {
      throw broken ?? error;
    } finally {
      clearTimeout(timer);
    }
  };
}
