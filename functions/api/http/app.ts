/** The API as one Hono app: routes from the table, problems for everything else. */

import { type Context, Hono } from 'hono';
import { limits } from '../../core/limits.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { type Federation, noFederation } from '../access/federation.ts';
import type { Authenticator } from '../admission/authenticate.ts';
import { createRates, defaultRates, type RateLimits } from '../admission/rates.ts';
import { createRefusals } from '../admission/refused-attempts.ts';
import { AGENTS_PATH, createAgentDoor } from '../agents/door.ts';
import type { Identity } from '../identity/identity.ts';
import { createConsole, isPageRequest } from '../platform/console.ts';
import { checkUrl, errorResponse, rawPath, type Surroundings, serve } from './pipeline.ts';
import type { Route } from './route-spec.ts';
import { createStreams, type Streams } from './sse.ts';

/** A route whose file is loaded at its first request. */
export interface LazyRoute extends Pick<Route, 'method' | 'path'> {
  load(): Promise<Route>;
}

export interface AppOptions {
  routes: readonly (Route | LazyRoute)[];
  ports: Ports;
  authenticate: Authenticator;
  /** How people sign in with a browser; without it nobody can. */
  identity?: Identity;
  /** Issuers of pipelines' tokens; without it none can be asked. */
  federation?: Federation;
  /** Directory with the built console; without it there is no console. */
  webRoot?: string;
  /** Is told of unexpected errors; the client gets the request id and nothing of the error. */
  onError?: (error: unknown, requestId: string) => void;
  /** The network address of a request's client, from what the host hands over beside the request. */
  clientAddress?: (host: unknown) => string | undefined;
  /** Ends all event streams when it aborts: a server that stops waits for no client. */
  signal?: AbortSignal;
  /** Milliseconds between heartbeats of event streams; 15 seconds by default. */
  heartbeatMs?: number;
  /** Event streams that one person may have open, with all tokens that count as them; 100 by default. */
  streamsPerPerson?: number;
  /** How often someone may ask; see rates.ts. */
  rates?: Partial<RateLimits>;
}

export interface App extends Hono {
  /** What is served. */
  readonly table: readonly (Route | LazyRoute)[];
  readonly streams: Streams;
  /** Resolves when what goes on behind the answers is done. */
  flush(): Promise<void>;
}

/** @example const app = createApp({ routes, ports, authenticate: bearerTokens(administratorToken(token)) }); serve({ fetch: app.fetch }) */
export function createApp(options: AppOptions): App {
  const { ports, authenticate, identity, onError } = options;
  const streams = createStreams({
    perPerson: options.streamsPerPerson ?? limits.streams.value,
    heartbeatMs: options.heartbeatMs ?? 15_000,
    ...(options.signal && { signal: options.signal }),
  });
  const refusals = createRefusals(ports, (error) => onError?.(error, 'refusal'));
  const around: Surroundings = {
    ports,
    authenticate,
    streams,
    rates: createRates({ ...defaultRates, ...options.rates }, ports.effects.now),
    federation: options.federation ?? noFederation,
    ...(identity && { identity }),
    refusals,
    ...(options.clientAddress && { clientAddress: options.clientAddress }),
    ...(onError && { onError }),
  };
  const agents = createAgentDoor(ports, (request, host) => app.fetch(request, host as object | undefined));
  const web = options.webRoot === undefined ? undefined : createConsole(options.webRoot);
  const table = [...options.routes, ...(web?.routes ?? [])];
  const app = new Hono();
  for (const route of table) {
    app.on(route.method.toUpperCase(), honoPath(route.path), handlerOf(route, around));
  }
  app.all(AGENTS_PATH, async (context) => {
    try {
      return await agents(context.req.raw, context.env);
    } catch (error) {
      return errorResponse(error, context, ports.effects.id(), around);
    }
  });
  const allowed = createAllowed(table);
  const page = web && serve(web.page, around);
  app.notFound((context) => {
    const { method, path } = context.req;
    if (page && isPageRequest(method, path, context.req.header('accept'))) return page(context);
    return unknown(context, allowed, around);
  });
  app.onError((error, context) => errorResponse(error, context, ports.effects.id(), around));
  return Object.assign(app, { table, streams, flush: refusals.flush });
}

type Handler = (context: Context) => Promise<Response>;

function handlerOf(route: Route | LazyRoute, around: Surroundings): Handler {
  if (!('load' in route)) return serve(route, around);
  let loaded: Handler | undefined;
  return async (context) => {
    loaded ??= serve(await route.load(), around);
    return loaded(context);
  };
}

const honoPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

/** Finds the methods that a path has; the first question builds what it takes. */
function createAllowed(table: readonly Pick<Route, 'method' | 'path'>[]): (path: string) => string[] {
  let patterns: { pattern: RegExp; method: string }[] | undefined;
  return (path) => {
    patterns ??= table.map(({ path: route, method }) => ({
      pattern: new RegExp(`^${route.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
      method: method.toUpperCase(),
    }));
    const methods = patterns.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    if (methods.includes('GET')) methods.push('HEAD');
    return [...new Set(methods)].sort();
  };
}

function unknown(context: Context, allowed: (path: string) => string[], around: Surroundings): Response {
  const id = around.ports.effects.id();
  try {
    checkUrl(context.req.raw.url);
  } catch (error) {
    return errorResponse(error, context, id, around);
  }
  const methods = allowed(rawPath(context.req.raw.url));
  if (methods.length > 0) {
    const problem = new Problem('method_not_allowed', 'This path does not take that method.', {
      hint: `Use ${methods.join(', ')}.`,
    });
    return errorResponse(problem, context, id, around, methods.join(', '));
  }
  const problem = new Problem('not_found', 'There is no such path.', {
    hint: 'GET /v1/openapi.json lists all paths; paths have no slash at their end.',
  });
  return errorResponse(problem, context, id, around);
}
