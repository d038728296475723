/** Signs in at the identity provider that one machine brings, as a browser would. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, formAction, hiddenFields, type Page } from './browser.ts';

const form = { 'content-type': 'application/x-www-form-urlencoded' };

/** Sends the form of a page. */
export function submit(browser: Browser, page: Page, fields: Record<string, string>): Promise<Page> {
  const action = formAction(page);
  const { origin } = new URL(action);
  return browser.visit(action, {
    method: 'POST',
    headers: { ...form, origin, 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ ...hiddenFields(page), ...fields }).toString(),
  });
}

/** @returns the page that one comes back to */
export async function signInAs(browser: Browser, url: string, person: string, to = '/'): Promise<Page> {
  const begin = () => browser.visit(`${url}/v1/sign-in?return=${encodeURIComponent(to)}`);
  let page = await begin();
  // The provider is a process that starts at the first sign-in: on a busy machine it answers later than Berth waits.
  for (; page.status === 503; page = await begin()) await sleep(100);
  return submit(browser, page, { person });
}
