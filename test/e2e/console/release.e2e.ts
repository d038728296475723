/** A release from its build to what it did: steps to come, what it changes, figures with their limits, and the way back. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { program } from '../../support/programs.ts';
import { askWorkload } from '../../support/workload.ts';
import { seriousFindings } from '../axe.ts';
import { chromiumPath, goTo, signIn } from '../browser.ts';
import { type Subject, seed, service } from '../subject.ts';
import { inBrowser } from './in-browser.ts';

const LIMITS = 'resources:\n  limits:\n    cpu: "0.5"\n    memory: 256Mi';
const PROTECTION = '/v1/projects/demo/environments/dev/protection';
const METRICS = '/projects/demo/environments/dev/services/guestbook/metrics?window=15m';

let subject: Subject;
let page: Page;
let built: string;

const button = (name: string | RegExp) => page.getByRole('button', { name });
const shows = (text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor();
const steps = () => page.getByRole('list', { name: 'Steps' }).getByRole('listitem');
const slider = (chart: string) => page.getByRole('slider', { name: `${chart}, point in time` });
const fits = async (): Promise<void> => {
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  await page.setViewportSize({ width: 1280, height: 800 });
};

describe.skipIf(!chromiumPath)('A release', () => {
  inBrowser({
    async seed(made) {
      subject = made;
      await seed(subject);
      const between = '/v1/projects/demo/services/guestbook/builds?tag=3.5.0';
      await subject.berth.operation('POST', between, await program('between'));
      const source = await program('limited', { container: LIMITS });
      const path = '/v1/projects/demo/services/guestbook/builds?tag=4.0.0';
      built = (await subject.berth.operation('POST', path, source)).id;
      await subject.berth.api('PUT', PROTECTION, { approval: true });
    },
    async begin(visited) {
      page = visited.page;
      await signIn(page, subject.token);
    },
  });

  it('is one click from its build, shows each step to come with its usual time, and is rolled back by one', async () => {
    await goTo(page, `/projects/demo/operations/${built}`);
    await shows(/^Version [0-9a-f]{12} is ready to deploy$/);
    await button('Deploy to dev').click();
    // Nothing has begun.
    await shows('It waits for approval');
    await steps().nth(5).waitFor();
    await steps()
      .filter({ hasText: /Await rollout.*usually\s[\d.]+\sm?s/ })
      .waitFor();
    await button('Cancel').click();
    await steps().filter({ hasText: 'not reached' }).nth(5).waitFor();
    await subject.berth.api('PUT', PROTECTION, { approval: false });
    await goTo(page, `/projects/demo/operations/${built}`);
    await button('Deploy to dev').click();
    const release = page.getByRole('list', { name: 'Release' });
    await release.getByRole('listitem').filter({ hasText: 'Watch' }).getByText('running').waitFor();
    const changes = page.getByRole('table', { name: 'What changes' }).first();
    await changes.getByText('compute · main · limits.memory').waitFor();
    expect(await changes.innerText()).not.toContain('sha256:');
    const brought = page.getByRole('region', { name: 'Versions that it brings' }).getByRole('listitem');
    expect(await brought.locator('.version').allInnerTexts()).toEqual(['4.0.0', '3.5.0']);
    await page.getByText('Version and digest of the image').click();
    await page
      .getByText(/^sha256:/)
      .first()
      .waitFor();
    await page.getByRole('log', { name: 'Output' }).getByRole('region', { name: 'Await rollout' }).waitFor();
    for (let asked = 0; asked < 5; asked++)
      await askWorkload(subject.berth.port, 'guestbook.dev.demo.localhost', '/');
    await slider('Rate').waitFor({ timeout: 20_000 });
    expect(await seriousFindings(page)).toEqual([]);
    await fits();
    await button('Roll back to 2 (2.0.0)').dblclick();
    await page.getByRole('heading', { level: 1, name: /^Rollback \d+ of guestbook in dev$/ }).waitFor();
    await release.getByText('running').waitFor();
    const { body } = await subject.berth.api('GET', `${service}/deployments`);
    expect(body.items[0]).toMatchObject({ kind: 'rollback', rollbackTo: 2 });
    expect(body.items).toHaveLength(5);
  });

  it('has figures against limits, whose charts show one moment, by the keyboard and as a table', async () => {
    await subject.berth.operation('POST', `${service}/deployments`, { version: '4.0.0' });
    for (let asked = 0; asked < 5; asked++)
      await askWorkload(subject.berth.port, 'guestbook.dev.demo.localhost', '/');
    await goTo(page, METRICS);
    for (const chart of ['Rate', 'Errors', 'Latency', 'Memory', 'CPU']) await slider(chart).waitFor();
    await page.locator('.chart-limit').nth(1).waitFor({ state: 'attached' });
    await shows('268\u00a0MB');
    await page.getByRole('heading', { name: 'Deployments in this time' }).waitFor();
    await slider('Memory').focus();
    await page.keyboard.press('Home');
    const places = () =>
      page.locator('.chart-cursor').evaluateAll((all) => all.map((one) => Number(one.getAttribute('x1'))));
    // In the others, the point that is nearest: of a width of 600 for 15 minutes, a sample is 7.
    await expect
      .poll(async () => Math.max(...(await places())) - Math.min(...(await places())))
      .toBeLessThan(15);
    expect(await slider('Rate').getAttribute('aria-valuetext')).toMatch(/^\d\d:\d\d:\d\d: requests/);
    expect(await slider('Memory').getAttribute('aria-valuetext')).toMatch(/ of 268\sMB$/);
    await page.getByText('The same as a table').click();
    await page.getByRole('group', { name: 'Figures' }).getByRole('cell', { name: /MB$/ }).first().waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await fits();
    await page.getByText('30 days', { exact: true }).click();
    await page.waitForURL(/window=30d/);
    await slider('Rate').waitFor();
  });
});
