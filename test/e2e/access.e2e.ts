import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, goTo, launch, signIn, type Visit, visit } from './browser.ts';
import { build, connect, deploy, long, openSubject, type Subject, seed, seedLong } from './subject.ts';

let subject: Subject;
let browser: Browser;
let failed: string;

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const DEV = '/projects/demo/environments/dev';

interface Place {
  name: string;
  /** undefined: nobody is signed in. */
  path?: string | (() => string);
  /** The text that has to be there. */
  ready: string;
  /** Done before it is looked at. */
  open?: (page: Page) => Promise<void>;
}

/** Every page, with the text that has to be there before the page is looked at. */
const pages: Place[] = [
  { name: 'sign in', ready: 'Sign in to Berth' },
  { name: 'the projects', path: '/', ready: 'created' },
  { name: 'the overview', path: '/projects/demo', ready: 'serving' },
  { name: 'an empty project', path: '/projects/empty', ready: 'No environments yet' },
  { name: 'deploying', path: '/projects/demo/deploy?service=guestbook', ready: 'What will change' },
  { name: 'an operation that failed', path: () => `/projects/demo/operations/${failed}`, ready: 'Next:' },
  { name: 'a service whose deployment failed', path: `${DEV}/services/guestbook`, ready: 'Next:' },
  {
    name: 'the history of a service',
    path: `${DEV}/services/guestbook/history`,
    ready: 'Roll back to 1',
    open: async (page) => {
      for (const number of [1, 2]) await page.getByLabel(`Compare deployment ${number}`).check();
      await page.getByText('From #1 to #2').waitFor();
    },
  },
  { name: 'logs', path: `${DEV}/services/guestbook/logs`, ready: 'guestbook' },
  { name: 'metrics', path: `${DEV}/services/guestbook/metrics`, ready: 'guestbook' },
  {
    name: 'a repository, with a pull request of a fork',
    path: `${DEV}/services/guestbook/repository`,
    ready: 'Let in commit cccccccccccc',
  },
  { name: 'events', path: `${DEV}/services/guestbook/events`, ready: 'guestbook' },
  { name: 'an environment', path: DEV, ready: 'API_KEY' },
  {
    name: 'adding a secret',
    path: DEV,
    ready: 'API_KEY',
    open: (page) => page.getByRole('button', { name: 'Add a secret' }).click(),
  },
  {
    name: 'destroying an environment',
    path: DEV,
    ready: 'API_KEY',
    open: (page) => page.getByRole('button', { name: /^Destroy/ }).click(),
  },
  {
    name: 'the palette',
    path: '/projects/demo',
    ready: '2.0.0',
    open: async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox', { name: 'Go to or do' }).waitFor();
    },
  },
  { name: 'the overview with long names', path: `/projects/${long.project}`, ready: 'serving' },
  {
    name: 'a service with long names',
    path: `/projects/${long.project}/environments/${long.environment}/services/${long.service}`,
    ready: 'Replicas',
  },
  {
    name: 'an environment with long names',
    path: `/projects/${long.project}/environments/${long.environment}`,
    ready: 'Resources',
  },
  {
    name: 'making an environment',
    path: '/projects/demo',
    ready: 'serving',
    open: async (page) => {
      await page.getByRole('button', { name: 'New', exact: true }).click();
      await page.getByRole('menuitem', { name: 'Environment' }).click();
      await page.getByLabel('Ephemeral').waitFor();
    },
  },
  { name: 'nothing', path: '/nowhere', ready: 'There is nothing at this address.' },
  {
    name: 'the API reference',
    path: '/docs',
    ready: 'Platform',
    open: (page) => page.locator('#createDeployment > summary').click(),
  },
];

async function show({ path, ready, open }: Place): Promise<Visit> {
  const visited = await visit(browser, subject.url);
  if (path !== undefined) {
    await signIn(visited.page, subject.token);
    await goTo(visited.page, typeof path === 'string' ? path : path());
  }
  await visited.page.getByText(ready).first().waitFor();
  await open?.(visited.page);
  return visited;
}

/** Of a list of closed parts, which are alike, two are looked at: the API reference has hundreds. */
const CONTEXT = JSON.stringify({ exclude: [['details:not([open]):nth-of-type(n+3)']] });

