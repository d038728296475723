/** Builds, activity, events and metrics of a project. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';
import { program } from '../support/programs.ts';
import { seriousFindings } from './axe.ts';
import { chromiumPath, goTo, signIn } from './browser.ts';
import { inBrowser } from './console/in-browser.ts';
import { build, deploy, type Subject, seed } from './subject.ts';

let subject: Subject;
let page: Page;
let folder: string;

const guestbook = '/projects/demo/environments/dev/services/guestbook';

describe.skipIf(!chromiumPath)('The pages of a project', () => {
  inBrowser({
    async seed(made) {
      subject = made;
      await seed(subject);
      folder = await mkdtemp(join(tmpdir(), 'berth-e2e-source-'));
      await mkdir(join(folder, 'node_modules', 'x'), { recursive: true });
      await Promise.all([
        writeFile(join(folder, 'package.json'), '{"type": "module", "scripts": {"start": "node server.js"}}'),
        writeFile(
          join(folder, 'server.js'),
          "import { createServer } from 'node:http'; createServer((_, r) => r.end('dropped')).listen(process.env.PORT);",
        ),
        writeFile(join(folder, 'node_modules', 'x', 'index.js'), 'throw new Error("sent")'),
      ]);
    },
    async begin(visited) {
      page = visited.page;
      await signIn(page, subject.token);
    },
  });
  afterAll(async () => {
    await Promise.all([rm(folder, { recursive: true, force: true })]);
  });

  it('a folder is packed, sent and built, and its version is one click from being deployed', async () => {
    await goTo(page, '/projects/demo/builds');
    await page.getByRole('heading', { name: 'Start a build' }).waitFor();
    await page.getByLabel('Tag', { exact: false }).last().fill('from-folder');
    await page.locator('input[aria-label="Folder"]').setInputFiles(folder);
    await page.getByText('2 files').waitFor();
    await page.getByText('Left out: node_modules').waitFor();
    await page.getByRole('button', { name: 'Build guestbook' }).click();
    await page.getByRole('heading', { name: 'Build of guestbook' }).waitFor();
    await page.getByRole('log').getByText('is ready to deploy').waitFor();
    await page.getByText('succeeded').first().waitFor();
    await goTo(page, '/projects/demo/builds?service=guestbook');
    const newest = page.locator('.builds tbody tr').first();
    await newest.getByText('succeeded').waitFor();
    await newest.getByRole('link', { name: /^Deploy version/ }).click();
    await page.getByRole('heading', { name: 'Deploy', exact: true }).waitFor();
    await page.getByText('from-folder').first().waitFor();
  });

  it('an archive is sent as it is; what is none is refused in words', async () => {
    await goTo(page, '/projects/demo/builds');
    const archive = page.locator('input[aria-label="Archive"]');
    await archive.setInputFiles({ name: 'app.zip', mimeType: 'application/zip', buffer: Buffer.from('PK') });
    await page.getByRole('alert').getByText('pack it as .tar.gz').waitFor();
    const bytes = Buffer.from(await program('from an archive'));
    await archive.setInputFiles({ name: 'app.tar.gz', mimeType: 'application/gzip', buffer: bytes });
    await page.getByText('app.tar.gz,').waitFor();
    await page.getByRole('button', { name: 'Build guestbook' }).click();
    await page.getByRole('heading', { name: 'Build of guestbook' }).waitFor();
    await page.getByText('succeeded').first().waitFor();
    await goTo(page, '/projects/demo/builds');
    await archive.setInputFiles({ name: 'b.tgz', mimeType: 'application/gzip', buffer: Buffer.from('no') });
    await page.getByRole('button', { name: 'Build guestbook' }).click();
    await page.getByRole('alert').waitFor();
  });

  it('a repository that can not be had fails with the cause', async () => {
    await goTo(page, '/projects/demo/builds');
    await page.getByText('From git').click();
    await page.getByLabel('Repository').fill('https://127.0.0.1:1/none');
    await page.getByRole('button', { name: 'Build guestbook' }).click();
    await page
      .getByText(/failed|refused|not valid/)
      .first()
      .waitFor();
  });

  it('activity is one line of time, filtered by its address, and live', async () => {
    await goTo(page, '/projects/demo/activity');
    await page.getByText('Deployment 2 of guestbook serves in dev').waitFor();
    const times = (await page.evaluate(
      `[...document.querySelectorAll('.event time')].map((time) => time.dateTime)`,
    )) as string[];
    expect(times.length).toBeGreaterThan(10);
    expect(times).toEqual(times.toSorted().reverse());
    await subject.berth.api('POST', '/v1/projects/demo/services', { name: `web-${Date.now() % 1000}` });
    await page
      .getByText(/Service web-\d+ created/)
      .first()
      .waitFor();
    await page.getByRole('button', { name: /^What/ }).click();
    await page.getByRole('option', { name: 'Deployments', exact: true }).click();
    await expect.poll(() => new URL(page.url()).search).toBe('?type=deployment');
    await page.getByText('Deployment 1 of guestbook to dev started').waitFor();
    await expect.poll(() => page.getByText('Environment dev created').count()).toBe(0);
    await goTo(page, '/projects/demo/activity?type=environment,resource&environment=dev&hours=24');
    await page.getByText('Environment dev created').waitFor();
    await goTo(page, '/projects/demo/activity?type=secret');
    await page.getByText(/Nothing like that has happened|None among the newest/).waitFor();
    // Parts of an address that have no meaning are left out.
    await goTo(page, '/projects/demo/activity?type=%3Cb%3E&environment=../x&actor=%00');
    await page.getByText('Environment dev created').waitFor();
  });

  it('a crash is told in the events of its service, with the way to its log', async () => {
    await build(subject, '3.0.0').catch(() => undefined);
    await deploy(subject, '3.0.0').catch(() => undefined);
    await goTo(page, `${guestbook}/events`);
    await page.getByText('Deployment 3 of guestbook to dev failed').waitFor();
    const crash = page.getByRole('link', { name: /^Deployment 3 of guestbook crashed in dev/ }).last();
    await crash.click();
    await page.locator('.log-text', { hasText: 'can not start' }).first().waitFor();
    expect(page.url()).toContain('/logs?at=');
  });

  it('have nothing that axe finds serious, in both themes', async () => {
    for (const [path, ready] of [
      ['/projects/demo/builds', 'Start a build'],
      ['/projects/demo/activity', 'Environment dev created'],
      [`${guestbook}/events`, 'Deployment 1 of guestbook'],
      [`${guestbook}/metrics`, 'Memory'],
    ] as const) {
      await goTo(page, path);
      await page.getByText(ready).first().waitFor();
      expect(await seriousFindings(page), path).toEqual([]);
    }
  });
});
