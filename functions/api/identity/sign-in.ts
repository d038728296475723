/** Signing in and out with a browser, and what a terminal needs to sign in (RFC 8628). */

import * as z from 'zod';
import { endAccess } from '../../commands/access/people.ts';
import {
  endSession,
  endSessions,
  idTokenOf,
  SESSION_MAX_MS,
  startSession,
} from '../../commands/access/sessions.ts';
import { principalId } from '../../core/authorization/principal.ts';
import { limits } from '../../core/limits.ts';
import { Problem } from '../../core/problem.ts';
import { readBytes } from '../http/body.ts';
import { invalidRequest, problemOf } from '../http/problems.ts';
import { type Call, route } from '../http/route-spec.ts';
import { compact } from '../http/schemas.ts';
import { keepAttempt, newAttempt, takeAttempt } from './attempt.ts';
import { personOf } from './claims.ts';
import { setCookie } from './cookies.ts';
import { type Identity, principalOf } from './identity.ts';
import { orUnavailable, scopesOf, signInFailed } from './relying-party.ts';
import { returnPath } from './return-path.ts';
import { sessionOf } from './session-cookies.ts';
import { signInPage } from './sign-in-page.ts';

const tag = 'Sign-in';
const everyone = { action: 'session.create', scope: 'public' } as const;

const configurationSchema = z
  .object({
    issuer: z.string().meta({ example: 'https://login.example.com' }),
    clientId: z.string().meta({ description: 'For terminals.', example: 'berth-terminal' }),
    scopes: z.array(z.string()).meta({ example: ['openid', 'profile', 'email'] }),
    tokenEndpoint: z.string().optional(),
    deviceAuthorizationEndpoint: z
      .string()
      .optional()
      .meta({ description: 'Absent: the provider has no device flow.' }),
  })
  .meta({ id: 'SignInConfiguration' });

/** @throws Problem not_found */
export function identityOf({ identity }: Pick<Call, 'identity'>): Identity {
  if (identity) return identity;
  throw new Problem('not_found', 'Nobody can sign in here: this installation names no identity provider.', {
    hint: 'Use a token, or ask the platform team to connect an identity provider.',
  });
}

