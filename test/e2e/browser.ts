/** A real Chromium, where there is one. */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const places = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

export const chromiumPath = places.find((path) => path !== undefined && path !== '' && existsSync(path));

if (!chromiumPath) {
  console.warn('Skipped: there is no Chromium. Install it, or name its program with CHROMIUM_PATH.');
}

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: chromiumPath!,
    args: [
      // Its sandbox needs a user other than root.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

export interface Visit {
  page: Page;
  /** What the page complained about: exceptions, the console's errors, violations of its policy. */
  complaints: string[];
  close(): Promise<void>;
}

/** A page of its own, with nothing stored. */
export async function visit(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    // The browser itself notes each answer of 400 and up, and each that does not come; the page tells of those.
    const isAnswer = message.text().startsWith('Failed to load resource');
    if (['error', 'warning'].includes(message.type()) && !isAnswer) complaints.push(message.text());
  });
  await page.goto(url);
  return { page, complaints, close: () => context.close() };
}

/** Opens the form for a token. */
export async function showTokenForm(page: Page): Promise<void> {
  const toggle = page.getByRole('button', { name: 'Other ways to sign in' });
  await toggle.waitFor();
  if ((await toggle.getAttribute('aria-expanded')) !== 'true') await toggle.click();
  await page.getByLabel('Token').waitFor();
}

export async function signIn(page: Page, token: string): Promise<void> {
  await showTokenForm(page);
  await page.getByLabel('Token').fill(token);
  await page.keyboard.press('Enter');
  await page.getByText('Live', { exact: true }).waitFor();
}

/** Signs in as one of the people whom the provider of one machine knows, such as "Ada Lovelace". */
export async function signInAs(page: Page, person: string): Promise<void> {
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: new RegExp(`^${person}`) }).click();
  await page.getByText('Live', { exact: true }).waitFor();
}

/** Opens an address within the page: loading it anew would forget the token. */
export async function goTo(page: Page, path: string): Promise<void> {
  await page.evaluate(`history.pushState(null, '', ${JSON.stringify(path)})`);
}
