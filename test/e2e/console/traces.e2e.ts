import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../support/berth.ts';
import { program } from '../../support/programs.ts';
import { askWorkload } from '../../support/workload.ts';
import { seriousFindings } from '../axe.ts';
import { chromiumPath, goTo, signIn } from '../browser.ts';
import { HOSTILE, service } from '../subject.ts';
import { inBrowser } from './in-browser.ts';

/** Answers as it is asked to, and tells of a query within by OTLP's JSON. */
const SERVER = `
import { createServer } from 'node:http';
const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_HEADERS: headers } = process.env;
createServer(async (request, response) => {
  const [, traceId, parentSpanId] = request.headers.traceparent.split('-');
  console.log('handled ' + traceId);
  const startTimeUnixNano = Date.now() + '000000';
  const attributes = [{ key: 'db.query.text', value: { stringValue: ${JSON.stringify(HOSTILE)} } }];
  const status = { code: 2, message: 'no such table' };
  const name = 'SELECT ' + ${JSON.stringify(HOSTILE)};
  const span = { traceId, parentSpanId, spanId: 'b7ad6b7169203331', name, startTimeUnixNano, endTimeUnixNano: Date.now() + 1 + '000000', attributes, status };
  await fetch(endpoint + '/v1/traces', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: decodeURIComponent(headers.split('=')[1]) },
    body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }),
  });
  response.statusCode = request.url === '/broken' ? 500 : 200;
  response.end('ok');
}).listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`;

let page: Page;
/** What a page complains of that is as it should be is taken out. */
let complaints: string[];

const traces = '/projects/demo/environments/dev/traces';

describe.skipIf(!chromiumPath)('Traces', () => {
  inBrowser({
    async seed({ berth }) {
      await berth.api('POST', '/v1/projects', { name: 'demo' });
      await berth.api('POST', '/v1/projects/demo/services', { name: 'guestbook' });
      await berth.operation('POST', '/v1/projects/demo/environments', { name: 'dev' });
      const source = await program('traced', { server: SERVER });
      const { result } = await berth.operation('POST', '/v1/projects/demo/services/guestbook/builds', source);
      await berth.operation('POST', `${service}/deployments`, { version: result.version });
      for (const path of ['/broken', '/fine'])
        await askWorkload(berth.port, 'guestbook.dev.demo.localhost', path);
      const { body }: { body: Json } = await berth.api('GET', '/v1/projects/demo/environments/dev/traces');
      expect(body.items.map(({ spans }: Json) => spans)).toEqual([2, 2]);
    },
    async begin(visited, { token }) {
      ({ page, complaints } = visited);
      await signIn(page, token);
    },
  });

  it('are listed with an order that stands in the address, and lead by keyboard to spans and lines', async () => {
    await goTo(page, '/projects/demo/environments/dev');
    await page.getByRole('link', { name: 'Traces' }).click();
    const table = page.getByRole('table', { name: 'Traces' });
    await table.getByRole('link', { name: 'GET /fine' }).waitFor();
    await page.getByRole('button', { name: 'Order' }).click();
    await page.getByRole('option', { name: 'Slowest first' }).click();
    await expect.poll(() => new URL(page.url()).search).toBe('?order=slowest');
    await table.getByRole('link', { name: 'GET /broken' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'GET /broken' }).waitFor();
    const spans = page.getByRole('table', { name: 'Spans' });
    const query = spans.locator('summary').nth(1);
    // Names are text.
    expect(await query.innerText()).toContain(`SELECT ${HOSTILE} failed`);
    await query.focus();
    await page.keyboard.press('Enter');
    await spans.getByText('no such table').waitFor();
    await page.getByRole('link', { name: 'Its log lines' }).click();
    await page.locator('.log-text', { hasText: 'handled' }).waitFor();
    expect(await page.locator('.log-text').count()).toBe(1);
  });

  it('have nothing that axe finds serious, and fit on a small screen', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    for (const open of [
      async () => goTo(page, traces),
      async () => page.getByRole('link', { name: 'GET /broken' }).click(),
    ]) {
      await open();
      await page.getByRole('table').first().waitFor();
      expect(await seriousFindings(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    }
  });

  it('say that there is none of an id', async () => {
    await goTo(page, `${traces}/${'a'.repeat(32)}`);
    await page.getByText('There is no such trace in dev').waitFor();
    complaints.length = 0;
  });
});
