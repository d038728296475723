/** The program of the activator: with its settings from the environment, until SIGTERM. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createActivator } from './activator.ts';
import { createAsk } from './ask-berth.ts';
import { hostIn } from './sleepers.ts';

/** The gateway goes on sending for a moment after it was told to stop, milliseconds. */
const LEAVE_MS = 5_000;

const setting = (name: string): string => {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set.`);
  return value;
};

const { server, close } = createActivator({
  ask: createAsk({ url: setting('BERTH_URL'), tokenFile: setting('BERTH_TOKEN_FILE') }),
  hostOf: hostIn(setting('BERTH_NAMESPACE_PREFIX')),
});
process.on('unhandledRejection', (error) => console.error(error));
process.once('SIGTERM', async () => {
  await sleep(LEAVE_MS);
  server.close(() => {
    close();
    process.exit(0);
  });
  server.closeIdleConnections();
});
server.listen(Number(setting('PORT')), () => console.info('Requests of sleeping environments are taken.'));
