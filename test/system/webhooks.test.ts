/** A whole Berth delivers by itself, and goes on behind a restart in the middle. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startBerth, type TestBerth } from '../support/berth.ts';
import { isSigned, openReceiver, type Receiver } from '../support/receiver.ts';

let receiver: Receiver;
let berth: TestBerth;
beforeAll(async () => {
  receiver = await openReceiver();
  berth = await startBerth({ sweepSeconds: 0.1, trustedReceivers: [receiver.origin] });
});
afterAll(async () => {
  await berth?.close();
  receiver?.close();
});

it('delivers each event in order though it stops in the middle of one', async () => {
  await berth.api('POST', '/v1/projects', { name: 'demo' });
  const { body: hook } = await berth.api('POST', '/v1/projects/demo/webhooks', {
    url: receiver.origin,
    types: ['service'],
  });
  // The third one hangs until Berth is gone.
  let hung: (() => void) | undefined;
  const hanging = new Promise<void>((resolve) => {
    hung = resolve;
  });
  receiver.behave((event) => (event.subject === 'services/s3' ? () => hung?.() : undefined));
  for (let number = 1; number <= 5; number++)
    await berth.api('POST', '/v1/projects/demo/services', { name: `s${number}` });
  await hanging;
  await berth.restart();
  receiver.behave(undefined);
  const subjects = () => receiver.received.map(({ event }) => event.subject.replace('services/', ''));
  await expect.poll(subjects, { timeout: 60_000 }).toContain('s5');
  expect(subjects()).toEqual(['s1', 's2', 's3', 's3', 's4', 's5']);
  expect(receiver.received.every((one) => isSigned(one, hook.secret))).toBe(true);
});
