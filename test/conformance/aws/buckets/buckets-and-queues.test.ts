/** Buckets and queues of an account, as Moto has it: by the rights that the stacks give, with every key checked. */
import {
  AttachUserPolicyCommand,
  CreatePolicyCommand,
  DeleteAccessKeyCommand,
  DeleteUserCommand,
  DetachUserPolicyCommand,
  IAMClient,
  ListAccessKeysCommand,
  ListUsersCommand,
  ListUserTagsCommand,
} from '@aws-sdk/client-iam';
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketEncryptionCommand,
  GetBucketPolicyCommand,
  GetPublicAccessBlockCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AwsBucketsAndQueuesOptions,
  createAwsBucketsAndQueues,
} from '../../../../functions/adapters/aws/keyed/buckets-and-queues.ts';
import { keyedName, keyPolicy } from '../../../../functions/adapters/aws/keyed/key-rules.ts';
import { sdkOptions } from '../../../../functions/adapters/aws/sdk-options.ts';
import type { AccessKey } from '../../../../functions/ports/buckets-and-queues.ts';
import { ServerNotOurs } from '../../../../functions/ports/rules/server-not-ours.ts';
import { actions, userActions } from '../../../../stacks/support/permissions.ts';
import { bucketsAndQueuesContract } from '../../../contracts/buckets-and-queues/buckets-and-queues.ts';
import { s3Client } from '../../../contracts/buckets-and-queues/clients.ts';
import { keyedTypesContract } from '../../../contracts/buckets-and-queues/keyed-types.ts';
import { settled } from '../../../contracts/caches/caches.ts';
import { openPorts } from '../../../resources/ports.ts';
import { temporaryDirectories } from '../../../support/files/temporary.ts';
import { whyNoMoto } from '../../support/aws/moto.ts';
import { ACCOUNT, type MotoWithIam, startMotoWithIam } from '../../support/aws/moto-iam.ts';
import { awsError, type Outcome, queryError, startProxy } from '../../support/faults.ts';

const region = 'eu-west-1';
const boundary = `arn:aws:iam::${ACCOUNT}:policy/keys`;
const environment = { project: 'demo', environment: 'dev', environmentId: 'one' };
const makeDirectory = temporaryDirectories();
const reason = await whyNoMoto();
if (reason !== undefined) console.log(`Skipped, for want of moto: ${reason}`);

/** Moto takes every condition of a bucket's policy for true, and would then refuse all objects. */
function withoutPolicies(client: S3Client): S3Client {
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) =>
        commandName === 'PutBucketPolicyCommand'
          ? { output: { $metadata: {} }, response: undefined }
          : next(args),
    { step: 'initialize', name: 'withoutPolicies' },
  );
  return client;
}

