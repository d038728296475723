/** Writes every page, light and dark, wide and narrow, into screenshots/. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { askWorkload } from '../support/workload.ts';
import { chromiumPath, launch, signIn, visit } from './browser.ts';
import { build, deploy, long, openSubject, seed, seedLong, service } from './subject.ts';

if (!chromiumPath) process.exit(1);

const directory = join(import.meta.dirname, '../../screenshots');
await mkdir(directory, { recursive: true });

const [subject, browser] = await Promise.all([openSubject(), launch()]);
const { berth } = subject;

const sizes = { wide: { width: 1280, height: 800 }, narrow: { width: 360, height: 740 } };

async function take(page: Page, name: string): Promise<void> {
  for (const [size, viewport] of Object.entries(sizes)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: join(directory, `${name}-${size}-${colorScheme}.png`), fullPage: true });
    }
  }
  console.log(name);
}

const { page } = await visit(browser, subject.url);

/** Goes somewhere and waits for what has to be there. */
async function go(hash: string, ready: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
  await page.locator(ready).first().waitFor();
  // Log lines and steps come on their own.
  await sleep(700);
}

try {
  await take(page, 'sign-in');
  await page.getByLabel('Token').fill('wrong');
  await page.keyboard.press('Enter');
  await page.locator('#token-error').filter({ hasText: 'not valid' }).waitFor();
  await take(page, 'sign-in-refused');

  await signIn(page, subject.token);
  await take(page, 'empty');
  await berth.api('POST', '/v1/projects', { name: 'demo' });
  await page.locator('.empty').filter({ hasText: 'No environments' }).waitFor();
  await take(page, 'empty-project');
  await berth.operation('POST', '/v1/projects/demo/environments', { name: 'staging' });
  await page.locator('.empty').filter({ hasText: 'Nothing is deployed' }).waitFor();
  await take(page, 'empty-environment');

  await seed(subject);
  await go('#/demo', '#row-dev-guestbook');
  await take(page, 'overview');
  await go('#/demo/dev/guestbook', '#log .line');
  for (const path of ['/', '/error', '/entries']) {
    await askWorkload(berth.port, 'guestbook.dev.demo.localhost', path);
  }
  await take(page, 'service');
  await build(subject, '3.0.0');
  await deploy(subject, '3.0.0');
  await page.locator('#failure-3').waitFor();
  await sleep(700);
  await take(page, 'service-failed');
  await berth.operation('POST', `${service}/deployments`, { rollbackTo: 1 });
  await page.locator('#deployment-4').filter({ hasText: 'serves' }).waitFor();
  await sleep(700);
  await take(page, 'service-rolled-back');
  await berth.operation('POST', '/v1/projects/demo/environments/dev/hibernate');
  await go('#/demo', '#card-dev :text("hibernated")');
  await take(page, 'overview-hibernated');

  await seedLong(subject);
  await go(`#/${long.project}`, `#row-${long.environment}-${long.service}`);
  await take(page, 'overview-long');
  await go(`#/${long.project}/${long.environment}/${long.service}`, '#log .line');
  await take(page, 'service-long');

  await page.goto(`${subject.url}docs#createDeployment`);
  await page.locator('#createDeployment[open]').waitFor();
  await take(page, 'reference');

  await page.goto(subject.url);
  await signIn(page, subject.token);
  await go('#/demo', '#row-dev-guestbook');
  await berth.kill('SIGKILL');
  await page.locator('#offline').waitFor();
  await take(page, 'connection-lost');
} finally {
  await browser.close();
  await subject.close();
}
