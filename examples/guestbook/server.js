import { createServer } from 'node:http';
import { addEntry, check, listEntries, pool } from './database.js';
import { InputError, readEntry } from './entry.js';
import { CONTENT_SECURITY_POLICY, renderPage } from './page.js';

const PORT = Number(process.env.PORT ?? 8080);
const GREETING = process.env.GREETING ?? 'Welcome aboard. Leave a few words for those who come after you.';
const BODY_MAX = 16_384;
const PAGE_MAX = 100;
const SHUTDOWN_MS = 8_000;

const json = (status, value, headers = {}) => ({
  status,
  body: `${JSON.stringify(value)}\n`,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
});

const html = (status, page) => ({
  status,
  body: renderPage(page),
  headers: {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'referrer-policy': 'same-origin',
  },
});

async function readBody(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > BODY_MAX) throw new InputError('The entry is too large.', 413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The fields of a body, and whether it came from the page's form. */
async function readFields(request) {
  const type = (request.headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();
  if (type === 'application/x-www-form-urlencoded') {
    return { form: true, fields: Object.fromEntries(new URLSearchParams(await readBody(request))) };
  }
  if (type !== 'application/json') {
    throw new InputError('Send application/json or a form.', 415);
  }
  try {
    return { form: false, fields: JSON.parse(await readBody(request)) };
  } catch (error) {
    throw error instanceof InputError ? error : new InputError('The body is not valid JSON.');
  }
}

function readLimit(url) {
  const text = url.searchParams.get('limit') ?? String(PAGE_MAX);
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > PAGE_MAX) throw new InputError(`limit must be a number from 1 to ${PAGE_MAX}.`);
  return limit;
}

async function createEntry(request) {
  const { form, fields } = await readFields(request);
  try {
    const entry = await addEntry(readEntry(fields));
    // After the redirect, loading the page again does not send the form again.
    return form ? { status: 303, body: '', headers: { location: '/' } } : json(201, entry);
  } catch (error) {
    if (!form || !(error instanceof InputError)) throw error;
    const entries = await listEntries(PAGE_MAX);
    return html(error.status, { greeting: GREETING, entries, draft: fields, error: error.message });
  }
}

async function healthz() {
  try {
    await check();
    return json(200, { status: 'ok' });
  } catch (error) {
    console.error(`healthz: ${error.message}`);
    return json(503, { status: 'the database can not be reached' });
  }
}

const routes = {
  '/': {
    GET: async () => html(200, { greeting: GREETING, entries: await listEntries(PAGE_MAX) }),
  },
  '/entries': {
    GET: async (_request, url) => json(200, { items: await listEntries(readLimit(url)) }),
    POST: createEntry,
  },
  '/healthz': { GET: healthz },
};

async function answer(request, url) {
  const route = Object.hasOwn(routes, url.pathname) ? routes[url.pathname] : undefined;
  if (!route) return json(404, { error: 'There is nothing here.' });
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  if (!Object.hasOwn(route, method)) {
    const allow = Object.keys(route).join(', ');
    return json(405, { error: `Use ${allow}.` }, { allow });
  }
  try {
    return await route[method](request, url);
  } catch (error) {
    if (error instanceof InputError) return json(error.status, { error: error.message });
    // Whoever hung up while sending gets no answer; anything else is a fault of this program or its database.
    if (error.code !== 'ECONNRESET') console.error(error);
    return json(500, { error: 'Something failed; try again.' });
  }
}

const server = createServer(async (request, response) => {
  const started = performance.now();
  // Only the path matters; a base that is fixed keeps the Host header out of it.
  const path = URL.canParse(request.url, 'http://guestbook') ? request.url : '/not-a-path';
  const url = new URL(path, 'http://guestbook');
  const { status, headers, body } = await answer(request, url);
  const length = Buffer.byteLength(body);
  // What was not read of a body must not be taken for the next request.
  const rest = request.complete ? {} : { connection: 'close' };
  response.writeHead(status, {
    'content-length': length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
    ...rest,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
  if (url.pathname === '/healthz' && status === 200) return;
  console.log(`${request.method} ${url.pathname} ${status} ${Math.round(performance.now() - started)}ms`);
});

server.listen(PORT, () => console.log(`Guestbook listens on port ${server.address().port}`));

async function stop(signal) {
  console.log(`${signal}: finishing the requests that are under way`);
  setTimeout(() => server.closeAllConnections(), SHUTDOWN_MS).unref();
  await new Promise((resolve) => server.close(resolve));
  await pool.end();
}
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void stop(signal));
