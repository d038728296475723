/** Signing in at the identity provider in a real browser. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { chromiumPath } from './browser.ts';
import { inBrowser } from './console/in-browser.ts';
import { type Subject, seed } from './subject.ts';

let subject: Subject;
let browser: Browser;
let page: Page;

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const place = 'projects/demo/environments/dev/services/guestbook/logs';

const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' });
/** The menu of the person who is signed in. */
const user = (name: string) => button(`${name}: theme and sign-out`);

async function signInAs(name: string): Promise<void> {
  await button('Sign in').click();
  await button(new RegExp(`^${name}`)).click();
}

describe.skipIf(!chromiumPath)('Signing in with a browser', () => {
  inBrowser({
    async seed(made, launched) {
      subject = made;
      browser = launched;
      await seed(subject);
      // The first to ask starts the provider.
      await fetch(`${subject.url}v1/sign-in/configuration`);
    },
    begin(visited) {
      page = visited.page;
    },
  });

  it('leads to the provider and back to the place that was opened, and stays after a reload', async () => {
    await page.goto(subject.url + place);
    await signInAs('Ada Lovelace');
    await page.getByRole('log').waitFor();
    expect(page.url()).toBe(subject.url + place);
    await user('Ada Lovelace').waitFor();
    await page.reload();
    await page.getByRole('log').waitFor();
    const stored = await page.evaluate<string>(
      'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, history.state])',
    );
    // Scripts see neither session nor token.
    expect(stored).not.toMatch(/session|token|ey[A-Za-z0-9]{10}/i);
    const cookies = await page.context().cookies();
    const session = cookies.find(({ name }) => name.startsWith('berth-session'));
    expect(session).toMatchObject({ httpOnly: true, sameSite: 'Strict', domain: 'localhost', path: '/' });
  });

  it('shows people who they are and until when, and writes as them', async () => {
    await signInAs('Ada Lovelace');
    await user('Ada Lovelace').click();
    await page.getByText('Signed in until').waitFor();
    const status = await page.evaluate<number>(`fetch('/v1/projects', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-csrf': '1' },
      body: JSON.stringify({ name: 'by-ada' }),
    }).then((response) => response.status)`);
    expect(status).toBe(201);
  });

  it('gives a workload on a sibling host nothing', async () => {
    await signInAs('Ada Lovelace');
    await user('Ada Lovelace').waitFor();
    const sibling = subject.url.replace('localhost', 'guestbook.dev.demo.localhost');
    const other = await page.context().newPage();
    await other.goto(`${sibling}hello`);
    const tried = await other.evaluate<{ cookie: string; read: string; written: string }>(`(async () => {
      const attempt = (path, init) => fetch(${JSON.stringify(subject.url)} + path, { credentials: 'include', ...init })
        .then((response) => response.type + ' ' + response.status, () => 'blocked');
      return {
        cookie: document.cookie,
        read: await attempt('v1/projects'),
        written: await attempt('v1/projects', { method: 'POST', mode: 'no-cors', body: '{"name":"forged"}' }),
      };
    })()`);
    expect(tried).toEqual({ cookie: '', read: 'blocked', written: 'opaque 0' });
    // Nor does the server that answers there see the session.
    const { body } = await subject.berth.api('GET', '/v1/projects');
    expect(body.items.map(({ name }: { name: string }) => name)).not.toContain('forged');
    await other.close();
  });

  it('begins again where one was when the session ends in the middle', async () => {
    await page.goto(subject.url + place);
    await signInAs('Ada Lovelace');
    await page.getByRole('log').waitFor();
    await subject.berth.api('DELETE', '/v1/sessions?principal=user:ada');
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByText('Your session has ended').waitFor();
    // The provider still knows them.
    await button('Sign in').click();
    await user('Ada Lovelace').waitFor();
    expect(page.url()).toBe(`${subject.url}projects/demo`);
  });

  it('signs out here and at the provider', async () => {
    await signInAs('Vera Rubin');
    await page.getByRole('heading', { name: 'No projects yet' }).waitFor();
    await user('Vera Rubin').click();
    await page.getByRole('menuitem', { name: /^Sign out Signed/ }).click();
    await button('Sign out here too').click();
    await page.getByRole('heading', { name: 'Sign in to Berth' }).waitFor();
    await button('Sign in').click();
    await page.getByText('Who are you?').waitFor();
    const cookies = await page.context().cookies();
    expect(cookies.filter(({ name }) => name.startsWith('berth-session'))).toEqual([]);
  });

  it('has pages at the provider that axe finds nothing on, light or dark, and that need no script', async () => {
    await button('Sign in').click();
    await page.getByText('Who are you?').waitFor();
    const address = page.url();
    const plain = await browser.newContext({ bypassCSP: true, javaScriptEnabled: true });
    const looked = await plain.newPage();
    await looked.goto(`${subject.url}v1/sign-in`);
    for (const colorScheme of ['light', 'dark'] as const) {
      await looked.emulateMedia({ colorScheme });
      await looked.evaluate(axe);
      const found = await looked.evaluate<string[]>(
        'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + " " + nodes[0].html))',
      );
      expect(found).toEqual([]);
    }
    await plain.close();
    const without = await browser.newContext({ javaScriptEnabled: false });
    const still = await without.newPage();
    await still.goto(`${subject.url}v1/sign-in?return=/docs`);
    await still.getByRole('button', { name: /Linus/ }).click();
    expect(still.url()).toBe(`${subject.url}docs`);
    await without.close();
    expect(address).toContain('/identity/interaction/');
  });

  it('signs a terminal in', async () => {
    const { clientId, deviceAuthorizationEndpoint, tokenEndpoint, scopes } = (await (
      await fetch(`${subject.url}v1/sign-in/configuration`)
    ).json()) as Record<string, string> & { scopes: string[] };
    const send = async (url: string, fields: Record<string, string>) =>
      (await (await fetch(url, { method: 'POST', body: new URLSearchParams(fields) })).json()) as Record<
        string,
        string
      >;
    const client = { client_id: clientId ?? '' };
    const device = await send(deviceAuthorizationEndpoint ?? '', { ...client, scope: scopes.join(' ') });
    // This address has the code in it already.
    await page.goto(device.verification_uri_complete ?? '');
    await page.getByText(device.user_code ?? '').waitFor();
    await button('Yes, sign it in').click();
    await button(/Grace Hopper/).click();
    await page.getByText('The terminal is signed in').waitFor();
    const { id_token: token } = await send(tokenEndpoint ?? '', {
      ...client,
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: device.device_code ?? '',
    });
    const me = await fetch(`${subject.url}v1/me`, { headers: { authorization: `Bearer ${token}` } });
    expect(await me.json()).toMatchObject({ id: 'user:grace' });
  });
});
