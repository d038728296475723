/** The map of an environment: what leads to what, and what is known of each; by keyboard, and as a list. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { seriousFindings } from '../axe.ts';
import { chromiumPath, goTo, signIn } from '../browser.ts';
import { type Subject, seed, service } from '../subject.ts';
import { inBrowser } from './in-browser.ts';

const MAP = '/projects/demo/environments/dev/map';

let subject: Subject;
let page: Page;

const node = (name: RegExp) => page.locator('.map').getByRole('button', { name });
const inspected = () => page.locator('[aria-live] h2');
const list = () => page.getByRole('table', { name: 'What is in it' });

describe.skipIf(!chromiumPath)('The map of an environment', () => {
  inBrowser({
    async seed(made) {
      subject = made;
      await seed(subject);
      const job = { schedule: '30 2 * * *', command: ['node', '-v'] };
      await subject.berth.api('PUT', `${service}/jobs/nightly`, job);
    },
    async begin(visited) {
      page = visited.page;
      await signIn(page, subject.token);
    },
  });

  it('leads from addresses to services to jobs, by the keyboard alone, and says the same as a list', async () => {
    await goTo(page, '/projects/demo/environments/dev');
    await page.getByRole('link', { name: 'Map', exact: true }).focus();
    await page.keyboard.press('Enter');
    await node(/^guestbook\.dev\.demo/).focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await expect.poll(() => inspected().innerText()).toBe('guestbook');
    await page.getByText('0/s in the last 5 minutes').waitFor();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await expect.poll(() => inspected().innerText()).toBe('nightly');
    await page.getByRole('link', { name: 'Runs and jobs of guestbook' }).waitFor();
    const rows = await list().locator('tbody tr').allInnerTexts();
    expect(rows.map((row) => row.split(/\s/)[0])).toEqual([
      expect.stringMatching(/^guestbook\.dev\.demo/),
      'guestbook',
      'nightly',
    ]);
    expect(await seriousFindings(page)).toEqual([]);
  });

  it('tells what sleeps as it happens, and is the list alone on a phone', async () => {
    await goTo(page, MAP);
    await node(/^guestbook .*serving/).waitFor();
    await subject.berth.operation('POST', '/v1/projects/demo/environments/dev/hibernate');
    await node(/^guestbook .*asleep/).waitFor();
    await page.setViewportSize({ width: 390, height: 844 });
    await list().getByText('asleep').waitFor();
    // Where the system chooses the colours, one sees all the same which page is open.
    await page.emulateMedia({ forcedColors: 'active' });
    const open = page.getByRole('navigation', { name: 'Pages' }).locator('a').first();
    await goTo(page, '/projects/demo');
    await expect.poll(() => open.getAttribute('aria-current')).toBe('page');
    const outline = `getComputedStyle(document.querySelector('.side [aria-current]')).outlineStyle`;
    expect(await page.evaluate(outline)).toBe('solid');
    await goTo(page, MAP);
    await list().getByText('asleep').waitFor();
    expect(await page.locator('.map').isVisible()).toBe(false);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  });
});
