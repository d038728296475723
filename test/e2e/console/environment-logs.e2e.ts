/** The log of a whole environment: each line of which service, searched by the same grammar. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { program } from '../../support/programs.ts';
import { askWorkload } from '../../support/workload.ts';
import { seriousFindings } from '../axe.ts';
import { chromiumPath, goTo, signIn } from '../browser.ts';
import type { Subject } from '../subject.ts';
import { inBrowser } from './in-browser.ts';

/** Prints what it is asked for, decoded. */
const PRINTER = `
import { createServer } from 'node:http';
createServer((request, response) => {
  console.log(decodeURIComponent(request.url.slice(1)));
  response.end('ok');
}).listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`;

const PAGE = '/projects/demo/environments/dev/logs';

let subject: Subject;
let page: Page;

const print = (service: string, text: string) =>
  askWorkload(subject.berth.port, `${service}.dev.demo.localhost`, `/${encodeURIComponent(text)}`);
const search = () => page.getByRole('searchbox', { name: 'Search the log' });
const shown = (): Promise<string[]> => page.locator('.log-text').allInnerTexts();

describe.skipIf(!chromiumPath)('The log of an environment', () => {
  inBrowser({
    async seed(made) {
      subject = made;
      const { berth } = subject;
      await berth.api('POST', '/v1/projects', { name: 'demo' });
      await berth.operation('POST', '/v1/projects/demo/environments', { name: 'dev' });
      for (const service of ['web', 'worker']) {
        await berth.api('POST', '/v1/projects/demo/services', { name: service });
        const source = await program(service, { server: PRINTER });
        const built = await berth.operation('POST', `/v1/projects/demo/services/${service}/builds`, source);
        await berth.operation('POST', `/v1/projects/demo/environments/dev/services/${service}/deployments`, {
          version: built.result.version,
        });
      }
    },
    async begin(visited) {
      page = visited.page;
      await signIn(page, subject.token);
      await goTo(page, PAGE);
      await page.getByRole('log', { name: 'Log' }).waitFor();
    },
  });

  it('shows the lines of all services as they come, each with the way to its service and deployment', async () => {
    await print('web', 'INFO from the web');
    await print('worker', 'ERROR from the worker');
    const line = page.locator('.log-line', { hasText: 'from the worker' });
    await line.waitFor();
    await page
      .locator('.log-line', { hasText: 'from the web' })
      .getByRole('link', { name: 'web', exact: true })
      .waitFor();
    await line.getByRole('link', { name: '#1' }).click();
    await page.waitForURL('**/services/worker/history#deployment-1');
    await goTo(page, PAGE);
    await line.getByRole('link', { name: 'worker', exact: true }).click();
    await page.waitForURL('**/services/worker');
  });

  it('is searched by fields, and has the search in its address', async () => {
    await print('web', '{"level":"error","took":700,"what":"slow one"}');
    await print('worker', '{"level":"info","took":3,"what":"fast one"}');
    await page.locator('.log-text', { hasText: 'fast one' }).waitFor();
    await search().fill('@service:web @took:>=500');
    await expect.poll(shown).toEqual(['{"level":"error","took":700,"what":"slow one"}']);
    expect(new URL(page.url()).searchParams.get('search')).toBe('@service:web @took:>=500');
  });

  it('says what is wrong with a search where it is typed, and goes on when that is mended', async () => {
    await print('web', 'INFO a line of today');
    await search().fill('"never closed');
    await page
      .locator('.log-search')
      .getByText(/is no search/)
      .first()
      .waitFor();
    await expect.poll(() => search().getAttribute('aria-invalid')).toBe('true');
    expect(await page.getByRole('main').getByRole('alert').count()).toBe(0);
    await search().fill('"line of today"');
    await page.locator('.log-text', { hasText: 'a line of today' }).waitFor();
    await page
      .locator('.log-search')
      .getByText(/is no search/)
      .first()
      .waitFor({ state: 'detached' });
  });

  it('is found from its environment, is for the keyboard, and has nothing that axe finds serious', async () => {
    await goTo(page, '/projects/demo/environments/dev');
    await page.getByRole('link', { name: 'Logs of all' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(`**${PAGE}`);
    await print('web', 'WARN something');
    await page.locator('.log-line.warn').first().waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await search().fill('(');
    await page
      .locator('.log-search')
      .getByText(/is no search/)
      .first()
      .waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.setViewportSize({ width: 390, height: 800 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
  });
});
