import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { askWorkload } from '../support/workload.ts';
import { chromiumPath, goTo, showTokenForm, signIn } from './browser.ts';
import { inBrowser } from './console/in-browser.ts';
import { build, HOSTILE, type Subject, seed, service } from './subject.ts';

let subject: Subject;
let page: Page;

const GUESTBOOK = '/projects/demo/environments/dev/services/guestbook';

const button = (name: string | RegExp) => page.getByRole('button', { name });
const link = (name: string | RegExp) => page.getByRole('link', { name });
const shows = (text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor();
const titled = (name: string | RegExp): Promise<void> =>
  page.getByRole('heading', { level: 1, name }).waitFor();

async function open(path = ''): Promise<void> {
  await signIn(page, subject.token);
  if (path !== '') await goTo(page, path);
}

describe.skipIf(!chromiumPath)('The console in a browser', () => {
  inBrowser({
    seed(made) {
      subject = made;
    },
    begin(visited) {
      page = visited.page;
    },
  });

  it('teaches the first visitor where the token is, and each next step in an empty Berth', async () => {
    const command = (): Promise<string> =>
      page.getByRole('group', { name: 'Command' }).innerText({ timeout: 5_000 });
    await showTokenForm(page);
    expect(await command()).toContain('cat .berth/admin-token');
    await open();
    await shows('No projects yet');
    await page.getByText('The same with curl').click();
    expect(await command()).toContain(`${subject.url}v1/projects`);
    await page.getByRole('textbox', { name: 'Name' }).fill('empty');
    await button('Create').click();
    await shows('No environments yet');
    await page.getByText('The same with curl').click();
    expect(await command()).toContain('/v1/projects/empty/environments');
    await button('Create').click();
    await shows('No services yet');
    await page.getByRole('textbox', { name: 'Name' }).fill('NOT a name');
    await button('Create').click();
    await shows('must be 1 to 40 of a-z');
    await page.getByRole('textbox', { name: 'Name' }).fill('hello');
    await button('Create').click();
    await button('Deploy hello to dev').or(link('Deploy hello to dev')).click();
    await shows('No versions of hello yet');
    expect(await command()).toContain('/services/hello/builds?tag=1.0.0');
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
      await shows(said);
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
    await titled('Sign in to Berth');
  });

  it('shows projects as they are made', async () => {
    await open('/');
    await titled('empty');
    await seed(subject);
    await goTo(page, '/');
    await link(`Demo ${HOSTILE}`).click();
    await titled(`Demo ${HOSTILE}`);
  });

  it('shows what runs where: version, state, age and who did it, and opens it', async () => {
    await open('/projects/demo');
    const cell = page.getByTestId('guestbook-dev');
    await cell.getByText('serving').waitFor();
    const said = await cell.innerText();
    for (const part of ['2.0.0', '#2', 'by administrator']) expect(said).toContain(part);
    await shows(/sleeps\s+in 8 hours/);
    await link('guestbook in dev: 2.0.0 serving').click();
    await shows('Deployment 2 serves.');
    await shows('1 of 1 ready');
    const [opened] = await Promise.all([
      page.waitForEvent('popup'),
      link(/^http:\/\/guestbook\.dev\.demo\.localhost/).click(),
    ]);
    await opened.getByText('guestbook 2').waitFor();
    expect(await opened.evaluate('window.opener')).toBeNull();
  });

  it('deploys in three clicks, says before the last what will change, and why it failed, live', async () => {
    // Polling is turned off, so that updates can come by the streams alone.
    await page.addInitScript('window.setInterval = () => 0');
    await page.reload();
    await open('/projects/demo');
    await build(subject, '3.0.0');
    await page.evaluate('window.notLoadedAgain = true');
    await link('Deploy guestbook to dev').click();
    await page.getByLabel(/^3\.0\.0/).check();
    await shows('#3, after #2');
    await page.getByText('Version and digest of the image').click();
    await page.getByRole('table', { name: 'What changes' }).getByText('version').first().waitFor();
    await button('Deploy to dev').click();
    await titled('Deployment 3 of guestbook to dev');
    await shows('Deployment 3 of guestbook to dev failed');
    const alert = page.getByRole('group', { name: 'Its last output' });
    expect(await alert.innerText()).toContain(`can not start: ${HOSTILE}`);
    await shows('Fix what its output says');
    const step = page
      .getByRole('list', { name: 'Steps' })
      .getByRole('listitem')
      .filter({ hasText: 'failed' });
    expect(await step.innerText()).toMatch(/Await rollout[\s\S]*\d\sm?s/);
    await page.getByRole('log', { name: 'Output' }).getByText('Deployment 3 starts').waitFor();
    await link('Open the log').click();
    await page.getByRole('tab', { name: 'Logs', selected: true }).waitFor();
    await link('Overview').click();
    await page.getByTestId('guestbook-dev').getByText('crashed 3 times').waitFor();
    expect(await page.evaluate('window.notLoadedAgain')).toBe(true);
  });

  it('rolls back with one click, once, and shows each step', async () => {
    await open(`${GUESTBOOK}/history`);
    await button('Roll back to 1').dblclick();
    await titled('Rollback 4 of guestbook in dev');
    await page.getByRole('main').getByText('succeeded').first().waitFor();
    await shows('Took');
    await page.goBack();
    const row = page.getByRole('listitem').filter({ hasText: '#4' });
    await row.getByText('serves').waitFor();
    expect(await row.innerText()).toMatch(/1\.0\.0[\s\S]*succeeded[\s\S]*Rollback to 1, /);
    await button('Roll back to 2').waitFor();
    expect((await subject.berth.api('GET', `${service}/deployments`)).body.items).toHaveLength(4);
  });

  it('shows what differs between any two deployments', async () => {
    await open(`${GUESTBOOK}/history`);
    await page.getByLabel('Compare deployment 4').check();
    await page.getByLabel('Compare deployment 2').check();
    await page.getByRole('heading', { name: 'From #2 to #4' }).waitFor();
    await page.getByText('Version and digest of the image').click();
    await page.getByRole('table', { name: 'What changes' }).getByText('sha256:').first().waitFor();
    await page.getByLabel('Compare deployment 1').check();
    await page.getByRole('heading', { name: 'From #1 to #2' }).waitFor();
  });

  it('makes an environment and a service, and says what is wrong with a name', async () => {
    await open('/projects/demo');
    await button('New').click();
    await page.getByRole('menuitem', { name: 'Environment' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('dev');
    await dialog.getByLabel('Ephemeral').check();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await button('New').click();
    await page.getByRole('menuitem', { name: 'Environment' }).click();
    await dialog.getByLabel('Name').fill('dev');
    await dialog.getByRole('button', { name: 'Create' }).click();
    await dialog.getByText('already has an environment').waitFor();
    await dialog.getByLabel('Ephemeral').check();
    await dialog.getByLabel('Name').fill('pr-7');
    await page.keyboard.press('Enter');
    await link('pr-7').first().waitFor();
    await button('New').click();
    await page.getByRole('menuitem', { name: 'Service' }).click();
    await dialog.getByLabel('Name').fill('checkout');
    await page.keyboard.press('Enter');
    await page.getByTestId('checkout-pr-7').waitFor();
    await subject.berth.operation('DELETE', '/v1/projects/demo/environments/pr-7');
    await page.getByTestId('checkout-pr-7').waitFor({ state: 'detached' });
  });

  it('promotes from a cell to the next environment', async () => {
    await subject.berth.operation('POST', '/v1/projects/demo/environments', { name: 'staging' });
    await open('/projects/demo');
    await link('Promote to staging: guestbook from dev').click();
    await shows('As in dev: 1.0.0');
    await button('Deploy to staging').click();
    await titled('Deployment 1 of guestbook to staging');
    await link(/^http:\/\/guestbook\.staging\.demo/).waitFor();
    const { body } = await subject.berth.api('GET', `${service.replace('/dev/', '/staging/')}/deployments/1`);
    expect(body).toMatchObject({ kind: 'promote', fromEnvironment: 'dev', status: 'succeeded' });
  });

  it('shows a deployment that waits for approval, which who asked for it can not give', async () => {
    const path = '/v1/projects/demo/environments';
    await subject.berth.operation('POST', path, { name: 'guarded' });
    await subject.berth.api('PUT', `${path}/guarded/protection`, { approval: true });
    await open('/projects/demo/deploy?service=guestbook&environment=guarded');
    await page.getByLabel(/^1\.0\.0/).check();
    await button('Deploy to guarded').click();
    await shows('It waits for approval');
    const approve = button(/^Approve deployment/);
    expect(await approve.getAttribute('aria-disabled')).toBe('true');
    await approve.hover();
    const why = page.getByText('You asked for it yourself: somebody else has to approve it.');
    await why.filter({ visible: true }).waitFor();
    await button('Cancel').click();
    await page.getByText('It waits for approval').waitFor({ state: 'detached' });
    await subject.berth.operation('DELETE', `${path}/guarded`);
  });

  it('adds, changes and deletes a secret, and never shows its value', async () => {
    await open('/projects/demo/environments/dev');
    await button('Add a secret').click();
    await page.getByRole('textbox', { name: 'Name' }).fill('API_KEY');
    await page.getByLabel('Value').fill('correct horse battery');
    await button('Save').click();
    await shows('API_KEY was saved.');
    const path = '/v1/projects/demo/environments/dev/secrets';
    const [first] = (await subject.berth.api('GET', path)).body.items;
    await button('New version of API_KEY').click();
    await page.getByLabel('Value').fill('another staple');
    await button('Save').click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const [second] = (await subject.berth.api('GET', path)).body.items;
    expect(second.version).not.toBe(first.version);
    const html = await page.content();
    for (const value of ['correct horse', 'another staple']) expect(html.includes(value)).toBe(false);
    await button('Delete API_KEY').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await shows('API_KEY was deleted.');
    expect((await subject.berth.api('GET', path)).body.items).toEqual([]);
  });

  it('hibernates, wakes and extends an environment; the button keeps the focus', async () => {
    const path = '/v1/projects/demo/environments';
    await subject.berth.operation('POST', path, { name: 'pr-1', kind: 'ephemeral', ttl: '2d' });
    await open('/projects/demo/environments/dev');
    await button('Hibernate').focus();
    await page.keyboard.press('Enter');
    await shows(/Waking starts them again/);
    await button('Wake').waitFor();
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Wake');
    await page.keyboard.press('Enter');
    await button('Hibernate').waitFor();
    await shows('serving');
    await goTo(page, '/projects/demo/environments/pr-1');
    await shows('in 2 days');
    await button('Extend by 1 day').click();
    await shows('in 3 days');
  });

  it('destroys an environment once its name is typed, and lists what goes with it', async () => {
    await open('/projects/demo/environments/staging');
    await button('Destroy staging …').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('the service guestbook, with its history and log').waitFor();
    const destroy = dialog.getByRole('button', { name: 'Destroy' });
    expect(await destroy.isDisabled()).toBe(true);
    await dialog.getByLabel('Type staging to confirm').fill('stagin');
    expect(await destroy.isDisabled()).toBe(true);
    await dialog.getByLabel('Type staging to confirm').fill('staging');
    await destroy.click();
    await titled('Destroying staging');
    await page.getByRole('main').getByRole('status').getByText('succeeded').waitFor();
    await goTo(page, '/projects/demo/environments/staging');
    await shows('There is no environment staging in demo now.');
  });

  it('shows whatever is printed as text', async () => {
    await open(`${GUESTBOOK}/logs`);
    const log = page.getByRole('log').first();
    await log.waitFor();
    const line = `${HOSTILE}\u001b[31mred\u001b[0m\u001b]8;;javascript:alert(1)\u0007link\u202eback\u0007`;
    await askWorkload(subject.berth.port, 'guestbook.dev.demo.localhost', `/${encodeURIComponent(line)}`);
    await log.getByText(`asked for ${HOSTILE}`).first().waitFor();
    expect(await log.locator(':is(a, img, b)').count()).toBe(0);
    await titled(/guestbook in dev/);
    await goTo(page, '/projects/demo');
    await titled(`Demo ${HOSTILE}`);
    expect(await page.locator('main :is(img, b)').count()).toBe(0);
  });

  it('tells an action that was refused, with the hint', async () => {
    await open('/projects/demo/environments/dev');
    await page.route('**/hibernate', (route) =>
      route.fulfill({
        status: 409,
        json: { detail: 'A deployment is going on.', hint: 'Wait until it has ended.' },
      }),
    );
    await button('Hibernate').click();
    await shows('A deployment is going on. Wait until it has ended.');
    await button('Dismiss').click();
    await page.getByText('A deployment is going on.').waitFor({ state: 'detached' });
  });

  it('says what is not there, whatever the address', async () => {
    await open('/projects/demo/environments/dev/services/nothing');
    await shows('There is no service nothing in dev now.');
    await goTo(page, '/projects/nothing');
    await shows('There is no project nothing.');
    await goTo(page, '/projects/<img src=x>/..');
    await shows('There is nothing at this address.');
    await goTo(page, `${GUESTBOOK}/nothing`);
    await shows('There is nothing at this address.');
  });

  it('opens what the address names, behind the sign-in', async () => {
    await page.goto(`${subject.url.slice(0, -1)}${GUESTBOOK}/history`);
    await signIn(page, subject.token);
    await button('Roll back to 2').waitFor();
    expect(await page.title()).toBe('guestbook · dev · Berth');
  });

  it('says that the connection is lost, and heals by itself', async () => {
    // Pages that were not opened are loaded before they are needed.
    const loaded = page.waitForResponse(/\/history-/);
    await open(GUESTBOOK);
    await shows('Deployment 4 serves.');
    await loaded;
    await subject.berth.kill('SIGKILL');
    await shows('The connection to Berth is lost.');
    await shows('Offline');
    await shows('Deployment 4 serves.');
    await page.getByRole('tab', { name: 'History' }).click();
    await subject.again();
    await page.getByText('Live', { exact: true }).waitFor({ timeout: 20_000 });
    await page.getByText('The connection to Berth is lost.').waitFor({ state: 'detached' });
    await button('Roll back to 2').waitFor();
  });

  it('ends when the token is no longer valid, and when one signs out', async () => {
    await open('/projects/demo');
    await page.getByTestId('guestbook-dev').waitFor();
    await button(/^administrator/i).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await shows('You are signed out.');
    await signIn(page, subject.token);
    await page.getByTestId('guestbook-dev').waitFor();
    await page.route('**/v1/projects/**', (route) =>
      route.fulfill({ status: 401, json: { code: 'unauthenticated', detail: 'no' } }),
    );
    await shows('Your token is no longer valid.');
    expect(await page.getByTestId('guestbook-dev').count()).toBe(0);
  });
});
