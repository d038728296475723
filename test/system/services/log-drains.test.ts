/** A whole Berth sends what its workloads print, with secrets hidden, and goes on behind a kill -9. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LineReceiver, openLineReceiver } from '../../support/drains/line-receiver.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';
import { type BerthChild, freePort, startChild } from '../../support/process.ts';
import { program } from '../../support/programs.ts';

const SECRET = 'correct-horse-battery-staple';
/** Prints numbers, and what is secret, for as long as it runs. */
const PRINTS = `
import { createServer } from 'node:http';
let number = 0;
setInterval(() => console.log(process.pid + ' ' + number++ + ' ' + process.env.KEY), 10);
createServer((_, response) => response.end('ok')).listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`;

const makeDirectory = temporaryDirectories();
let receiver: LineReceiver;
let berth: BerthChild | undefined;
let start: () => Promise<BerthChild>;
beforeAll(async () => {
  receiver = await openLineReceiver();
  const [directory, port] = [makeDirectory(), await freePort()];
  start = () => startChild(directory, port, { BERTH_TRUSTED_RECEIVERS: receiver.origin });
  berth = await start();
});
afterAll(async () => {
  await berth?.kill('SIGTERM');
  receiver?.close();
});

it('each line of the log comes, in order, though it is killed in the middle of one batch', async () => {
  const BASE = '/v1/projects/demo';
  const api = berth!;
  await api.api('POST', '/v1/projects', { name: 'demo' });
  await api.api('POST', `${BASE}/services`, { name: 'web' });
  await api.operation('POST', `${BASE}/environments`, { name: 'dev' });
  await api.api('PUT', `${BASE}/environments/dev/secrets/KEY`, { value: SECRET });
  const container = 'variables:\n  KEY: "${resources.env.KEY}"';
  const score = 'resources:\n  env:\n    type: environment';
  const source = await program('prints', { server: PRINTS, container, score });
  const built = await api.operation('POST', `${BASE}/services/web/builds`, source);
  expect(built, JSON.stringify(built.error)).toMatchObject({ status: 'succeeded' });
  const made = await api.api('POST', `${BASE}/drains`, { url: receiver.origin, format: 'ndjson' });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  const deployed = await api.operation('POST', `${BASE}/environments/dev/services/web/deployments`, {
    version: built.result.version,
  });
  expect(deployed, JSON.stringify(deployed.error)).toMatchObject({ status: 'succeeded' });
  await expect.poll(() => receiver.lines().length, { timeout: 30_000 }).toBeGreaterThan(50);
  // The next batch is on its way when Berth is gone.
  const hung = new Promise<void>((resolve) => {
    receiver.answer = () => {
      resolve();
      return 'later';
    };
  });
  await hung;
  await api.kill('SIGKILL');
  receiver.answer = () => undefined;
  const before = receiver.lines().length;
  berth = await start();
  await expect.poll(() => receiver.lines().length, { timeout: 30_000 }).toBeGreaterThan(before + 50);
  const log = await berth.api('GET', `${BASE}/environments/dev/services/web/logs?tail=10000`);
  const logged: string[] = log.body.items.map(({ message }: { message: string }) => message);
  await expect
    .poll(() => receiver.lines().map(({ message }) => message), { timeout: 30_000 })
    .toEqual(expect.arrayContaining(logged));
  const lines = receiver.lines();
  const printed = lines.filter(({ stream }) => stream === 'stdout');
  expect(printed[0]).toMatchObject({
    environment: 'dev',
    service: 'web',
    deployment: 1,
    replica: 'web-1-0',
    container: 'main',
    message: expect.stringMatching(/^\d+ 0 \S+$/),
  });
  expect(JSON.stringify(lines)).not.toContain(SECRET);
  // Nothing is missing, and nothing that was taken comes twice.
  const numbers = Object.values(Object.groupBy(printed, ({ message }) => message.split(' ')[0])).map((each) =>
    each?.map(({ message }) => Number(message.split(' ')[1])),
  );
  expect(numbers).toHaveLength(2);
  for (const each of numbers) expect(each).toEqual(each?.map((_, index) => index));
});
