/** Event streams as a client reads them. */
import { ADMINISTRATOR, type Subject } from './support.ts';

export interface Received {
  event?: string;
  id?: string;
  data: Record<string, unknown>;
}

/** An event stream as a client reads it. */
export interface Stream {
  response: Response;
  /** The next event; undefined at the end. */
  next(): Promise<Received | undefined>;
  /** Heartbeats so far. */
  beats(): number;
  stop: AbortController;
}

export async function openStream(subject: Subject, path: string, lastEventId?: string): Promise<Stream> {
  const stop = new AbortController();
  const response = await subject.app.request(path, {
    signal: stop.signal,
    headers: {
      authorization: `Bearer ${ADMINISTRATOR}`,
      accept: 'text/event-stream',
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    },
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  let beats = 0;
  return {
    response,
    stop,
    beats: () => beats,
    async next() {
      for (;;) {
        const end = text.indexOf('\n\n');
        if (end !== -1) {
          const lines = text.slice(0, end).split('\n');
          text = text.slice(end + 2);
          if (lines[0] === ':') {
            beats += 1;
            continue;
          }
          const fields = Object.fromEntries(lines.map((line) => line.split(/: (.*)/s).slice(0, 2)));
          // `retry` alone is no event: the stream was ended early.
          if (fields.data === undefined) continue;
          return { ...fields, data: JSON.parse(fields.data) } as Received;
        }
        const { done, value } = await reader.read();
        if (done) return undefined;
        text += value;
      }
    },
  };
}
