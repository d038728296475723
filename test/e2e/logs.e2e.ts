import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { program } from '../support/programs.ts';
import { askWorkload } from '../support/workload.ts';
import { seriousFindings } from './axe.ts';
import { chromiumPath, goTo, signIn } from './browser.ts';
import { inBrowser } from './console/in-browser.ts';
import { HOSTILE, type Subject, service } from './subject.ts';

/** Prints what it is asked for: `/print/<text>`, `/many/<count>`, `/flood/<lines a second>/<seconds>`. */
const PRINTER = `
import { createServer } from 'node:http';
const line = (number) => 'INFO request ' + number + ' \\u001b[32mGET\\u001b[0m /entries/' + number + ' 200 in ' + (number % 97) + ' ms';
createServer((request, response) => {
  const [, what, first, second] = request.url.split('/');
  if (what === 'print') console.log(decodeURIComponent(first));
  if (what === 'many') {
    let at = 0;
    const more = () => {
      let text = '';
      for (const end = Math.min(at + 1000, Number(first)); at < end; at++) text += line(at) + '\\n';
      process.stdout.write(text, () => at < Number(first) && setTimeout(more, 50));
    };
    more();
  }
  if (what === 'flood') {
    const began = Date.now();
    let at = 0;
    const timer = setInterval(() => {
      const due = Math.min((Date.now() - began) / 1000, Number(second)) * Number(first);
      let text = '';
      while (at < due) text += line(at++) + '\\n';
      process.stdout.write(text);
      if (at >= Number(first) * Number(second)) clearInterval(timer);
    }, 20);
  }
  response.end('ok');
}).listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`;

let subject: Subject;
let page: Page;

const ask = (path: string) => askWorkload(subject.berth.port, 'guestbook.dev.demo.localhost', path);
const print = (text: string) => ask(`/print/${encodeURIComponent(text)}`);
const logs = '/projects/demo/environments/dev/services/guestbook/logs';
const log = () => page.getByRole('log', { name: 'Log' });
const foot = () => page.locator('.log-foot');

/** Texts of the rows that are on show. */
const shown = (): Promise<string[]> => page.locator('.log-text').allInnerTexts();

