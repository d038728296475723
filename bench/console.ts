/** The cost of a first visit to the console, in a real browser whose processor is slowed down. */
import { chromiumPath, launch } from '../test/e2e/browser.ts';
import { makeDirectory, removeDirectory, startProcess } from './server.ts';

type Add = (figure: string, value: number, unit: string, goal: string) => void;

const SLOWER = 4;
const RUNS = 5;

/** Measures the console; without Chromium it only says that there is none. */
export async function consoleFigures(add: Add): Promise<void> {
  if (!chromiumPath) return;
  const directory = await makeDirectory();
  const berth = await startProcess(directory);
  const browser = await launch();
  const times: number[] = [];
  let bytes = 0;
  for (let run = 0; run < RUNS; run++) {
    // Nothing is cached: each visit is a first one.
    const page = await browser.newPage();
    const client = await page.context().newCDPSession(page);
    await client.send('Network.enable');
    await client.send('Performance.enable', { timeDomain: 'threadTicks' });
    await client.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
    const codes = new Set<string>();
    bytes = 0;
    client.on('Network.responseReceived', ({ requestId, type }) => {
      if (type === 'Script' || type === 'Stylesheet') codes.add(requestId);
    });
    client.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      if (codes.has(requestId)) bytes += encodedDataLength;
    });
    await page.goto(berth.url, { waitUntil: 'commit' });
    await page.getByRole('button', { name: 'Other ways to sign in' }).waitFor();
    // Milliseconds since the navigation began, by the page's own clock.
    times.push(await page.evaluate<number>('performance.now()'));
    await page.close();
  }
  times.sort((one, other) => one - other);
  add('P16 console, first load, JavaScript and CSS compressed', bytes / 1000, 'kB', '<= 200 kB');
  add(`P16 console, usable with a processor ${SLOWER} times slower`, times[RUNS >> 1]!, 'ms', '<= 1,000 ms');
  await browser.close();
  await berth.stop();
  await removeDirectory(directory);
}
