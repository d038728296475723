/** Rows for `COPY ... FROM STDIN`, which the library leaves to whoever needs it. */
import { once } from 'node:events';
import type { Client, Connection, Submittable } from 'pg';
import { streamOf } from './bound-answers.ts';

/** The part of a connection that sends rows. */
interface Sender {
  query(text: string): void;
  sendCopyFromChunk(chunk: Uint8Array): void;
  endCopyFrom(): void;
  sendCopyFail(why: string): void;
}

/** @returns the number of rows @throws what the server says, or what the data throw */
export function copyIn(client: Client, statement: string, data: AsyncIterable<Uint8Array>): Promise<number> {
  return new Promise((resolve, reject) => {
    let rows = 0;
    let failed: unknown;
    const send = async (sender: Sender): Promise<void> => {
      try {
        const stream = streamOf(client);
        for await (const chunk of data) {
          if (failed !== undefined || stream.destroyed) return;
          sender.sendCopyFromChunk(chunk);
          if (stream.writableNeedDrain) await Promise.race([once(stream, 'drain'), once(stream, 'close')]);
        }
        sender.endCopyFrom();
      } catch (error) {
        failed ??= error;
        sender.sendCopyFail('the rows ended early');
      }
    };
    const copying = {
      submit: (connection: Connection) => (connection as unknown as Sender).query(statement),
      handleCopyInResponse: (connection: unknown) => void send(connection as Sender),
      handleCommandComplete({ text }: { text: string }) {
        rows = Number(/^COPY (\d+)$/.exec(text)?.[1] ?? 0);
      },
      handleError(error: unknown) {
        failed ??= error;
        reject(failed);
      },
      handleReadyForQuery: () => (failed === undefined ? resolve(rows) : reject(failed)),
      // Of statements that are no COPY, or one in the other direction.
      ...Object.fromEntries(
        ['RowDescription', 'DataRow', 'CopyData', 'EmptyQuery', 'PortalSuspended'].map((name) => [
          `handle${name}`,
          () => undefined,
        ]),
      ),
    };
    client.query(copying as unknown as Submittable);
  });
}
