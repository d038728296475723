/**
 * The rights of the functions in the cluster, and the cluster's own objects. Access entries put each function into a
 * group of Kubernetes; what a group may do is among the objects.
 */
import { CfnOutput, CustomResource, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Certificate, CertificateValidation } from 'aws-cdk-lib/aws-certificatemanager';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import { CfnAccessEntry, CfnPodIdentityAssociation } from 'aws-cdk-lib/aws-eks';
import type { IManagedPolicy } from 'aws-cdk-lib/aws-iam';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import type { Construct } from 'constructs';
import { BerthFunction } from '../support/function.ts';
import { createRole, type Grant } from '../support/role.ts';
import { type ClusterObjectsOptions, clusterObjects, groupsOf } from './cluster-objects.ts';
import { logAgentNamespace } from './log-agent-objects.ts';

export interface AccessStackProps extends StackProps {
  clusterName: string;
  /** Of the Services, which the cluster has to have. */
  serviceCidr: string;
  objects: ClusterObjectsOptions;
  /** The zone in which the certificate of workloads is proven; it is made where this is given. */
  zone?: { id: string; apps: string };
  /** Where the definitions of Gateway API are fetched. */
  gatewayApi: string;
  boundary?: IManagedPolicy;
  /** What the function that applies the objects needs in AWS. */
  statements: Grant[];
  /** The network of a private cluster. */
  vpc?: IVpc;
  /** TCP ports beside 443 that are reached from it. */
  ports?: readonly number[];
  /** What the agent that keeps what workloads print may do in AWS. */
  agentStatements: Grant[];
  /** ARNs of roles of other accounts that may do so for clusters there. */
  outputSenders: readonly string[];
  /** Functions that make namespaces and everything in them. */
  writers: Record<string, BerthFunction>;
  /** Functions that read status and usage. */
  readers: Record<string, BerthFunction>;
}

export class AccessStack extends Stack {
  constructor(scope: Construct, id: string, props: AccessStackProps) {
    super(scope, id, props);
    const { clusterName, objects } = props;
    const { writers, readers } = groupsOf(objects.name);
    const give = (group: string, functions: Record<string, BerthFunction>) => {
      for (const [name, { role }] of Object.entries(functions))
        new CfnAccessEntry(this, name, {
          clusterName,
          principalArn: role.roleArn,
          kubernetesGroups: [group],
        });
    };
    give(writers, props.writers);
    give(readers, props.readers);
    this.applyObjects({ ...props, objects: this.withCertificate(props) });
    this.identifyAgent(props);
    if (props.outputSenders.length > 0) this.letSenders(props);
  }

  /** Agents in clusters of other accounts take it on by a role of their own, as the target of their Pod Identity. */
  private letSenders({ outputSenders, agentStatements, boundary }: AccessStackProps): void {
    const role = createRole(this, 'OutputSender', {
      takenBy: outputSenders,
      description: 'Agents of other accounts that keep what workloads print',
      statements: agentStatements,
      tagged: true,
      ...(boundary && { boundary }),
    });
    new CfnOutput(this, 'OutputSenderArn', { value: role.roleArn });
  }

  /** ACM writes the record that proves the domain into the zone, and renews the certificate by it. */
  private withCertificate({ objects, zone }: AccessStackProps): ClusterObjectsOptions {
    if (!zone) return objects;
    const hostedZone = HostedZone.fromHostedZoneAttributes(this, 'AppsZone', {
      hostedZoneId: zone.id,
      zoneName: zone.apps,
    });
    const { certificateArn } = new Certificate(this, 'AppsCertificate', {
      domainName: `*.${zone.apps}`,
      validation: CertificateValidation.fromDns(hostedZone),
    });
    return { ...objects, gateway: { ...objects.gateway, certificate: certificateArn } };
  }

  /** Its account in the cluster stands for a role, which nothing else there can take. */
  private identifyAgent({ clusterName, objects, agentStatements, boundary }: AccessStackProps): void {
    const [namespace, serviceAccount] = [logAgentNamespace(objects.name), objects.name];
    const role = createRole(this, 'LogAgent', {
      takenBy: 'pods.eks.amazonaws.com',
      description: 'Agent that keeps what workloads print',
      statements: agentStatements,
      tagged: true,
      conditions: {
        StringEquals: {
          'aws:RequestTag/kubernetes-namespace': namespace,
          'aws:RequestTag/kubernetes-service-account': serviceAccount,
        },
      },
      ...(boundary && { boundary }),
    });
    new CfnPodIdentityAssociation(this, 'LogAgentIdentity', {
      clusterName,
      namespace,
      serviceAccount,
      roleArn: role.roleArn,
    });
  }

  /** Only a cluster administrator can give rights away; nothing but a deployment calls the function that is one. */
  private applyObjects(props: AccessStackProps): void {
    const { clusterName, serviceCidr, boundary, vpc, ports, statements } = props;
    const installer = new BerthFunction(this, 'Objects', {
      entry: 'cluster',
      description: 'Applies the objects of the cluster while the stacks are deployed.',
      environment: { BERTH_DNS_SUFFIX: this.urlSuffix },
      ...(boundary && { boundary }),
      ...(vpc && { vpc }),
      ...(ports && { ports }),
      statements,
      timeout: Duration.minutes(14),
      memory: 256,
      traced: false,
    });
    const entry = new CfnAccessEntry(this, 'Installer', {
      clusterName,
      principalArn: installer.role.roleArn,
      accessPolicies: [
        {
          policyArn: `arn:${this.partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy`,
          accessScope: { type: 'cluster' },
        },
      ],
    });
    const applied = new CustomResource(this, 'Applied', {
      serviceToken: installer.function.functionArn,
      resourceType: 'Custom::BerthClusterObjects',
      serviceTimeout: Duration.minutes(15),
      properties: {
        ClusterName: clusterName,
        ServiceCidr: serviceCidr,
        GatewayApi: props.gatewayApi,
        Objects: this.toJsonString(clusterObjects(props.objects)),
      },
    });
    applied.node.addDependency(entry);
  }
}
