/** The board of a project with 60 services and 12 environments: what is drawn, what stays in sight, and arrow keys. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { seriousFindings } from '../axe.ts';
import { chromiumPath, goTo, signIn } from '../browser.ts';
import { type Subject, seed } from '../subject.ts';
import { inBrowser } from './in-browser.ts';

const SERVICES = 60;
const ENVIRONMENTS = 12;
const NODES_MAX = 2_000;
/** Elements of a cell that serves while something newer goes on. */
const FULL_CELL = 30;

let subject: Subject;
let page: Page;

const two = (value: number) => String(value).padStart(2, '0');
/** The row and the column of the cell that has the focus. */
const focused = () =>
  page.evaluate<string | undefined>(`document.activeElement.closest('[data-cell]')?.dataset.cell`);
/** How many elements there are: in all, in each cell that is drawn, and in the fullest of them. */
const measure = () =>
  page.evaluate<{ all: number; cells: number; inCells: number; fullest: number }>(`(() => {
    const sizes = [...document.querySelectorAll('.board .cell')].map((one) => one.querySelectorAll('*').length + 1);
    return {
      all: document.querySelectorAll('*').length,
      cells: sizes.length,
      inCells: sizes.reduce((sum, size) => sum + size, 0),
      fullest: Math.max(...sizes),
    };
  })()`);
const scroll = (x: number, y: number) =>
  page.evaluate(`document.querySelector('.board-frame').scrollTo(${x}, ${y})`);

describe.skipIf(!chromiumPath)('A board of 60 services and 12 environments', () => {
  inBrowser({
    async seed(made) {
      subject = made;
      await seed(subject);
      const { berth } = subject;
      for (let at = 2; at <= SERVICES; at++)
        await berth.api('POST', '/v1/projects/demo/services', { name: `service-${two(at)}` });
      for (let at = 2; at <= ENVIRONMENTS; at++)
        await berth.operation('POST', '/v1/projects/demo/environments', { name: `stage-${two(at)}` });
    },
    async begin(visited) {
      page = visited.page;
      await signIn(page, subject.token);
      await goTo(page, '/projects/demo');
      await page.locator('.board .cell-link').first().waitFor();
    },
  });

  it('draws what one sees, so that a page has no more than 2,000 elements wherever one is', async () => {
    await expect.poll(async () => (await measure()).cells).toBeLessThan(SERVICES * 2);
    const { fullest } = await measure();
    for (const [x, y] of [
      [0, 0],
      [900, 3_000],
      [5_000, 50_000],
    ] as const) {
      await scroll(x, y);
      await page.waitForTimeout(500);
      const { all, cells, inCells } = await measure();
      // As if each of them had as much in it as the one that serves.
      const most = all - inCells + cells * fullest;
      console.log(`At ${x}, ${y}: ${all} elements, ${cells} cells; ${most} if each cell were the fullest`);
      expect(cells).toBeGreaterThan(3);
      expect(most).toBeLessThanOrEqual(NODES_MAX);
    }
    await page.getByTestId('service-60-stage-12').getByText('not deployed').waitFor();
  });

  it('keeps its head and the names of services in sight', async () => {
    await scroll(900, 3_000);
    await page.waitForTimeout(300);
    const [frame, head, corner] = await Promise.all(
      ['.board-frame', '.board thead th:nth-child(7)', '.board tbody tr:nth-child(28) th'].map((one) =>
        page.locator(one).boundingBox(),
      ),
    );
    expect(Math.abs(head!.y - frame!.y)).toBeLessThan(4);
    expect(Math.abs(corner!.x - frame!.x)).toBeLessThan(4);
  });

  it('is gone through by the arrow keys, also to what was not drawn', async () => {
    await page.locator('.board .cell-link').first().focus();
    const start = (await focused())!.split('/').map(Number) as [number, number];
    for (let press = 0; press < 20; press++) await page.keyboard.press('ArrowDown');
    await expect.poll(focused).toBe(`${start[0] + 20}/${start[1]}`);
    for (let press = 0; press < 11; press++) await page.keyboard.press('ArrowRight');
    await expect.poll(focused).toBe(`${start[0] + 20}/11`);
    // What has the focus is in sight.
    const box = await page.locator(':focus').boundingBox();
    expect(box!.x + box!.width).toBeLessThanOrEqual(1280);
    await page.keyboard.press('ArrowUp');
    await expect.poll(focused).toBe(`${start[0] + 19}/11`);
    await scroll(0, 0);
    await page.waitForTimeout(300);
    expect(await focused()).toBe(`${start[0] + 19}/11`);
  });

  it('shows one environment at a time on a phone, of services that are looked for, in no more elements', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    const environment = page.getByLabel('Environment', { exact: true });
    await environment.waitFor();
    // Rows that are gone from sight are let go.
    for (const y of [0, 2_500]) {
      await page.evaluate(`window.scrollTo(0, ${y})`);
      await page.waitForTimeout(400);
      const { all, cells, inCells } = await measure();
      const most = all - inCells + cells * FULL_CELL;
      console.log(`At ${y} on a phone: ${all} elements, ${cells} cells; ${most} if each cell were full`);
      expect(cells).toBeGreaterThan(3);
      expect(most).toBeLessThanOrEqual(NODES_MAX);
      // Nothing is cut off.
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    }
    await page.evaluate('window.scrollTo(0, 0)');
    await page.getByTestId('guestbook-dev').getByText('2.0.0').waitFor();
    await page.getByTestId('guestbook-dev').getByRole('link').first().focus();
    for (let press = 0; press < 30; press++) await page.keyboard.press('ArrowDown');
    await expect.poll(focused).toBe('30/0');
    await environment.selectOption('stage-12');
    await page.getByLabel('Service', { exact: true }).fill('service-5');
    await page.getByTestId('service-50-stage-12').getByText('not deployed').waitFor();
    expect(await page.locator('.board tbody tr').count()).toBe(10);
    expect(page.url()).toContain('?environment=stage-12');
    expect(await seriousFindings(page)).toEqual([]);
  });

  it('has nothing that axe finds serious, in both themes', async () => {
    expect(await seriousFindings(page)).toEqual([]);
  });
});
