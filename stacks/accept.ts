/** Findings of the rule packs that stay, each with its reason. */
import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** @param reasons by the finding's id, such as `AwsSolutions-SMG4` or `AwsSolutions-IAM5[Resource::*]` */
export function accept(scope: IConstruct, reasons: Readonly<Record<string, string>>): void {
  const rules = Object.entries(reasons).map(([id, reason]) => ({ id, reason }));
  Validations.of(scope).acknowledge(...rules);
}

/** The same reason for several findings. */
export const because = (reason: string, ...ids: string[]): Record<string, string> =>
  Object.fromEntries(ids.map((id) => [id, reason]));

/** Of every log group: a key of our own costs $1 a month, more than all the rest of the control plane. */
export const logEncryption: Readonly<Record<string, string>> = {
  'NIST.800.53.R5-CloudWatchLogGroupEncrypted':
    'Encrypted with the key of CloudWatch Logs. Berth logs no secret values; a key of its own costs $1 a month.',
};
