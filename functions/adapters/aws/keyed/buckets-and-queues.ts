/**
 * Buckets and queues of an AWS account: each with an IAM user that exists for its keys alone. What does not carry our tag is
 * never touched. Nothing sleeps: what nobody asks costs its storage alone.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { IAMClient } from '@aws-sdk/client-iam';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { Problem, TransientError } from '../../../core/problem.ts';
import type { AccessKey, BucketOrQueueRef, BucketsAndQueues } from '../../../ports/buckets-and-queues.ts';
import { ServerNotOurs } from '../../../ports/rules/server-not-ours.ts';
import { createPatience } from './key-patience.ts';
import { type Installation, keyedName, keyPolicy, tagsFor, userPath } from './key-rules.ts';
import { createKeyUsers } from './key-users.ts';
import { createOwnedBuckets } from './owned-buckets.ts';
import { createOwnedQueues } from './owned-queues.ts';
import { ownerValue } from './owner-value.ts';

export interface AwsBucketsAndQueuesOptions extends Installation {
  /** ARN of the policy that bounds users. */
  boundary: string;
  iam: IAMClient;
  s3: S3Client;
  sqs: SQSClient;
  /** Calls with a client that signs with the key, and closes it. */
  withKey: {
    s3<T>(key: AccessKey, work: (client: S3Client) => Promise<T>): Promise<T>;
    sqs<T>(key: AccessKey, work: (client: SQSClient) => Promise<T>): Promise<T>;
  };
  /** Where programs find the APIs. */
  endpoints: { s3: string; sqs: string };
  now(): number;
  /** Default: real time. */
  wait?(milliseconds: number): Promise<unknown>;
}

/** How often a new key is tried, and how long between two tries, milliseconds: AWS takes one after some seconds. */
const TRIES = 20;
const TRY_MS = 1_500;
/** A key that AWS has refused for so long is not one that it does not know yet, milliseconds. */
const REFUSED_MS = 120_000;

export function createAwsBucketsAndQueues(options: AwsBucketsAndQueuesOptions): BucketsAndQueues {
  const { account, region, boundary, withKey, endpoints, now, wait = sleep } = options;
  const [, partition = 'aws'] = boundary.split(':');
  const users = createKeyUsers({ iam: options.iam, path: userPath(options), boundary, now });
  const buckets = createOwnedBuckets({ s3: options.s3, region, account, now });
  const queues = createOwnedQueues({ sqs: options.sqs });

  const patience = createPatience(REFUSED_MS, now);

  const nameOf = (ref: BucketOrQueueRef): string => keyedName(options, ref);
  const arnOf = (ref: BucketOrQueueRef): string =>
    ref.kind === 'bucket'
      ? `arn:${partition}:s3:::${nameOf(ref)}`
      : `arn:${partition}:sqs:${region}:${account}:${nameOf(ref)}`;
  const userOf = (ref: BucketOrQueueRef, operation: string) => ({
    tags: tagsFor(ref.kind, ownerValue(ref.tag), operation),
    policy: keyPolicy(ref.kind, arnOf(ref)),
  });

  /** Whether the key opens it; undefined where there is none. @throws ServerNotOurs */
  async function isOpen(ref: BucketOrQueueRef, key: AccessKey): Promise<boolean | undefined> {
    const name = nameOf(ref);
    if (ref.kind === 'bucket')
      return (await buckets.has(name, ownerValue(ref.tag)))
        ? withKey.s3(key, (client) => buckets.isOpen(name, client))
        : undefined;
    const [queue] = await queues.findAny(name, ownerValue(ref.tag));
    return queue && withKey.sqs(key, (client) => queues.isOpen(queue, client));
  }

  /** @throws Problem invalid_resource for a key that nobody made good for long */
  function noted(open: boolean, { id }: AccessKey): boolean {
    if (open) patience.end(id);
    if (open || !patience.isOver(id)) return open;
    throw new Problem('invalid_resource', 'The resource can not be provided: AWS refuses its key.', {
      hint: 'Rotate the credentials of the resource, which makes a new key. If that is refused too, have the platform team look at the organization’s policies.',
    });
  }

  async function isThere(ref: BucketOrQueueRef, name: string): Promise<boolean> {
    const owner = ownerValue(ref.tag);
    try {
      return ref.kind === 'bucket'
        ? await buckets.has(name, owner)
        : (await queues.findAny(name, owner)).length > 0;
    } catch (error) {
      if (error instanceof ServerNotOurs) return false;
      throw error;
    }
  }

  return {
    refusal: async () => undefined,

    makeKey: (ref, keep, operation) => users.createKey(nameOf(ref), userOf(ref, operation), keep),

    async ensure(ref, spec, key) {
      const name = nameOf(ref);
      const arn = arnOf(ref);
      const { tags } = userOf(ref, spec.operation);
      if (ref.kind === 'bucket') {
        if (!(await buckets.ensure(name, arn, tags))) return undefined;
        const open = await withKey.s3(key, (client) => buckets.isOpen(name, client));
        return noted(open, key) ? { endpoint: endpoints.s3, region, name, arn } : undefined;
      }
      const queue = await queues.ensure(name, arn, spec, tags);
      if (!queue) return undefined;
      const { url } = queue;
      const open = await withKey.sqs(key, (client) => queues.isOpen(queue, client));
      if (!noted(open, key)) return undefined;
      const suffix = spec.fifo ? '.fifo' : '';
      return { endpoint: endpoints.sqs, region, name: queue.name, arn: `${arn}${suffix}`, url };
    },

    async allow(ref, key) {
      for (let tries = 0; tries < TRIES; tries++) {
        const open = await isOpen(ref, key);
        if (open) return;
        if (open === undefined)
          throw new Problem('unavailable', `There is no bucket or queue ${nameOf(ref)}.`, {
            hint: 'Deploy again: that makes it.',
          });
        await wait(TRY_MS);
      }
      throw new TransientError('AWS does not take the new key yet');
    },

    retain: (ref, keyId) => users.retain(nameOf(ref), ownerValue(ref.tag), keyId),
    sleep: async () => undefined,
    wake: async () => undefined,

    async remove(ref) {
      const name = nameOf(ref);
      const owner = ownerValue(ref.tag);
      // Keys end first, so that nobody writes any more to what is emptied. What keeps a user from being removed keeps nothing else.
      const userLeft = await users.remove(name, owner).catch((error: unknown) => {
        if (error instanceof ServerNotOurs) throw error;
        return error;
      });
      const isGone =
        ref.kind === 'bucket' ? await buckets.remove(name, owner) : await queues.remove(name, owner);
      if (isGone && userLeft !== undefined) throw userLeft;
      return isGone;
    },

    async inventory(ref) {
      const name = nameOf(ref);
      return [
        ...((await isThere(ref, name)) ? [`${ref.kind} ${name}`] : []),
        ...((await users.has(name, ownerValue(ref.tag))) ? [`IAM user ${userPath(options)}${name}`] : []),
      ];
    },
  };
}
