/** Backups in the console: made, restored, put back, planned; and what those see who may not. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { seriousFindings } from '../axe.ts';
import { chromiumPath, goTo, signIn, signInAs } from '../browser.ts';
import type { Subject } from '../subject.ts';
import { type ShopDatabase, seedDatabase, shop } from './databases.ts';
import { inBrowser } from './in-browser.ts';

let subject: Subject;
let database: ShopDatabase;
let page: Page;

const button = (name: string | RegExp) =>
  page.getByRole('button', { name, exact: typeof name === 'string' }).first();
const dialog = () => page.getByRole('dialog');
const inDialog = (name: string) => dialog().getByRole('button', { name, exact: true });
const rows = () => page.getByRole('table', { name: /^Backups of/ }).locator('tbody tr');
const guests = async () =>
  (await database.query('SELECT name FROM guests ORDER BY id')).map(({ name }) => name).join(' ');
/** The page of the operation that was started says that it has succeeded. */
const succeeds = () => page.getByRole('main').getByText('succeeded').first().waitFor({ timeout: 60_000 });
const dialogColour = (text: string) =>
  page.evaluate<string>(
    `getComputedStyle([...document.querySelectorAll('[role="dialog"] button')].find((one) => one.textContent.includes(${JSON.stringify(text)}))).backgroundColor`,
  );

describe.skipIf(!chromiumPath)('Backups in the console', () => {
  inBrowser({
    async seed(made) {
      subject = made;
      database = await seedDatabase(subject);
      await subject.berth.api('PUT', '/v1/projects/shop/members/user:ada', { role: 'administrator' });
      await subject.berth.api('PUT', '/v1/projects/shop/members/group:demo-viewers', { role: 'viewer' });
      await fetch(`${subject.url}v1/sign-in/configuration`);
    },
    begin(visited) {
      page = visited.page;
    },
  });

  const open = async () => {
    await signIn(page, subject.token);
    await goTo(page, shop.page);
    await button('Back up now').waitFor();
  };

  it('makes one, and says how big it is, what it holds and that it was restored on trial', async () => {
    await signIn(page, subject.token);
    await goTo(page, '/projects/shop/environments/dev');
    await page.getByRole('link', { name: /^Backups of/ }).click();
    await page.getByText('None yet. A backup is made').waitFor();
    await button('Back up now').click();
    const row = rows().first();
    await row.getByText('whole, restored on trial').waitFor({ timeout: 60_000 });
    expect(await row.innerText()).toMatch(/\d+\s(B|kB)/);
    await row.getByText('3 rows in 1 table').waitFor();
  });

  it('restores one after it was said what goes, and puts back what that replaced', async () => {
    await database.query(`INSERT INTO guests (name) VALUES ('Dan')`);
    await open();
    await button(/^Restore the backup of/).click();
    await dialog().getByText('Whatever was written, changed or deleted in it since then is gone').waitFor();
    await dialog().getByText('Connections of web are cut once').waitFor();
    expect(await dialogColour('Replace the data')).toMatch(/rgb\((1[5-9]\d|2\d\d), /);
    await inDialog('Replace the data').click();
    await succeeds();
    await expect.poll(guests, { timeout: 30_000 }).toBe('Ada Bob Cyd');
    await goTo(page, shop.page);
    await page.getByText('A restore replaced its data').waitFor();
    // What another restore would delete for good is said.
    await button(/^Restore the backup of/).click();
    await dialog().getByText('is deleted for good').waitFor();
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    await button(/^Put back what the restore/).click();
    await dialog().getByText('gets back what it held until').waitFor();
    await inDialog('Replace the data').click();
    await succeeds();
    await expect.poll(guests, { timeout: 30_000 }).toBe('Ada Bob Cyd Dan');
  });

  it('is planned with the keyboard alone, and what no schedule is stays beside the form', async () => {
    await open();
    await button('Change the plan').focus();
    await page.keyboard.press('Enter');
    await dialog().getByRole('button', { name: /^When/ }).click();
    await page.getByRole('option', { name: 'By another schedule' }).click();
    await dialog().getByRole('textbox', { name: 'Schedule' }).fill('every day');
    await page.keyboard.press('Enter');
    await dialog()
      .getByText(/schedule/)
      .last()
      .waitFor();
    await dialog().getByRole('textbox', { name: 'Schedule' }).fill('30 2 * * *');
    await dialog().getByRole('textbox', { name: 'Time zone' }).fill('Europe/Berlin');
    await dialog().getByRole('textbox', { name: 'Keep' }).fill('14');
    await page.keyboard.press('Enter');
    await dialog().waitFor({ state: 'detached' });
    await page.getByText('Every night at 2:30 (Europe/Berlin)').waitFor();
    await page.getByText('the 14 newest').waitFor();
    expect((await subject.berth.api('GET', `${database.path}/backup-plan`)).body).toMatchObject({
      schedule: '30 2 * * *',
      timeZone: 'Europe/Berlin',
      keep: 14,
    });
  });

  it('says why one has failed, and offers no restore of it', async () => {
    await database.query('CREATE AGGREGATE public.total (integer) (SFUNC = int4pl, STYPE = integer)');
    await open();
    await button('Back up now').click();
    const row = rows().first();
    await row.getByText('aggregate public.total(integer)').waitFor({ timeout: 60_000 });
    expect(await row.getByRole('button', { name: /^Restore/ }).count()).toBe(0);
    await database.query('DROP AGGREGATE public.total (integer)');
    await row.getByRole('button', { name: /^Delete the backup/ }).click();
    await inDialog('Delete the backup').click();
    await dialog().waitFor({ state: 'detached' });
    await page.getByText('aggregate public.total(integer)').waitFor({ state: 'detached' });
  });

  it('a viewer sees each button disabled, with the reason', async () => {
    await signInAs(page, 'Vera Rubin');
    await goTo(page, shop.page);
    for (const name of ['Change the plan', 'Back up now', /^Restore the backup/, /^Delete the backup/]) {
      const control = button(name);
      await control.waitFor();
      await expect.poll(() => control.getAttribute('aria-disabled')).toBe('true');
      await control.focus();
      await page
        .getByText(/takes the role (developer|maintainer)/)
        .first()
        .waitFor({ state: 'attached' });
    }
  });

  it('what sleeps can not be backed up, which the button says', async () => {
    await subject.berth.operation('POST', '/v1/projects/shop/environments/dev/hibernate');
    await open();
    await expect.poll(() => button('Back up now').getAttribute('aria-disabled')).toBe('true');
    await button('Back up now').focus();
    await page.getByText('dev sleeps: wake it first.').first().waitFor({ state: 'attached' });
    await subject.berth.operation('POST', '/v1/projects/shop/environments/dev/wake');
    await expect.poll(() => button('Back up now').getAttribute('aria-disabled')).not.toBe('true');
  });

  it('has nothing that axe finds serious, in both themes, and fits on 390 pixels', async () => {
    await open();
    expect(await seriousFindings(page)).toEqual([]);
    await button(/^Restore the backup of/).click();
    await inDialog('Replace the data').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.setViewportSize({ width: 390, height: 800 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
  });
});
