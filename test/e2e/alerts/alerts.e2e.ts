/** A whole Berth, as it is from the start, tells of a service that answers with errors. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startBerth, type TestBerth } from '../../support/berth.ts';
import { program } from '../../support/programs.ts';
import { isSigned, openReceiver, type Receiver } from '../../support/receiver.ts';

const PROJECT = '/v1/projects/shop';
/** Answers with an error on /fail. */
const SERVER = `
import { createServer } from 'node:http';
createServer((request, response) => {
  response.writeHead(request.url === '/fail' ? 500 : 200).end('guests');
}).listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`;

let receiver: Receiver;
let berth: TestBerth;
beforeAll(async () => {
  receiver = await openReceiver();
  // As `npm start` has it.
  berth = await startBerth({ sweepSeconds: 1, trustedReceivers: [receiver.origin] });
});
afterAll(async () => {
  await berth?.close();
  receiver?.close();
});

it('a webhook gets a signed alert within 5 seconds, once, with the deployment and what to do', async () => {
  await berth.api('POST', '/v1/projects', { name: 'shop' });
  await berth.api('POST', `${PROJECT}/services`, { name: 'guestbook' });
  await berth.operation('POST', `${PROJECT}/environments`, { name: 'live' });
  const { body: hook } = await berth.api('POST', `${PROJECT}/webhooks`, {
    url: receiver.origin,
    types: ['alert'],
  });
  const source = await program('guestbook', { server: SERVER });
  const built = await berth.operation('POST', `${PROJECT}/services/guestbook/builds`, source);
  const { version } = built.result;
  await berth.operation('POST', `${PROJECT}/environments/live/services/guestbook/deployments`, { version });

  const ask = (path: string) => berth.workload('guestbook.live.shop.localhost', path);
  for (let number = 0; number < 40; number++) expect((await ask('/')).status).toBe(200);
  for (let number = 0; number < 20; number++) expect((await ask('/fail')).status).toBe(500);
  const since = Date.now();
  await expect.poll(() => receiver.received.length, { timeout: 60_000, interval: 50 }).toBe(1);
  const took = Date.now() - since;

  const [received] = receiver.received;
  expect(isSigned(received!, hook.secret)).toBe(true);
  expect(received!.event).toMatchObject({
    type: 'dev.berth.alert.fired',
    subject: 'environments/live/services/guestbook',
    data: {
      actor: 'berth',
      data: {
        rule: 'error-rate',
        deployment: { service: 'guestbook', number: 1, version },
        next: 'berth rollback -p shop -e live -s guestbook',
      },
    },
  });
  // It may have been seen before all of them had come.
  expect(received!.event.data.data.figures.percent).toBeGreaterThan(5);
  expect(took).toBeLessThan(5_000);

  // It goes on to fail, also behind a restart of Berth, which is the same episode.
  await ask('/fail');
  await berth.restart();
  for (let number = 0; number < 60; number++) await ask('/fail');
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  expect(receiver.received).toHaveLength(1);
  const { body } = await berth.api('GET', `${PROJECT}/alerts?state=firing`);
  expect(body.items).toHaveLength(1);
});