/** The findings of axe that are serious or critical. @param rules only these */
async function violations(page: Page, rules?: string[]): Promise<string[]> {
  // Without its own copy of the style sheets, which the page's policy keeps it from making.
  const options = JSON.stringify({
    preload: false,
    resultTypes: ['violations'],
    ...(rules && { runOnly: rules }),
  });
  const found = await page.evaluate<{ id: string; impact: string; nodes: { html: string }[] }[]>(
    `axe.run(${CONTEXT}, ${options}).then(({ violations }) => violations)`,
  );
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' ')}`,
    );
}

/** Elements that reach beyond the right edge; what scrolls by itself may. */
const CUT_OFF = `[...document.querySelectorAll('main *, header *')]
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
  .filter((element) => element.getClientRects().length > 0 && !element.closest('pre, .bar nav, [role=tablist], [role=log] *, [aria-hidden]'))
  .map((element) => element.outerHTML.slice(0, 100))`;

/** The element that has the focus, and whether one sees that it has. */
const focused = (page: Page): Promise<{ name: string; isSeen: boolean }> =>
  page.evaluate(`(() => {
    const element = document.activeElement;
    const { outlineStyle, boxShadow } = getComputedStyle(element);
    const before = getComputedStyle(element, '::before');
    return {
      name: element.getAttribute('aria-label') || element.id || element.textContent.trim() || element.nodeName,
      isSeen: outlineStyle !== 'none' || boxShadow !== 'none' || before.boxShadow !== 'none' || before.outlineStyle !== 'none',
    };
  })()`);

/** Goes on with the Tab key until something has the focus; everything on the way shows that it has. */
async function tabTo(page: Page, wanted: string | RegExp): Promise<void> {
  const way: string[] = [];
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab');
    const { name, isSeen } = await focused(page);
    way.push(name);
    if (name !== 'BODY') expect([name, isSeen]).toEqual([name, true]);
    if (typeof wanted === 'string' ? name === wanted : wanted.test(name)) return;
  }
  throw new Error(`${wanted} is not reached: ${way.join(', ')}`);
}

describe.skipIf(!chromiumPath)('The console for everyone', () => {
  beforeAll(async () => {
    [subject, browser] = await Promise.all([openSubject(), launch()]);
    await seed(subject);
    await seedLong(subject);
    await subject.berth.api('POST', '/v1/projects', { name: 'empty' });
    await subject.berth.api('PUT', `/v1${DEV}/secrets/API_KEY`, { value: 'correct horse' });
    await connect(subject);
    await build(subject, '3.0.0');
    failed = (await deploy(subject, '3.0.0')).id;
  });
  afterAll(async () => {
    await Promise.all([browser.close(), subject.close()]);
  });

  it.each(pages)(
    '$name: axe finds nothing serious, light or dark, and nothing is cut off at 320 pixels',
    async (wanted) => {
      const { page, complaints, close } = await show(wanted);
      await page.evaluate(axe);
      await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
      expect(await violations(page)).toEqual([]);
      // Only the colours are others.
      await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
      await page.waitForTimeout(300);
      expect(await violations(page, ['color-contrast'])).toEqual([]);
      for (const width of [360, 320]) {
        await page.setViewportSize({ width, height: 740 });
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
        expect(await page.evaluate(CUT_OFF)).toEqual([]);
      }
      expect(complaints).toEqual([]);
      await close();
    },
    // axe takes its time for the reference, which has some thousands of elements.
    180_000,
  );

  it('keeps a theme that was chosen, and nothing else', async () => {
    const { page, close } = await show(pages[2]!);
    const background = (): Promise<string> =>
      page.evaluate('getComputedStyle(document.body).backgroundColor');
    await page.emulateMedia({ colorScheme: 'light' });
    const light = await background();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Go to or do' }).waitFor();
    await page.keyboard.insertText('dark');
    await page.keyboard.press('Enter');
    const dark = await background();
    expect(dark).not.toBe(light);
    await page.reload();
    expect(await background()).toBe(dark);
    expect(await page.evaluate('JSON.stringify(localStorage)')).toBe('{"berth-theme":"dark"}');
    await close();
  });

  it('all can be done with the keyboard, and one sees where one is', async () => {
    const { page, complaints, close } = await visit(browser, subject.url);
    await page.getByRole('button', { name: 'Other ways to sign in' }).waitFor();
    await tabTo(page, 'Other ways to sign in');
    await page.keyboard.press('Enter');
    await page.getByLabel('Token').waitFor();
    await page.getByLabel('Token').focus();
    await page.keyboard.insertText(subject.token);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Projects' }).waitFor();
    await page.locator('#title:focus').waitFor();
    await tabTo(page, /^Demo/);
    await page.keyboard.press('Enter');
    await page.getByText('2.0.0').first().waitFor();
    await tabTo(page, /^guestbook in dev: 2\.0\.0/);
    await page.keyboard.press('Enter');
    await page.getByText('Deployment 2 goes on serving').waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Go to or do' }).waitFor();
    await page.keyboard.insertText('guestbook dev history');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Roll back to 1' }).waitFor();
    await tabTo(page, 'Roll back to 1');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Rollback 4 of guestbook in dev' }).waitFor();
    await page.getByRole('main').getByText('succeeded').first().waitFor();
    expect(complaints).toEqual([]);
    await close();
  });

  it('skips to the content without leaving the page', async () => {
    const { page, close } = await show(pages[2]!);
    await page.evaluate('document.activeElement.blur()');
    await page.keyboard.press('Tab');
    while ((await focused(page)).name !== 'Skip to content') await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    expect((await focused(page)).name).toBe('main');
    expect(page.url()).toContain('/projects/demo');
    await close();
  });
});
