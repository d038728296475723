/** Writes every page, light and dark, wide and narrow, into screenshots/. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { openReceiver } from '../support/receiver.ts';
import { askWorkload } from '../support/workload.ts';
import { chromiumPath, goTo, launch, showTokenForm, signIn, visit } from './browser.ts';
import { seedDatabase, shop } from './console/databases.ts';
import { seedSettings, settingsPages } from './settings/seed.ts';
import { build, deploy, long, openSubject, seed, seedLong, service } from './subject.ts';

if (!chromiumPath) process.exit(1);

const directory = join(import.meta.dirname, '../../screenshots');
await mkdir(directory, { recursive: true });

const receiver = await openReceiver();
const [subject, browser] = await Promise.all([
  openSubject({ BERTH_TRUSTED_RECEIVERS: receiver.origin }),
  launch(),
]);
const { berth } = subject;

const sizes = { wide: { width: 1280, height: 800 }, narrow: { width: 360, height: 740 } };

async function take(page: Page, name: string): Promise<void> {
  for (const [size, viewport] of Object.entries(sizes)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await sleep(150);
      await page.screenshot({ path: join(directory, `${name}-${size}-${colorScheme}.png`), fullPage: true });
    }
  }
  console.log(name);
}

const { page, complaints } = await visit(browser, subject.url);

/** Goes to a page and waits for the text that has to be there. */
async function go(path: string, ready: string): Promise<void> {
  await page.setViewportSize(sizes.wide);
  await goTo(page, path);
  await page.getByText(ready).first().waitFor();
  // Log lines and steps come on their own.
  await sleep(900);
}

const dev = '/projects/demo/environments/dev';

