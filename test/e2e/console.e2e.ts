import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { askWorkload } from '../support/workload.ts';
import { chromiumPath, launch, signIn, type Visit, visit } from './browser.ts';
import { build, deploy, HOSTILE, openSubject, type Subject, seed, service } from './subject.ts';

let subject: Subject;
let browser: Browser;
let visited: Visit;
let page: Page;

const text = (selector: string): Promise<string> => page.locator(selector).innerText();

/** Waits until an element has a text. */
const shows = (selector: string, expected: string | RegExp): Promise<void> =>
  page.locator(selector).filter({ hasText: expected }).first().waitFor();

async function open(hash = ''): Promise<void> {
  await signIn(page, subject.token);
  if (hash === '') return;
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
}

const GUESTBOOK = '#/demo/dev/guestbook';

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

  it('teaches the first visitor where the token is, and each next step in an empty Berth', async () => {
    expect(await text('#token-hint')).toContain('cat .berth/admin-token');
    await open();
    await shows('.empty', 'No projects yet');
    expect(await text('.empty pre')).toContain(`${subject.url}v1/projects`);
    await subject.berth.api('POST', '/v1/projects', { name: 'empty' });
    await shows('.empty', 'No environments yet');
    expect(await text('.empty pre')).toContain('/v1/projects/empty/environments');
    await subject.berth.operation('POST', '/v1/projects/empty/environments', { name: 'dev' });
    await shows('.empty', 'Nothing is deployed here yet');
    expect(await text('.empty pre')).toContain('/services/hello/builds?tag=1.0.0');
    await seed(subject);
  });

  it('refuses a wrong token in words beside its field, and keeps the right one in memory alone', async () => {
    const token = page.getByLabel('Token');
    for (const [wrong, said] of [
      ['', 'Enter the token.'],
      ['not a token', 'This is not a token'],
      ['žluťoučký', 'This is not a token'],
      ['x'.repeat(43), 'This token is not valid.'],
    ] as const) {
      await token.fill(wrong);
      await page.keyboard.press('Enter');
      await shows('#token-error', said);
      expect(await token.getAttribute('aria-invalid')).toBe('true');
      expect(await page.evaluate('document.activeElement.id')).toBe('token');
    }
    await signIn(page, subject.token);
    const stored = await page.evaluate(
      'JSON.stringify([localStorage, sessionStorage, document.cookie, location.href, history.state])',
    );
    expect(stored).not.toContain(subject.token);
    expect(await page.content()).not.toContain(subject.token);
    expect(await token.inputValue()).toBe('');
    await page.reload();
    expect(await page.locator('#sign-in').isVisible()).toBe(true);
  });

  it('shows what runs where: state, health, address and the newest deployment', async () => {
    await open('#/demo');
    await shows('#row-dev-guestbook', 'serving');
    const row = await text('#row-dev-guestbook');
    for (const part of ['healthy', '1 of 1 replicas ready', '#2', '2.0.0', 'succeeded', 'by administrator']) {
      expect(row).toContain(part);
    }
    expect(row).toMatch(/now|second|minute/);
    expect(await text('#card-dev')).toMatch(/ready[\s\S]*Hibernates in 8 hours/);
    const [opened] = await Promise.all([
      page.waitForEvent('popup'),
      page.getByRole('link', { name: /^http:\/\/guestbook\.dev\.demo\.localhost/ }).click(),
    ]);
    await opened.getByText('guestbook 2').waitFor();
    expect(await opened.evaluate('window.opener')).toBeNull();
  });

  it('shows a deployment while it happens, and why one failed, without being loaded again', async () => {
    // Without what is read again from time to time: the events alone have to tell.
    await page.addInitScript('window.setInterval = () => 0');
    await page.reload();
    await open(GUESTBOOK);
    await shows('#deployment-2', 'serves');
    await page.evaluate('window.notLoadedAgain = true');
    await build(subject, '3.0.0');
    await deploy(subject, '3.0.0');
    await shows('#deployment-3', 'failed');
    await shows('#failure-3', 'crashed 3 times');
    const failure = await text('#failure-3');
    expect(failure).toContain('Next: Fix what its last lines of output say');
    expect(failure).toContain(`can not start: ${HOSTILE}`);
    expect(await text('#status')).toContain('Deployment 2 goes on serving.');
    await shows('#operation', /failed\s*Await rollout/);
    expect(await page.evaluate('window.notLoadedAgain')).toBe(true);
    await page.goBack();
    await shows('#row-dev-guestbook .alert', 'crashed 3 times');
  });

  it('rolls back with one click and shows each step', async () => {
    await open(GUESTBOOK);
    await page.getByRole('button', { name: 'Roll back to 1' }).dblclick();
    await shows('#message', 'Deployment 4 goes back to 1.');
    await shows('#operation', 'Rollback 4, step by step');
    await shows('#deployment-4', 'serves');
    await shows('#operation', /Rollback 4, step by step\s*succeeded/);
    expect(await text('#operation')).toMatch(/succeeded\s+Await rollout/);
    expect(await text('#deployment-4')).toMatch(/1\.0\.0[\s\S]*succeeded[\s\S]*Rollback to 1, /);
    expect(await page.getByRole('button', { name: 'Roll back to 2' }).isVisible()).toBe(true);
    // Pressed twice, done once.
    expect((await subject.berth.api('GET', `${service}/deployments`)).body.items).toHaveLength(4);
  });

  it('follows the log, pauses and filters it, and shows whatever is printed as text', async () => {
    const ask = (line: string) =>
      askWorkload(subject.berth.port, 'guestbook.dev.demo.localhost', `/${encodeURIComponent(line)}`);
    await open(GUESTBOOK);
    await page.locator('#log').waitFor();
    await ask('the first page');
    await shows('#log .line', 'asked for the first page');
    await ask('error');
    await shows('#log .stderr', /stderr\s*this went wrong/);

    await ask(`${HOSTILE}\u001b[31mred\u001b[0m\u001b]8;;javascript:alert(1)\u0007link\u202eback\u0007`);
    await shows('#log .line', `asked for ${HOSTILE}redlink\\u202eback␇`);
    await ask('before\r\nafter');
    await shows('#log .line', /before$/);
    await shows('#log .line', /after$/);
    expect(await page.locator('#log :is(a, img)').count()).toBe(0);

    await page.getByRole('button', { name: 'Pause' }).click();
    await ask('meanwhile');
    await shows('#log-note', /Paused: 1 new line wait/);
    expect(await text('#log')).not.toContain('meanwhile');
    await page.getByRole('button', { name: 'Resume' }).click();
    await shows('#log .line', 'meanwhile');

    await page.getByLabel('Show lines that contain').fill('WENT WRONG');
    await shows('#log-note', /^1 of \d+ lines contain this\.$/);
    expect(await page.locator('#log .line:visible').count()).toBe(1);
  });

  it('hibernates, wakes and extends an environment; the button keeps the focus', async () => {
    const path = '/v1/projects/demo/environments';
    await subject.berth.operation('POST', path, { name: 'pr-1', kind: 'ephemeral', ttl: '2d' });
    await open('#/demo');
    const power = page.locator('#power-dev');
    await power.focus();
    await page.keyboard.press('Enter');
    await shows('#card-dev', 'hibernated');
    await shows('#power-dev', 'Wake');
    await shows('#row-dev-guestbook', 'stopped');
    expect(await text('#card-dev')).toContain('A request to one of its services wakes it.');
    expect(await page.evaluate('document.activeElement.id')).toBe('power-dev');
    await page.keyboard.press('Enter');
    await shows('#power-dev', 'Hibernate');
    await shows('#row-dev-guestbook', 'serving');

    expect(await text('#card-pr-1')).toContain('Destroyed in 2 days.');
    await page.getByRole('button', { name: 'Extend by 1 day' }).click();
    await shows('#card-pr-1', 'Destroyed in 3 days.');
    await subject.berth.operation('DELETE', `${path}/pr-1`);
    await page.locator('#card-pr-1').waitFor({ state: 'detached' });
  });

  it('tells an action that was refused, with the hint', async () => {
    await open('#/demo');
    await page.locator('#power-dev').waitFor();
    await page.route('**/hibernate', (route) =>
      route.fulfill({
        status: 409,
        json: { detail: 'A deployment is going on.', hint: 'Wait until it has ended.' },
      }),
    );
    await page.locator('#power-dev').click();
    await shows('#message', 'A deployment is going on. Wait until it has ended.');
    await page.getByRole('button', { name: 'Dismiss' }).click();
    expect(await page.locator('#message').isVisible()).toBe(false);
  });

  it('says what is no longer there', async () => {
    await open('#/demo/dev/nothing');
    await shows('#gone', 'There is no service nothing in dev now.');
    await page.evaluate("location.hash = '#/nothing'");
    await shows('#message', 'There is no project nothing now.');
    await page.evaluate(`location.hash = '#/<img src=x>/../x'`);
    await shows('#title', 'demo');
  });

  it('says that the connection is lost, and heals by itself', async () => {
    await open(GUESTBOOK);
    await page.locator('#log').waitFor();
    await subject.berth.kill('SIGKILL');
    await shows('#offline', 'The connection to Berth is lost.');
    expect(await text('#live')).toBe('Offline');
    await shows('#deployment-4', 'serves');
    await page.locator('#rollback-2').click();
    await shows('#message', 'No answer came from Berth.');
    await subject.again();
    await shows('#live', 'Live');
    expect(await page.locator('#offline').isVisible()).toBe(false);
    await shows('#title', 'serving');
    await askWorkload(subject.berth.port, 'guestbook.dev.demo.localhost', '/healed');
    await shows('#log .line', 'asked for healed');
  });

  it('ends when the token is no longer valid, and when one signs out', async () => {
    await open('#/demo');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await shows('#message', 'You are signed out.');
    expect(await text('#content')).toBe('');
    await signIn(page, subject.token);
    await page.route('**/v1/projects/**', (route) =>
      route.fulfill({ status: 401, json: { code: 'unauthenticated', detail: 'no' } }),
    );
    await shows('#message', 'Your token is no longer valid.');
    expect(await page.locator('#sign-in').isVisible()).toBe(true);
  });
});
