/** Images: one repository for each service below `berth/`, made at runtime. This template says what a push makes. */
import { Stack, type StackProps } from 'aws-cdk-lib';
import { CfnRepositoryCreationTemplate } from 'aws-cdk-lib/aws-ecr';
import type { Construct } from 'constructs';
import { LIFECYCLE } from '../../functions/adapters/aws/registry-rules.ts';

export interface RegistryStackProps extends StackProps {
  /** The name of the installation, which every repository's name starts with. */
  name: string;
}

export class RegistryStack extends Stack {
  /** ARN of every repository of Berth. */
  readonly repositories: string;

  constructor(scope: Construct, id: string, props: RegistryStackProps) {
    super(scope, id, props);
    new CfnRepositoryCreationTemplate(this, 'Template', {
      prefix: props.name,
      description: 'Images of services that Berth runs',
      appliedFor: ['CREATE_ON_PUSH', 'REPLICATION'],
      imageTagMutability: 'IMMUTABLE',
      encryptionConfiguration: { encryptionType: 'AES256' },
      lifecyclePolicy: JSON.stringify(LIFECYCLE),
    });
    this.repositories = this.formatArn({
      service: 'ecr',
      resource: 'repository',
      resourceName: `${props.name}/*`,
    });
  }
}
