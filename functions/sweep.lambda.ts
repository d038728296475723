/** One pass of the sweep: EventBridge Scheduler -> Lambda, each minute. */
import middy from '@middy/core';
import { readAwsConfig } from './lambda/config.ts';
import { faults, logFault } from './lambda/faults.ts';
import { createAwsPorts } from './lambda/ports.ts';
import { sweep } from './steps/sweep.ts';

const { ports, flush } = createAwsPorts(readAwsConfig(process.env));

async function run(): Promise<void> {
  try {
    const { errors, ...counts } = await sweep(ports);
    for (const { what, error } of errors) logFault(`sweep of ${what}`, error);
    // The alarm on what nothing else ended counts `ended`.
    if (Object.values(counts).some((count) => count > 0)) console.info(counts);
  } finally {
    await flush();
  }
}

export const handler = middy().use(faults('sweep')).handler(run);
