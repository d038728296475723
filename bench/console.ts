/**
 * P16: the cost of opening the board of a project, signed in and with nothing cached, in a real browser whose processor
 * is slowed down.
 */
import type { BrowserContext } from 'playwright-core';
import { chromiumPath, launch, signInAs } from '../test/e2e/browser.ts';
import { median } from './client.ts';
import { makeDirectory, removeDirectory, startProcess } from './server.ts';

type Add = (figure: string, value: number, unit: string, goal: string) => void;

const SLOWER = 4;
const RUNS = 7;

interface Visit {
  /** Milliseconds since the navigation began, by the page's own clock. */
  firstPaint: number;
  usable: number;
  /** Compressed, of JavaScript and CSS, until it was usable. */
  bytes: number;
  requests: number;
}

async function measured(context: BrowserContext, url: string): Promise<Visit> {
  const page = await context.newPage();
  const client = await page.context().newCDPSession(page);
  await client.send('Network.enable');
  await client.send('Network.setCacheDisabled', { cacheDisabled: true });
  await client.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
  const codes = new Set<string>();
  let [bytes, requests] = [0, 0];
  client.on('Network.requestWillBeSent', () => {
    requests += 1;
  });
  client.on('Network.responseReceived', ({ requestId, type }) => {
    if (type === 'Script' || type === 'Stylesheet') codes.add(requestId);
  });
  client.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (codes.has(requestId)) bytes += encodedDataLength;
  });
  await page.goto(url, { waitUntil: 'commit' });
  await page.getByRole('link', { name: 'guestbook' }).first().waitFor();
  const visit = {
    usable: await page.evaluate<number>('performance.now()'),
    bytes,
    requests,
    firstPaint: await page.evaluate<number>(
      "performance.getEntriesByName('first-contentful-paint')[0].startTime",
    ),
  };
  await page.close();
  return visit;
}

/** Measures the console; without Chromium it only says that there is none. */
export async function consoleFigures(add: Add): Promise<void> {
  if (!chromiumPath) return;
  const directory = await makeDirectory();
  const berth = await startProcess(directory, { demo: true });
  const browser = await launch();
  const context = await browser.newContext();
  // The provider of one machine leads back to the name that it knows.
  const url = berth.url.replace('127.0.0.1', 'localhost');
  const first = await context.newPage();
  await first.goto(url);
  await signInAs(first, 'Ada Lovelace');
  const board = `${url}/projects/demo`;
  await first.goto(board);
  await first.getByRole('link', { name: 'guestbook' }).first().waitFor({ timeout: 60_000 });
  await first.close();
  const visits: Visit[] = [];
  for (let run = 0; run < RUNS; run++) visits.push(await measured(context, board));
  const of = (figure: keyof Visit): number => median(visits.map((visit) => visit[figure]));
  const slowly = `with a processor ${SLOWER} times slower`;
  add('P16 board, JavaScript and CSS compressed', of('bytes') / 1000, 'kB', '<= 200 kB');
  add('P16 board, requests until it is usable', of('requests'), '', '<= 12');
  add(`P16 board, first paint of content ${slowly}`, of('firstPaint'), 'ms', '<= 700 ms');
  add(`P16 board, usable ${slowly}`, of('usable'), 'ms', '<= 1,000 ms');
  await browser.close();
  await berth.stop();
  await removeDirectory(directory);
}
