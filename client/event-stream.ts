/** Reads one event stream of the API: server-sent events, of which each carries one line of JSON. */
import { ApiError } from './problem.ts';

export interface StreamEvent {
  event: string;
  id?: string;
  data: unknown;
}

interface Reading {
  onEvent(event: StreamEvent): void;
  /** Is told of every piece that arrives, heartbeats too. */
  onHeard?(): void;
}

/**
 * Reads a stream to its end.
 * @returns whether there is more to come: a stream that ends for its time alone says `retry` at last
 * @throws ApiError when the stream itself tells a problem
 */
export async function readEvents(response: Response, { onEvent, onHeard }: Reading): Promise<boolean> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let more = false;
  while (reader) {
    const { done, value } = await reader.read();
    if (done) return more;
    onHeard?.();
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      more = block.startsWith('retry:');
      const event = parseEvent(block);
      if (event) onEvent(event);
    }
  }
  return false;
}

/** A block of lines `field: value`; comments are heartbeats. */
function parseEvent(block: string): StreamEvent | undefined {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const at = line.indexOf(': ');
    if (at > 0) fields.set(line.slice(0, at), line.slice(at + 2));
  }
  const text = fields.get('data');
  if (text === undefined) return undefined;
  const data: unknown = JSON.parse(text);
  const event = fields.get('event') ?? 'message';
  if (event === 'problem') {
    const problem = data as { status: number };
    throw new ApiError(problem.status, problem);
  }
  const id = fields.get('id');
  return { event, data, ...(id !== undefined && { id }) };
}
