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
      ...(method !== 'GET' && { 'idempotency-key': newKey() }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new ApiError(response.status, await response.json().catch(() => ({})));
  return response;
}

// randomUUID is for secure pages alone, and a console by plain HTTP on a host of one's own is none.
const newKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** A connection that was lost without a word shall not keep anybody waiting. */
const TIMEOUT_MS = 10_000;

export const get = async (path, signal) => {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  return (await request(path, { signal: signal ? AbortSignal.any([signal, timeout]) : timeout })).json();
};

export const post = async (path, body) =>
  (await request(path, { method: 'POST', body, signal: AbortSignal.timeout(TIMEOUT_MS) })).json();

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

/** The server says something each 15 seconds at least. */
const SILENCE_MS = 40_000;

/** Reads one event stream to its end; `onEvent` gets `{event, id, data}`. */
async function readStream(path, { lastEventId, signal, onOpen, onEvent }) {
  const silence = new AbortController();
  let timer;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE_MS);
  };
  heard();
  try {
    const headers = {
      accept: 'text/event-stream',
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    };
    const { body } = await request(path, { headers, signal: AbortSignal.any([signal, silence.signal]) });
    onOpen();
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      const blocks = (rest + value).split('\n\n');
      rest = blocks.pop();
      for (const block of blocks) {
        const event = parseEvent(block);
        if (event) onEvent(event);
      }
    }
  } finally {
    clearTimeout(timer);
  }
}

function parseEvent(block) {
  const event = { event: 'message' };
  for (const line of block.split('\n')) {
    const at = line.indexOf(': ');
    if (at > 0) event[line.slice(0, at)] = line.slice(at + 2);
  }
  if (event.data === undefined) return undefined;
  const data = JSON.parse(event.data);
  if (event.event === 'problem') throw new ApiError(data.status, data);
  return { ...event, data };
}

/** Resolves after a time, or earlier when the browser is online again. */
const wait = (milliseconds) =>
  new Promise((resolve) => {
    addEventListener('online', resolve, { once: true });
    setTimeout(resolve, milliseconds);
  });

/** Resolves when somebody can see the page. */
async function seen() {
  while (document.hidden) {
    await new Promise((resolve) => document.addEventListener('visibilitychange', resolve, { once: true }));
  }
}

const RETRY_MS = 500;
const RETRY_MAX_MS = 5_000;

/**
 * Follows a stream until the signal aborts; connects again where it broke off. A page that nobody sees has no
 * streams: browsers allow six connections to a host, for all of its pages together.
 * @param options.onState is told whether it is connected
 * @throws ApiError when it is refused
 */
export async function follow(path, { signal, onEvent, onState = () => {}, lastEventId }) {
  let last = lastEventId;
  let pause = RETRY_MS;
  while (!signal.aborted) {
    await seen();
    const leave = new AbortController();
    const onHidden = () => document.hidden && leave.abort();
    document.addEventListener('visibilitychange', onHidden);
    try {
      await readStream(path, {
        signal: AbortSignal.any([signal, leave.signal]),
        lastEventId: last,
        onOpen: () => {
          pause = RETRY_MS;
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
    } finally {
      document.removeEventListener('visibilitychange', onHidden);
    }
    if (signal.aborted) return;
    if (leave.signal.aborted) continue;
    onState(false);
    await wait(pause);
    pause = Math.min(pause * 2, RETRY_MAX_MS);
  }
}
