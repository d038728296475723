/** The gate before one bucket: what is signed is what is done, and what is read slowly is bounded. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Emulator, openEmulator } from '../../../../functions/adapters/local/aws-apis/emulator.ts';
import { createGate, type GateOptions } from '../../../../functions/adapters/local/aws-apis/gate.ts';
import { readPayload } from '../../../../functions/adapters/local/aws-apis/payload.ts';
import { permitObject } from '../../../../functions/adapters/local/aws-apis/permitted.ts';
import { codeOf, s3Client } from '../../../contracts/buckets-and-queues/clients.ts';
import { temporaryDirectories } from '../../../support/files/temporary.ts';

const MIB = 2 ** 20;
const key = { id: 'A'.repeat(20), secret: 'secret' };
const makeDirectory = temporaryDirectories();
let emulator: Emulator;
let s3: S3Client;
let options: GateOptions;
const gates: ReturnType<typeof createGate>[] = [];

async function listen(more: Partial<GateOptions> = {}) {
  const gate = createGate({ ...options, ...more });
  gates.push(gate);
  await new Promise<void>((resolve) => gate.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(gate.address() as AddressInfo).port}`;
  return { endpoint, region: 'us-east-1', name: 'one', arn: '' };
}

/** Asks for a path as it is written here, which clients would write another way. */
function raw(address: string, written: (path: string) => string, method = 'GET'): Promise<IncomingMessage> {
  const { hostname, port, pathname, search } = new URL(address);
  return new Promise((resolve, reject) => {
    const asked = httpRequest({ hostname, port, method, path: written(pathname) + search }, resolve);
    asked.once('error', reject).end(method === 'PUT' ? 'x' : undefined);
  });
}
async function textOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  return text;
}

beforeAll(async () => {
  emulator = await openEmulator({
    kind: 'bucket',
    directory: makeDirectory(),
    region: 'us-east-1',
    bodyBytes: 16 * MIB,
  });
  await emulator.ask({ method: 'PUT', url: '/one', headers: { host: '127.0.0.1' } });
  options = {
    ...{ kind: 'bucket', name: 'one', region: 'us-east-1', emulator, now: Date.now },
    secretOf: (id) => (id === key.id ? key.secret : undefined),
    ...{ maxBytes: 64 * MIB, bodyBytes: 16 * MIB, bodiesBytes: 24 * MIB },
  };
  s3 = s3Client(await listen(), key);
});
afterAll(async () => {
  for (const gate of gates) {
    gate.closeAllConnections();
    gate.close();
  }
  await emulator.close();
});

const put = (Key: string, Body: string | Buffer, client = s3) =>
  client.send(new PutObjectCommand({ Bucket: 'one', Key, Body }));

it('An address that was signed opens what was signed, however it is written', async () => {
  await put('a', 'not for them');
  await put('a#b', 'for them');
  const get = await getSignedUrl(s3, new GetObjectCommand({ Bucket: 'one', Key: 'a#b' }));
  expect(await textOf(await raw(get, (path) => path))).toBe('for them');
  expect(await textOf(await raw(get, (path) => path.replace('%23', '#')))).toBe('for them');

  const Key = 'uploads/..\\..\\victim';
  const address = await getSignedUrl(s3, new PutObjectCommand({ Bucket: 'one', Key }));
  const { statusCode } = await raw(address, (path) => path.replaceAll('%5C', '\\'), 'PUT');
  expect(statusCode).toBe(200);
  expect(await codeOf(s3.send(new GetObjectCommand({ Bucket: 'one', Key: 'victim' })))).toBe('NoSuchKey');
  const kept = await s3.send(new GetObjectCommand({ Bucket: 'one', Key }));
  expect(await kept.Body?.transformToString()).toBe('x');
});

it('Objects that are read slowly are bounded, and others are asked to come again', async () => {
  await put('large', Buffer.alloc(16 * MIB, 'x'));
  const get = await getSignedUrl(s3, new GetObjectCommand({ Bucket: 'one', Key: 'large' }));
  const slow = await raw(get, (path) => path);
  expect(slow.statusCode).toBe(200);
  const refused = await raw(get, (path) => path);
  expect([refused.statusCode, await textOf(refused)]).toEqual([503, expect.stringContaining('SlowDown')]);
  slow.destroy();
  await expect
    .poll(async () => {
      const again = await raw(get, (path) => path);
      return again.statusCode === 200 && (await textOf(again)).length;
    })
    .toBe(16 * MIB);
});

it('Where there is no room no upload in parts is begun', async () => {
  const full = s3Client(await listen({ maxBytes: 1000 }), key);
  const begin = new CreateMultipartUploadCommand({ Bucket: 'one', Key: 'parts' });
  expect(await codeOf(full.send(begin))).toBe('QuotaExceeded');
});

it('Behind a body stand announced checksums alone', () => {
  const read = (payload: string, trailer: string, announced: string) =>
    readPayload(
      { 'x-amz-trailer': announced },
      { payload, seed: { signingKey: Buffer.from('k'), time: '', scope: '', signature: '' } },
      Buffer.from(`1\r\na\r\n0\r\n${trailer}\r\n`),
    );
  const unsigned = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
  const sum = 'x-amz-checksum-crc32c';
  expect(read(unsigned, `${sum}:AAAA\r\n`, sum).trailers).toEqual({ [sum]: 'AAAA' });
  for (const [trailer, announced] of [
    ['x-amz-copy-source:/one/a', 'x-amz-copy-source'],
    ['x-amz-meta-role:admin', sum],
    [`${sum}:AAAA`, ''],
  ] as const)
    expect(() => read(unsigned, `${trailer}\r\n`, announced)).toThrow('announces');
});

it.each([
  ['GET', 'uploadId=1'],
  ['PUT', 'uploadId=1'],
  ['PUT', 'attributes'],
  ['DELETE', 'uploadId='],
  ['DELETE', 'uploads'],
  ['DELETE', 'versionId=1'],
  ['POST', 'uploadId='],
])('What is not had is not taken for the object itself: %s ?%s', (method, query) => {
  expect(() => permitObject({ method, url: `/one/a?${query}`, headers: {} }, 'one')).toThrow('not had');
});
