/** Costs in the console: of a project, of an environment, and of a deployment before it is made. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { seriousFindings } from '../axe.ts';
import { chromiumPath, goTo, signIn } from '../browser.ts';
import { seed } from '../subject.ts';
import { inBrowser } from './in-browser.ts';

let page: Page;

describe.skipIf(!chromiumPath)('Costs in the console', () => {
  inBrowser({
    seed,
    async begin(visited, { token }) {
      page = visited.page;
      await signIn(page, token);
    },
  });

  it('are told for the project and each environment, by the keyboard alone', async () => {
    await goTo(page, '/projects/demo');
    await page.getByRole('link', { name: 'Costs', exact: true }).focus();
    await page.keyboard.press('Enter');
    const table = page.getByRole('table', { name: 'What environments cost' });
    await table.getByRole('row', { name: /^dev .*\$\d+\.\d\d \$\d\.\d\d/ }).waitFor();
    await page.getByText('this is what it would cost there').waitFor();
    await table.getByRole('link', { name: 'dev', exact: true }).focus();
    await page.keyboard.press('Enter');
    const lines = page.getByRole('table', { name: 'What costs how much' });
    await lines.getByRole('row', { name: /^guestbook eks\.nodeHour/ }).waitFor();
  });

  it('are told before a deployment', async () => {
    await goTo(page, '/projects/demo/deploy?service=guestbook&environment=dev');
    await page.getByRole('radio').first().check();
    await page.getByText(/^\$\d+\.\d\d a month while it is awake/).waitFor();
  });

  it('have nothing that axe finds serious, in both themes, and fit on 390 pixels', async () => {
    for (const path of ['/projects/demo/costs', '/projects/demo/environments/dev']) {
      await page.setViewportSize({ width: 1280, height: 800 });
      await goTo(page, path);
      await page.getByRole('table').first().waitFor();
      expect(await seriousFindings(page), path).toEqual([]);
      await page.setViewportSize({ width: 390, height: 800 });
      expect(await page.evaluate('document.documentElement.scrollWidth'), path).toBeLessThanOrEqual(390);
    }
  });
});
