/** The API as the console calls it. The token stays in this module's memory. */

let token;

export const signIn = (value) => {
  token = value;
};

export const signOut = () => {
  token = undefined;
};

/** What the API refused, with the hint that it gave. */
export class ApiError extends Error {
  constructor(status, problem) {
    super([problem.detail ?? `The server answered ${status}.`, problem.hint].filter(Boolean).join(' '));
    this.status = status;
    this.code = problem.code;
  }
}

async function request(path, { method = 'GET', body, headers, signal } = {}) {
  const response = await fetch(path, {
    method,
    signal,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(method !== 'GET' && { 'idempotency-key': crypto.randomUUID() }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new ApiError(response.status, await response.json().catch(() => ({})));
  return response;
}

export const get = async (path, signal) => (await request(path, { signal })).json();

export const post = async (path, body) => (await request(path, { method: 'POST', body })).json();

/** Every item of a list, page by page. */
export async function all(path, signal) {
  const items = [];
  let cursor;
  do {
    const query = cursor === undefined ? '?limit=200' : `?limit=200&cursor=${encodeURIComponent(cursor)}`;
    const page = await get(path + query, signal);
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return items;
}

/** Reads one event stream to its end; `onEvent` gets `{event, id, data}`. */
async function readStream(path, { lastEventId, signal, onOpen, onEvent }) {
  const headers = {
    accept: 'text/event-stream',
    ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
  };
  const { body } = await request(path, { headers, signal });
  onOpen();
  let rest = '';
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    rest += text;
    const blocks = rest.split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const event = parseEvent(block);
      if (event) onEvent(event);
    }
  }
}

function parseEvent(block) {
  const event = { event: 'message' };
  for (const line of block.split('\n')) {
    const at = line.indexOf(': ');
    if (at > 0) event[line.slice(0, at)] = line.slice(at + 2);
  }
  if (event.data === undefined) return undefined;
  return { ...event, data: JSON.parse(event.data) };
}

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Follows a stream until the signal aborts; connects again where it broke off.
 * @param options.onState is told whether it is connected
 */
export async function follow(path, { signal, onEvent, onState = () => {}, lastEventId }) {
  let last = lastEventId;
  let pause = 1000;
  while (!signal.aborted) {
    try {
      await readStream(path, {
        signal,
        lastEventId: last,
        onOpen: () => {
          pause = 1000;
          onState(true);
        },
        onEvent: (event) => {
          last = event.id ?? last;
          onEvent(event);
        },
      });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.status < 500 && error.status !== 429) throw error;
    }
    if (signal.aborted) return;
    onState(false);
    await wait(pause);
    pause = Math.min(pause * 2, 15_000);
  }
}
