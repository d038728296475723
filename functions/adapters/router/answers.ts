/** What the router itself answers: problems, and a page that waits. */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ProblemCode, problemCodes } from '../../core/problem.ts';

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:20vh auto 0;padding:0 1rem;color-scheme:light dark}pre{white-space:pre-wrap}';
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

export const prefersPage = (request: IncomingMessage): boolean =>
  (request.method === 'GET' || request.method === 'HEAD') &&
  /\btext\/html\b/i.test(request.headers.accept ?? '');

function page(
  title: string,
  text: string,
  hint: string,
  refreshSeconds?: number,
): { headers: Record<string, string>; body: string } {
  const refresh =
    refreshSeconds === undefined ? '' : `<meta http-equiv="refresh" content="${refreshSeconds}">`;
  return {
    headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': POLICY },
    body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">${refresh}<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body><h1>${escapeHtml(title)}</h1><pre>${escapeHtml(text)}</pre><p>${escapeHtml(hint)}</p></body></html>`,
  };
}

const COMMON = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

/** A problem as JSON, or as a page for a browser. @param status other than the code's own */
export function problemAnswer(
  request: IncomingMessage,
  code: ProblemCode,
  detail: string,
  hint: string,
  status: number = problemCodes[code][0],
): Answer {
  const title = problemCodes[code][1];
  const retry: Record<string, string> = status === 503 ? { 'retry-after': '2' } : {};
  if (prefersPage(request)) {
    const { headers, body } = page(title, detail, hint);
    return { status, headers: { ...COMMON, ...retry, ...headers }, body };
  }
  const body = JSON.stringify({ type: `/problems/${code}`, title, status, code, detail, hint });
  return { status, headers: { ...COMMON, ...retry, 'content-type': 'application/problem+json' }, body };
}

/** A page for a browser while the workload starts; it asks again by itself. */
export function holdingPage(service: string): Answer {
  const { headers, body } = page(
    `${service} is starting`,
    'This page opens by itself as soon as it is ready.',
    '',
    1,
  );
  return { status: 503, headers: { ...COMMON, 'retry-after': '1', ...headers }, body };
}

export function send(response: ServerResponse, { status, headers, body }: Answer): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(response.req.method === 'HEAD' ? undefined : body);
  // The rest of a request body that nobody wants is not read to its end. Whether there is one is known by then: the
  // connection of a request that is complete serves the next.
  response.once('finish', () => {
    if (!response.req.complete) response.req.destroy();
  });
}
