/** Signing in on one machine: a real provider (oidc-provider) over real sockets. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLocal } from '../../functions/hosts/machine/berth.ts';
import { createLocalProvider } from '../../functions/hosts/machine/identity/child.ts';
import { silentLog } from '../../functions/hosts/machine/terminal-log.ts';
import { startBerth, type TestBerth } from '../support/berth.ts';
import { type Browser, createBrowser, formAction } from '../support/browser.ts';
import { signInAs, submit } from '../support/demo-sign-in.ts';

let berth: TestBerth;
/** The address that browsers use. */
let url: string;
beforeAll(async () => {
  berth = await startBerth();
  url = berth.berth.url;
});
afterAll(() => berth.close());

const me = async (browser: Browser) => {
  const response = await browser.ask(`${url}/v1/me`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const write = (browser: Browser, path: string, body: object, headers: Record<string, string> = {}) =>
  browser.ask(url + path, {
    method: 'POST',
    headers: { origin: url, 'x-csrf': '1', 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

/** One request with a Host of its own, as a name that was made to resolve to this machine has it. */
const askAs = (host: string, path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const { port } = new URL(url);
    httpRequest({ host: '127.0.0.1', port, path, headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .once('error', reject)
      .end();
  });

describe('A browser', () => {
  it('signs people in whom the provider brings, and comes back to where it was', async () => {
    const browser = createBrowser();
    const page = await browser.visit(`${url}/v1/sign-in?return=/projects/demo`);
    expect(page.text).toContain('Grace Hopper');
    expect(page.text).not.toContain('password');
    expect(page.headers.get('content-security-policy')).toContain("script-src 'none'");
    const back = await submit(browser, page, { person: 'ada' });
    expect(back.url).toBe(`${url}/projects/demo`);
    expect((await me(browser)).body).toMatchObject({
      id: 'user:ada',
      name: 'Ada Lovelace',
      email: 'ada@example.com',
      administrator: true,
      session: { id: expect.any(String) },
    });
    const other = createBrowser();
    await signInAs(other, url, 'linus');
    expect((await me(other)).body).toMatchObject({
      id: 'user:linus',
      groups: ['demo-developers'],
      administrator: false,
    });
  });

  it('is known at the provider until it signs out there too', async () => {
    const browser = createBrowser();
    await signInAs(browser, url, 'vera');
    const again = await browser.visit(`${url}/v1/sign-in`);
    expect(again.url).toBe(`${url}/`);
    const out = await write(browser, '/v1/sign-out', {});
    const { location } = (await out.json()) as { location: string };
    expect((await me(browser)).status).toBe(401);
    const page = await browser.visit(location);
    expect(page.text).toContain('Sign out here too');
    const back = await submit(browser, page, { logout: 'yes' });
    expect(back.url).toBe(`${url}/`);
    expect((await browser.visit(`${url}/v1/sign-in`)).text).toContain('Who are you?');
  });

  it('stays signed in over a restart of Berth', async () => {
    const browser = createBrowser();
    await signInAs(browser, url, 'grace');
    const cookies = [...browser.cookies.values()];
    const port = new URL(url).port;
    await berth.restart();
    url = berth.berth.url;
    const name = `berth-session-${port}`;
    const session = browser.cookies.get(name) ?? '';
    expect(cookies).toContain(session);
    const renamed = `berth-session-${new URL(url).port}=${session}`;
    const response = await fetch(`${url}/v1/me`, { headers: { cookie: renamed } });
    expect(await response.json()).toMatchObject({ id: 'user:grace' });
  });

  it('can not choose somebody whom the provider does not know', async () => {
    for (const person of ['root', 'administrator', '', 'ada\n', 'ADA']) {
      const browser = createBrowser();
      const page = await browser.visit(`${url}/v1/sign-in`);
      expect((await submit(browser, page, { person })).status).toBe(400);
      expect((await me(browser)).status).toBe(401);
    }
  });
});

describe('A terminal', () => {
  it('signs in with a code that is confirmed in a browser (RFC 8628)', async () => {
    const configuration = (await (await fetch(`${url}/v1/sign-in/configuration`)).json()) as Record<
      string,
      string
    >;
    expect(configuration.issuer).toBe(`${url}/identity`);
    const { clientId = '', deviceAuthorizationEndpoint = '', tokenEndpoint = '' } = configuration;
    const scope = (configuration.scopes as unknown as string[]).join(' ');
    const started = await fetch(deviceAuthorizationEndpoint, {
      method: 'POST',
      body: new URLSearchParams({ client_id: clientId, scope }),
    });
    const device = (await started.json()) as Record<string, string>;
    const poll = async () => {
      const response = await fetch(tokenEndpoint, {
        method: 'POST',
        body: new URLSearchParams({
          client_id: clientId,
          grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
          device_code: device.device_code ?? '',
        }),
      });
      return (await response.json()) as Record<string, string>;
    };
    expect(await poll()).toMatchObject({ error: 'authorization_pending' });

    const browser = createBrowser();
    const asking = await browser.visit(device.verification_uri ?? '');
    const wrong = await submit(browser, asking, { user_code: 'WRNG-CODE' });
    expect(wrong.text).toContain('not valid');
    const confirming = await submit(browser, wrong, { user_code: device.user_code ?? '' });
    expect(confirming.text).toContain(device.user_code);
    const choosing = await submit(browser, confirming, {});
    expect((await submit(browser, choosing, { person: 'linus' })).text).toContain('is signed in');

    const { id_token: idToken = '' } = await poll();
    const response = await fetch(`${url}/v1/me`, { headers: { authorization: `Bearer ${idToken}` } });
    expect(await response.json()).toMatchObject({ id: 'user:linus', groups: ['demo-developers'] });
    // The code is good once, and the terminal's client can do nothing else.
    expect(await poll()).toHaveProperty('error');
  });
});

describe('The provider of one machine', () => {
  it('answers to no other name than its own: not to one that was made to resolve to this machine', async () => {
    const { port } = new URL(url);
    const names = [
      'evil.example',
      `evil.example:${port}`,
      `localhost.evil.example:${port}`,
      `guestbook.dev.demo.localhost:${port}`,
      'localhost',
      `127.0.0.1:${port}`,
    ];
    for (const name of names) {
      const status = await askAs(name, '/identity/.well-known/openid-configuration');
      expect(status, name).not.toBe(200);
    }
    expect(await askAs(`localhost:${port}`, '/identity/.well-known/openid-configuration')).toBe(200);
  });

  it('takes no form of another page', async () => {
    const browser = createBrowser();
    const page = await browser.visit(`${url}/v1/sign-in`);
    const { port } = new URL(url);
    for (const headers of [
      { origin: `http://guestbook.dev.demo.localhost:${port}` },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site' },
    ] as Record<string, string>[]) {
      const response = await browser.ask(formAction(page), {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: 'person=ada',
      });
      expect(response.status, JSON.stringify(headers)).toBe(403);
    }
    // Nor of another browser.
    const other = createBrowser();
    expect((await submit(other, page, { person: 'ada' })).status).toBe(400);
  });

  it('sends codes to Berth alone', async () => {
    for (const change of [
      { redirect_uri: 'https://evil.example/' },
      { redirect_uri: `${url}/v1/sign-in/callback/../x` },
      { redirect_uri: `${url}/v1/sign-in/callback?x` },
      { redirect_uri: `${url}.evil.example/v1/sign-in/callback` },
      { code_challenge: '' },
      { response_type: 'id_token' },
      { client_id: 'berth-terminal' },
    ]) {
      const begun = await fetch(`${url}/v1/sign-in`, { redirect: 'manual' });
      const location = new URL(begun.headers.get('location') ?? '');
      for (const [name, value] of Object.entries(change)) location.searchParams.set(name, value);
      const response = await fetch(location, { redirect: 'manual' });
      const to = response.headers.get('location') ?? '';
      expect(to.startsWith('/identity/interaction/'), JSON.stringify(change)).toBe(false);
      expect(to).not.toContain('evil.example');
    }
  });

  it('has keys of its own in a file for nobody else, and a new pair in another directory', async () => {
    await fetch(`${url}/identity/jwks`);
    const file = join(berth.directory, 'identity-keys.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const keys = await readFile(file, 'utf8');
    const { keys: published } = (await (await fetch(`${url}/identity/jwks`)).json()) as { keys: object[] };
    expect(published).toHaveLength(1);
    expect(published[0]).not.toHaveProperty('d');
    const directory = mkdtempSync(join(tmpdir(), 'berth-keys-'));
    const other = createLocalProvider({
      origin: 'http://localhost:4600',
      keysPath: join(directory, 'keys.json'),
      log: () => undefined,
    });
    await other.fetch('http://localhost:4600/identity/jwks');
    await other.close();
    expect(await readFile(join(directory, 'keys.json'), 'utf8')).not.toBe(keys);
    rmSync(directory, { recursive: true });
  });

  it('answers Berth alone on its own port, ends when idle and comes back', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'berth-idle-'));
    const lines: string[] = [];
    const provider = createLocalProvider({
      origin: 'http://localhost:4600',
      keysPath: join(directory, 'keys.json'),
      log: (line) => lines.push(line),
      // Longer than the two requests below take on a busy machine.
      idleMs: 3000,
    });
    const ports: number[] = [];
    const original = globalThis.fetch;
    globalThis.fetch = (input, init) => {
      ports.push(Number(new URL(String(input)).port));
      return original(input, init);
    };
    try {
      expect((await provider.fetch('http://localhost:4600/identity/jwks')).status).toBe(200);
      const [port = 0] = ports;
      expect((await original(`http://127.0.0.1:${port}/identity/jwks`)).status).toBe(403);
      const isOpen = () =>
        new Promise<boolean>((resolve) => {
          const socket = createConnection({ port, host: '127.0.0.1' });
          socket.once('connect', () => resolve(!socket.destroy().connecting));
          socket.once('error', () => resolve(false));
        });
      while (await isOpen()) await sleep(50);
      expect((await provider.fetch('http://localhost:4600/identity/jwks')).status).toBe(200);
    } finally {
      globalThis.fetch = original;
      await provider.close();
    }
    // What oidc-provider would say of settings that are missing.
    expect(lines).toEqual([]);
    rmSync(directory, { recursive: true });
  });

  it('asks for a password of this installation where Berth listens for more than this machine', async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'berth-open-'));
    const config = { port: 0, host: '0.0.0.0', dataDirectory, demo: false, sweepSeconds: 1 };
    const open = await startLocal(config, silentLog);
    const file = join(dataDirectory, 'identity-password');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const password = (await readFile(file, 'utf8')).trim();
    const browser = createBrowser();
    const page = await browser.visit(`${open.url}/v1/sign-in`);
    expect(page.text).toContain('type="password"');
    for (const wrong of ['', 'password', password.slice(1), `${password} `]) {
      expect((await submit(browser, page, { person: 'ada', password: wrong })).status).toBe(403);
    }
    expect((await submit(browser, page, { person: 'ada', password })).status).not.toBe(403);
    expect((await browser.ask(`${open.url}/v1/me`)).status).toBe(200);
    await open.close();
    rmSync(dataDirectory, { recursive: true, force: true, maxRetries: 10 });
  });
});
