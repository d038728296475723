/** Images: one repository for each service below `berth/`, made at runtime. This template says what a push makes. */
import { Stack, type StackProps } from 'aws-cdk-lib';
import { CfnRepositoryCreationTemplate } from 'aws-cdk-lib/aws-ecr';
import type { Construct } from 'constructs';

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

/** A newer push leaves the former image without a tag; the image of a deployed version has one. */
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
