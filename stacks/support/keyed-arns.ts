/** The ARNs that buckets and queues of programs have, which Berth makes at runtime: what they begin with, and `*`. */
import type { Stack } from 'aws-cdk-lib';
import { keyedPrefix } from '../../functions/adapters/aws/keyed/key-rules.ts';

export const keyedArns = ({ partition, region, account }: Stack, name: string) => ({
  bucket: `arn:${partition}:s3:::${keyedPrefix(name, 'bucket')}*`,
  queue: `arn:${partition}:sqs:${region}:${account}:${keyedPrefix(name, 'queue')}*`,
});

/** ARNs of buckets name no region: an installation of the same name in another one has buckets that are named alike. */
export const inRegion = ({ region }: Stack) => ({ StringEquals: { 'aws:RequestedRegion': region } });