try {
  await take(page, 'sign-in');
  await showTokenForm(page);
  await page.getByLabel('Token').fill('wrong');
  await page.keyboard.press('Enter');
  await page.getByText('This token is not valid.').first().waitFor();
  await take(page, 'sign-in-refused');

  await signIn(page, subject.token);
  await page.getByText('No projects yet').waitFor();
  await take(page, 'empty');
  await berth.api('POST', '/v1/projects', { name: 'harbour', displayName: 'The harbour' });
  await page.getByText('No environments yet').waitFor();
  await take(page, 'empty-project');
  await berth.operation('POST', '/v1/projects/harbour/environments', { name: 'dev', idleAfter: '40m' });
  await page.getByText('No services yet').waitFor();
  await take(page, 'empty-services');

  await seed(subject);
  await berth.api('PATCH', '/v1/projects/demo', { displayName: 'Demo' });
  await berth.operation('POST', '/v1/projects/demo/environments', { name: 'staging', idleAfter: '8h' });
  await berth.operation('POST', '/v1/projects/demo/environments', { name: 'production' });
  await berth.operation('POST', '/v1/projects/demo/environments', {
    name: 'pr-12',
    kind: 'ephemeral',
    ttl: '2d',
  });
  await berth.api('POST', '/v1/projects/demo/services', { name: 'checkout' });
  const staging = '/v1/projects/demo/environments/staging/services/guestbook/deployments';
  await berth.operation('POST', staging, { version: '1.0.0' });
  await goTo(page, '/projects/demo/pipeline');
  await page.getByText('The project has no pipeline yet.').waitFor();
  await page.getByRole('button', { name: 'Set the stages' }).click();
  await page.getByRole('textbox', { name: 'Stages' }).waitFor();
  await take(page, 'pipeline-stages');
  await page.keyboard.press('Escape');
  const stages = [{ name: 'dev' }, { name: 'staging' }, { name: 'live', environments: ['production'] }];
  await berth.api('PUT', '/v1/projects/demo/pipeline', { stages });
  await go('/projects/demo/pipeline', 'dev: 1 version ahead');
  await page.getByText('dev: 1 version ahead').click();
  await take(page, 'pipeline');
  await page.setViewportSize(sizes.wide);
  await page.getByRole('button', { name: 'Promote guestbook' }).click();
  await page.getByText('The very same version').waitFor();
  await take(page, 'pipeline-promote');
  await page.keyboard.press('Escape');
  await go('/projects/demo', 'Promote to staging');
  await take(page, 'overview');
  await go('/projects/demo/deploy?service=guestbook&environment=staging&from=dev', 'What will change');
  await take(page, 'deploy-promote');
  await go('/projects/demo/deploy?service=checkout&environment=production', 'No versions');
  await take(page, 'deploy-no-version');
  await go(`${dev}/services/guestbook`, 'Deployment 2 serves');
  await take(page, 'service');
  for (const path of ['/', '/error', '/entries']) {
    await askWorkload(berth.port, 'guestbook.dev.demo.localhost', path);
  }
  await go(`${dev}/services/guestbook/logs`, 'entries');
  await take(page, 'service-logs');
  await go(`${dev}/logs`, 'entries');
  await take(page, 'environment-logs');
  await page.getByRole('searchbox', { name: 'Search the log' }).fill('"never closed');
  await page
    .getByText(/is no search/)
    .first()
    .waitFor();
  await take(page, 'environment-logs-wrong');
  await go(`${dev}/services/guestbook/metrics`, 'Metrics');
  await take(page, 'service-metrics');
  await go(`${dev}/services/guestbook/events`, 'serves in dev');
  await take(page, 'service-events');
  await go('/projects/demo/builds?service=guestbook', 'Builds of guestbook');
  await take(page, 'builds');
  await go('/projects/demo/activity', 'Environment dev created');
  await take(page, 'activity');
  await go('/projects/demo/alerts', 'No alert fires.');
  await take(page, 'alerts');
  await page.getByRole('button', { name: 'Change error-rate' }).click();
  await page.getByText('it fires when').waitFor();
  await take(page, 'alerts-rule');
  await page.keyboard.press('Escape');
  await go('/projects/demo/costs', 'In common with other projects');
  await take(page, 'costs');
  await build(subject, '3.0.0');
  const failed = await deploy(subject, '3.0.0');
  await go(`/projects/demo/operations/${failed.id}`, 'crashed 3 times');
  await take(page, 'operation-failed');
  await go('/projects/demo', 'crashed 3 times');
  await take(page, 'overview-failed');
  await go(`${dev}/services/guestbook`, 'crashed 3 times');
  await take(page, 'service-failed');
  const back = await berth.operation('POST', `${service}/deployments`, { rollbackTo: 1 });
  await go(`/projects/demo/operations/${back.id}`, 'succeeded');
  await take(page, 'operation-succeeded');
  await go(`${dev}/services/guestbook/history`, 'Rollback to 1');
  await page.getByLabel('Compare deployment 2').check();
  await page.getByLabel('Compare deployment 4').check();
  await page.getByText('From #2 to #4').waitFor();
  await take(page, 'service-history');
  await berth.api('PUT', '/v1/projects/demo/environments/dev/secrets/API_KEY', { value: 'correct horse' });
  await go(dev, 'API_KEY');
  await take(page, 'environment');
  await go(`${dev}/map`, 'The same as a list');
  await page.getByRole('button', { name: /^guestbook service/ }).click();
  await take(page, 'environment-map');
  await go(dev, 'API_KEY');
  await page.getByRole('button', { name: 'Clone' }).click();
  await page.getByText('With its secrets').waitFor();
  await take(page, 'environment-clone');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Add a secret' }).click();
  await page.getByLabel('Value').waitFor();
  await take(page, 'environment-secret');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /^Destroy dev/ }).click();
  await page.getByText('This goes with it').waitFor();
  await take(page, 'environment-destroy');
  await page.keyboard.press('Escape');
  await berth.operation('POST', '/v1/projects/demo/environments/dev/hibernate');
  await go('/projects/demo', 'hibernated');
  await take(page, 'overview-hibernated');
  await page.setViewportSize(sizes.wide);
  await page.getByRole('button', { name: 'New', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Environment' }).click();
  await page.getByLabel('Ephemeral').waitFor();
  await take(page, 'new-environment');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Go to or do' }).fill('guest');
  await take(page, 'palette');
  await page.keyboard.press('Escape');

  const production = '/v1/projects/demo/environments/production';
  await berth.api('PUT', `${production}/protection`, { approval: true });
  await berth.api('POST', '/v1/projects/demo/services/guestbook/promotions', {
    fromEnvironment: 'staging',
    to: ['production', 'pr-12'],
  });
  await go('/projects/demo/pipeline', 'waits for approval');
  await take(page, 'pipeline-waits');
  await seedSettings(subject, receiver.origin);
  for (const { name, path, ready, open } of settingsPages) {
    await go(path, ready);
    if (open !== undefined) await page.getByRole('button', { name: open }).first().click();
    await take(page, name);
    await page.keyboard.press('Escape');
  }

  const database = await seedDatabase(subject);
  await go(shop.page, 'None yet.');
  await take(page, 'backups-none');
  await berth.operation('POST', `${database.path}/backups`);
  await database.query('CREATE AGGREGATE public.total (integer) (SFUNC = int4pl, STYPE = integer)');
  await berth.operation('POST', `${database.path}/backups`);
  const { items } = (await berth.api('GET', `${database.path}/backups`)).body;
  await berth.operation('POST', `${database.path}/restore`, { backup: items[1].id });
  await berth.api('PUT', `${database.path}/backup-plan`, { schedule: '30 2 * * *', keep: 14 });
  await go(shop.page, 'A restore replaced its data');
  await take(page, 'backups');
  await page.setViewportSize(sizes.wide);
  await page.getByRole('button', { name: /^Restore the backup/ }).click();
  await page.getByText('is deleted for good').waitFor();
  await take(page, 'backups-restore');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Change the plan' }).click();
  await page.getByRole('textbox', { name: 'Keep' }).waitFor();
  await take(page, 'backups-plan');
  await page.keyboard.press('Escape');
  await seedLong(subject);
  await go(`/projects/${long.project}`, 'serving');
  await take(page, 'overview-long');
  await go(`/projects/${long.project}/environments/${long.environment}`, 'Resources');
  await take(page, 'environment-long');
  await go('/', 'Projects');
  await take(page, 'projects');
  await go('/nowhere', 'nothing at this address');
  await take(page, 'missing');
  await go('/docs#createDeployment', 'Takes the next number');
  await take(page, 'reference');

  await go('/projects/demo', 'hibernated');
  await berth.kill('SIGKILL');
  await page.getByText('The connection to Berth is lost.').waitFor();
  await take(page, 'connection-lost');
  console.log(complaints.length === 0 ? 'No complaints.' : complaints);
} finally {
  await browser.close();
  await subject.close();
  receiver.close();
}
