/** A lost connection, a part that does not come, and notices that stay with their page. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, goTo, launch, signIn, visit } from './browser.ts';
import { openSubject, type Subject } from './subject.ts';

let subject: Subject;
let browser: Browser;

describe.skipIf(!chromiumPath)('The console heals by itself', () => {
  beforeAll(async () => {
    [subject, browser] = await Promise.all([openSubject(), launch()]);
    await subject.berth.api('POST', '/v1/projects', { name: 'demo' });
  });
  afterAll(async () => {
    await Promise.all([browser.close(), subject.close()]);
  });

  it('when a part of it does not come: the rest goes on, and it is shown once it is there', async () => {
    const { page, close } = await visit(browser, subject.url);
    await page.route('**/assets/members-*.js', (route) => route.abort());
    await page.route('**/assets/palette-*.js', (route) => route.abort());
    await signIn(page, subject.token);
    await goTo(page, '/projects/demo/settings/members');
    await page.getByText('A part of the console has not come yet.').waitFor();
    // The palette is not what the page is about: without it the page goes on.
    await page.keyboard.press('Control+k');
    await page.getByRole('link', { name: 'Builds' }).waitFor();
    await page.unroute('**/assets/members-*.js');
    await page.getByRole('heading', { level: 1, name: 'Members' }).waitFor();
    await page.getByText('A part of the console has not come yet.').waitFor({ state: 'detached' });
    await page.unroute('**/assets/palette-*.js');
    await page.getByRole('combobox', { name: 'Go to or do' }).waitFor();
    await close();
  });

  it('when a page is opened without a connection, once that is back', async () => {
    const { page, close } = await visit(browser, subject.url);
    // Parts that were not opened yet are on their way once there is time.
    const loaded = page.waitForResponse(/\/audit-.*\.js/, { timeout: 30_000 });
    await signIn(page, subject.token);
    await goTo(page, '/projects/demo');
    await loaded;
    await page.waitForLoadState('networkidle').catch(() => undefined);
    await page.context().setOffline(true);
    await goTo(page, '/projects/demo/settings/members');
    await page.getByText('The connection to Berth is lost.').waitFor();
    await goTo(page, '/projects/demo/activity');
    await page.getByRole('heading', { level: 1, name: 'Activity' }).waitFor();
    await page.context().setOffline(false);
    await page.getByText('Project created').first().waitFor();
    await page.getByText('The connection to Berth is lost.').waitFor({ state: 'detached' });
    await goTo(page, '/projects/demo/settings/members');
    await page.getByRole('table', { name: 'Members' }).or(page.getByText('Nobody yet')).first().waitFor();
    await close();
  });

  it('when Berth does not answer while the console is opened: it asks until it does', async () => {
    const { page, close } = await visit(browser, 'about:blank');
    await page.route('**/v1/me', (route) => route.abort());
    await page.goto(subject.url);
    await page.getByText('The connection to Berth is lost.').waitFor();
    await page.unroute('**/v1/me');
    await page.getByRole('heading', { name: 'Sign in to Berth' }).waitFor();
    await close();
  });

  it('a notice stays with the page that it came up on, and what led to another page is told there', async () => {
    const { page, complaints, close } = await visit(browser, subject.url);
    await signIn(page, subject.token);
    await goTo(page, '/new-project');
    await page.getByRole('textbox', { name: /^Name/ }).fill('NOT a name');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByText('It was not created').waitFor();
    await page.getByRole('textbox', { name: /^Name/ }).fill('second');
    await page.waitForTimeout(1_100);
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByText('The project second was created').waitFor();
    expect(await page.getByText('It was not created').count()).toBe(0);
    await page.waitForTimeout(1_100);
    await page.getByRole('link', { name: 'Builds' }).click();
    await page.getByText('The project second was created').waitFor({ state: 'detached', timeout: 3_000 });
    expect(complaints).toEqual([]);
    await close();
  });
});
