/** The built-in identity provider: oidc-provider, with people to choose from in place of passwords. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Context, Provider } from 'oidc-provider';
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js';
import { demoPeople } from './demo-people.ts';
import { CONSOLE_CLIENT, IDENTITY_PATH, TERMINAL_CLIENT } from './protocol.ts';
import type { ProviderKeys } from './provider-keys.ts';
import * as pages from './provider-pages.ts';

export interface ProviderOptions {
  /** Berth's origin, as browsers write it: `http://localhost:4600`. */
  origin: string;
  keys: ProviderKeys;
  /** The password that the sign-in page asks for where Berth listens for more than this machine. */
  password?: string;
}

const INTERACTION = `${IDENTITY_PATH}/interaction/`;
const HOUR = 60 * 60;
const FORM_MAX_BYTES = 4096;
const SCOPES = ['openid', 'profile', 'email', 'groups'];

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** The app that answers requests below `/identity`. */
export function createProvider(options: ProviderOptions): Listener {
  const provider = new Provider(options.origin + IDENTITY_PATH, configuration(options));
  // Only Berth sends requests, and it says by which address people came.
  provider.proxy = true;
  provider.use(async (context, next) => {
    context.set('content-security-policy', pages.CONTENT_SECURITY_POLICY);
    await next();
    // The library puts a script on pages that send themselves on, and adds the script's hash to the policy it finds.
    const policy = context.response.get('content-security-policy');
    context.set('content-security-policy', policy.replace("script-src 'none' 'sha", "script-src 'sha"));
  });
  const answer = provider.callback();
  return (request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const path = request.url ?? '';
    const interacts = path.startsWith(INTERACTION);
    if (!interacts)
      Object.assign(request, { originalUrl: path, url: path.slice(IDENTITY_PATH.length) || '/' });
    const answered = interacts ? interact(provider, options, request, response) : answer(request, response);
    answered.catch(() => {
      if (response.headersSent) return void response.destroy();
      const why = 'The sign-in was begun in another browser, or more than ten minutes ago.';
      send(response, 400, pages.errorPage('invalid_request', why));
    });
  };
}

const headers = {
  'content-security-policy': pages.CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  // With no-referrer a browser would send its forms with `Origin: null`.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
};

function html(context: Context, page: string): void {
  context.type = 'html';
  context.body = page;
}

function configuration({ origin, keys }: ProviderOptions): Record<string, unknown> {
  const { port, protocol } = new URL(origin);
  const cookie = { httpOnly: true, sameSite: 'lax', signed: true, secure: protocol === 'https:' };
  // Hosts share their cookies between ports.
  const name = `berth-identity-${port || '80'}`;
  return {
    adapter: createMemoryAdapter(),
    jwks: keys.jwks,
    clients: clients(origin),
    clientAuthMethods: ['none'],
    scopes: SCOPES,
    claims: {
      openid: ['sub', 'sid'],
      profile: ['name'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    // The ID token holds all claims that were asked for.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    responseTypes: ['code'],
    features,
    cookies: {
      keys: keys.cookies,
      names: { session: name, interaction: `${name}-interaction`, resume: `${name}-resume` },
      long: { ...cookie, path: IDENTITY_PATH },
      short: cookie,
    },
    interactions: { url: async (_context: Context, { uid }: { uid: string }) => INTERACTION + uid },
    ttl: {
      AccessToken: HOUR,
      AuthorizationCode: 60,
      DeviceCode: HOUR / 6,
      Grant: 12 * HOUR,
      IdToken: HOUR,
      Interaction: HOUR / 6,
      Session: 12 * HOUR,
    },
    findAccount: async (_context: Context, subject: string) => accountOf(subject),
    loadExistingGrant: grantOf,
    renderError: async (context: Context, out: { error: string; error_description?: string }) =>
      html(
        context,
        pages.errorPage(out.error, out.error_description ?? 'The request can not be carried out.'),
      ),
  };
}

/**
 * The clients are public and use PKCE: a secret would lie beside the keys, and would stop nobody who can read those.
 */
const clients = (origin: string) => [
  {
    client_id: CONSOLE_CLIENT,
    client_name: 'The console of Berth',
    token_endpoint_auth_method: 'none',
    id_token_signed_response_alg: 'ES256',
    grant_types: ['authorization_code'],
    response_types: ['code'],
    redirect_uris: [`${origin}/v1/sign-in/callback`],
    post_logout_redirect_uris: [`${origin}/`],
  },
  {
    client_id: TERMINAL_CLIENT,
    client_name: 'A terminal',
    token_endpoint_auth_method: 'none',
    id_token_signed_response_alg: 'ES256',
    grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
    response_types: [],
    redirect_uris: [],
  },
];

const features = {
  devInteractions: { enabled: false },
  deviceFlow: {
    enabled: true,
    userCodeInputSource: async (context: Context, form: string, _out: unknown, error?: Error) =>
      html(context, pages.codePage(form, error && 'This code is not valid, or not any longer.')),
    userCodeConfirmSource: async (
      context: Context,
      form: string,
      _client: unknown,
      _device: unknown,
      code: string,
    ) => html(context, pages.confirmPage(form, code)),
    successSource: async (context: Context) => html(context, pages.confirmedPage()),
  },
  rpInitiatedLogout: {
    enabled: true,
    logoutSource: async (context: Context, form: string) => html(context, pages.signOutPage(form)),
    postLogoutSuccessSource: async (context: Context) => html(context, pages.signedOutPage()),
  },
};

function accountOf(subject: string) {
  const person = demoPeople.find((one) => one.subject === subject);
  if (!person) return undefined;
  const { name, email, groups } = person;
  return {
    accountId: subject,
    claims: async () => ({ sub: subject, name, email, email_verified: true, groups }),
  };
}

/** Both clients are Berth's own, so there is nothing that people would have to consent to. */
async function grantOf({ oidc }: Context) {
  const { provider, client, session } = oidc;
  const clientId = client?.clientId ?? '';
  const known = session?.grantIdFor(clientId);
  const kept = known === undefined ? undefined : await provider.Grant.find(known);
  if (kept) return kept;
  const grant = new provider.Grant({ accountId: session?.accountId ?? '', clientId });
  grant.addOIDCScope(SCOPES.join(' '));
  await grant.save();
  return grant;
}

/** The page on which people choose who they are, and the answer to it. */
async function interact(
  provider: Provider,
  { password }: ProviderOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { uid, prompt } = await provider.interactionDetails(request, response);
  if (prompt.name !== 'login') throw new Error(`There is no page for ${prompt.name}`);
  const page = { action: INTERACTION + uid, people: demoPeople, withPassword: password !== undefined };
  if (request.method !== 'POST') return send(response, 200, pages.choosePage(page));
  const form = new URLSearchParams(await readForm(request));
  if (password !== undefined && !isSame(form.get('password') ?? '', password)) {
    return send(response, 403, pages.choosePage({ ...page, refused: true }));
  }
  const person = demoPeople.find(({ subject }) => subject === form.get('person'));
  if (!person) return send(response, 400, pages.choosePage(page));
  await provider.interactionFinished(request, response, { login: { accountId: person.subject } });
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
const isSame = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other));

async function readForm(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > FORM_MAX_BYTES) throw new Error('The form is too large');
  }
  return text;
}

function send(response: ServerResponse, status: number, page: string): void {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(page);
}