describe.skipIf(!chromiumPath)('The log of a service', () => {
  inBrowser({
    async seed(made) {
      subject = made;
      const { berth } = subject;
      await berth.api('POST', '/v1/projects', { name: 'demo' });
      await berth.api('POST', '/v1/projects/demo/services', { name: 'guestbook' });
      await berth.operation('POST', '/v1/projects/demo/environments', { name: 'dev' });
      const source = await program('printer', { server: PRINTER });
      const { result } = await berth.operation('POST', '/v1/projects/demo/services/guestbook/builds', source);
      await berth.operation('POST', `${service}/deployments`, { version: result.version });
    },
    async begin(visited) {
      page = visited.page;
      await signIn(page, subject.token);
      await goTo(page, logs);
      await log().waitFor();
    },
  });

  it('shows lines as they come, colours as colours and everything else as text', async () => {
    await print(`\u001b[31mred\u001b[0m ${HOSTILE} \u001b]8;;javascript:alert(1)\u0007link\u001b]8;;\u0007`);
    const line = page.locator('.log-line').filter({ hasText: 'red' });
    await line.waitFor();
    expect(await line.locator('.log-text').innerText()).toBe(`red ${HOSTILE} link`);
    expect(await line.locator('.ansi-1').innerText()).toBe('red');
    expect(await line.locator('b, img, a').count()).toBe(0);
  });

  it('is searched, filtered by level, and has both in its address', async () => {
    for (const text of ['INFO alpha one', 'ERROR alpha two', 'WARN beta three', 'nothing four'])
      await print(text);
    await page.getByText('nothing four').waitFor();
    await page.getByRole('searchbox', { name: 'Search the log' }).fill('ALPHA');
    await page.locator('mark', { hasText: 'alpha' }).first().waitFor();
    await expect.poll(shown).toEqual(['INFO alpha one', 'ERROR alpha two']);
    await print('INFO alpha five');
    await page.getByText('alpha five').waitFor();
    await page.getByRole('button', { name: 'Level' }).click();
    await page.getByRole('option', { name: 'Errors', exact: true }).click();
    await expect.poll(shown).toEqual(['ERROR alpha two']);
    expect(new URL(page.url()).search).toBe('?search=ALPHA&level=error');
    await page.getByRole('button', { name: 'Clear the search' }).click();
    await expect.poll(() => new URL(page.url()).search).toBe('?level=error');
    await goTo(page, `${logs}?search=no+such+line`);
    await page.getByText('No line is like that').waitFor();
  });

  it('pauses, keeps what comes, and goes on', async () => {
    await page.getByRole('button', { name: 'Pause' }).click();
    await print('while it was paused');
    await page.getByRole('button', { name: 'Go on (1 new)' }).waitFor();
    expect((await shown()).join('\n')).not.toContain('while it was paused');
    await page.getByRole('button', { name: /Go on/ }).click();
    await page.locator('.log-text', { hasText: 'while it was paused' }).waitFor();
  });

  it('jumps to a time, and from there on to now', async () => {
    await print('before the time');
    await sleep(1100);
    const time = new Date(Math.ceil(Date.now() / 1000) * 1000);
    await sleep(time.getTime() - Date.now() + 10);
    await print('first of the time');
    await print('second of the time');
    await page.locator('.log-text', { hasText: 'second of the time' }).waitFor();
    const local = new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
    await page.getByLabel('Jump to').fill(local);
    await expect.poll(() => new URL(page.url()).searchParams.get('at')).toBe(time.toISOString());
    await page.locator('.log-text', { hasText: 'first of the time' }).waitFor();
    await print('after the jump');
    await page.locator('.log-text', { hasText: 'after the jump' }).waitFor();
    await page.getByRole('button', { name: 'Back to now' }).click();
    await expect.poll(() => new URL(page.url()).search).toBe('');
  });

  it('shows a hundred thousand lines, all of them a scroll away', { timeout: 60_000 }, async () => {
    await ask('/many/100000');
    await page.locator('.log-text', { hasText: 'request 99999 ' }).waitFor({ timeout: 25_000 });
    console.log(`A hundred thousand lines: ${await foot().innerText()}`);
    const gaps = (await page.evaluate(`new Promise((resolve) => {
      const box = document.querySelector('[role="log"]');
      const found = [];
      let last = performance.now();
      box.scrollTop = 0;
      const next = (now) => {
        found.push(now - last);
        last = now;
        box.scrollTop += 4000;
        if (found.length < 120) requestAnimationFrame(next);
        else resolve(found.slice(1));
      };
      requestAnimationFrame(next);
    })`)) as number[];
    gaps.sort((a, b) => a - b);
    console.log(
      `Scrolling through them: a frame takes ${gaps[60]?.toFixed(1)} ms (median), ${gaps.at(-2)?.toFixed(1)} ms (p99)`,
    );
    // Rows that there are stay few, whatever there is to scroll through.
    expect((await shown()).length).toBeLessThan(120);
    await log().focus();
    await page.keyboard.press('End');
    await page.locator('.log-text', { hasText: 'request 99999 ' }).waitFor();
  });

  it('goes through 5,000 lines a second with frames to spare', async () => {
    const frames = page.evaluate(`new Promise((resolve) => {
      const gaps = [];
      let last = performance.now();
      const end = last + 8000;
      const next = (now) => {
        gaps.push(now - last);
        last = now;
        if (now < end) requestAnimationFrame(next);
        else resolve(gaps.slice(1));
      };
      requestAnimationFrame(next);
    })`) as Promise<number[]>;
    await sleep(500);
    await ask('/flood/5000/6');
    const gaps = (await frames).sort((a, b) => a - b);
    const total = gaps.reduce((sum, gap) => sum + gap, 0);
    const at = (share: number) => gaps[Math.floor(gaps.length * share)] ?? 0;
    console.log(
      `5,000 lines a second: ${((gaps.length * 1000) / total).toFixed(1)} frames a second; a frame takes ${at(0.5).toFixed(1)} ms (median), ${at(0.99).toFixed(1)} ms (p99), ${gaps.at(-1)?.toFixed(1)} ms (most). ${await foot().innerText()}`,
    );
    await page.locator('.log-text', { hasText: 'request 29999 ' }).last().waitFor();
    expect(gaps.length).toBeGreaterThan(8);
  });

  it('is for the keyboard, and has nothing that axe finds serious, in both themes', async () => {
    await print('WARN something');
    await print('\u001b[33mERROR\u001b[0m \u001b[44mground\u001b[0m');
    await page.locator('.log-line.warn').first().waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await log().focus();
    expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe('Log');
  });
});
