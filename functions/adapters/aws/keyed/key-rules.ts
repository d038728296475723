/**
 * How buckets and queues of resources and the IAM users of their keys are named, and what a key may do: in the policy of
 * its user for one of them, in the boundary of all users for all of an installation.
 */
import { shortHash } from '../../../core/names.ts';
import type { BucketOrQueueRef } from '../../../ports/buckets-and-queues.ts';

export interface Installation {
  name: string;
  account: string;
  region: string;
}

type Kind = BucketOrQueueRef['kind'];

/** S3 allows no more. */
const NAME_MAX = 63;

/**
 * What their names begin with. No name of an installation has two hyphens in a row, so that it tells them from what the stacks
 * make, in installations with longer names too.
 */
export const keyedPrefix = (name: string, kind: Kind): string => `${name}-${kind}--`;

/** Where users are: IAM is one for all regions. */
export const userPath = ({ name, region }: Pick<Installation, 'name' | 'region'>): string =>
  `/berth/${region}/${name}/`;

/**
 * The name in AWS of a bucket, a queue, and the user that has its keys. Names of buckets are one set for all accounts, so the hash
 * is of account and region too.
 */
export function keyedName(
  { name, account, region }: Installation,
  { kind, name: label }: Pick<BucketOrQueueRef, 'kind' | 'name'>,
): string {
  const prefix = keyedPrefix(name, kind);
  const hash = shortHash([account, region, name, label].join('\u001f'), 12);
  const readable = label
    .replace(`${kind}-`, '')
    .slice(0, NAME_MAX - prefix.length - hash.length - 1)
    .replace(/-$/, '');
  return `${prefix}${readable}-${hash}`;
}

/** Of a bucket, of what is in it, and of a queue. They are those that one machine lets a key do. */
const BUCKET_ACTIONS = ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'];
const OBJECT_ACTIONS = [
  's3:AbortMultipartUpload',
  's3:DeleteObject',
  's3:GetObject',
  's3:ListMultipartUploadParts',
  's3:PutObject',
];
const QUEUE_ACTIONS = [
  'sqs:ChangeMessageVisibility',
  'sqs:DeleteMessage',
  'sqs:GetQueueAttributes',
  'sqs:GetQueueUrl',
  'sqs:PurgeQueue',
  'sqs:ReceiveMessage',
  'sqs:SendMessage',
];

export interface Allowance {
  actions: string[];
  resources: string[];
}

/** @param arn of the bucket or the queue, or what ARNs of several begin with, and `*` */
export const allowances = (kind: Kind, arn: string): Allowance[] =>
  kind === 'queue'
    ? // That of a queue in order ends otherwise.
      [{ actions: QUEUE_ACTIONS, resources: arn.endsWith('*') ? [arn] : [arn, `${arn}.fifo`] }]
    : [
        { actions: BUCKET_ACTIONS, resources: [arn] },
        { actions: OBJECT_ACTIONS, resources: [`${arn}/*`] },
      ];

const policy = (statements: object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements });

/** The policy of a user. */
export const keyPolicy = (kind: Kind, arn: string): string =>
  policy(
    allowances(kind, arn).map(({ actions: Action, resources: Resource }) => ({
      Effect: 'Allow',
      Action,
      Resource,
    })),
  );

/** The policy of a bucket or a queue: nothing but TLS, whoever asks. */
export const tlsPolicy = (kind: Kind, arn: string): string =>
  policy([
    {
      Effect: 'Deny',
      Principal: '*',
      Action: kind === 'bucket' ? 's3:*' : 'sqs:*',
      Resource: kind === 'bucket' ? [arn, `${arn}/*`] : arn,
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
  ]);

/** What is written on all that is made. */
export const OWNER = 'berth:owner';
export const tagsFor = (kind: Kind, owner: string, operation: string): Record<string, string> => ({
  berth: kind,
  [OWNER]: owner,
  'berth:operation': operation,
});
