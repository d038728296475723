/** What adapters guarantee that speak the APIs of S3 and SQS themselves, by the clients that AWS gives. */
import { Readable } from 'node:stream';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import {
  DeleteMessageCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  AccessKey,
  BucketOrQueueEndpoint,
  BucketOrQueueRef,
  BucketsAndQueues,
} from '../../../functions/ports/buckets-and-queues.ts';
import { ServerNotOurs } from '../../../functions/ports/rules/server-not-ours.ts';
import { settled } from '../caches/caches.ts';
import type { BucketsAndQueuesSubject } from './buckets-and-queues.ts';
import { codeOf, s3Client, sqsClient } from './clients.ts';

const MIB = 2 ** 20;
const spec = { maxBytes: 16 * MIB, fifo: false, visibilitySeconds: 30, operation: 'op' };

export function ownApisContract(name: string, makeSubject: () => Promise<BucketsAndQueuesSubject>): void {
  describe(`APIs of buckets and queues: ${name}`, { timeout: 120_000 }, () => {
    let subject: BucketsAndQueuesSubject;
    let port: BucketsAndQueues;
    let bucket: BucketOrQueueRef;
    let queue: BucketOrQueueRef;
    let key: AccessKey;
    let at: BucketOrQueueEndpoint;
    let there: BucketOrQueueEndpoint;
    let s3: S3Client;
    const Bucket = () => ({ Bucket: at.name });
    const read = async (Key: string, client = s3) =>
      (await client.send(new GetObjectCommand({ ...Bucket(), Key }))).Body?.transformToString();

    beforeAll(async () => {
      subject = await makeSubject();
      ({ port } = subject);
      bucket = { ...subject.environment, kind: 'bucket', name: 'bucket-contract-2', tag: 'berth:one:s3' };
      queue = { ...subject.environment, kind: 'queue', name: 'queue-contract-2', tag: 'berth:one:sqs' };
      key = await port.makeKey(bucket, [], 'op');
      [at, there] = await Promise.all([
        settled(() => port.ensure(bucket, spec, key)),
        settled(() => port.ensure(queue, spec, key)),
      ]);
      s3 = s3Client(at, key);
    });
    afterAll(() => subject?.dispose());

    it('keeps objects under any key, with what is said of them, in one piece, in a stream and in parts', async () => {
      const names = ['a b/ü+(x)*', 'a.data/b', 'a', 'b//c', 'empty'];
      for (const Key of names)
        await s3.send(new PutObjectCommand({ ...Bucket(), Key, Body: Key === 'empty' ? '' : Key }));
      for (const Key of names.slice(0, 4)) expect(await read(Key), Key).toBe(Key);
      const form = { ContentType: 'application/x-www-form-urlencoded', Metadata: { by: 'me' } };
      const chunks = [Buffer.alloc(70_000, 'x'), Buffer.from('end')];
      await s3.send(
        new PutObjectCommand({
          ...Bucket(),
          Key: 'stream',
          Body: Readable.from(chunks),
          ContentLength: 70_003,
          ...form,
        }),
      );
      const head = await s3.send(new HeadObjectCommand({ ...Bucket(), Key: 'stream' }));
      expect(head).toMatchObject({ ContentLength: 70_003, ...form });
      const part = await s3.send(
        new GetObjectCommand({ ...Bucket(), Key: 'stream', Range: 'bytes=69999-70002' }),
      );
      expect(await part.Body?.transformToString()).toBe('xend');
      const large = { ...Bucket(), Key: 'large' };
      const { UploadId } = await s3.send(new CreateMultipartUploadCommand(large));
      const bodies = [Buffer.alloc(5 * MIB, 'a'), Buffer.from('b')];
      const Parts = [];
      for (const [index, Body] of bodies.entries()) {
        const PartNumber = index + 1;
        const { ETag } = await s3.send(new UploadPartCommand({ ...large, UploadId, PartNumber, Body }));
        Parts.push({ PartNumber, ETag });
      }
      await s3.send(new CompleteMultipartUploadCommand({ ...large, UploadId, MultipartUpload: { Parts } }));
      expect((await read('large'))?.length).toBe(5 * MIB + 1);
      await s3.send(new CopyObjectCommand({ ...Bucket(), Key: 'copy', CopySource: `${at.name}/a` }));
      expect(await read('copy')).toBe('a');
    });

    it('takes no key for a way to somewhere else', async () => {
      for (const key of ['../../up', '%2e%2e/%2e%2e/up', '../bucket-other/a'])
        for (const method of ['PUT', 'GET']) {
          const signed = await getSignedUrl(s3, new PutObjectCommand({ ...Bucket(), Key: 'x' }));
          const { status } = await fetch(signed.replace('/x?', `/${key}?`), { method });
          expect(status).toBeGreaterThanOrEqual(400);
        }
      expect(await codeOf(s3.send(new PutObjectCommand({ ...Bucket(), Key: 'a/../b', Body: 'x' })))).toBe(
        'InvalidURI',
      );
    });

    it('lists all keys, page by page, in the order of their letters', async () => {
      const names = ['B', 'a', 'Z', 'b', '_', 'A'].map((letter) => `list/${letter}`);
      for (const Key of names) await s3.send(new PutObjectCommand({ ...Bucket(), Key, Body: 'x' }));
      const found: string[] = [];
      for (let token: string | undefined, more = true; more; ) {
        const page = await s3.send(
          new ListObjectsV2Command({ ...Bucket(), Prefix: 'list/', MaxKeys: 2, ContinuationToken: token }),
        );
        found.push(...(page.Contents ?? []).map(({ Key = '' }) => Key));
        token = page.NextContinuationToken;
        more = page.IsTruncated === true;
      }
      expect(found).toEqual(names.toSorted());
      await s3.send(
        new DeleteObjectsCommand({ ...Bucket(), Delete: { Objects: names.map((Key) => ({ Key })) } }),
      );
      const left = await s3.send(new ListObjectsV2Command({ ...Bucket(), Prefix: 'list/' }));
      expect(left.KeyCount).toBe(0);
    });

    it('takes presigned addresses for what they say, as long as they say', async () => {
      const put = await getSignedUrl(s3, new PutObjectCommand({ ...Bucket(), Key: 'signed' }), {
        expiresIn: 60,
      });
      expect((await fetch(put, { method: 'PUT', body: 'by address' })).status).toBe(200);
      const get = await getSignedUrl(s3, new GetObjectCommand({ ...Bucket(), Key: 'signed' }), {
        expiresIn: 60,
      });
      expect(await (await fetch(get)).text()).toBe('by address');
      expect((await fetch(get.replace('/signed', '/a'))).status).toBe(403);
      expect((await fetch(get, { method: 'DELETE' })).status).toBe(403);
      const old = await getSignedUrl(s3, new GetObjectCommand({ ...Bucket(), Key: 'signed' }), {
        expiresIn: 60,
        signingDate: new Date(Date.now() - 120_000),
      });
      expect((await fetch(old)).status).toBe(403);
    });

    it('gives messages to who receives them, again where nobody deleted them, and each once to one', async () => {
      const sqs = sqsClient(there, key);
      const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: there.name }));
      expect(QueueUrl).toBe(there.url);
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }));
      await sqs.send(
        new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: 'a', MessageBody: 'two <&>' }] }),
      );
      const receive = async (VisibilityTimeout?: number) =>
        (await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout })))
          .Messages ?? [];
      const first = await receive(0);
      expect(first.map(({ Body }) => Body).toSorted()).toEqual(['one', 'two <&>']);
      const again = await receive();
      expect(again).toHaveLength(2);
      expect(await receive()).toEqual([]);
      for (const { ReceiptHandle } of again)
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    });

    it('answers nobody who does not sign, and takes what it does not have for nothing else', async () => {
      expect((await fetch(`${at.endpoint}/${at.name}/a`)).status).toBe(403);
      const bare = {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'AmazonSQS.ReceiveMessage',
      };
      const body = JSON.stringify({ QueueUrl: there.url });
      expect((await fetch(there.endpoint, { method: 'POST', headers: bare, body })).status).toBe(403);
      const source = { ...Bucket(), Key: 'x', CopySource: 'bucket-other/a' };
      expect(await codeOf(s3.send(new CopyObjectCommand(source)))).toBe('AccessDenied');
      const named = { id: 'constructor12345', secret: '' };
      expect(await codeOf(read('a', s3Client(at, named)))).toBe('InvalidAccessKeyId');
      const tags = { ...Bucket(), Key: 'a', Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } };
      expect(await codeOf(s3.send(new PutObjectTaggingCommand(tags)))).toMatch(/NotImplemented|undefined/);
      expect(await read('a')).toBe('a');
      await expect(port.allow(bucket, { id: '../../x', secret: 'x' })).rejects.toThrow(TypeError);
    });

    it('refuses what has no room, and has it again once something was deleted', async () => {
      const Body = Buffer.alloc(6 * MIB, 'y');
      const put = (Key: string) => codeOf(s3.send(new PutObjectCommand({ ...Bucket(), Key, Body })));
      expect(await put('fill')).toBeUndefined();
      expect(await put('full')).toBe('QuotaExceeded');
      expect(await read('a')).toBe('a');
      const Objects = ['large', 'fill'].map((Key) => ({ Key }));
      await s3.send(new DeleteObjectsCommand({ ...Bucket(), Delete: { Objects } }));
      expect(await put('full')).toBeUndefined();
    });

    it('answers nobody while it sleeps, and is sent to sleep by nobody else', async () => {
      await expect(port.sleep({ ...bucket, tag: 'berth:two:s3' })).rejects.toThrow(ServerNotOurs);
      expect(await read('a')).toBe('a');
      await port.sleep(bucket);
      expect(await codeOf(read('a', s3Client(at, key)))).toBeDefined();
      await port.wake(bucket);
      expect(await read('a', s3Client(at, key))).toBe('a');
    });
  });
}
