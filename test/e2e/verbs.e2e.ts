/** What people do with a service, and the settings of its environment, as a user does it. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { Json } from '../support/berth.ts';
import { archive } from '../support/programs.ts';
import { askWorkload } from '../support/workload.ts';
import { seriousFindings } from './axe.ts';
import { chromiumPath, goTo, signIn } from './browser.ts';
import { inBrowser } from './console/in-browser.ts';
import { type Subject, seed, service } from './subject.ts';

let subject: Subject;
let page: Page;

const ENVIRONMENT = '/projects/demo/environments/dev';
const GUESTBOOK = `${ENVIRONMENT}/services/guestbook`;
const VARIABLES = '/v1/projects/demo/environments/dev/variables';

const button = (name: string) => page.getByRole('button', { name, exact: true });
const dialog = () => page.getByRole('dialog');
const inDialog = (name: string) => dialog().getByRole('button', { name, exact: true });
const shows = (text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor();
const gone = (): Promise<void> => dialog().waitFor({ state: 'detached' });
const instance = async (): Promise<Json> => (await subject.berth.api('GET', service)).body;
const values = async (): Promise<Json> =>
  Object.fromEntries(
    (await subject.berth.api('GET', VARIABLES)).body.items.map(({ name, value }: Json) => [name, value]),
  );
const status = async (): Promise<number> =>
  (await askWorkload(subject.berth.port, 'guestbook.dev.demo.localhost', '/')).status;

describe.skipIf(!chromiumPath)('The console, for a service that runs', () => {
  inBrowser({
    async seed(made) {
      subject = made;
      await seed(subject);
    },
    async begin(visited) {
      page = visited.page;
      await signIn(page, subject.token);
    },
  });

  it('restarts it with one click, and the history says that it was a restart', async () => {
    await goTo(page, GUESTBOOK);
    await button('Restart').click();
    await shows('guestbook restarts.');
    await shows('Deployment 3 serves.');
    await goTo(page, `${GUESTBOOK}/history`);
    await shows(/^Restart, /);
  });

  it('shows its jobs and runs, runs a job now, and suspends it', async () => {
    const job = { schedule: '30 2 * * *', command: ['node', '-p', '"it is " + 6 * 7'] };
    expect((await subject.berth.api('PUT', `${service}/jobs/nightly`, job)).status).toBe(200);
    await goTo(page, `${GUESTBOOK}/runs`);
    await button('Suspend nightly').click();
    await shows('nightly is suspended.');
    await button('Run now: nightly').click();
    await page.getByRole('log').getByText('it is 42').waitFor();
    await goTo(page, `${GUESTBOOK}/runs`);
    await page.getByRole('row', { name: /it is.*0/ }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await button('Resume nightly').click();
    await shows('nightly runs by its schedule again.');
  });

  it('scales it to what it may have, and back to what the Score file says', async () => {
    await goTo(page, GUESTBOOK);
    await button('Scale').click();
    for (const wrong of ['0', '21', 'two', '-1']) {
      await page.getByLabel('Replicas').fill(wrong);
      expect(await inDialog('Scale').isDisabled(), wrong).toBe(true);
    }
    await page.getByLabel('Replicas').fill('2');
    await inDialog('Scale').click();
    await shows('2 of 2 ready');
    await shows('Scaled to');
    await button('Scale').click();
    expect(await page.getByLabel('Replicas').inputValue()).toBe('2');
    await page.getByLabel('Replicas').fill('');
    await page.keyboard.press('Enter');
    await shows('1 of 1 ready');
    await expect.poll(async () => (await instance()).scale).toBeUndefined();
    await goTo(page, `${GUESTBOOK}/history`);
    await shows(/^Scale to 2, /);
    await shows(/^Scale as in the Score file, /);
  });

  it('stops it once that is confirmed, says so, and starts it again, also while the environment sleeps', async () => {
    await goTo(page, GUESTBOOK);
    await button('Stop').click();
    await inDialog('Cancel').click();
    await gone();
    expect(await status()).toBe(200);
    await button('Stop').click();
    await inDialog('Stop guestbook').click();
    await shows('It is stopped.');
    await button('Start').waitFor();
    expect(await button('Restart').count()).toBe(0);
    expect(await status()).toBe(503);
    await subject.berth.operation('POST', '/v1/projects/demo/environments/dev/hibernate');
    await shows('The environment is hibernated.');
    await button('Start').click();
    await shows('guestbook starts.');
    await expect.poll(status, { timeout: 20_000 }).toBe(200);
    await button('Stop').waitFor();
    await goTo(page, `${GUESTBOOK}/history`);
    await shows(/^Stop, /);
    // A stop is no version to go back to.
    const { newest } = await instance();
    expect(await button(`Roll back to ${newest.number - 1}`).count()).toBe(0);
  });

  it('takes variables of several lines as they are, and replaces none unseen', async () => {
    await goTo(page, ENVIRONMENT);
    await button('Add a variable').click();
    const name = page.getByRole('textbox', { name: 'Name' });
    await name.fill('1 bad');
    await shows('Letters, digits and _ alone, not starting with a digit.');
    expect(await inDialog('Save').isDisabled()).toBe(true);
    await name.fill('CERTIFICATE');
    await page.getByLabel('Value').fill('first\nsecond');
    await inDialog('Save').click();
    await shows('CERTIFICATE was saved.');
    await gone();
    await button('Add a variable').click();
    await name.fill('CERTIFICATE');
    await shows('CERTIFICATE is there already');
    expect(await inDialog('Save').isDisabled()).toBe(true);
    await inDialog('Cancel').click();
    await button('Change CERTIFICATE').click();
    expect(await page.getByLabel('Value').inputValue()).toBe('first\nsecond');
    await page.getByLabel('Value').fill('');
    await inDialog('Save').click();
    await gone();
    await shows(/^empty$/);
    expect(await values()).toEqual({ CERTIFICATE: '' });
  });

  it('changes all variables as a file, names the line that can not be read, and overwrites no one', async () => {
    await subject.berth.api('PUT', `${VARIABLES}/MOTTO`, { value: 'say "ahoy" # twice\n' });
    await goTo(page, ENVIRONMENT);
    await shows('MOTTO');
    await button('Edit as a file').click();
    const text = page.getByLabel('As a .env file');
    const before = await text.inputValue();
    expect(before).toBe('CERTIFICATE=\nMOTTO="say \\"ahoy\\" # twice\\n"\n');
    await text.fill(`${before}LEVEL=debug\nnothing`);
    await inDialog('Save').click();
    await dialog().getByText('line 4').waitFor();
    await text.fill(`${before.replace('CERTIFICATE=\n', '')}LEVEL=debug\n`);
    await inDialog('Save').click();
    await shows('The variables were saved.');
    await gone();
    expect(await values()).toEqual({ MOTTO: 'say "ahoy" # twice\n', LEVEL: 'debug' });
    await button('Edit as a file').click();
    await subject.berth.api('PUT', `${VARIABLES}/LEVEL`, { value: 'warn' });
    await text.fill('LEVEL=info\n');
    await inDialog('Save').click();
    await dialog().getByText('Read it again').waitFor();
    await inDialog('Cancel').click();
    expect((await values()).LEVEL).toBe('warn');
    await button('Remove LEVEL').click();
    await inDialog('Remove LEVEL').click();
    await shows('LEVEL was removed.');
  });

  it('clones an environment, with what serves there, and says what it began as', async () => {
    await goTo(page, ENVIRONMENT);
    await button('Clone …').click();
    const name = dialog().getByRole('textbox', { name: 'Name' });
    expect(await name.inputValue()).toBe('dev-copy');
    await dialog().getByRole('textbox', { name: 'Expires after' }).fill('3d');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/operations\//);
    await goTo(page, '/projects/demo/environments/dev-copy');
    await shows(/^It began as/);
    await page.getByRole('link', { name: 'guestbook', exact: true }).waitFor();
    const copy = '/v1/projects/demo/environments/dev-copy';
    await expect
      .poll(async () => (await subject.berth.api('GET', `${copy}/origin`)).body.state, { timeout: 30_000 })
      .toBe('succeeded');
    expect((await subject.berth.api('GET', copy)).body.expiresAt).toBeDefined();
    await subject.berth.operation('DELETE', copy);
  });

  it('tells of a build that waits for its turn how many begin before it', async () => {
    const slow = await archive({
      'package.json': JSON.stringify({
        scripts: { start: 'node server.js', build: 'node -e "setTimeout(() => {}, 3000)"' },
      }),
      'server.js': '',
    });
    const builds: Json[] = [];
    for (let count = 0; count < 8; count++) {
      const { body } = await subject.berth.api('POST', '/v1/projects/demo/services/guestbook/builds', slow);
      builds.push(body);
    }
    await goTo(page, `/projects/demo/operations/${builds.at(-1)?.id}`);
    await shows(/It waits for its turn/);
    for (const { id } of builds) await subject.berth.api('POST', `/v1/operations/${id}/cancel`);
  });

  it('says which lines of a log are missing', async () => {
    const why = 'two files of it were lost';
    await page.route('**/logs?*', async (route) => {
      if (route.request().headers().accept === 'text/event-stream') return route.continue();
      const line = {
        at: new Date().toISOString(),
        message: `Missing: ${why}`,
        source: 'berth',
        missing: true,
      };
      await route.fulfill({ json: { items: [line], missing: why } });
    });
    await goTo(page, `${GUESTBOOK}/logs`);
    await page.getByRole('alert').getByText(`Lines are missing: ${why}`).waitFor();
    await page.locator('.log-line.missing').waitFor();
  });

  it('has nothing that axe finds serious in its dialogs', async () => {
    await goTo(page, GUESTBOOK);
    for (const name of ['Scale', 'Stop', 'Remove']) {
      await button(name).click();
      await dialog().waitFor();
      expect(await seriousFindings(page), name).toEqual([]);
      await page.keyboard.press('Escape');
      await gone();
    }
    await goTo(page, ENVIRONMENT);
    for (const name of ['Add a variable', 'Edit as a file', 'Add a secret']) {
      await button(name).click();
      await dialog().waitFor();
      expect(await seriousFindings(page), name).toEqual([]);
      await page.keyboard.press('Escape');
      await gone();
    }
  });

  it('removes it once its name is typed, and says what is left of it', async () => {
    await goTo(page, GUESTBOOK);
    await button('Remove').click();
    expect(await inDialog('Remove guestbook').isDisabled()).toBe(true);
    await dialog().getByRole('textbox').fill('guestbook');
    await inDialog('Remove guestbook').click();
    await shows('guestbook is being removed from dev.');
    await shows('Nothing is deployed here yet.');
    await goTo(page, GUESTBOOK);
    await shows('There is no service guestbook in dev now.');
  });
});
