/** Buckets and queues of one machine: the contract of the port, what a machine does to them, and the types on them. */
import { createHash, createHmac } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import {
  createLocalBucketsAndQueues,
  type LocalBucketsAndQueues,
} from '../../../../functions/adapters/local/aws-apis/buckets-and-queues.ts';
import { bucketsAndQueuesContract } from '../../../contracts/buckets-and-queues/buckets-and-queues.ts';
import { codeOf } from '../../../contracts/buckets-and-queues/clients.ts';
import { keyedTypesContract } from '../../../contracts/buckets-and-queues/keyed-types.ts';
import { ownApisContract } from '../../../contracts/buckets-and-queues/own-apis.ts';
import { openPorts } from '../../../resources/ports.ts';
import { temporaryDirectories } from '../../../support/files/temporary.ts';

const makeDirectory = temporaryDirectories();
const made: LocalBucketsAndQueues[] = [];
afterAll(() => Promise.all(made.map((one) => one.close())));
function open(directory = makeDirectory(), lines: string[] = []): LocalBucketsAndQueues {
  const one = createLocalBucketsAndQueues({ directory, log: (line) => lines.push(line) });
  made.push(one);
  return one;
}

const environment = { project: 'demo', environment: 'dev', environmentId: 'one' };
const makeSubject = async () => ({ port: open(), environment, dispose: async () => undefined });
bucketsAndQueuesContract('processes of this machine', makeSubject);
ownApisContract('processes of this machine', makeSubject);
keyedTypesContract('processes of this machine', async () => {
  const ports = await openPorts(makeDirectory());
  return { ports: { ...ports, bucketsAndQueues: open() }, dispose: () => ports.close() };
});

const key = { id: 'A'.repeat(20), secret: 'secret' };
const bucket = { ...environment, kind: 'bucket' as const, name: 'bucket-machine', tag: 'berth:one' };
const spec = { maxBytes: 2 ** 24, fifo: false, visibilitySeconds: 0, operation: 'op' };

/** An upload in signed chunks, as clients of other languages send it; the chunks may be changed on their way. */
async function upload(endpoint: string, chunks: string[], change = (text: string) => text): Promise<number> {
  const hex = (text: string) => createHash('sha256').update(text).digest('hex');
  const hmac = (with_: string | Buffer, text: string) => createHmac('sha256', with_).update(text).digest();
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const scope = `${time.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const signing = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${key.secret}`);
  const headers = {
    host: new URL(endpoint).host,
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    'x-amz-date': time,
    'x-amz-decoded-content-length': String(chunks.join('').length),
  };
  const names = Object.keys(headers).toSorted();
  const lines = names.map((name) => `${name}:${headers[name as keyof typeof headers]}`);
  const canonical = `PUT\n/${bucket.name}/chunked\n\n${lines.join('\n')}\n\n${names.join(';')}\n${headers['x-amz-content-sha256']}`;
  let signature = hmac(signing, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hex(canonical)}`).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${key.id}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  let body = '';
  for (const chunk of [...chunks, '']) {
    const text = `AWS4-HMAC-SHA256-PAYLOAD\n${time}\n${scope}\n${signature}\n${hex('')}\n${hex(chunk)}`;
    signature = hmac(signing, text).toString('hex');
    body += `${chunk.length.toString(16)};chunk-signature=${signature}\r\n${change(chunk)}\r\n`;
  }
  const { host: _, ...sent } = headers;
  const request = {
    method: 'PUT',
    headers: { ...sent, authorization, 'content-encoding': 'aws-chunked' },
    body,
  };
  return (await fetch(`${endpoint}/${bucket.name}/chunked`, request)).status;
}

it('An upload in signed chunks is taken as it was signed, and no other', async () => {
  const at = await open().ensure(bucket, spec, key);
  const chunks = ['a'.repeat(9000), 'b'];
  expect(await upload(at!.endpoint, chunks)).toBe(200);
  expect(await upload(at!.endpoint, chunks, (text) => text.replace('b', 'c'))).toBe(403);
});

it('A server that is killed comes back by itself; one that sleeps is not started with Berth', async () => {
  const directory = makeDirectory();
  const lines: string[] = [];
  const port = open(directory, lines);
  const at = await port.ensure(bucket, spec, key);
  const place = join(directory, bucket.name);
  const pid = () => Number(readFileSync(join(place, 'pid'), 'utf8'));
  const answers = () =>
    fetch(at!.endpoint).then(
      ({ status }) => status,
      () => 0,
    );
  process.kill(pid(), 'SIGKILL');
  await expect.poll(answers, { timeout: 30_000 }).toBe(403);
  expect(lines.join()).toContain('ended unexpectedly');
  expect(statSync(place).mode & 0o077).toBe(0);
  await port.sleep(bucket);
  await port.close();
  const next = open(directory);
  await next.resume();
  expect(await codeOf(fetch(at!.endpoint))).toBe('TypeError');
  await next.wake(bucket);
  expect(await answers()).toBe(403);
});