describe.skipIf(reason !== undefined)('moto', { timeout: 120_000 }, () => {
  let moto: MotoWithIam;
  beforeAll(async () => {
    moto = await startMotoWithIam(
      [
        ...actions.makeBuckets,
        ...actions.emptyBuckets,
        ...actions.makeQueues,
        ...userActions.bounded,
        ...userActions.others,
        ...userActions.reads,
      ],
      region,
    );
  }, 120_000);
  afterAll(() => moto?.stop());

  const options = (endpoint = moto.url, maxAttempts = 3): AwsBucketsAndQueuesOptions => {
    const sdk = { ...sdkOptions({ region, endpoint }), maxAttempts };
    const as = ({ id: accessKeyId, secret: secretAccessKey }: AccessKey) => ({
      ...sdk,
      credentials: { accessKeyId, secretAccessKey },
    });
    const own = { ...sdk, credentials: moto.credentials };
    return {
      name: 'berth',
      account: ACCOUNT,
      region,
      boundary,
      iam: new IAMClient(own),
      s3: withoutPolicies(new S3Client(own)),
      sqs: new SQSClient(own),
      withKey: {
        s3: (key, work) => work(new S3Client(as(key))),
        sqs: (key, work) => work(new SQSClient(as(key))),
      },
      endpoints: { s3: moto.url, sqs: moto.url },
      now: Date.now,
      wait: async () => undefined,
    };
  };
  const open = (endpoint?: string, maxAttempts?: number) =>
    createAwsBucketsAndQueues(options(endpoint, maxAttempts));

  bucketsAndQueuesContract('an AWS account', async () => ({
    port: open(),
    environment,
    dispose: async () => undefined,
  }));
  keyedTypesContract('an AWS account', async () => {
    const ports = await openPorts(makeDirectory());
    return { ports: { ...ports, bucketsAndQueues: open() }, dispose: () => ports.close() };
  });

  const ref = (name: string, kind: 'bucket' | 'queue' = 'bucket') => ({
    ...environment,
    kind,
    name: `${kind}-${name}`,
    tag: `berth:one:${kind}.default#${name}`,
  });
  const spec = { maxBytes: 1, fifo: false, visibilitySeconds: 30, operation: 'op' };

  it('are closed, encrypted, by TLS alone, and named by who has them', async () => {
    const as = { ...sdkOptions({ region, endpoint: moto.url }), credentials: moto.credentials };
    const port = createAwsBucketsAndQueues({ ...options(), s3: new S3Client(as) });
    const [key, other] = [
      await port.makeKey(ref('a'), [], 'op'),
      await port.makeKey(ref('a', 'queue'), [], 'op'),
    ];
    const bucket = await settled(() => port.ensure(ref('a'), spec, key));
    const queue = await settled(() => port.ensure(ref('a', 'queue'), { ...spec, fifo: true }, other));
    expect(bucket.name).toMatch(/^berth-bucket--a-[0-9a-f]{12}$/);
    expect(queue.arn).toMatch(/^arn:aws:sqs:eu-west-1:123456789012:berth-queue--a-[0-9a-f]{12}\.fifo$/);
    expect(await port.inventory(ref('a'))).toEqual([
      `bucket ${bucket.name}`,
      `IAM user /berth/eu-west-1/berth/${bucket.name}`,
    ]);
    // What IAM takes for the value of a tag; moto takes anything.
    const asked = new ListUserTagsCommand({ UserName: bucket.name });
    const { Tags = [] } = await new IAMClient(moto.root).send(asked);
    expect(Tags.map(({ Key }) => Key)).toEqual(['berth', 'berth:owner', 'berth:operation']);
    for (const { Value } of Tags) expect(Value).toMatch(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u);
    const s3 = new S3Client(moto.root);
    const Bucket = bucket.name;
    const { PublicAccessBlockConfiguration: closed } = await s3.send(
      new GetPublicAccessBlockCommand({ Bucket }),
    );
    expect(Object.values(closed ?? {})).toEqual([true, true, true, true]);
    const { ServerSideEncryptionConfiguration: encrypted } = await s3.send(
      new GetBucketEncryptionCommand({ Bucket }),
    );
    expect(encrypted?.Rules).toHaveLength(1);
    expect((await s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toContain('aws:SecureTransport');
    const all = new GetQueueAttributesCommand({ QueueUrl: queue.url, AttributeNames: ['All'] });
    const { Attributes } = await new SQSClient(moto.root).send(all);
    expect(Attributes).toMatchObject({ SqsManagedSseEnabled: 'true', FifoQueue: 'true' });
    expect(Attributes?.Policy).toContain('aws:SecureTransport');
    await settled(async () => (await port.remove(ref('a', 'queue'))) || undefined);
  });

  it('go with all versions of what is in them and with uploads that nobody ended', async () => {
    const port = open();
    const key = await port.makeKey(ref('b'), [], 'op');
    const bucket = await settled(() => port.ensure(ref('b'), spec, key));
    const Bucket = bucket.name;
    await new S3Client(moto.root).send(
      new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    const s3 = s3Client(bucket, key);
    for (const Body of ['1', '2']) await s3.send(new PutObjectCommand({ Bucket, Key: 'x', Body }));
    // XML, in which S3 lists and removes, has no words for some.
    for (const Key of ['a b+c/é%20&<', 'bell\u0007'])
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: '1' }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'x' }));
    for (const Key of ['y', 'y z+\u0001']) await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    await settled(async () => (await port.remove(ref('b'))) || undefined);
    expect(await port.inventory(ref('b'))).toEqual([]);
    const { Users } = await new IAMClient(moto.root).send(new ListUsersCommand({ PathPrefix: '/berth/' }));
    expect(Users?.filter(({ UserName }) => UserName === Bucket)).toEqual([]);
  });

  it.each(['bucket', 'queue'] as const)(
    'a %s is made and removed by runs of which each breaks off at another call',
    async (kind) => {
      let calls = 0;
      let last = Number.POSITIVE_INFINITY;
      const proxy = await startProxy(
        () => moto.url,
        () => (++calls === last ? 'lose' : calls > last ? 'cut' : 'forward'),
      );
      try {
        const port = open(proxy.url, 1);
        const name = ref(`broken-${kind}`, kind);
        /** The answer to one call is lost, and nothing is called after it; then the step is run again. */
        const broken = async <T>(work: () => Promise<T>): Promise<T> => {
          for (let at = 1; ; at++) {
            [calls, last] = [0, at];
            const found = await work().catch(() => undefined);
            if (found !== undefined && found !== false && calls < at) return found;
            if (at > 60) throw new Error('it does not end');
          }
        };
        let stored: AccessKey | undefined;
        const at = await broken(async () => {
          stored ??= await port.makeKey(name, [], 'op');
          return port.ensure(name, spec, stored);
        });
        expect(at?.name).toContain(`berth-${kind}--broken-${kind}`);
        await broken(() => port.remove(name));
        last = Number.POSITIVE_INFINITY;
        expect(await port.inventory(name)).toEqual([]);
      } finally {
        await proxy.stop();
      }
    },
  );

  it('are refused with what helps where the account has no room for users, or lets Berth have none', async () => {
    const answers: Record<string, string> = { CreateUser: 'LimitExceeded' };
    const proxy = await startProxy(
      () => moto.url,
      ({ action }) => (answers[action] === undefined ? 'forward' : queryError(409, answers[action])),
    );
    try {
      const port = open(proxy.url);
      await expect(port.makeKey(ref('c'), [], 'op')).rejects.toMatchObject({
        code: 'invalid_resource',
        message: expect.stringContaining('5,000'),
        hint: expect.stringContaining('Destroy environments'),
      });
      answers.CreateUser = 'AccessDenied';
      await expect(port.makeKey(ref('c'), [], 'op')).rejects.toMatchObject({
        code: 'invalid_resource',
        hint: expect.stringContaining('berth:bucketsAndQueues'),
      });
      expect(await open().inventory(ref('c'))).toEqual([]);
    } finally {
      await proxy.stop();
    }
  });

  it('are made and removed though IAM refuses what is asked of a user that it does not know yet, or no longer', async () => {
    const waits = new Map([
      ['PutUserPolicy', 2],
      ['CreateAccessKey', 2],
    ]);
    const denied = queryError(403, 'AccessDenied');
    let gone = false;
    let time = 0;
    const proxy = await startProxy(
      () => moto.url,
      async ({ action, body }) => {
        const left = waits.get(action) ?? 0;
        waits.set(action, left - 1);
        if (left > 0) return denied;
        if (!gone || action !== 'DeleteUser') return 'forward';
        // Another run removes it just before.
        const UserName = new URLSearchParams(body.toString()).get('UserName') ?? '';
        await new IAMClient(moto.root).send(new DeleteUserCommand({ UserName }));
        return denied;
      },
    );
    try {
      const port = createAwsBucketsAndQueues({ ...options(proxy.url, 1), now: () => time });
      const made = () => port.makeKey(ref('e'), [], 'op');
      await expect(made()).rejects.toMatchObject({ name: 'Berth.Transient' });
      const key = await settled(() =>
        made().catch((error: Error) => {
          if (error.name !== 'Berth.Transient') throw error;
          return undefined;
        }),
      );
      await settled(() => port.ensure(ref('e'), spec, key));
      waits.set('CreateAccessKey', 2);
      await expect(made()).rejects.toMatchObject({ name: 'Berth.Transient' });
      time = 200_000;
      await expect(made()).rejects.toMatchObject({ code: 'invalid_resource' });
      // A user that is there is not taken for removed.
      waits.set('DeleteUser', 2);
      await expect(port.remove(ref('e'))).rejects.toMatchObject({ name: 'Berth.Transient' });
      time = 400_000;
      await expect(port.remove(ref('e'))).rejects.toMatchObject({
        code: 'invalid_resource',
        hint: expect.stringContaining('destroy again'),
      });
      gone = true;
      await settled(async () => (await port.remove(ref('e'))) || undefined);
      expect(await port.inventory(ref('e'))).toEqual([]);
    } finally {
      await proxy.stop();
    }
  });

  it('go with objects whose keys S3 tells in another writing', async () => {
    let pages = 0;
    const page = `<ListVersionsResult><EncodingType>url</EncodingType>
      <Version><Key>a+b%2Bc/%C3%A9</Key><VersionId>null</VersionId></Version>
      <Version><Key>bell%07</Key><VersionId>null</VersionId></Version></ListVersionsResult>`;
    const proxy = await startProxy(
      () => moto.url,
      ({ path }) =>
        path.includes('versions') && path.includes('encoding-type=url') && pages++ === 0
          ? { status: 200, body: page, headers: { 'content-type': 'application/xml' } }
          : 'forward',
    );
    try {
      const key = await open().makeKey(ref('i'), [], 'op');
      const bucket = await settled(() => open().ensure(ref('i'), spec, key));
      for (const Key of ['a b+c/é', 'bell\u0007'])
        await s3Client(bucket, key).send(new PutObjectCommand({ Bucket: bucket.name, Key, Body: '1' }));
      await settled(async () => (await open(proxy.url).remove(ref('i'))) || undefined);
      // Both were found by the page that was told, so that the second had nothing more.
      expect(pages).toBe(2);
    } finally {
      await proxy.stop();
    }
  });

  it('go with their keys, though others have added something to the user, which is told then', async () => {
    const root = new IAMClient(moto.root);
    let time = 0;
    const port = createAwsBucketsAndQueues({ ...options(), now: () => time });
    const key = await port.makeKey(ref('f'), [], 'op');
    const { name: UserName } = await settled(() => port.ensure(ref('f'), spec, key));
    const PolicyDocument = keyPolicy('bucket', 'arn:aws:s3:::added');
    const { Policy } = await root.send(new CreatePolicyCommand({ PolicyName: 'added', PolicyDocument }));
    const policy = { UserName, PolicyArn: Policy?.Arn ?? '' };
    await root.send(new AttachUserPolicyCommand(policy));
    await expect(port.remove(ref('f'))).rejects.toMatchObject({ name: 'Berth.Transient' });
    time = 200_000;
    await expect(port.remove(ref('f'))).rejects.toMatchObject({
      code: 'invalid_resource',
      message: expect.stringContaining('Its keys are ended'),
    });
    expect(await port.inventory(ref('f'))).toEqual([`IAM user /berth/${region}/berth/${UserName}`]);
    const { AccessKeyMetadata } = await root.send(new ListAccessKeysCommand({ UserName }));
    expect(AccessKeyMetadata).toEqual([]);
    await root.send(new DetachUserPolicyCommand(policy));
    await settled(async () => (await port.remove(ref('f'))) || undefined);
    expect(await port.inventory(ref('f'))).toEqual([]);
  });

  it('are asked for again while S3 and SQS do not know everywhere yet what is new', async () => {
    const waits = new Map<string, Outcome>();
    const proxy = await startProxy(
      () => moto.url,
      ({ action, method, path }) => {
        const what = action || `${method} ${/\?(\w+)/.exec(path)?.[1] ?? ''}`;
        const answer = waits.get(what) ?? 'forward';
        waits.delete(what);
        return answer;
      },
    );
    try {
      const port = open(proxy.url, 1);
      const key = await port.makeKey(ref('g'), [], 'op');
      for (const what of ['PUT tagging', 'PUT publicAccessBlock', 'PUT encryption', 'PUT lifecycle'])
        waits.set(what, queryError(404, 'NoSuchBucket'));
      const seen = waits.size;
      let asked = 0;
      while (waits.size > 0 && asked++ < 10) expect(await port.ensure(ref('g'), spec, key)).toBeUndefined();
      expect(asked).toBe(seen);
      await settled(() => port.ensure(ref('g'), spec, key));
      waits.set('DELETE ', queryError(409, 'OperationAborted'));
      expect(await port.remove(ref('g'))).toBe(false);
      await settled(async () => (await port.remove(ref('g'))) || undefined);

      const other = await port.makeKey(ref('g', 'queue'), [], 'op');
      waits.set('GetQueueAttributes', awsError(400, 'QueueDoesNotExist'));
      expect(await port.ensure(ref('g', 'queue'), spec, other)).toBeUndefined();
      await settled(() => port.ensure(ref('g', 'queue'), spec, other));
      await settled(async () => (await port.remove(ref('g', 'queue'))) || undefined);
    } finally {
      await proxy.stop();
    }
  });

  it('leave no key where another account has the name, and are not taken for removed where this one denies the look', async () => {
    let message = 'Access Denied';
    const denied = () => ({
      status: 403,
      body: `<Error><Code>AccessDenied</Code><Message>${message}</Message></Error>`,
      headers: { 'content-type': 'application/xml' },
    });
    const proxy = await startProxy(
      () => moto.url,
      ({ path }) => (path.includes('tagging') ? denied() : 'forward'),
    );
    try {
      const port = open(proxy.url, 1);
      const key = await port.makeKey(ref('h'), [], 'op');
      await expect(port.ensure(ref('h'), spec, key)).rejects.toThrow(ServerNotOurs);
      message = 'User: arn:aws:sts::123456789012:x is not authorized to perform: s3:GetBucketTagging';
      await expect(port.remove(ref('h'))).rejects.toThrow(ServerNotOurs);
      message = 'Access Denied';
      expect(await port.remove(ref('h'))).toBe(true);
      expect(await open().inventory(ref('h'))).toEqual([]);
    } finally {
      await proxy.stop();
    }
  });

  it('have keys that are found to be refused for long, with what helps', async () => {
    let time = 0;
    const port = createAwsBucketsAndQueues({ ...options(), now: () => time });
    const key = await port.makeKey(ref('d'), [], 'op');
    await settled(() => port.ensure(ref('d'), spec, key));
    await new IAMClient(moto.root).send(
      new DeleteAccessKeyCommand({
        UserName: keyedName({ name: 'berth', account: ACCOUNT, region }, ref('d')),
        AccessKeyId: key.id,
      }),
    );
    expect(await port.ensure(ref('d'), spec, key)).toBeUndefined();
    await expect(port.allow(ref('d'), key)).rejects.toMatchObject({ name: 'Berth.Transient' });
    time = 200_000;
    await expect(port.ensure(ref('d'), spec, key)).rejects.toMatchObject({
      code: 'invalid_resource',
      hint: expect.stringContaining('Rotate'),
    });
    await settled(async () => (await port.remove(ref('d'))) || undefined);
  });
});
