import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launch, signIn, type Visit, visit } from './browser.ts';
import { build, deploy, long, openSubject, type Subject, seed, seedLong } from './subject.ts';

let subject: Subject;
let browser: Browser;

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Place {
  path?: string;
  hash?: string | undefined;
  /** What has to be there. */
  ready: string;
}

/** Every page, by what has to be there before it is looked at. */
const pages = [
  { name: 'sign in', hash: undefined, ready: '#sign-in' },
  { name: 'the overview', hash: '#/demo', ready: '#row-dev-guestbook' },
  { name: 'a service whose deployment failed', hash: '#/demo/dev/guestbook', ready: '#log .line' },
  {
    name: 'the overview with long names',
    hash: `#/${long.project}`,
    ready: `#row-${long.environment}-${long.service}`,
  },
  {
    name: 'a service with long names',
    hash: `#/${long.project}/${long.environment}/${long.service}`,
    ready: '#log .line',
  },
  { name: 'the API reference', path: 'docs', ready: '#createDeployment' },
];

async function show({ path = '', hash, ready }: Place): Promise<Visit> {
  const visited = await visit(browser, subject.url + path);
  if (hash !== undefined) {
    await signIn(visited.page, subject.token);
    await visited.page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
  }
  await visited.page.locator(ready).first().waitFor();
  if (path === 'docs') await visited.page.locator('#createDeployment summary').click();
  return visited;
}

/** What axe finds, of any impact. @param rules only these */
async function violations(page: Page, rules?: string[]): Promise<string[]> {
  const options = JSON.stringify({ resultTypes: ['violations'], ...(rules && { runOnly: rules }) });
  const found = await page.evaluate<{ id: string; impact: string; nodes: { html: string }[] }[]>(
    `axe.run(${options}).then(({ violations }) => violations)`,
  );
  return found.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0]?.html}`);
}

/** Elements that reach beyond the right edge; what scrolls by itself may. */
const CUT_OFF = `[...document.querySelectorAll('main *, header *')]
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest('pre, .skip'))
  .map((element) => element.outerHTML.slice(0, 100))`;

/** What has the focus, and whether one sees it. */
const focused = (page: Page): Promise<{ name: string; outline: string }> =>
  page.evaluate(`(() => {
    const element = document.activeElement;
    return {
      name: element.id || element.textContent.trim() || element.nodeName,
      outline: getComputedStyle(element).outlineStyle,
    };
  })()`);

/** Goes on with the Tab key until something has the focus; everything on the way shows that it has. */
async function tabTo(page: Page, wanted: string): Promise<string[]> {
  const way: string[] = [];
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press('Tab');
    const { name, outline } = await focused(page);
    expect(`${name}: ${outline}`).not.toContain(': none');
    way.push(name);
    if (name === wanted) return way;
  }
  throw new Error(`${wanted} is not reached: ${way.join(', ')}`);
}

describe.skipIf(!chromiumPath)('The console for everyone', () => {
  beforeAll(async () => {
    [subject, browser] = await Promise.all([openSubject(), launch()]);
    await seed(subject);
    await seedLong(subject);
    await build(subject, '3.0.0');
    await deploy(subject, '3.0.0');
  });
  afterAll(async () => {
    await Promise.all([browser.close(), subject.close()]);
  });

  it.each(pages)(
    '$name: axe finds nothing, light or dark, and nothing is cut off at 320 pixels',
    async (wanted) => {
      const { page, complaints, close } = await show(wanted);
      await page.evaluate(axe);
      await page.emulateMedia({ colorScheme: 'light' });
      expect(await violations(page)).toEqual([]);
      // Only the colours are others.
      await page.emulateMedia({ colorScheme: 'dark' });
      expect(await violations(page, ['color-contrast'])).toEqual([]);
      for (const width of [360, 320]) {
        await page.setViewportSize({ width, height: 740 });
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
        expect(await page.evaluate(CUT_OFF)).toEqual([]);
      }
      expect(complaints).toEqual([]);
      await close();
    },
  );

  it('all can be done with the keyboard, and one sees where one is', async () => {
    const { page, complaints, close } = await visit(browser, subject.url);
    expect((await focused(page)).name).toBe('token');
    await page.keyboard.insertText(subject.token);
    await page.keyboard.press('Enter');
    await page.locator('#row-dev-guestbook').waitFor();
    expect((await focused(page)).name).toBe('title');
    await tabTo(page, 'guestbook');
    await page.keyboard.press('Enter');
    await page.locator('#deployment-1').waitFor();
    expect((await focused(page)).name).toBe('title');
    await tabTo(page, 'rollback-1');
    await page.keyboard.press('Enter');
    await page.locator('#deployment-4').filter({ hasText: 'serves' }).waitFor();
    await tabTo(page, 'log-filter');
    await page.keyboard.insertText('listens');
    await tabTo(page, 'log-pause');
    await page.keyboard.press('Space');
    await page.locator('#log-note').filter({ hasText: 'Paused' }).waitFor();
    await tabTo(page, 'log');
    await tabTo(page, 'message-close');
    expect(complaints).toEqual([]);
    await close();
  });

  it('skips to the content without leaving the view', async () => {
    const { page, close } = await show(pages[2]!);
    await page.evaluate('document.body.focus(); document.activeElement.blur()');
    await page.keyboard.press('Tab');
    while ((await focused(page)).name !== 'Skip to content') await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    expect((await focused(page)).name).toBe('main');
    expect(page.url()).toContain('#/demo/dev/guestbook');
    await close();
  });
});
