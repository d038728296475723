/**
 * The most that the keys of buckets and queues can do, whatever policies their users are given. Functions may make users with
 * this boundary alone.
 */
import { Stack, type StackProps } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { allowances, userPath } from '../../functions/adapters/aws/keyed/key-rules.ts';
import { inRegion, keyedArns } from '../support/keyed-arns.ts';
import { acceptWildcards } from '../support/role.ts';

export interface KeysStackProps extends StackProps {
  /** The name of the installation. */
  name: string;
}

export class KeysStack extends Stack {
  /** ARN. */
  readonly boundary: string;
  /** ARNs of the users. */
  readonly users: string;
  /** ARNs of all users of the account. */
  readonly allUsers: string;

  constructor(scope: Construct, id: string, { name, ...props }: KeysStackProps) {
    super(scope, id, props);
    const arns = keyedArns(this, name);
    const here = { StringEquals: { ...inRegion(this).StringEquals, 'aws:ResourceAccount': this.account } };
    const most = (['bucket', 'queue'] as const).flatMap((kind) =>
      allowances(kind, arns[kind]).map((one) => (kind === 'bucket' ? { ...one, conditions: here } : one)),
    );
    const policy = new ManagedPolicy(this, 'Bounds', {
      description: 'Bounds the users of keys of buckets and queues; it gives nothing by itself',
      statements: most.map((one) => new PolicyStatement(one)),
    });
    const bounds = 'A boundary gives nothing: the policy of each user names its bucket or queue.';
    for (const { resources } of most) acceptWildcards(policy, resources, bounds);
    this.boundary = policy.managedPolicyArn;
    const all = `arn:${this.partition}:iam::${this.account}:user`;
    this.users = `${all}${userPath({ name, region: this.region })}*`;
    this.allUsers = `${all}/*`;
  }
}
