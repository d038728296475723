/** Counts the words of each text that the queue names. A text is counted again where this ends before it is done. */
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { bucket, queueUrl, redis, s3, sqs } from './stores.js';

let isEnding = false;
const waiting = new AbortController();
process.on('SIGTERM', () => {
  isEnding = true;
  waiting.abort();
});

while (!isEnding) {
  try {
    const receive = new ReceiveMessageCommand({ QueueUrl: queueUrl, WaitTimeSeconds: 20 });
    const { Messages = [] } = await sqs.send(receive, { abortSignal: waiting.signal });
    for (const { Body: id, ReceiptHandle } of Messages) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: `texts/${id}` }));
      const text = await Body.transformToString();
      await redis.set(`words:${id}`, text.split(/\s+/).filter(Boolean).length);
      await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
      console.log(`counted ${id}`);
    }
  } catch (error) {
    if (isEnding) break;
    console.error(error);
    await sleep(1000);
  }
}
process.exit(0);
