/** Images: one repository a service below `berth/`, made at runtime. Here is what a push makes. */
import { Stack, type StackProps } from 'aws-cdk-lib';
import { CfnRepositoryCreationTemplate } from 'aws-cdk-lib/aws-ecr';
import type { Construct } from 'constructs';

/** What every repository's name starts with. */
export const REPOSITORY_PREFIX = 'berth';

export class RegistryStack extends Stack {
  /** Of every repository of Berth. */
  readonly repositories: string;

  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    new CfnRepositoryCreationTemplate(this, 'Template', {
      prefix: REPOSITORY_PREFIX,
      description: 'Images of services that Berth runs',
      appliedFor: ['CREATE_ON_PUSH', 'REPLICATION'],
      imageTagMutability: 'IMMUTABLE',
      encryptionConfiguration: { encryptionType: 'AES256' },
      lifecyclePolicy: JSON.stringify(LIFECYCLE),
    });
    this.repositories = this.formatArn({
      service: 'ecr',
      resource: 'repository',
      resourceName: `${REPOSITORY_PREFIX}/*`,
    });
  }
}

/** Images without a tag are what a newer push left behind; a version that is deployed has one. */
const LIFECYCLE = {
  rules: [
    {
      rulePriority: 1,
      description: 'Layers of pushes that were never finished',
      selection: { tagStatus: 'untagged', countType: 'sinceImagePushed', countUnit: 'days', countNumber: 30 },
      action: { type: 'expire' },
    },
  ],
};
