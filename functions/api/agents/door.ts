/**
 * `/mcp`: what agents use Berth by (Model Context Protocol, streamable HTTP without sessions). Each tool asks the API in
 * the caller's name, so that roles, limits and the audit are those of every other client.
 */
import { limits } from '../../core/limits.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';

export const AGENTS_PATH = '/mcp';

/** Asks the API. @param host what the host hands over beside a request */
export type AskApi = (request: Request, host: unknown) => Response | Promise<Response>;

/** @returns answers requests to `AGENTS_PATH` */
export function createAgentDoor(
  ports: Pick<Ports, 'store' | 'effects'>,
  ask: AskApi,
): (request: Request, host: unknown) => Promise<Response> {
  return async (request, host) => {
    const authorization = request.headers.get('authorization');
    // A browser sends its cookie by itself, also for a page that somebody else made.
    if (authorization === null)
      throw new Problem(
        'unauthenticated',
        'Agents come with a token: the session of a browser does not count.',
        {
          hint: 'Make a token with `berth tokens create` and send it as "Authorization: Bearer <token>".',
        },
      );
    const { origin } = new URL(request.url);
    const api = (method: string, path: string, body?: unknown): Promise<Response> =>
      Promise.resolve(
        ask(
          new Request(`${origin}${path}`, {
            method,
            headers: {
              authorization,
              accept: 'application/json',
              ...(body !== undefined && { 'content-type': 'application/json' }),
            },
            ...(body !== undefined && { body: JSON.stringify(body) }),
            signal: request.signal,
          }),
          host,
        ),
      );
    const me = await api('GET', '/v1/me');
    if (!me.ok) return me;
    await me.body?.cancel();
    // Few requests come from agents: what answers them is loaded with the first.
    const { createMcpHandler } = await import('@modelcontextprotocol/server');
    const { createAgentServer } = await import('./agent-server.ts');
    const handler = createMcpHandler(() => createAgentServer({ ports, authorization, api }), {
      maxRequestBodySize: limits.agentRequest.value,
      maxSubscriptions: 0,
    });
    return handler.fetch(request);
  };
}
