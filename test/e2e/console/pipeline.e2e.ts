/** The pipeline in the console: its stages, what is ahead of what, and promotions with what they wait for. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { seriousFindings } from '../axe.ts';
import { chromiumPath, goTo, signIn, signInAs } from '../browser.ts';
import { type Subject, seed } from '../subject.ts';
import { inBrowser } from './in-browser.ts';

let subject: Subject;
let page: Page;

const PAGE = '/projects/demo/pipeline';
const button = (name: string) => page.getByRole('button', { name, exact: true });
const dialog = () => page.getByRole('dialog');
const inDialog = (name: string) => dialog().getByRole('button', { name, exact: true });
const gone = () => dialog().waitFor({ state: 'detached' });
const shows = (text: string | RegExp) => page.getByText(text).first().waitFor({ timeout: 30_000 });
/** A stage of the guestbook, by its place. */
const stage = (at: number) =>
  page.getByRole('list', { name: 'guestbook by stage' }).locator('.stage').nth(at);

describe.skipIf(!chromiumPath)('The pipeline in the console', () => {
  inBrowser({
    async seed(made) {
      subject = made;
      await seed(subject);
      const { berth } = subject;
      for (const name of ['staging', 'eu', 'us'])
        await berth.operation('POST', '/v1/projects/demo/environments', { name });
      await berth.api('PUT', '/v1/projects/demo/environments/us/protection', { approval: true });
      await berth.operation('POST', '/v1/projects/demo/environments/staging/services/guestbook/deployments', {
        version: '1.0.0',
      });
      await berth.api('PUT', '/v1/projects/demo/members/user:ada', { role: 'administrator' });
      await berth.api('PUT', '/v1/projects/demo/members/group:demo-viewers', { role: 'viewer' });
      await fetch(`${subject.url}v1/sign-in/configuration`);
    },
    begin(visited) {
      page = visited.page;
    },
  });

  it('is set with the keyboard alone, and what is wrong with it stays beside the form', async () => {
    await signIn(page, subject.token);
    await goTo(page, PAGE);
    await shows('The project has no pipeline yet.');
    await button('Set the stages').focus();
    await page.keyboard.press('Enter');
    const stages = dialog().getByRole('textbox', { name: 'Stages' });
    // The environments that there are, to begin with.
    expect(await stages.inputValue()).toBe('dev\nstaging\neu\nus');
    await stages.fill('dev\nstaging@soon\nproduction=eu,us');
    await inDialog('Save').focus();
    await page.keyboard.press('Enter');
    await dialog().getByText(/bake/).last().waitFor();
    await stages.fill('dev\nstaging\nproduction=eu,us');
    await inDialog('Save').focus();
    await page.keyboard.press('Enter');
    await gone();
    await stage(2).getByText('production').waitFor();
    expect((await subject.berth.api('GET', '/v1/projects/demo/pipeline')).body.stages).toMatchObject([
      { name: 'dev' },
      { name: 'staging' },
      { name: 'production', environments: ['eu', 'us'] },
    ]);
  });

  it('says what serves where, and which versions each is behind', async () => {
    await signIn(page, subject.token);
    await goTo(page, PAGE);
    await stage(0).getByText('2.0.0').waitFor();
    await stage(1).getByText('1.0.0').waitFor();
    await stage(1).getByText('dev: 1 version ahead').click();
    await stage(1).locator('.behind').getByText('2.0.0').waitFor();
    await stage(2).getByText('nothing serves here').first().waitFor();
    await stage(1)
      .getByRole('link', { name: /^guestbook in staging/ })
      .click();
    await page.waitForURL('**/environments/staging/services/guestbook');
  });

  it('a viewer sees why they may not promote', async () => {
    await signInAs(page, 'Vera Rubin');
    await goTo(page, PAGE);
    for (const name of ['Promote guestbook', 'Change the stages']) {
      await button(name).waitFor();
      await expect.poll(() => button(name).getAttribute('aria-disabled')).toBe('true');
      await button(name).focus();
      await page
        .getByText(/takes the role (developer|maintainer)/)
        .first()
        .waitFor({ state: 'attached' });
    }
  });

  it('promotes through several stages in one call, and says what each waits for', async () => {
    await signIn(page, subject.token);
    await goTo(page, PAGE);
    await button('Promote guestbook').click();
    await dialog()
      .getByRole('button', { name: /^Goes to/ })
      .click();
    await page.getByRole('option', { name: /each stage up to production/ }).click();
    await inDialog('Promote').click();
    await gone();
    const card = page.getByRole('region', { name: 'Promotion of guestbook from dev' });
    await card.getByText('comes after staging').first().waitFor();
    await card.getByText('waits for approval').waitFor({ timeout: 60_000 });
    await stage(1).getByText('2.0.0').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await expect.poll(() => button('Promote guestbook').getAttribute('aria-disabled')).toBe('true');
    await card.getByRole('link', { name: 'Approvals in us' }).waitFor();
    await page.setViewportSize({ width: 390, height: 800 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    await page.setViewportSize({ width: 1280, height: 800 });
    await stage(2).getByText('2.0.0').first().waitFor({ timeout: 30_000 });
    await button('Cancel the promotion of guestbook').click();
    await card.getByText('promotion canceled').waitFor({ timeout: 20_000 });
  });

  it('promotes to environments of one’s choice', async () => {
    await signIn(page, subject.token);
    await goTo(page, PAGE);
    await subject.berth.api('DELETE', '/v1/projects/demo/environments/us/protection');
    await button('Promote guestbook').click();
    await dialog()
      .getByRole('button', { name: /^Goes to/ })
      .click();
    await page.getByRole('option', { name: /environments that I choose/ }).click();
    expect(await inDialog('Promote').isDisabled()).toBe(true);
    await dialog().getByLabel('us', { exact: true }).check();
    await inDialog('Promote').click();
    await gone();
    await expect.poll(() => stage(2).getByText('2.0.0').count(), { timeout: 60_000 }).toBe(2);
  });
});
