/** The most that any role of a Berth function can ever do, whatever policies it is given. */
import { Stack, type StackProps } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { accept, because } from './accept.ts';
import { actions } from './permissions.ts';

export class BoundaryStack extends Stack {
  readonly policy: ManagedPolicy;

  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    this.policy = new ManagedPolicy(this, 'Boundary', {
      description: 'Bounds the roles of Berth’s functions; it gives nothing by itself',
      statements: [
        new PolicyStatement({
          actions: [...new Set(Object.values(actions).flat())].sort(),
          resources: ['*'],
        }),
      ],
    });
    const bounds = 'A boundary gives nothing: the policy of each role names its resources.';
    accept(
      this.policy,
      because(bounds, 'AwsSolutions-IAM5[Resource::*]', 'CKV_AWS_107', 'CKV_AWS_108', 'CKV_AWS_111'),
    );
  }
}
