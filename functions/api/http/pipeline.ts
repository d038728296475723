/** What happens to every request, in order: limits, who, whether, what, then the handler. */

import type { Context } from 'hono';
import * as z from 'zod';
import { permissions } from '../../core/authorization/roles.ts';
import { limits } from '../../core/limits.ts';
import { type Origin, PLATFORM, type Principal, personOf } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { createMeter, withMeter } from '../../ports/meter.ts';
import type { Caller, Reply } from '../../records/commit.ts';
import type { Federation } from '../access/federation.ts';
import { type Access, admit, noAccess } from '../admission/admit.ts';
import { type Authenticator, authenticateRequest, credentialsOf } from '../admission/authenticate.ts';
import { type Rates, sharesRate } from '../admission/rates.ts';
import type { Refusals } from '../admission/refused-attempts.ts';
import type { Identity } from '../identity/identity.ts';
import { checkMediaType, JSON_MAX_BYTES, mediaType, parseJson, readBytes } from './body.ts';
import { parseIfMatch } from './etag-headers.ts';
import { fingerprint, once, parseIdempotencyKey } from './idempotency.ts';
import { checkParams, pathNames } from './params.ts';
import { fieldErrors, invalidRequest, problemOf } from './problems.ts';
import { problemResponse, replyResponse, streamResponse } from './respond.ts';
import { type Call, type Route, takesEmptyBody } from './route-spec.ts';
import { type Streams, wantsEventStream } from './sse.ts';

export interface Surroundings {
  ports: Ports;
  authenticate: Authenticator;
  identity?: Identity;
  federation: Federation;
  streams: Streams;
  rates: Rates;
  refusals: Refusals;
  /** The network address of a request's client, from what the host hands over beside the request. */
  clientAddress?: (host: unknown) => string | undefined;
  /** Called with each error that is answered with `internal`. */
  onError?: (error: unknown, requestId: string) => void;
}

export const URL_MAX = limits.url.value;

const nobody: Principal = { id: 'anonymous', kind: 'system', groups: [], administrator: false };
const empty = z.strictObject({});

