/** Access, tokens, policies, webhooks, approvals and the audit trail, as those see them who may and who may not. */
import { readFile } from 'node:fs/promises';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isSigned, openReceiver, type Receiver } from '../../support/receiver.ts';
import { seriousFindings } from '../axe.ts';
import { chromiumPath, goTo, signIn, signInAs, visit } from '../browser.ts';
import { inBrowser } from '../console/in-browser.ts';
import { type Subject, seed } from '../subject.ts';
import { seedSettings, settingsPages } from './seed.ts';

let subject: Subject;
let browser: Browser;
let receiver: Receiver;
let page: Page;

const SETTINGS = '/projects/demo/settings';
const DEV = '/projects/demo/environments/dev';
const PRODUCTION = '/v1/projects/demo/environments/production/services/guestbook';

const button = (name: string | RegExp) =>
  page.getByRole('button', { name, exact: typeof name === 'string' }).first();
const dialog = () => page.getByRole('dialog');
const inDialog = (name: string) => dialog().getByRole('button', { name, exact: true });
const shows = (text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor();
const gone = (): Promise<void> => dialog().waitFor({ state: 'detached' });

/** Opens a page as somebody. */
async function openAs(person: string, path: string): Promise<void> {
  await signInAs(page, person);
  await goTo(page, path);
}

/** Chooses in a field that opens a list. */
async function choose(label: string, option: string | RegExp): Promise<void> {
  await dialog()
    .getByRole('button', { name: new RegExp(`^${label}`) })
    .click();
  await page.getByRole('option', { name: option }).first().click();
}

/** The requests that change something, from now on. */
function changesOf(where: Page): string[] {
  const seen: string[] = [];
  where.on('request', (request) => {
    if (request.method() !== 'GET') seen.push(`${request.method()} ${new URL(request.url()).pathname}`);
  });
  return seen;
}

/** It is disabled, can be reached, and says why. */
async function expectRefused(control: Locator, reason: RegExp): Promise<void> {
  await control.waitFor();
  await expect.poll(() => control.getAttribute('aria-disabled')).toBe('true');
  await control.focus();
  const described = await control.getAttribute('aria-describedby');
  const said = await control
    .page()
    .evaluate(
      `(${JSON.stringify(described ?? '')}).split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join(' ')`,
    );
  expect(said).toMatch(reason);
  await control.click({ force: true });
}

async function api(method: string, path: string, body?: unknown) {
  const answer = await subject.berth.api(method, path, body);
  expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBeLessThan(300);
  return answer.body;
}

describe.skipIf(!chromiumPath)('The settings of a project', () => {
  beforeAll(async () => {
    receiver = await openReceiver();
  });
  inBrowser({
    settings: () => ({ BERTH_TRUSTED_RECEIVERS: receiver.origin }),
    async seed(made, launched) {
      subject = made;
      browser = launched;
      await seed(subject);
      const members = '/v1/projects/demo/members';
      await api('PUT', `${members}/user:ada`, { role: 'administrator' });
      await api('PUT', `${members}/group:demo-maintainers`, { role: 'maintainer' });
      await api('PUT', `${members}/group:demo-developers`, { role: 'developer' });
      await api('PUT', `${members}/group:demo-viewers`, { role: 'viewer' });
      await subject.berth.operation('POST', '/v1/projects/demo/environments', { name: 'production' });
      await api('PUT', '/v1/projects/demo/environments/production/protection', { approval: true });
      // The first to ask starts the provider.
      await fetch(`${subject.url}v1/sign-in/configuration`);
    },
    begin(visited) {
      page = visited.page;
    },
  });
  afterAll(async () => {
    receiver.close();
  });

  it('a viewer sees each button disabled, with the reason and whom to ask, and nothing is sent', async () => {
    await openAs('Vera Rubin', DEV);
    const sent = changesOf(page);
    const developer = /takes the role developer.*Your role is viewer\. Ask ada for it/;
    await expectRefused(button('Add a variable'), developer);
    await expectRefused(button('Add a secret'), developer);
    await expectRefused(button('Hibernate'), developer);
    await expectRefused(button('Destroy dev …'), developer);
    await goTo(page, `${DEV}/services/guestbook`);
    for (const name of ['Restart', 'Scale', 'Stop', 'Remove', 'Deploy']) {
      await expectRefused(
        page.getByRole('main').locator('[aria-disabled]', { hasText: name }).first(),
        developer,
      );
    }
    await goTo(page, `${DEV}/services/guestbook/history`);
    await expectRefused(button('Roll back to 1'), developer);
    await goTo(page, `${SETTINGS}/members`);
    await shows('demo-developers');
    await expectRefused(button('Add a member'), /takes the role maintainer/);
    await expectRefused(button('Remove ada'), /takes the role maintainer/);
    await goTo(page, `${SETTINGS}/policies`);
    await expectRefused(button('Add a policy'), /takes the role administrator/);
    await goTo(page, `${SETTINGS}/build-secrets`);
    await expectRefused(button('Add a build secret'), /takes the role maintainer/);
    await goTo(page, `${SETTINGS}/masking`);
    await expectRefused(button('Add a rule'), /takes the role administrator/);
    await goTo(page, `${SETTINGS}/audit`);
    await expectRefused(button('Verify'), /takes the role administrator/);
    for (const section of ['tokens', 'pipelines', 'webhooks']) {
      await goTo(page, `${SETTINGS}/${section}`);
      await shows('You may not look at this.');
      await shows(/takes the role maintainer/);
    }
    expect(await dialog().count()).toBe(0);
    expect(sent).toEqual([]);
  });

  it('a project can be made from everywhere, by people', async () => {
    await openAs('Vera Rubin', DEV);
    await button('Project demo').click();
    await page.getByRole('menuitem', { name: 'New project' }).click();
    await page.getByRole('textbox', { name: /^Name/ }).fill('of-vera');
    await page.getByRole('textbox', { name: 'Display name' }).fill('Of Vera');
    await button('Create').click();
    await page.getByRole('heading', { level: 1, name: 'Of Vera' }).waitFor();
    await shows('The project of-vera was created, and you are its administrator.');
    // There she may do what she may not do elsewhere.
    await goTo(page, '/projects/of-vera/settings/members');
    await shows('vera');
    expect(await button('Add a member').getAttribute('aria-disabled')).toBeNull();
  });

  it('lets somebody in, with another role in one environment, changes that, and removes them', async () => {
    await openAs('Grace Hopper', `${SETTINGS}/members`);
    await button('Add a member').click();
    await dialog().getByRole('textbox', { name: 'Id of the person' }).fill('erin');
    await inDialog('Another role in production').click();
    await inDialog('Add').click();
    await gone();
    await shows('erin was let in as developer.');
    const row = page.getByRole('row', { name: /erin/ });
    await row.getByText('viewer in production').waitFor();
    await button('Change erin').click();
    await choose('Role (?!in )', /^viewer/);
    await inDialog('Save').click();
    await gone();
    await row.getByRole('cell', { name: /^viewer/ }).waitFor();
    await button('Remove erin').click();
    await shows('Their access to demo ends at once');
    await inDialog('Remove erin').click();
    await gone();
    await row.waitFor({ state: 'detached' });
    // Nobody gives more than they have: the reason stays beside the form.
    await button('Add a member').click();
    await dialog().getByRole('textbox', { name: 'Id of the person' }).fill('erin');
    await choose('Role', /^administrator/);
    await inDialog('Add').click();
    await dialog()
      .getByRole('alert')
      .or(dialog().getByText(/administrator/))
      .first()
      .waitFor();
    await inDialog('Cancel').click();
    await button('What each role may do').click();
    await page
      .getByRole('row', { name: /let people|reveal|see the value of a secret/ })
      .first()
      .waitFor();
  });

  it('makes a token of the project, shows it once, and revokes it', async () => {
    await openAs('Grace Hopper', `${SETTINGS}/tokens`);
    await shows('The project has none.');
    await button('New token').click();
    await dialog().getByRole('textbox', { name: 'Name' }).fill('Release pipeline');
    await dialog().getByLabel('dev', { exact: true }).check();
    await choose('Expires after', '7 days');
    await inDialog('Create').click();
    await gone();
    await shows('Copy it now: it is not shown again.');
    const token = (await page.getByRole('group', { name: 'Secret' }).innerText()).trim();
    const me = await fetch(`${subject.url}v1/me`, { headers: { authorization: `Bearer ${token}` } });
    expect(await me.json()).toMatchObject({
      limits: { role: 'developer', project: 'demo', environments: ['dev'] },
    });
    await button('I have copied it').click();
    expect((await page.content()).includes(token)).toBe(false);
    const row = page.getByRole('row', { name: /Release pipeline/ });
    await row.getByText('dev alone').waitFor();
    await row.getByText(/in 7 days/).waitFor();
    await button('Revoke Release pipeline').click();
    await inDialog('Revoke Release pipeline').click();
    await gone();
    await row.waitFor({ state: 'detached' });
    const after = await fetch(`${subject.url}v1/me`, { headers: { authorization: `Bearer ${token}` } });
    expect(after.status).toBe(401);
  });

  it('makes a token of one’s own, for all of one’s projects', async () => {
    await openAs('Linus Pauling', '/tokens');
    await button('New token').click();
    await dialog().getByRole('textbox', { name: 'Name' }).fill('Laptop');
    await inDialog('Create').click();
    await gone();
    const token = (await page.getByRole('group', { name: 'Secret' }).innerText()).trim();
    // Who signs in with it is told what no token may.
    const other = await visit(browser, subject.url);
    await signIn(other.page, token);
    await goTo(other.page, `${SETTINGS}/members`);
    await other.page.getByText('demo-viewers').waitFor();
    await expectRefused(
      other.page.getByRole('button', { name: 'Add a member' }),
      /No token may do this: sign in yourself/,
    );
    await other.close();
    await button('Revoke Laptop').click();
    await inDialog('Revoke Laptop').click();
    await shows('You have none.');
  });

  it('trusts a pipeline, and says what a rule that lets in strangers lacks', async () => {
    await openAs('Grace Hopper', `${SETTINGS}/pipelines`);
    await button('Trust a pipeline').click();
    const runs = dialog().getByRole('textbox', { name: 'Which runs' });
    await runs.fill('repo:octo/*:ref:refs/heads/main');
    await inDialog('Trust it').click();
    await dialog().getByText('must name owner and repository in full').waitFor();
    await runs.fill('repo:octo/guestbook:ref:refs/heads/main');
    await inDialog('Trust it').click();
    await gone();
    await page
      .getByRole('row', { name: /repo:octo\/guestbook/ })
      .getByText('in all environments')
      .waitFor();
    await button(/^Delete the trust/).click();
    await inDialog('Delete the trust').click();
    await shows('None is trusted yet.');
  });

  it('tries a policy on the deployments that there were before it can be saved', async () => {
    await openAs('Ada Lovelace', `${SETTINGS}/policies`);
    await button('Add a policy').click();
    await dialog().getByRole('textbox', { name: 'Name' }).fill('main-only');
    await dialog().getByRole('textbox', { name: 'Branches' }).fill('main');
    expect(await inDialog('Save').isDisabled()).toBe(true);
    await inDialog('Try it on the last 30 days').click();
    await dialog().getByText('It would have refused 2 of 2 deployments of the last 30 days.').waitFor();
    // What was tried is what is saved: with another rule it is tried anew.
    await choose('Rule', /^Ceiling/);
    expect(await inDialog('Save').isDisabled()).toBe(true);
    await dialog().getByRole('textbox', { name: 'Replicas' }).fill('10');
    await dialog().getByRole('textbox', { name: 'Environments' }).fill('production');
    await inDialog('Try it on the last 30 days').click();
    await dialog().getByText('It would have refused 0 of 2').waitFor();
    await inDialog('Save').click();
    await gone();
    const row = page.getByRole('row', { name: /main-only/ });
    await row.getByText('at most 10 replicas').waitFor();
    await button('Change main-only').click();
    await choose('Rule', /^Freeze/);
    await inDialog('Try it on the last 30 days').click();
    await dialog()
      .getByText(/It would have refused/)
      .waitFor();
    await inDialog('Save').click();
    await gone();
    await row.getByText(/nothing on Saturday, Sunday, 00:00 to 24:00/).waitFor();
    await button('Delete main-only').click();
    await inDialog('Delete main-only').click();
    await shows('every version may be deployed everywhere');
  });

  it('adds a webhook, tests it, sends again what was not taken, and rotates what signs it', async () => {
    await openAs('Grace Hopper', `${SETTINGS}/webhooks`);
    const host = new URL(receiver.origin).host;
    await button('Add a webhook').click();
    await dialog().getByRole('textbox', { name: 'Address' }).fill('http://127.0.0.1:1/none');
    await inDialog('Add').click();
    await dialog()
      .getByText(/body\.url must/)
      .waitFor();
    await dialog().getByRole('textbox', { name: 'Address' }).fill(`${receiver.origin}/in`);
    await inDialog('Add').click();
    await gone();
    const secret = (await page.getByRole('group', { name: 'Secret' }).innerText()).trim();
    await button('I have copied it').click();
    await button(`Test ${host}`).click();
    await shows(`${host} took the test, and answered with 204.`);
    const test = receiver.received.findLast(({ event }) => event.type === 'dev.berth.webhook.test');
    expect(test && isSigned(test, secret)).toBe(true);
    receiver.behave(() => (_request, response) => response.writeHead(500).end());
    await subject.berth.api('POST', '/v1/projects/demo/services', { name: 'not-taken' });
    await shows('not taken');
    receiver.behave(undefined);
    await button(`Redeliver to ${host}`).click();
    await shows('up to date');
    await button(`Rotate the secret of ${host}`).click();
    await inDialog('Rotate the secret').click();
    await gone();
    const next = (await page.getByRole('group', { name: 'Secret' }).innerText()).trim();
    expect(next).not.toBe(secret);
    await shows('The secret before is good until');
    await button(`Disable ${host}`).click();
    await shows('disabled');
    await button(`Delete ${host}`).click();
    await inDialog('Delete the webhook').click();
    await shows('Events are sent nowhere yet.');
  });

  it('sets a build secret and never shows its value', async () => {
    await openAs('Grace Hopper', `${SETTINGS}/build-secrets`);
    await button('Add a build secret').click();
    await dialog().getByRole('textbox', { name: 'Name' }).fill('NPM_TOKEN');
    await dialog().getByLabel('Value').fill('npm_correct_horse');
    await inDialog('Save').click();
    await gone();
    await page
      .getByRole('row', { name: /NPM_TOKEN/ })
      .getByText('by grace')
      .waitFor();
    expect((await page.content()).includes('npm_correct_horse')).toBe(false);
    await button('Add a registry').click();
    await dialog().getByRole('textbox', { name: 'Registry' }).fill('ghcr.io');
    await dialog().getByRole('textbox', { name: 'User' }).fill('acme-bot');
    await dialog().getByLabel('Password').fill('ghp_correct_horse');
    await inDialog('Save').click();
    await gone();
    await page
      .getByRole('row', { name: /ghcr\.io acme-bot/ })
      .getByText('by grace')
      .waitFor();
    expect((await page.content()).includes('ghp_correct_horse')).toBe(false);
    await button('Delete NPM_TOKEN').click();
    await inDialog('Delete NPM_TOKEN').click();
    await shows('None yet.');
  });

  it('says how a database is masked, and overwrites nobody’s rules', async () => {
    const path = '/v1/projects/demo/masking';
    await openAs('Ada Lovelace', `${SETTINGS}/masking`);
    await shows('The project has no database and no rule.');
    await button('Add a rule').click();
    await dialog().getByRole('textbox', { name: 'Uid of the database' }).fill('postgres.default#web.db');
    expect(await inDialog('Save').isDisabled()).toBe(true);
    const sql = dialog().getByRole('textbox', { name: 'SQL' });
    await sql.fill('UPDATE guests SET name = $$');
    await inDialog('Save').click();
    await dialog().getByText('can not be read').waitFor();
    await sql.fill("UPDATE guests SET name = 'guest';");
    await inDialog('Save').click();
    await gone();
    await shows("UPDATE guests SET name = 'guest';");
    await button('Change postgres.default#web.db').click();
    await api('PUT', path, { rules: [{ resource: 'postgres.default#other', sql: '' }] });
    await dialog().getByText('There is nothing to mask in it').click();
    await inDialog('Save').click();
    await dialog()
      .getByText(/changed|again/i)
      .first()
      .waitFor();
    expect((await api('GET', path)).rules).toEqual([{ resource: 'postgres.default#other', sql: '' }]);
    await inDialog('Cancel').click();
    await button('Delete the rule of postgres.default#other').click();
    await dialog().getByText('It is the only rule').waitFor();
    await inDialog('Delete the rule').click();
    await gone();
    expect((await api('GET', path)).rules).toEqual([]);
  });

  it('takes two people for a protected environment: one asks, another sees what it changes and approves', async () => {
    await openAs('Linus Pauling', '/projects/demo/deploy?service=guestbook&environment=production');
    await page.getByLabel(/^1\.0\.0/).check();
    await button('Deploy to production').click();
    await shows('It waits for approval');
    await expectRefused(button(/^Approve deployment 1/), /takes the role maintainer/);
    const other = await visit(browser, subject.url);
    await signInAs(other.page, 'Grace Hopper');
    await goTo(other.page, '/projects/demo');
    await other.page.getByText('1 waiting').waitFor();
    await other.page.getByRole('link', { name: 'Approvals' }).click();
    await other.page.getByText('it would be the first deployment').waitFor();
    await other.page.getByRole('button', { name: 'Approve deployment 1 of guestbook to production' }).click();
    await other.page.getByText('Nothing waits for you').waitFor();
    await page.getByRole('main').getByText('succeeded').first().waitFor({ timeout: 60_000 });
    // The next one is compared with what serves, and refused.
    await goTo(page, '/projects/demo/deploy?service=guestbook&environment=production');
    await page.getByLabel(/^2\.0\.0/).check();
    await button('Deploy to production').click();
    await shows('It waits for approval');
    await other.page.getByText('The Score file and the variables are the same.').waitFor();
    await other.page.getByRole('button', { name: 'Refuse deployment 2 of guestbook to production' }).click();
    await other.page.getByText('Nothing waits for you').waitFor();
    await page
      .getByRole('main')
      .getByText(/refused|rejected/)
      .first()
      .waitFor();
    expect(other.complaints).toEqual([]);
    await other.close();
  });

  it('shows who changed what and from what, checks the trail, and takes it along', async () => {
    await api('PATCH', '/v1/projects/demo', { displayName: 'Demo' });
    await openAs('Ada Lovelace', `${SETTINGS}/audit?type=project,service,policy,webhook,build-secret`);
    const row = page.getByRole('row', { name: /renamed|Project changed|Project demo/i }).first();
    await row.getByText('Before and after').click();
    await row.getByRole('table', { name: 'Before and after' }).getByText('Demo', { exact: true }).waitFor();
    await button('Verify').click();
    await shows(/All \d+ events are as they were sealed\./);
    const [download] = await Promise.all([page.waitForEvent('download'), button('Export').click()]);
    const lines = (await readFile(await download.path(), 'utf8')).trim().split('\n');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ id: '1', type: 'project.created' });
    expect(lines.length).toBeGreaterThan(20);
    await goTo(page, `${SETTINGS}/audit?actor=user:grace`);
    const who = page.locator('.data tbody td[data-label="Who"]');
    await who.filter({ hasText: 'grace' }).first().waitFor();
    const actors = await who.allInnerTexts();
    expect(actors.every((text) => text.includes('grace'))).toBe(true);
  });

  it('is set up with the keyboard alone', async () => {
    await openAs('Grace Hopper', `${SETTINGS}/tokens`);
    await button('New token').waitFor();
    const tabTo = async (name: string | RegExp) => {
      for (let presses = 0; presses < 60; presses++) {
        await page.keyboard.press('Tab');
        const at = await page.evaluate<string>(
          `(() => { const e = document.activeElement; return e.getAttribute('aria-label') || document.getElementById(e.getAttribute('aria-labelledby')?.split(' ')[0] ?? '')?.textContent || e.textContent.trim(); })()`,
        );
        if (typeof name === 'string' ? at === name : name.test(at)) return;
      }
      throw new Error(`${name} is not reached`);
    };
    await tabTo('New token');
    await page.keyboard.press('Enter');
    await dialog().getByRole('textbox', { name: 'Name' }).waitFor();
    await page.keyboard.insertText('By keys');
    await page.keyboard.press('Enter');
    await gone();
    await tabTo('I have copied it');
    await page.keyboard.press('Enter');
    await tabTo('Revoke By keys');
    await page.keyboard.press('Enter');
    await dialog().waitFor();
    await tabTo('Revoke By keys');
    await page.keyboard.press('Enter');
    await gone();
    await shows('The project has none.');
  });

  it('has nothing that axe finds serious, in both themes, and fits on 390 pixels', async () => {
    // Before there are policies, which would refuse it.
    await subject.berth.api('POST', `${PRODUCTION}/deployments`, { version: '1.0.0' });
    await seedSettings(subject, receiver.origin);
    await openAs('Ada Lovelace', SETTINGS);
    for (const { name, path, ready, open } of settingsPages) {
      await page.setViewportSize({ width: 1280, height: 800 });
      await goTo(page, path);
      await shows(ready);
      if (open !== undefined) await button(open).click();
      expect(await seriousFindings(page), name).toEqual([]);
      await page.setViewportSize({ width: 390, height: 800 });
      expect(await page.evaluate('document.documentElement.scrollWidth'), name).toBeLessThanOrEqual(390);
      await page.keyboard.press('Escape');
      await gone();
    }
  }, 300_000);
});
