/** The rights of the functions in the cluster: access entries, which EKS maps to Kubernetes' own rights. */
import { Stack, type StackProps } from 'aws-cdk-lib';
import { CfnAccessEntry } from 'aws-cdk-lib/aws-eks';
import type { Construct } from 'constructs';
import type { BerthFunction } from '../support/function.ts';

export interface AccessStackProps extends StackProps {
  clusterName: string;
  /** Functions that make namespaces and everything in them. */
  writers: Record<string, BerthFunction>;
  /** Functions that read status, usage and target groups. */
  readers: Record<string, BerthFunction>;
}

export class AccessStack extends Stack {
  constructor(scope: Construct, id: string, props: AccessStackProps) {
    super(scope, id, props);
    const give = (policy: string, functions: Record<string, BerthFunction>) => {
      for (const [name, { role }] of Object.entries(functions)) {
        new CfnAccessEntry(this, name, {
          clusterName: props.clusterName,
          principalArn: role.roleArn,
          accessPolicies: [
            {
              policyArn: `arn:${this.partition}:eks::aws:cluster-access-policy/${policy}`,
              accessScope: { type: 'cluster' },
            },
          ],
        });
      }
    };
    // Only a cluster administrator can make namespaces, quotas and network policies of tenants.
    give('AmazonEKSClusterAdminPolicy', props.writers);
    give('AmazonEKSAdminViewPolicy', props.readers);
  }
}
