/** The process of one bucket or queue: it reads its settings from its directory, and ends with SIGTERM. */
import { readFileSync, statSync } from 'node:fs';
import type { ApiServerSettings } from './api-server.ts';
import { openEmulator } from './emulator.ts';
import { createGate, QUEUE_ORIGIN } from './gate.ts';

const settings = JSON.parse(process.argv[2] ?? '') as ApiServerSettings;
const { kind, name, region, port, maxBytes, bodyBytes, queue } = settings;

/** The keys are in a file that changes while this runs. */
let keys: Record<string, string> = {};
let read = '';
function secretOf(keyId: string): string | undefined {
  const { mtimeMs, ino } = statSync('keys.json');
  if (read !== `${mtimeMs} ${ino}`) keys = JSON.parse(readFileSync('keys.json', 'utf8'));
  read = `${mtimeMs} ${ino}`;
  return Object.hasOwn(keys, keyId) ? keys[keyId] : undefined;
}

const emulator = await openEmulator({ kind, directory: '.', region, bodyBytes });
if (kind === 'bucket') await emulator.ask({ method: 'PUT', url: `/${name}`, headers: { host: '127.0.0.1' } });
else {
  const ask = (action: string, body: object) =>
    emulator.ask({
      method: 'POST',
      url: '/',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `AmazonSQS.${action}`,
        host: new URL(QUEUE_ORIGIN).host,
      },
      body: Buffer.from(JSON.stringify(body)),
    });
  const fifo = name.endsWith('.fifo');
  await ask('CreateQueue', { QueueName: name, ...(fifo && { Attributes: { FifoQueue: 'true' } }) });
  const answer = await ask('SetQueueAttributes', {
    QueueUrl: `${QUEUE_ORIGIN}/000000000000/${name}`,
    Attributes: queue,
  });
  if (answer.status !== 200) throw new Error(answer.body.toString());
}

const gate = createGate({
  kind,
  name,
  region,
  emulator,
  secretOf,
  maxBytes,
  bodyBytes,
  bodiesBytes: 4 * bodyBytes,
  now: Date.now,
});
gate.listen(port, '127.0.0.1');
process.once('SIGTERM', () => {
  gate.close();
  gate.closeAllConnections();
  void emulator.close().finally(() => process.exit(0));
});