/** The path of a URL as it was sent, not decoded. */
export function rawPath(url: string): string {
  const start = url.indexOf('/', url.indexOf('//') + 2);
  const end = url.slice(start).search(/[?#]/);
  return end === -1 ? url.slice(start) : url.slice(start, start + end);
}

/** What clients encode of the ids of people and groups. It means the same with and without the encoding. */
const ENCODED = /%(?:3A|40|2B|2C|24|3D)/gi;

/**
 * The path of a URL. Other percent-encoding is refused, so that routing, policy and handlers read the same path.
 * @throws Problem uri_too_long | malformed_request
 */
export function checkUrl(url: string): string {
  if (url.length > URL_MAX) {
    throw new Problem('uri_too_long', `The URI is longer than ${URL_MAX} characters.`, {
      hint: 'Send long values in the body.',
    });
  }
  const path = rawPath(url).replaceAll(ENCODED, decodeURIComponent);
  if (!/%|\/\//.test(path)) return path;
  throw new Problem('malformed_request', 'The path holds a percent-encoded character or an empty part.', {
    hint: 'Names consist of letters, digits, "-", "_" and "."; none of them needs encoding.',
  });
}

/** The handler that Hono calls for a route. */
export function serve(route: Route, around: Surroundings): (context: Context) => Promise<Response> {
  const names = pathNames(route.path);
  return async (context) => {
    const requestId = around.ports.effects.id();
    try {
      const from = originOf(context, around);
      const answer = await metered(route, around.ports, () =>
        countStrangers(route, around.rates, from.address, () =>
          answerRequest(route, names, around, context, requestId, from),
        ),
      );
      if (answer instanceof Response) {
        answer.headers.set('request-id', requestId);
        return answer;
      }
      const unchanged = route.method === 'get' ? context.req.header('if-none-match') : undefined;
      return replyResponse(answer, requestId, unchanged);
    } catch (error) {
      return errorResponse(error, context, requestId, around);
    }
  };
}

/** The request that begins an operation is the first part of its cost. Other requests are not metered. */
function metered<T>(route: Route, { effects }: Ports, run: () => T): T {
  if (!route.answers[202]) return run();
  const meter = createMeter({ runsIn: 'requests', now: effects.now });
  meter.add('apigateway.httpRequest', 1);
  return withMeter(meter, run);
}

/** Any error as an answer. The text of an unexpected error goes to `onError` alone. */
export function errorResponse(
  error: unknown,
  context: Context,
  requestId: string,
  around: Surroundings,
  allow?: string,
): Response {
  const gone = context.req.raw.signal.aborted && !(error instanceof Problem);
  const problem = gone ? aborted(error) : problemOf(error);
  if (problem.code === 'internal') around.onError?.(error, requestId);
  const instance = rawPath(context.req.url).slice(0, 500);
  return problemResponse(problem, { id: requestId, instance, ...(allow !== undefined && { allow }) });
}

const aborted = (cause: unknown): Problem =>
  new Problem('malformed_request', 'The request ended before it was complete.', {
    hint: 'Send it again.',
    cause,
  });

async function answerRequest(
  route: Route,
  names: string[],
  around: Surroundings,
  context: Context,
  requestId: string,
  from: Origin,
): Promise<Reply | Response> {
  const { ports } = around;
  const { raw } = context.req;
  // A stranger learns nothing but that they are one, whatever else is wrong with the request.
  const known = await identify(route, around, context, from);
  const path = checkUrl(raw.url);
  const params: Record<string, string> = names.length > 0 ? context.req.param() : {};
  checkParams(names, params);
  const check = await enter(route, params, around, known, from);
  const query = readQuery(route, raw.url);
  const { principal } = check;
  const isWrite = route.method !== 'get';
  const key = isWrite ? parseIdempotencyKey(context.req.header('idempotency-key')) : undefined;
  const ifMatch = isWrite
    ? parseIfMatch(context.req.header('if-match'), route.conditional === true)
    : undefined;
  const search = raw.url.includes('?') ? raw.url.slice(raw.url.indexOf('?')) : '';
  let bytes: Uint8Array | undefined;
  const caller: Caller = { actor: principal.id, person: personOf(principal), from };
  const call: Call = {
    ports,
    principal,
    caller,
    access: check.access,
    from,
    identity: around.identity,
    federation: around.federation,
    params,
    query,
    body: undefined,
    precondition: ifMatch === undefined ? {} : { ifMatch },
    wantsStream: raw.method === 'GET' && wantsEventStream(context.req.header('accept')),
    lastEventId: context.req.header('last-event-id'),
    request: raw,
    async change(render, run, bodyHash) {
      if (key === undefined) return render(await run(caller));
      const print = fingerprint(key, raw.method, path + search, bodyHash ?? bytes ?? '');
      return once({ ports, caller, key, fingerprint: print }, render, run);
    },
    stillAllowed: check.again,
    stream: (events) =>
      streamResponse(
        around.streams.open({
          person: personOf(principal),
          instance: path,
          signal: raw.signal,
          events,
          stillAllowed: check.again,
          onError: (error) => around.onError?.(error, requestId),
        }),
      ),
  };
  if (isWrite) {
    if (route.upload && mediaType(raw.headers.get('content-type')) === route.upload.mediaType) {
      checkMediaType(raw, [route.upload.mediaType]);
      return route.upload.handle(call as Call<string, never, undefined>);
    }
    bytes = await readBody(route, raw);
    call.body = parseBody(route, bytes);
  }
  const answer = await handle(route, call, around);
  // Streams in other processes ask with their next heartbeat.
  if (isWrite && permissions[route.policy.action].grants) around.streams.recheck();
  return answer;
}

/** Runs the handler. Guessed names that belong to others are counted by person, and told to the platform team. */
async function handle(
  route: Route,
  call: Call,
  { rates, refusals }: Surroundings,
): Promise<Reply | Response> {
  const { principal, from } = call;
  const run = () => route.handle(call as Call<string, never, never>);
  if (!route.tellsNames || principal.administrator) return run();
  rates.take('names', sharesRate(principal) ?? principal.id);
  try {
    return await run();
  } catch (error) {
    if (error instanceof Problem && error.code === 'already_exists')
      refusals.note({
        project: PLATFORM,
        actor: principal.id,
        person: personOf(principal),
        action: route.policy.action,
        from,
      });
    throw error;
  }
}

interface Known {
  principal: Principal;
  /** Who the same credentials belong to now. */
  again(): Promise<Principal | undefined>;
}

/**
 * Who asks. Valid credentials are never refused for what else came from their address: only what was refused is
 * counted there.
 * @throws Problem unauthenticated | too_many_requests
 */
async function identify(
  route: Route,
  { authenticate, rates }: Surroundings,
  context: Context,
  { address }: Origin,
): Promise<Known> {
  if (route.policy.scope === 'public') {
    if (permissions[route.policy.action].least !== 'public') throw new Error(`${route.path} is not public`);
    return { principal: nobody, again: async () => nobody };
  }
  try {
    const credentials = credentialsOf(context.req.method, (name) => context.req.header(name));
    const principal = await authenticateRequest(authenticate, credentials);
    const shared = sharesRate(principal);
    if (shared !== undefined) rates.take('principal', shared);
    return { principal, again: async () => authenticate(credentials) };
  } catch (error) {
    const isUnknown = error instanceof Problem && error.code === 'unauthenticated';
    if (isUnknown && address !== undefined && context.req.header('authorization') !== undefined)
      rates.take('address', address);
    throw error;
  }
}

/** Asks the policy. @throws Problem forbidden | not_found | too_many_requests */
async function enter(
  route: Route,
  params: Record<string, string>,
  { ports, refusals, rates }: Surroundings,
  { principal, again }: Known,
  from: Origin,
): Promise<{ principal: Principal; access: Access; again(): Promise<boolean> }> {
  if (route.policy.scope === 'public') return { principal, access: noAccess, again: async () => true };
  const access = await admit(ports, route, params, principal).catch((error: unknown) => {
    const { project, environment } = params;
    if (error instanceof Problem && project !== undefined) {
      const { action } = route.policy;
      const who = { actor: principal.id, person: personOf(principal) };
      refusals.note({ project, ...who, action, from, ...(environment && { environment }) });
    }
    throw error;
  });
  const shared = sharesRate(principal);
  // Only operations that the caller may begin are counted, so that nobody else uses up a project's rate.
  if (shared !== undefined && route.method !== 'get' && route.answers[202]) {
    rates.take('operations', access.project ?? shared);
  }
  return {
    principal,
    access,
    again: async () => {
      const now = await again();
      if (now?.id !== principal.id) return false;
      return admit(ports, route, params, now).then(
        () => true,
        () => false,
      );
    },
  };
}

/**
 * Counts what strangers ask of a public route, each route by itself: refusals apart from what was done, so that bad
 * requests of an address keep no good ones of it out.
 * @throws Problem too_many_requests
 */
async function countStrangers<T>(
  { operationId, method, policy }: Route,
  rates: Rates,
  address: string | undefined,
  run: () => Promise<T>,
): Promise<T> {
  if (policy.scope !== 'public' || address === undefined) return run();
  const who = `${operationId} ${address}`;
  if (method !== 'get') rates.check('exchange', who);
  const answer = await run().catch((error: unknown) => {
    if (problemOf(error).status < 500) rates.take('address', who);
    throw error;
  });
  if (method !== 'get') rates.charge('exchange', who);
  return answer;
}

const AGENT_MAX = 200;

function originOf(context: Context, { clientAddress }: Surroundings): Origin {
  const address = clientAddress?.(context.env);
  // The audit trail is read in terminals too: what controls one, or turns the direction of text, stays out of it.
  const agent = context.req
    .header('user-agent')
    ?.slice(0, AGENT_MAX)
    .replace(/[^\x20-\x7e]/g, '?');
  return { ...(address !== undefined && { address }), ...(agent !== undefined && { agent }) };
}

function readQuery(route: Route, url: string): unknown {
  const schema = route.query ?? empty;
  const start = url.indexOf('?');
  const given: Record<string, string> = {};
  if (start !== -1) {
    for (const [name, value] of new URLSearchParams(url.slice(start + 1))) {
      if (Object.hasOwn(given, name)) {
        throw invalidRequest([{ path: 'query', message: 'names one parameter twice' }]);
      }
      Object.defineProperty(given, name, { value, enumerable: true });
    }
  } else if (schema === empty) return given;
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw invalidRequest(fieldErrors('query', parsed.error.issues));
  return parsed.data;
}

async function readBody(route: Route, request: Request): Promise<Uint8Array> {
  const accepted = ['application/json', ...(route.upload ? [route.upload.mediaType] : [])];
  const declared = request.headers.has('content-type') || request.headers.has('content-encoding');
  if (declared) checkMediaType(request, accepted);
  const bytes = await readBytes(request.body, JSON_MAX_BYTES);
  if (!declared && bytes.length > 0) checkMediaType(request, accepted);
  return bytes;
}

function parseBody(route: Route, bytes: Uint8Array): unknown {
  if (!route.body && bytes.length === 0) return undefined;
  // Where nothing has to be said, saying nothing is enough.
  const isUnsaid = bytes.length === 0 && takesEmptyBody(route);
  const parsed = (route.body ?? empty).safeParse(isUnsaid ? {} : parseJson(bytes));
  if (!parsed.success) throw invalidRequest(fieldErrors('body', parsed.error.issues));
  return route.body ? parsed.data : undefined;
}
