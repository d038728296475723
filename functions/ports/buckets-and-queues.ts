/** Buckets and queues that programs reach by the APIs of S3 and SQS, each made for one resource, with keys of its own. */
import type { EnvironmentRef } from '../core/model/index.ts';

export interface BucketOrQueueRef extends EnvironmentRef {
  kind: 'bucket' | 'queue';
  /**
   * At most 57 lower-case letters, digits and single hyphens; a letter first, no hyphen last. No other bucket or queue has
   * it. That of a queue in order has `.fifo` behind it for programs.
   */
  name: string;
  /** A text that is written on it, which tells it from those that are not ours. */
  tag: string;
}

/** What requests are signed with. */
export interface AccessKey {
  /** 16 to 128 letters and digits. */
  id: string;
  secret: string;
}

export interface BucketOrQueueSpec {
  /** What all of it may take, where that is bounded: on one machine. */
  maxBytes: number;
  /** Of a queue: whether messages are given in the order they came in, each once. It never changes. */
  fifo: boolean;
  /** Of a queue: so long a message is hidden that was received, before it is given again. */
  visibilitySeconds: number;
  operation: string;
}

export interface BucketOrQueueEndpoint {
  /** Where the API is: `http://host:port`, or `https://host` on AWS. */
  endpoint: string;
  region: string;
  /** As programs name it. */
  name: string;
  arn: string;
  /** Of a queue: its URL. */
  url?: string;
}

/** What is in them is on disk, so that it outlives restarts and sleep. A key reaches the contents of one alone. */
export interface BucketsAndQueues {
  /**
   * Why there are none, as a clause, and what helps; undefined where there are.
   * @param environment whose place is meant; any place of the installation, where absent
   */
  refusal(environment?: EnvironmentRef): Promise<{ why: string; hint: string } | undefined>;
  /**
   * A new key for it, which is to be stored before anything else. It is good once `ensure` or `allow` says so.
   * @param keep ids of the keys that are used or stored. Where there is no room for another, all others end: nobody knows them
   * @throws ServerNotOurs | Problem invalid_resource where the account has no room | TransientError
   */
  makeKey(ref: BucketOrQueueRef, keep: readonly string[], operation: string): Promise<AccessKey>;
  /**
   * Makes it or changes it, and makes the key good; with the same again it changes nothing.
   * @returns undefined while it is being made, or the key is not good yet: ask again
   * @throws ServerNotOurs | Problem unavailable | TransientError | Problem invalid_resource where the account has no room, or
   * a queue in order is to be one that is not, or the other way
   */
  ensure(
    ref: BucketOrQueueRef,
    spec: BucketOrQueueSpec,
    key: AccessKey,
  ): Promise<BucketOrQueueEndpoint | undefined>;
  /**
   * Makes the key good beside those that are. Idempotent.
   * @throws ServerNotOurs | Problem unavailable (there is no such bucket or queue) | TransientError
   */
  allow(ref: BucketOrQueueRef, key: AccessKey): Promise<void>;
  /** Ends all keys but one, from the next request on. Idempotent. @throws ServerNotOurs */
  retain(ref: BucketOrQueueRef, keyId: string): Promise<void>;
  /** Stops what costs while nobody asks, and keeps the contents, until `wake` or `ensure`. Idempotent. @throws ServerNotOurs */
  sleep(ref: BucketOrQueueRef): Promise<void>;
  /** Nothing happens where there is no such bucket or queue. @throws ServerNotOurs | Problem unavailable */
  wake(ref: BucketOrQueueRef): Promise<void>;
  /** Removes it with its contents. Idempotent. @returns whether nothing is left of it @throws ServerNotOurs */
  remove(ref: BucketOrQueueRef): Promise<boolean>;
  /** Names of what is left of it, and carries the tag. */
  inventory(ref: BucketOrQueueRef): Promise<string[]>;
}
