/** Takes texts and keeps them in the bucket; what has to be counted goes into the queue. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { bucket, queueUrl, redis, s3, sqs } from './stores.js';

const TEXT_MAX = 1024 * 1024;

async function readText(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > TEXT_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function answer(request) {
  if (request.url === '/healthz') return [200, { redis: await redis.ping() }];
  if (request.method === 'POST' && request.url === '/texts') {
    const text = await readText(request);
    if (text === undefined) return [413, { error: 'A text has at most 1 MiB.' }];
    const id = randomUUID();
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: `texts/${id}`, Body: text }));
    await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: id }));
    return [202, { id }];
  }
  const [, id] = /^\/texts\/([0-9a-f-]{36})$/.exec(request.url ?? '') ?? [];
  if (request.method === 'GET' && id !== undefined) {
    const words = await redis.get(`words:${id}`);
    return words === null ? [404, { error: 'Not counted yet.' }] : [200, { id, words: Number(words) }];
  }
  return [404, { error: 'POST a text to /texts, and GET /texts/<id>.' }];
}

const server = createServer(async (request, response) => {
  const [status, body] = await answer(request).catch((error) => {
    console.error(error);
    return [500, { error: 'It could not be done.' }];
  });
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
});
server.listen(process.env.PORT ?? 8080);
process.on('SIGTERM', () => server.close(() => process.exit(0)));
