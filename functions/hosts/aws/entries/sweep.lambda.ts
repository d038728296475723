/** One pass of the sweep: EventBridge Scheduler -> Lambda, each minute. */
import middy from '@middy/core';
import { CLOCK_JUMPED, sweep } from '../../../sweep/sweep.ts';
import { createDeliverer } from '../../../webhooks/deliver.ts';
import { readAwsConfig } from '../aws-config.ts';
import { createAwsPorts } from '../aws-ports.ts';
import { faults, logFault } from '../fault-log.ts';

/** Deliveries end before the next pass begins, a minute later, which goes on with the rest. Milliseconds. */
const DELIVERING_MS = 50_000;

const { ports, flush } = createAwsPorts(readAwsConfig(process.env));

async function run(): Promise<void> {
  const delivered = deliver();
  try {
    const { errors, clockJumped, ...counts } = await sweep(ports);
    if (clockJumped === 'now') logFault('sweep', new Error(CLOCK_JUMPED));
    for (const { what, error } of errors) logFault(`sweep of ${what}`, error);
    // The alarm on operations that nothing else ended counts `ended`.
    if (Object.values(counts).some((count) => count > 0)) console.info(counts);
  } finally {
    await delivered;
    await flush();
  }
}

/** Never rejects. */
async function deliver(): Promise<void> {
  const onError = (webhook: string, error: unknown): void =>
    logFault(`deliveries to webhook ${webhook}`, error);
  const deliverer = createDeliverer(ports, { onError });
  const timer = setTimeout(() => void deliverer.close(), DELIVERING_MS);
  try {
    await deliverer.pass();
    await deliverer.idle();
  } catch (error) {
    onError('all', error);
  } finally {
    clearTimeout(timer);
  }
}

export const handler = middy().use(faults('sweep')).handler(run);
