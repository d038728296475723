/** What every BucketsAndQueues adapter guarantees, by the clients that AWS gives. */
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Problem } from '../../../functions/core/problem.ts';
import type {
  AccessKey,
  BucketOrQueueEndpoint,
  BucketOrQueueRef,
  BucketsAndQueues,
} from '../../../functions/ports/buckets-and-queues.ts';
import { ServerNotOurs } from '../../../functions/ports/rules/server-not-ours.ts';
import { settled } from '../caches/caches.ts';
import { codeOf, REFUSED, s3Client, sqsClient } from './clients.ts';

export interface BucketsAndQueuesSubject {
  port: BucketsAndQueues;
  environment: { project: string; environment: string; environmentId: string };
  dispose(): Promise<void>;
}

const MIB = 2 ** 20;
const spec = { maxBytes: 16 * MIB, fifo: false, visibilitySeconds: 30, operation: 'op' };

export function bucketsAndQueuesContract(
  name: string,
  makeSubject: () => Promise<BucketsAndQueuesSubject>,
): void {
  describe(`BucketsAndQueues: ${name}`, { timeout: 120_000 }, () => {
    let subject: BucketsAndQueuesSubject;
    let port: BucketsAndQueues;
    let bucket: BucketOrQueueRef;
    let queue: BucketOrQueueRef;
    let key: AccessKey;
    let queueKey: AccessKey;
    let at: BucketOrQueueEndpoint;
    let there: BucketOrQueueEndpoint;
    let s3: S3Client;
    const Bucket = () => ({ Bucket: at.name });
    const read = async (client = s3) =>
      (await client.send(new GetObjectCommand({ ...Bucket(), Key: 'a' }))).Body?.transformToString();

    beforeAll(async () => {
      subject = await makeSubject();
      ({ port } = subject);
      bucket = { ...subject.environment, kind: 'bucket', name: 'bucket-contract-1', tag: 'berth:one:s3' };
      queue = { ...subject.environment, kind: 'queue', name: 'queue-contract-1', tag: 'berth:one:sqs' };
      [key, queueKey] = await Promise.all([port.makeKey(bucket, [], 'op'), port.makeKey(queue, [], 'op')]);
      [at, there] = await Promise.all([
        settled(() => port.ensure(bucket, spec, key)),
        settled(() => port.ensure(queue, spec, queueKey)),
      ]);
      s3 = s3Client(at, key);
      await s3.send(new PutObjectCommand({ ...Bucket(), Key: 'a', Body: 'a' }));
    });
    afterAll(() => subject?.dispose());

    it('can be had, wherever it is asked', async () => {
      expect(await port.refusal()).toBeUndefined();
      expect(await port.refusal(subject.environment)).toBeUndefined();
    });

    it('lets in who has its key, and nobody else', async () => {
      expect(await read()).toBe('a');
      const sqs = sqsClient(there, queueKey);
      const QueueUrl = there.url;
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'kept' }));
      const get = new GetObjectCommand({ ...Bucket(), Key: 'a' });
      const send = new SendMessageCommand({ QueueUrl, MessageBody: 'x' });
      const unknown = { id: `${key.id.slice(0, -4)}AAAA`, secret: key.secret };
      for (const wrong of [{ ...key, secret: 'other' }, unknown, queueKey])
        expect(await codeOf(s3Client(at, wrong).send(get))).toMatch(REFUSED);
      for (const wrong of [{ ...queueKey, secret: 'other' }, unknown, key])
        expect(await codeOf(sqsClient(there, wrong).send(send))).toMatch(REFUSED);
    });

    it('lets a key do nothing but what it is for: no other bucket or queue, no rules, none made, none removed', async () => {
      const sqs = sqsClient(there, queueKey);
      for (const work of [
        () => s3.send(new GetObjectCommand({ Bucket: 'bucket-other', Key: 'a' })),
        () => s3.send(new ListBucketsCommand({})),
        () => s3.send(new CreateBucketCommand({ Bucket: 'bucket-mine' })),
        () => s3.send(new DeleteBucketCommand(Bucket())),
        () => s3.send(new PutBucketPolicyCommand({ ...Bucket(), Policy: '{}' })),
        () => sqs.send(new ListQueuesCommand({})),
        () => sqs.send(new CreateQueueCommand({ QueueName: 'mine' })),
      ])
        expect(await codeOf(work())).toMatch(/^AccessDenied/);
      expect(await read()).toBe('a');
    });

    it('changes nothing when it is asked for again, and takes up what has changed', async () => {
      expect(await settled(() => port.ensure(bucket, spec, key))).toEqual(at);
      expect(await settled(() => port.ensure(bucket, { ...spec, maxBytes: 32 * MIB }, key))).toEqual(at);
      const slower = { ...spec, visibilitySeconds: 60 };
      expect(await settled(() => port.ensure(queue, slower, queueKey))).toEqual(there);
      expect(await read()).toBe('a');
    });

    it('stays in order, or not, as it was made, with what is in it', async () => {
      const sqs = sqsClient(there, queueKey);
      const QueueUrl = there.url;
      await expect(port.ensure(queue, { ...spec, fifo: true }, queueKey)).rejects.toMatchObject({
        code: 'invalid_resource',
        hint: expect.stringContaining('another id'),
      });
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'kept' }));
      expect(await settled(() => port.ensure(queue, spec, queueKey))).toMatchObject({ name: there.name });
    });

    it('has two keys beside each other until one is retained, however many were made that nobody stored', async () => {
      for (const lost of [1, 2])
        expect((await port.makeKey(bucket, [key.id], 'op')).id, `${lost}`).not.toBe(key.id);
      expect(await read()).toBe('a');
      const second = await port.makeKey(bucket, [key.id], 'op');
      await port.allow(bucket, second);
      await port.allow(bucket, second);
      expect(await read()).toBe('a');
      expect(await read(s3Client(at, second))).toBe('a');
      await port.retain(bucket, second.id);
      await port.retain(bucket, second.id);
      expect(await codeOf(read())).toMatch(REFUSED);
      key = second;
      s3 = s3Client(at, key);
      expect(await read()).toBe('a');
    });

    it('sleeps with what is in it, again and again, and is asked for by a deployment too', async () => {
      for (const ref of [bucket, bucket, queue]) await port.sleep(ref);
      expect(await port.inventory(bucket)).not.toEqual([]);
      await port.wake(bucket);
      expect(await read(s3Client(at, key))).toBe('a');
      expect(await settled(() => port.ensure(queue, spec, queueKey))).toEqual(there);
      const receive = new ReceiveMessageCommand({ QueueUrl: there.url });
      const { Messages } = await sqsClient(there, queueKey).send(receive);
      expect(Messages).toMatchObject([{ Body: 'kept' }]);
    });

    it('is nobody else’s: another tag neither takes it, changes it nor removes it', async () => {
      for (const [ref, itsKey] of [
        [bucket, key],
        [queue, queueKey],
      ] as const) {
        const other = { ...ref, tag: 'berth:two' };
        for (const work of [
          () => port.ensure(other, spec, itsKey),
          () => port.allow(other, itsKey),
          () => port.retain(other, itsKey.id),
          () => port.remove(other),
        ])
          await expect(work()).rejects.toThrow(ServerNotOurs);
        expect(await port.inventory(other)).toEqual([]);
        expect(await port.inventory(ref)).not.toEqual([]);
      }
      expect(await read(s3Client(at, key))).toBe('a');
    });

    it('is removed with what is in it, once and again; a new one of its name is empty', async () => {
      for (const ref of [bucket, queue, bucket])
        await settled(async () => (await port.remove(ref)) || undefined);
      expect([...(await port.inventory(bucket)), ...(await port.inventory(queue))]).toEqual([]);
      expect(await codeOf(read())).toBeDefined();
      await port.sleep(bucket);
      await port.wake(bucket);
      await expect(port.allow(bucket, key)).rejects.toThrow(Problem);
      expect(await port.inventory(bucket)).toEqual([]);
      const next = await port.makeKey(bucket, [], 'op');
      at = await settled(() => port.ensure(bucket, spec, next));
      expect(await codeOf(read(s3Client(at, next)))).toBe('NoSuchKey');
      await settled(async () => (await port.remove(bucket)) || undefined);
    });
  });
}
