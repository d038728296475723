/** Signs in at the identity provider that one machine brings, as a browser would. */
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
  const page = await browser.visit(`${url}/v1/sign-in?return=${encodeURIComponent(to)}`);
  return submit(browser, page, { person });
}
