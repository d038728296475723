/** Alerts in the console: what fires with what to do, who looks after it, what is silenced, and the rules. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { program } from '../../support/programs.ts';
import { askWorkload } from '../../support/workload.ts';
import { seriousFindings } from '../axe.ts';
import { chromiumPath, goTo, signIn, signInAs } from '../browser.ts';
import { inBrowser } from '../console/in-browser.ts';
import type { Subject } from '../subject.ts';

const PROJECT = '/v1/projects/shop';
const PAGE = '/projects/shop/alerts';
const NAME = 'error-rate of guestbook in live';
const SERVER = `
import { createServer } from 'node:http';
createServer((request, response) => {
  response.writeHead(request.url === '/fail' ? 500 : 200).end('guests');
}).listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`;

let subject: Subject;
let page: Page;

const button = (name: string) => page.getByRole('button', { name, exact: true });
const dialog = () => page.getByRole('dialog');
const inDialog = (name: string) => dialog().getByRole('button', { name, exact: true });
const gone = () => dialog().waitFor({ state: 'detached' });
const card = () => page.getByRole('region', { name: NAME });
const firing = async () => (await subject.berth.api('GET', `${PROJECT}/alerts?state=firing`)).body.items;

describe.skipIf(!chromiumPath)('Alerts in the console', () => {
  inBrowser({
    async seed(made) {
      subject = made;
      const { berth } = subject;
      await berth.api('POST', '/v1/projects', { name: 'shop' });
      await berth.api('POST', `${PROJECT}/services`, { name: 'guestbook' });
      await berth.operation('POST', `${PROJECT}/environments`, { name: 'live' });
      const source = await program('guestbook', { server: SERVER });
      const { result } = await berth.operation('POST', `${PROJECT}/services/guestbook/builds`, source);
      await berth.operation('POST', `${PROJECT}/environments/live/services/guestbook/deployments`, {
        version: result.version,
      });
      await berth.api('PUT', `${PROJECT}/members/user:ada`, { role: 'administrator' });
      await berth.api('PUT', `${PROJECT}/members/group:demo-viewers`, { role: 'viewer' });
      await fetch(`${subject.url}v1/sign-in/configuration`);
    },
    begin(visited) {
      page = visited.page;
    },
  });

  it('appear by themselves, with what was seen, the deployment before, and the command to run next', async () => {
    await signIn(page, subject.token);
    await goTo(page, PAGE);
    await page.getByText('No alert fires.').waitFor();
    for (let number = 0; number < 60; number++)
      await askWorkload(subject.berth.port, 'guestbook.live.shop.localhost', '/fail');
    await card()
      .getByText(/of \d+ requests within 5m were answered with 5xx/)
      .waitFor({ timeout: 60_000 });
    await card().getByText('berth rollback -p shop -e live -s guestbook').waitFor();
    await page.getByRole('navigation', { name: 'Pages' }).getByText('firing').waitFor({ state: 'attached' });
    await card().getByRole('link', { name: 'deployment 1' }).click();
    await page.waitForURL(/\/services\/guestbook\/history$/);
  });

  it('are looked after by somebody, with the keyboard alone', async () => {
    await signIn(page, subject.token);
    await goTo(page, PAGE);
    await button(`Look after ${NAME}`).focus();
    await page.keyboard.press('Enter');
    await dialog().getByRole('textbox', { name: 'What you do about it' }).fill('Rolling back');
    await page.keyboard.press('Enter');
    await gone();
    await card().getByText('Rolling back').waitFor();
    expect(await button(`Look after ${NAME}`).count()).toBe(0);
    expect((await firing())[0]).toMatchObject({ acknowledged: { note: 'Rolling back' } });
  });

  it('are silenced with a reason for a time, and told again when that is ended', async () => {
    await signIn(page, subject.token);
    await goTo(page, PAGE);
    await button(`Silence ${NAME}`).click();
    expect(await inDialog('Silence it').getAttribute('disabled')).not.toBeNull();
    await dialog().getByRole('textbox', { name: 'Why' }).fill('The database moves');
    await inDialog('Silence it').click();
    await gone();
    const row = page.getByRole('table', { name: 'Silences' }).locator('tbody tr');
    await row.getByText('The database moves').waitFor();
    expect(await row.innerText()).toContain(NAME);
    await button(`End the silence for ${NAME}`).click();
    await row.waitFor({ state: 'detached' });
  });

  it('a viewer sees each button disabled, with the reason', async () => {
    await signInAs(page, 'Vera Rubin');
    await goTo(page, PAGE);
    for (const name of [`Silence ${NAME}`, 'Add a rule …', 'Change error-rate']) {
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

  it('has nothing that axe finds serious, in both themes, and fits on 390 pixels', async () => {
    await signIn(page, subject.token);
    await goTo(page, PAGE);
    await card().waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await button(`Silence ${NAME}`).click();
    await inDialog('Silence it').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.setViewportSize({ width: 390, height: 800 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
  });

  it('have rules that are shown in words and changed; what fires by one that goes is over', async () => {
    await signIn(page, subject.token);
    await goTo(page, PAGE);
    const rules = page.getByRole('table', { name: 'Rules' });
    await rules.getByText('more than 5 % of at least 50 requests within 5m').waitFor();
    await button('Add a rule …').click();
    await dialog().getByText('it fires when more than 5 % of at least 50 requests within 5m').waitFor();
    await dialog().getByText('There is a rule of that name already.').waitFor();
    expect(await inDialog('Save').getAttribute('disabled')).not.toBeNull();
    await dialog().getByRole('textbox', { name: 'Name' }).fill('errors');
    await dialog().getByRole('textbox', { name: 'Within' }).fill('soon');
    await inDialog('Save').click();
    await dialog()
      .getByText(/window/)
      .waitFor();
    await dialog().getByRole('textbox', { name: 'Within' }).fill('10m');
    await dialog()
      .getByRole('textbox', { name: /^Percent/ })
      .fill('90');
    expect(await seriousFindings(page)).toEqual([]);
    await inDialog('Save').click();
    await gone();
    await rules.getByText('more than 90 % of at least 50 requests within 10m').waitFor();
    await button('Change errors').click();
    await dialog().getByRole('textbox', { name: 'Environments' }).fill('live');
    await inDialog('Save').click();
    await gone();
    await button('Delete error-rate').click();
    await inDialog('Delete error-rate').click();
    await gone();
    const held = (await subject.berth.api('GET', `${PROJECT}/alert-rules`)).body.rules;
    expect(held.map(({ name }: { name: string }) => name)).not.toContain('error-rate');
    expect(held.at(-1)).toEqual({
      name: 'errors',
      when: { kind: 'error-rate', percent: 90, minRequests: 50, window: '10m' },
      environments: ['live'],
      clearAfter: '5m',
    });
    await card().waitFor({ state: 'detached', timeout: 60_000 });
    await page.getByRole('table', { name: 'Alerts that are over' }).getByText('error-rate').waitFor();
    await button('Put the defaults back …').click();
    await inDialog('Put the defaults back').click();
    await rules.getByText('crash-loop').waitFor();
  });
});
