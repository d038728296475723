/** Signing in at a provider that others wrote: its own pages, its own keys, a confidential client. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalBerth, startLocal } from '../../../functions/hosts/machine/berth.ts';
import { readConfig } from '../../../functions/hosts/machine/config/config.ts';
import { silentLog } from '../../../functions/hosts/machine/terminal-log.ts';
import { type Browser, createBrowser, formAction, type Page } from '../../support/browser.ts';
import { freePort } from '../../support/process.ts';
import { type Dex, startDex, whyNoDex } from '../support/dex.ts';

const why = await whyNoDex();
if (why) console.log(`Skipped: signing in at dex, since ${why}.`);

const SECRET = 's3cret: with/signs+%';
const EMAIL = 'katherine@example.com';
const PASSWORD = 'orbital mechanics';

describe.skipIf(why)('dex', () => {
  let dex: Dex;
  let berth: LocalBerth;
  let directory: string;
  let url: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'berth-dex-'));
    const port = await freePort();
    url = `http://localhost:${port}`;
    dex = await startDex({
      redirectUri: `${url}/v1/sign-in/callback`,
      secret: SECRET,
      email: EMAIL,
      password: PASSWORD,
    });
    const secretFile = join(directory, 'client-secret');
    await writeFile(secretFile, `${SECRET}\n`, { mode: 0o600 });
    const config = readConfig({
      BERTH_PORT: String(port),
      BERTH_DATA_DIR: join(directory, 'data'),
      BERTH_DEMO: '0',
      BERTH_ISSUER: dex.issuer,
      BERTH_CLIENT_ID: 'berth',
      BERTH_CLIENT_SECRET_FILE: secretFile,
      BERTH_TERMINAL_CLIENT_ID: 'berth-terminal',
      BERTH_ADMINISTRATOR: EMAIL,
    });
    berth = await startLocal(config, silentLog);
  });
  afterAll(async () => {
    await berth?.close();
    await dex?.stop();
    if (directory) await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });

  /** Fills in the form of dex. */
  const login = (browser: Browser, page: Page, password: string): Promise<Page> =>
    browser.visit(formAction(page), {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ login: EMAIL, password }).toString(),
    });

  const signIn = async (browser: Browser, to: string): Promise<Page> =>
    login(browser, await browser.visit(`${url}/v1/sign-in?return=${to}`), PASSWORD);

  const me = async (browser: Browser) => {
    const response = await browser.ask(`${url}/v1/me`);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('signs somebody in by its own form, and leads back to where they were', async () => {
    const browser = createBrowser();
    const page = await browser.visit(`${url}/v1/sign-in?return=/projects/demo`);
    expect(page.url.startsWith(dex.issuer)).toBe(true);
    const refused = await login(browser, page, 'wrong');
    expect(refused.text).toContain('Invalid');
    expect((await me(browser)).status).toBe(401);
    const back = await login(browser, page, PASSWORD);
    expect(back.url).toBe(`${url}/projects/demo`);
    expect((await me(browser)).body).toMatchObject({
      id: expect.stringMatching(/^user:./),
      kind: 'user',
      name: 'Katherine Johnson',
      email: EMAIL,
      // Made administrator by the address that dex has verified.
      administrator: true,
    });
  });

  it('makes a session that can write, and that ends', async () => {
    const browser = createBrowser();
    await signIn(browser, '/');
    const send = (path: string, body: object) =>
      browser.ask(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: url, 'x-csrf': '1' },
        body: JSON.stringify(body),
      });
    expect((await send('/v1/projects', { name: 'dexed' })).status).toBe(201);
    const out = await send('/v1/sign-out', {});
    // dex has no place to sign out at.
    expect(await out.json()).toEqual({});
    expect((await me(browser)).status).toBe(401);
  });

  it('gives a terminal a token that the API takes', async () => {
    const token = async (client: Record<string, string>) => {
      const response = await fetch(`${dex.issuer}/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'password',
          scope: 'openid profile email groups',
          username: EMAIL,
          password: PASSWORD,
          ...client,
        }),
      });
      return ((await response.json()) as { id_token: string }).id_token;
    };
    const ask = async (bearer: string) =>
      (await fetch(`${url}/v1/me`, { headers: { authorization: `Bearer ${bearer}` } })).status;
    expect(await ask(await token({ client_id: 'berth-terminal' }))).toBe(200);
    const configuration = (await (await fetch(`${url}/v1/sign-in/configuration`)).json()) as Record<
      string,
      unknown
    >;
    expect(configuration).toMatchObject({
      issuer: dex.issuer,
      clientId: 'berth-terminal',
      scopes: ['openid', 'profile', 'email', 'groups'],
      deviceAuthorizationEndpoint: `${dex.issuer}/device/code`,
    });
    // The same with another signature.
    const good = await token({ client_id: 'berth-terminal' });
    expect(await ask(`${good.slice(0, -6)}AAAAAA`)).toBe(401);
  });
});
