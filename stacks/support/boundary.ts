/** The most that any role of a Berth function can ever do, whatever policies it is given. */
import { Stack, type StackProps } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { accept, because } from './accept.ts';
import { actions, type KeyUsers, userGrants } from './permissions.ts';
import { acceptWildcards } from './role.ts';

export interface BoundaryStackProps extends StackProps {
  keyUsers: KeyUsers | undefined;
}

export class BoundaryStack extends Stack {
  readonly policy: ManagedPolicy;

  constructor(scope: Construct, id: string, { keyUsers, ...props }: BoundaryStackProps) {
    super(scope, id, props);
    // Of IAM nothing is within the boundary but users of keys, and these within a boundary of their own.
    const users = keyUsers ? userGrants(keyUsers) : [];
    this.policy = new ManagedPolicy(this, 'Boundary', {
      description: 'Bounds the roles of Berth’s functions; it gives nothing by itself',
      statements: [
        new PolicyStatement({
          actions: [...new Set(Object.values(actions).flat())].sort(),
          resources: ['*'],
        }),
        ...users.map(
          ({ wildcard: _why, conditions, ...grant }) =>
            new PolicyStatement({ ...grant, ...(conditions && { conditions }) }),
        ),
      ],
    });
    for (const { resources, wildcard } of users) acceptWildcards(this.policy, resources, wildcard);
    const bounds = 'A boundary gives nothing: the policy of each role names its resources.';
    accept(
      this.policy,
      because(
        bounds,
        'AwsSolutions-IAM5[Resource::*]',
        'CKV_AWS_107',
        'CKV_AWS_108',
        'CKV_AWS_109',
        'CKV_AWS_111',
      ),
    );
  }
}