function redirect(location: string, cookies: readonly string[]): Response {
  const headers = new Headers({
    location,
    'cache-control': 'no-store',
    // The address of this page holds the authorization code.
    'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  });
  for (const cookie of cookies) headers.append('set-cookie', cookie);
  return new Response(null, { status: 303, headers });
}

const sessionCookie = (identity: Identity, value: string): string =>
  setCookie({
    name: identity.sessionCookie,
    value,
    path: '/',
    maxAgeSeconds: value === '' ? 0 : SESSION_MAX_MS / 1000,
    // The console itself needs no cookie; what it asks for comes from its own page.
    sameSite: 'Strict',
    secure: identity.secure,
  });

/** Whether people came by another name of this machine, such as 127.0.0.1: the provider knows only one of them. */
function atOtherName(identity: Identity, url: URL): boolean {
  const isLoopback = /^(?:127\.0\.0\.1|\[::1\]|localhost)$/.test(url.hostname);
  return isLoopback && url.host !== new URL(identity.origin).host;
}

async function begin(call: Call<string, { return?: string | undefined }>): Promise<Response> {
  const identity = identityOf(call);
  const to = returnPath(call.query.return ?? '/');
  if (to === undefined) {
    throw invalidRequest([{ path: 'query.return', message: 'must be the path of a place in the console' }]);
  }
  const url = new URL(call.request.url);
  if (atOtherName(identity, url)) return redirect(identity.origin + url.pathname + url.search, []);
  const attempt = newAttempt(call.ports.effects, to);
  const location = await identity.relyingParty.authorizationUrl(attempt);
  return redirect(location, keepAttempt(identity, call.request, attempt));
}

const callbackQuery = z.looseObject({
  state: z.string().max(200).optional(),
  code: z.string().min(1).max(4096).optional(),
  iss: z.string().max(2000).optional(),
  error: z.string().max(200).optional(),
});

async function finish(call: Call<string, z.output<typeof callbackQuery>>): Promise<Response> {
  const { ports, query, request } = call;
  const identity = identityOf(call);
  const taken = takeAttempt(identity, request, query.state ?? '');
  if (!taken) throw signInFailed('it was begun in another browser, or more than ten minutes ago');
  const { attempt, forget } = taken;
  if (query.code === undefined) {
    throw signInFailed(
      query.error === 'access_denied'
        ? 'the identity provider let nobody in'
        : 'the identity provider sent no code, but an error',
    );
  }
  const { claims, idToken } = await identity.relyingParty.finish(attempt, {
    code: query.code,
    iss: query.iss,
  });
  const person = personOf(claims, identity.rules);
  const principal = person && principalOf(person);
  if (!principal) throw signInFailed('the ID token names nobody');
  // The earlier session of this browser ends.
  const before = await sessionOf(ports, identity, request);
  const caller = { actor: principal.id, from: call.from };
  const { token } = await startSession(ports, caller, {
    principal,
    idToken,
    ...(typeof claims.sid === 'string' && { providerSession: claims.sid }),
    ...(request.headers.has('user-agent') && { userAgent: request.headers.get('user-agent') ?? '' }),
  });
  if (before) await endSession(ports, caller, before.session.principal.id, before.session.id);
  return redirect(returnPath(attempt.to) ?? '/', [forget, sessionCookie(identity, token)]);
}

/** People see these answers, so that a browser gets a page instead of a problem document. */
const forPeople =
  <Query>(handle: (call: Call<string, Query>) => Promise<Response>) =>
  async (call: Call<string, Query>): Promise<Response> => {
    try {
      return await handle(call);
    } catch (error) {
      const problem = problemOf(error);
      const wantsPage = call.request.headers.get('accept')?.includes('text/html');
      if (!wantsPage || problem.code === 'internal') throw error;
      return signInPage(problem);
    }
  };

const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

const FORM_MAX_BYTES = limits.logoutForm.value;

/** OpenID Connect Back-Channel Logout 1.0; the token is what authenticates the request. */
async function backChannelLogout(call: Call): Promise<{ status: number; body: undefined }> {
  const { issuer, clientId } = identityOf(call);
  const form = new URLSearchParams(
    Buffer.from(await readBytes(call.request.body, FORM_MAX_BYTES)).toString(),
  );
  const token = form.get('logout_token') ?? '';
  const checks = { audience: [clientId], types: ['logout+jwt', 'jwt'] };
  const claims = await orUnavailable(() => issuer.verify(token, checks));
  const { sub, sid, events, nonce } = claims ?? {};
  const isLogout = typeof events === 'object' && events !== null && Object.hasOwn(events, LOGOUT_EVENT);
  // A token with a nonce is an ID token, and must not sign anybody out.
  if (!isLogout || nonce !== undefined || typeof sub !== 'string') {
    throw signInFailed('the logout token is not valid, or names no subject');
  }
  const actor = principalId('user', sub);
  if (actor === undefined) throw signInFailed('the logout token names no subject');
  const caller = { actor, from: call.from };
  // With a session's id somebody has signed out in one browser; without it the provider ends all that they have.
  if (typeof sid === 'string') await endSessions(call.ports, caller, actor, sid);
  else await endAccess(call.ports, caller, actor);
  return { status: 200, body: undefined };
}

export const routes = [
  route({
    method: 'get',
    path: '/v1/sign-in/configuration',
    policy: everyone,
    operationId: 'getSignInConfiguration',
    summary: 'Read what a terminal needs to sign somebody in',
    description:
      'With it, a device authorization grant (RFC 8628) gives an ID token, which the API takes as a bearer.',
    tag,
    answers: { 200: { summary: 'The issuer and a client of it', schema: configurationSchema } },
    problems: ['not_found', 'unavailable'],
    handle: async (call) => {
      const { issuer, terminalClientId } = identityOf(call);
      const metadata = await orUnavailable(() => issuer.metadata());
      const body = {
        issuer: issuer.name,
        clientId: terminalClientId,
        scopes: scopesOf(metadata),
        tokenEndpoint: metadata.token_endpoint,
        deviceAuthorizationEndpoint: metadata.device_authorization_endpoint,
      };
      return { status: 200, body: compact(body) };
    },
  }),
  route({
    method: 'get',
    path: '/v1/sign-in',
    policy: everyone,
    operationId: 'signIn',
    summary: 'Sign in with a browser: goes to the identity provider and comes back',
    tag,
    query: z.strictObject({
      return: z
        .string()
        .optional()
        .meta({ description: 'The place in the console to come back to.', example: '/projects/demo' }),
    }),
    answers: { 303: { summary: 'To the identity provider', location: true } },
    problems: ['not_found', 'unavailable'],
    handle: forPeople(begin),
  }),
  route({
    method: 'get',
    path: '/v1/sign-in/callback',
    policy: everyone,
    operationId: 'finishSignIn',
    summary: 'Where the identity provider sends people back to',
    tag,
    query: callbackQuery,
    answers: { 303: { summary: 'To the console, with a session', location: true } },
    problems: ['not_found', 'unavailable', 'sign_in_failed'],
    handle: forPeople(finish),
  }),
  route({
    method: 'post',
    path: '/v1/sign-in/back-channel-logout',
    policy: everyone,
    operationId: 'backChannelLogout',
    summary: 'Be told by the identity provider that somebody has signed out',
    description: 'OpenID Connect Back-Channel Logout 1.0: the body is a form with a `logout_token`.',
    tag,
    upload: {
      mediaType: 'application/x-www-form-urlencoded',
      summary: 'A form with `logout_token`',
      handle: backChannelLogout,
    },
    answers: { 200: { summary: 'The session has ended, or without `sid` all sessions and personal tokens' } },
    problems: ['not_found', 'unavailable', 'sign_in_failed'],
    handle: async () => {
      throw signInFailed('the logout token is missing');
    },
  }),
  route({
    method: 'post',
    path: '/v1/sign-out',
    policy: { action: 'session.end', scope: 'platform' },
    operationId: 'signOut',
    summary: 'Sign out: ends this session, or all that you have',
    tag,
    body: z.strictObject({
      everywhere: z
        .boolean()
        .optional()
        .meta({ description: 'All of your sessions on all devices, and all tokens that act for you.' }),
    }),
    bodyExamples: { here: {}, everywhere: { everywhere: true } },
    answers: {
      200: {
        summary: 'It has ended, its streams within 15 seconds',
        schema: z.object({
          location: z
            .string()
            .optional()
            .meta({ description: 'Where to go to sign out at the identity provider too.' }),
        }),
      },
    },
    handle: async ({ ports, principal, from, identity, request, body }) => {
      const caller = { actor: principal.id, from };
      const mine = await sessionOf(ports, identity, request);
      if (body.everywhere) await endAccess(ports, caller, principal.id);
      else if (mine) await endSession(ports, caller, principal.id, mine.session.id);
      if (!identity || !mine) return { status: 200, body: {} };
      const location = await identity.relyingParty.logoutUrl(idTokenOf(mine.session, mine.token));
      const headers = {
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'set-cookie': sessionCookie(identity, ''),
      };
      return new Response(JSON.stringify(compact({ location })), { status: 200, headers });
    },
  }),
];
