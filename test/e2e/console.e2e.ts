import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { askWorkload } from '../support/workload.ts';
import { chromiumPath, launch, showTokenForm, signIn, type Visit, visit } from './browser.ts';
import { openSubject, type Subject, seed } from './subject.ts';

let subject: Subject;
let browser: Browser;
let visited: Visit;
let page: Page;

describe.skipIf(!chromiumPath)('The console in a browser', () => {
  beforeAll(async () => {
    [subject, browser] = await Promise.all([openSubject(), launch()]);
  });
  afterAll(async () => {
    await Promise.all([browser.close(), subject.close()]);
  });
  beforeEach(async () => {
    visited = await visit(browser, subject.url);
    page = visited.page;
  });
  afterEach(async () => {
    await visited.close();
    expect(visited.complaints).toEqual([]);
  });

  it('teaches the first visitor where the token is, and the next step in an empty Berth', async () => {
    await showTokenForm(page);
    await page.getByText('cat .berth/admin-token').waitFor();
    await signIn(page, subject.token);
    await page.getByRole('heading', { name: 'No projects yet' }).waitFor();
    expect(await page.getByRole('group', { name: 'Command' }).innerText()).toContain(
      `${subject.url}v1/projects`,
    );
    await seed(subject);
    await page.getByRole('heading', { name: 'demo', exact: true }).waitFor();
  });

  it('refuses a wrong token in words beside its field, and keeps the right one in memory alone', async () => {
    await showTokenForm(page);
    const token = page.getByLabel('Token');
    for (const [wrong, said] of [
      ['', 'Enter the token.'],
      ['not a token', 'This is not a token'],
      ['žluťoučký', 'This is not a token'],
      ['x'.repeat(43), 'This token is not valid.'],
    ] as const) {
      await token.fill(wrong);
      await page.keyboard.press('Enter');
      await page.getByText(said).waitFor();
      expect(await token.getAttribute('aria-invalid')).toBe('true');
      expect(await page.evaluate('document.activeElement.type')).toBe('password');
    }
    await signIn(page, subject.token);
    const stored = await page.evaluate(
      'JSON.stringify([localStorage, sessionStorage, document.cookie, location.href, history.state])',
    );
    expect(stored).not.toContain(subject.token);
    expect((await page.content()).includes(subject.token)).toBe(false);
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in to Berth' }).waitFor();
  });

  it('opens what the address names, behind the sign-in', async () => {
    await page.goto(`${subject.url}projects/demo/environments/dev/services/guestbook/logs`);
    await signIn(page, subject.token);
    await page.getByRole('log').waitFor();
    await askWorkload(subject.berth.port, 'guestbook.dev.demo.localhost', '/hello');
    await page.getByRole('log').getByText('asked for hello').waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'Sign in to Berth' }).waitFor();
  });
});
