/** What every BucketsAndQueues adapter guarantees, by the clients that AWS gives. */
import { Readable } from 'node:stream';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Problem } from '../../../functions/core/problem.ts';
import type {
  BucketOrQueueEndpoint,
  BucketOrQueueRef,
  BucketsAndQueues,
} from '../../../functions/ports/buckets-and-queues.ts';
import { ServerNotOurs } from '../../../functions/ports/rules/server-not-ours.ts';
import { settled } from '../caches/caches.ts';
import { codeOf, s3Client, sqsClient } from './clients.ts';

export interface BucketsAndQueuesSubject {
  port: BucketsAndQueues;
  environment: { project: string; environment: string; environmentId: string };
  dispose(): Promise<void>;
}

const MIB = 2 ** 20;
const key = { id: 'A'.repeat(20), secret: 'the first secret' };
const second = { id: 'B'.repeat(20), secret: 'the second secret' };
const spec = { maxBytes: 16 * MIB, fifo: false, visibilitySeconds: 30, operation: 'op' };
const REFUSED = /InvalidAccessKeyId|SignatureDoesNotMatch|AccessDenied|ECONNREFUSED|TimeoutError/;

export function bucketsAndQueuesContract(
  name: string,
  makeSubject: () => Promise<BucketsAndQueuesSubject>,
): void {
  describe(`BucketsAndQueues: ${name}`, { timeout: 120_000 }, () => {
    let subject: BucketsAndQueuesSubject;
    let port: BucketsAndQueues;
    let bucket: BucketOrQueueRef;
    let queue: BucketOrQueueRef;
    let at: BucketOrQueueEndpoint;
    let there: BucketOrQueueEndpoint;
    let s3: S3Client;
    const Bucket = () => ({ Bucket: at.name });
    const read = async (Key: string, client = s3) =>
      (await client.send(new GetObjectCommand({ ...Bucket(), Key }))).Body?.transformToString();

    beforeAll(async () => {
      subject = await makeSubject();
      ({ port } = subject);
      bucket = { ...subject.environment, kind: 'bucket', name: 'bucket-contract-1', tag: 'berth:one:s3' };
      queue = { ...subject.environment, kind: 'queue', name: 'queue-contract-1', tag: 'berth:one:sqs' };
      [at, there] = await Promise.all([
        settled(() => port.ensure(bucket, spec, key)),
        settled(() => port.ensure(queue, spec, key)),
      ]);
      s3 = s3Client(at, key);
    });
    afterAll(() => subject?.dispose());

    it('can be had, wherever it is asked', async () => {
      expect(await port.refusal()).toBeUndefined();
      expect(await port.refusal(subject.environment)).toBeUndefined();
    });

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
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'kept' }));
    });

    it('lets in who has its key, and nobody else', async () => {
      const get = new GetObjectCommand({ ...Bucket(), Key: 'a' });
      const send = new SendMessageCommand({ QueueUrl: there.url, MessageBody: 'x' });
      for (const wrong of [{ ...key, secret: 'other' }, second, { id: 'constructor12345', secret: '' }]) {
        expect(await codeOf(s3Client(at, wrong).send(get))).toMatch(REFUSED);
        expect(await codeOf(sqsClient(there, wrong).send(send))).toMatch(REFUSED);
      }
      expect((await fetch(`${at.endpoint}/${at.name}/a`)).status).toBe(403);
      const bare = {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'AmazonSQS.ReceiveMessage',
      };
      const body = JSON.stringify({ QueueUrl: there.url });
      expect((await fetch(there.endpoint, { method: 'POST', headers: bare, body })).status).toBe(403);
    });

    it('lets a key do nothing but what it is for: no other bucket or queue, no rules, none made, none removed', async () => {
      const other = { Bucket: 'bucket-other', Key: 'a' };
      const source = { ...Bucket(), Key: 'x', CopySource: 'bucket-other/a' };
      for (const work of [
        () => s3.send(new GetObjectCommand(other)),
        () => s3.send(new CopyObjectCommand(source)),
        () => s3.send(new ListBucketsCommand({})),
        () => s3.send(new CreateBucketCommand({ Bucket: 'bucket-mine' })),
        () => s3.send(new DeleteBucketCommand(Bucket())),
        () => s3.send(new PutBucketPolicyCommand({ ...Bucket(), Policy: '{}' })),
      ])
        expect(await codeOf(work())).toBe('AccessDenied');
      const sqs = sqsClient(there, key);
      for (const work of [
        () => sqs.send(new ListQueuesCommand({})),
        () => sqs.send(new CreateQueueCommand({ QueueName: 'mine' })),
      ])
        expect(await codeOf(work())).toBe('AccessDenied');
      // What is not had must not be taken for the object itself.
      const tags = { ...Bucket(), Key: 'a', Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } };
      expect(await codeOf(s3.send(new PutObjectTaggingCommand(tags)))).toMatch(/NotImplemented|undefined/);
      expect(await read('a')).toBe('a');
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

    it('changes nothing when it is asked for again, and takes up what has changed', async () => {
      expect(await settled(() => port.ensure(bucket, spec, key))).toEqual(at);
      expect(await settled(() => port.ensure(bucket, { ...spec, maxBytes: 32 * MIB }, key))).toEqual(at);
      expect(await read('a')).toBe('a');
    });

    it('has two keys beside each other until one is retained, from the next request on', async () => {
      await port.allow(bucket, second);
      expect(await read('a')).toBe('a');
      expect(await read('a', s3Client(at, second))).toBe('a');
      await port.retain(bucket, second.id);
      await port.retain(bucket, second.id);
      expect(await codeOf(read('a'))).toMatch(REFUSED);
      expect(await read('a', s3Client(at, second))).toBe('a');
      await expect(port.allow(bucket, { id: '../../x', secret: 'x' })).rejects.toThrow(TypeError);
    });

    it('sleeps with what is in it, again and again, and is asked for by a deployment too', async () => {
      for (const ref of [bucket, bucket, queue]) await port.sleep(ref);
      expect(await codeOf(read('a', s3Client(at, second)))).toBeDefined();
      expect(await port.inventory(bucket)).not.toEqual([]);
      await port.wake(bucket);
      expect(await read('a', s3Client(at, second))).toBe('a');
      expect(await settled(() => port.ensure(queue, spec, key))).toEqual(there);
      const receive = new ReceiveMessageCommand({ QueueUrl: there.url });
      const { Messages } = await sqsClient(there, key).send(receive);
      expect(Messages).toMatchObject([{ Body: 'kept' }]);
    });

    it('is nobody else’s: another tag neither takes it, changes it nor removes it', async () => {
      const other = { ...bucket, tag: 'berth:two:s3' };
      for (const work of [
        () => port.ensure(other, spec, key),
        () => port.allow(other, key),
        () => port.retain(other, key.id),
        () => port.sleep(other),
        () => port.remove(other),
      ])
        await expect(work()).rejects.toThrow(ServerNotOurs);
      expect(await port.inventory(other)).toEqual([]);
      expect(await read('a', s3Client(at, second))).toBe('a');
    });

    it('is removed with what is in it, once and again; a new one of its name is empty', async () => {
      for (const ref of [bucket, queue, bucket])
        await settled(async () => (await port.remove(ref)) || undefined);
      expect([...(await port.inventory(bucket)), ...(await port.inventory(queue))]).toEqual([]);
      await port.sleep(bucket);
      await port.wake(bucket);
      await expect(port.allow(bucket, key)).rejects.toThrow(Problem);
      expect(await port.inventory(bucket)).toEqual([]);
      at = await settled(() => port.ensure(bucket, spec, key));
      expect(await codeOf(read('a', s3Client(at, key)))).toBe('NoSuchKey');
      await settled(async () => (await port.remove(bucket)) || undefined);
    });
  });
}
