/** Signs in by the device flow (RFC 8628): a code here, a confirmation in a browser, anywhere. */
import { spawn } from 'node:child_process';
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { Role } from '../../client/types.generated.ts';
import { body, createApi } from './api.ts';
import { changeConfig, readConfig } from './config.ts';
import { exitCodes, Failure } from './failure.ts';
import { note, paint, plain } from './output.ts';

interface DeviceAnswer {
  device_code: string;
  user_code: string;
  verification_uri: string;
  verification_uri_complete?: string;
  expires_in: number;
  interval?: number;
}

interface SignIn {
  server: string;
  /** Name of the context; the host of the server by default. */
  name?: string | undefined;
  /** A token that was made elsewhere, which spares the browser. */
  token?: string | undefined;
  browser: boolean;
  role: Role;
  expiresIn: string;
}

/** Signs in and remembers it. @returns the name of who it is */
export async function signIn({ server, name, token, browser, role, expiresIn }: SignIn): Promise<string> {
  const given = token ?? (await idTokenOf(server, browser));
  const api = createApi({ server, token: given });
  const me = await body(api.GET('/v1/me'));
  let kept: { token: string; id?: string } = { token: given };
  if (token === undefined) {
    // What the provider gave is good for an hour; a token of Berth can be listed and revoked. With the whole role it is
    // the person's sign-in, with less it is a token that is limited to that.
    const signIn = role === 'administrator';
    const called = `berth on ${hostname()}`.slice(0, 60);
    const made = await body(
      api.POST('/v1/tokens', { body: { name: called, role, expiresIn, ...(signIn && { signIn }) } }),
    );
    if (made.token === undefined)
      throw new Failure('Berth made a token and did not show it.', 'Sign in once more.');
    kept = { token: made.token, id: made.id };
  }
  const context = name ?? new URL(server).host;
  changeConfig((config) => {
    config.contexts[context] = {
      server,
      token: kept.token,
      ...(kept.id !== undefined && { tokenId: kept.id }),
    };
    config.current = context;
  });
  return me.id;
}

/** Forgets the token of a context, and has the server forget it too. */
export async function signOut(name: string | undefined): Promise<string> {
  const config = readConfig();
  const context = name ?? config.current;
  const kept = context === undefined ? undefined : config.contexts[context];
  if (context === undefined || kept === undefined) throw new Failure('Nobody is signed in.');
  try {
    if (kept.tokenId !== undefined) {
      await createApi(kept).DELETE('/v1/tokens/{token}', { params: { path: { token: kept.tokenId } } });
    }
  } finally {
    changeConfig((change) => {
      delete change.contexts[context];
      if (change.current === context) delete change.current;
    });
  }
  return kept.server;
}

async function idTokenOf(server: string, browser: boolean): Promise<string> {
  const { clientId, scopes, tokenEndpoint, deviceAuthorizationEndpoint } = await body(
    createApi({ server }).GET('/v1/sign-in/configuration'),
  );
  if (deviceAuthorizationEndpoint === undefined || tokenEndpoint === undefined) {
    throw new Failure(
      'The identity provider of this Berth has no device flow.',
      'Make a token in the console, then: berth login --token',
    );
  }
  const begun = await post(deviceAuthorizationEndpoint, { client_id: clientId, scope: scopes.join(' ') });
  const device = (await begun.json()) as DeviceAnswer;
  if (!begun.ok) throw new Failure(`The identity provider answered ${begun.status} to a sign-in.`);
  const address = device.verification_uri_complete ?? device.verification_uri;
  note(`Confirm the code ${paint('bold', plain(device.user_code), process.stderr)} at`);
  note(`  ${plain(address)}`);
  if (browser) openInBrowser(address);
  const until = performance.now() + device.expires_in * 1000;
  let pause = (device.interval ?? 5) * 1000;
  while (performance.now() < until) {
    await wait(pause);
    const answer = await post(tokenEndpoint, {
      client_id: clientId,
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: device.device_code,
    });
    const told = (await answer.json()) as { id_token?: string; error?: string };
    if (told.id_token !== undefined) return told.id_token;
    if (told.error === 'slow_down') pause += 5_000;
    else if (told.error !== 'authorization_pending') {
      throw new Failure(
        `The sign-in was refused (${told.error ?? answer.status}).`,
        'Begin again: berth login',
        exitCodes.signedOut,
      );
    }
  }
  throw new Failure('Nobody confirmed the code in time.', 'Begin again: berth login', exitCodes.signedOut);
}

const post = (url: string, fields: Record<string, string>): Promise<Response> =>
  fetch(url, { method: 'POST', body: new URLSearchParams(fields) });

/** Opens an address where there is a desktop; elsewhere the address that is shown has to do. */
export function openInBrowser(address: string): void {
  if (!/^https?:/.test(address)) return;
  const [command, ...first] =
    process.platform === 'darwin'
      ? ['open']
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler']
        : ['xdg-open'];
  const child = spawn(command, [...first, address], { stdio: 'ignore', detached: true });
  child.once('error', () => undefined);
  child.unref();
}
