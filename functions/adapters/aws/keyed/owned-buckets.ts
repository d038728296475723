/** Buckets of S3, each for one resource: closed to the public, encrypted, by TLS alone. */
import {
  AbortMultipartUploadCommand,
  type BucketLocationConstraint,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketTaggingCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { TransientError } from '../../../core/problem.ts';
import { ServerNotOurs } from '../../../ports/rules/server-not-ours.ts';
import { isAws, sent, unless } from '../sdk-errors.ts';
import { OWNER, tlsPolicy } from './key-rules.ts';
import { isRefusal } from './refused-key.ts';

export interface OwnedBucketsOptions {
  s3: S3Client;
  region: string;
  /** Requests for a bucket of the name in another account are refused. */
  account: string;
  now(): number;
}

/** Changes with what is set below, so that it is set again where it was set by an earlier release. */
const SETTINGS = '1';
const SET = 'berth:settings';
const NONE = ['NoSuchBucket', 'NotFound'];
/** A bucket of this name is being made or removed. */
const BUSY = ['OperationAborted'];
/** What S3 answers for a moment of a bucket that is new. */
const NOT_YET = [...NONE, ...BUSY];
/** Parts of uploads that nobody ends are paid for. */
const UPLOAD_DAYS = 7;
/** For so long one call goes on with emptying a bucket, milliseconds. */
const EMPTYING_MS = 6_000;

/** The bucket of this name is one of another account: names are one set for all of them. */
class BucketElsewhere extends ServerNotOurs {}

/** No XML has them, so that neither an answer nor a request of S3 can name such a key in plain. */
const CONTROLS = /[\u0000-\u001f\u007f\ufffe\uffff]/;
/** A key as a page that was asked for in this way has it. */
const decoded = (encoding: string | undefined, key = ''): string =>
  encoding === 'url' ? decodeURIComponent(key.replaceAll('+', ' ')) : key;

export function createOwnedBuckets({ s3, region, account, now }: OwnedBucketsOptions) {
  const of = (Bucket: string) => ({ Bucket, ExpectedBucketOwner: account });

  /** The tags; none of a bucket whose making broke off before it had any. @throws ServerNotOurs */
  async function tagsOf(name: string, tag: string): Promise<Map<string, string> | undefined> {
    try {
      const found = await unless(NONE, s3.send(new GetBucketTaggingCommand(of(name))));
      if (!found) return undefined;
      const tags = new Map(found.TagSet?.map(({ Key = '', Value = '' }) => [Key, Value]));
      const owner = tags.get(OWNER);
      if (owner !== undefined && owner !== tag) throw new ServerNotOurs(name);
      return tags;
    } catch (error) {
      if (isAws(error, 'NoSuchTagSet')) return new Map();
      // Berth may ask this of every bucket of its own. Within an account or an organization S3 says who is denied what.
      if (isAws(error, 'AccessDenied'))
        throw /not authorized to perform/.test(String(error))
          ? new ServerNotOurs(name)
          : new BucketElsewhere(name);
      throw error;
    }
  }

  const putTags = (name: string, tags: Record<string, string>): Promise<unknown> => {
    const TagSet = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    return sent(s3.send(new PutBucketTaggingCommand({ ...of(name), Tagging: { TagSet } })));
  };

  /** @returns whether it is there now */
  async function create(name: string): Promise<boolean> {
    const place = region as BucketLocationConstraint;
    const command = new CreateBucketCommand({
      Bucket: name,
      // This region has no name there.
      ...(region !== 'us-east-1' && { CreateBucketConfiguration: { LocationConstraint: place } }),
    });
    try {
      await unless(['BucketAlreadyOwnedByYou'], s3.send(command));
      return true;
    } catch (error) {
      if (isAws(error, ...BUSY)) return false;
      if (isAws(error, 'BucketAlreadyExists')) throw new ServerNotOurs(name);
      throw error;
    }
  }

  async function set(name: string, arn: string): Promise<void> {
    const closed = {
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    };
    const encrypted = {
      Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' as const } }],
    };
    const ended = {
      ID: 'uploads',
      Status: 'Enabled' as const,
      Filter: { Prefix: '' },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: UPLOAD_DAYS },
    };
    await sent(
      s3.send(new PutPublicAccessBlockCommand({ ...of(name), PublicAccessBlockConfiguration: closed })),
    );
    await sent(
      s3.send(new PutBucketEncryptionCommand({ ...of(name), ServerSideEncryptionConfiguration: encrypted })),
    );
    await sent(
      s3.send(
        new PutBucketLifecycleConfigurationCommand({
          ...of(name),
          LifecycleConfiguration: { Rules: [ended] },
        }),
      ),
    );
    await sent(s3.send(new PutBucketPolicyCommand({ ...of(name), Policy: tlsPolicy('bucket', arn) })));
  }

  const encoded = (name: string) => ({ ...of(name), EncodingType: 'url' as const });

  /** Ends uploads that are not complete. @returns whether there were any */
  async function endUploads(name: string): Promise<boolean> {
    const { Uploads = [], EncodingType } = await sent(
      s3.send(new ListMultipartUploadsCommand(encoded(name))),
    );
    for (const { Key, UploadId } of Uploads)
      await unless(
        ['NoSuchUpload'],
        s3.send(new AbortMultipartUploadCommand({ ...of(name), Key: decoded(EncodingType, Key), UploadId })),
      );
    return Uploads.length > 0;
  }

  /** Removes versions together, and those whose keys XML has no words for one by one, as long as there is time. */
  async function removeVersions(
    name: string,
    versions: { Key: string; VersionId?: string }[],
    end: number,
  ): Promise<void> {
    const Objects = versions.filter(({ Key }) => !CONTROLS.test(Key));
    if (Objects.length > 0) {
      const command = new DeleteObjectsCommand({ ...of(name), Delete: { Objects, Quiet: true } });
      const [refused] = (await sent(s3.send(command))).Errors ?? [];
      if (refused) throw new TransientError(`AWS: ${refused.Code} for an object`);
    }
    for (const one of versions) {
      if (now() >= end) return;
      if (CONTROLS.test(one.Key)) await sent(s3.send(new DeleteObjectCommand({ ...of(name), ...one })));
    }
  }

  /** Removes objects, a page of their versions after the other, for a while. @returns whether none is left */
  async function empty(name: string): Promise<boolean> {
    const end = now() + EMPTYING_MS;
    do {
      const page = await sent(s3.send(new ListObjectVersionsCommand(encoded(name))));
      const versions = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(
        ({ Key, VersionId }) => ({
          Key: decoded(page.EncodingType, Key),
          ...(VersionId !== undefined && { VersionId }),
        }),
      );
      if (versions.length === 0) return !(await endUploads(name));
      await removeVersions(name, versions, end);
    } while (now() < end);
    return false;
  }

  return {
    /** @returns whether it is there and set @throws ServerNotOurs */
    async ensure(name: string, arn: string, tags: Record<string, string>): Promise<boolean> {
      const found = await tagsOf(name, tags[OWNER] ?? '');
      if (found?.get(SET) === SETTINGS) return true;
      if (!found && !(await create(name))) return false;
      try {
        if (!found?.has(OWNER)) await putTags(name, tags);
        await set(name, arn);
        await putTags(name, { ...tags, [SET]: SETTINGS });
        return true;
      } catch (error) {
        if (isAws(error, ...NOT_YET)) return false;
        throw error;
      }
    },

    /** @throws ServerNotOurs */
    has: async (name: string, tag: string): Promise<boolean> => (await tagsOf(name, tag)) !== undefined,

    /** @param client with a program's key @returns whether the bucket is open to it */
    isOpen: (name: string, client: S3Client): Promise<boolean> =>
      sent(client.send(new ListObjectsV2Command({ ...of(name), MaxKeys: 1 }))).then(() => true, isRefusal),

    /** @returns whether nothing is left of it; idempotent @throws ServerNotOurs */
    async remove(name: string, tag: string): Promise<boolean> {
      try {
        if (!(await tagsOf(name, tag))) return true;
        if (!(await empty(name))) return false;
        await sent(s3.send(new DeleteBucketCommand(of(name))));
        return true;
      } catch (error) {
        // Another account has the name, so that there is none of ours.
        if (error instanceof BucketElsewhere || isAws(error, ...NONE)) return true;
        if (isAws(error, 'BucketNotEmpty', ...BUSY)) return false;
        throw error;
      }
    },
  };
}
