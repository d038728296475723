/** A new cluster: EKS with Auto Mode, entered through access entries alone. */
import { createHash } from 'node:crypto';
import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { CfnAccessEntry } from 'aws-cdk-lib/aws-eks';
import * as eks from 'aws-cdk-lib/aws-eks-v2';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { accept, because, logEncryption } from '../support/accept.ts';
import type { Network } from './network.ts';

export interface ClusterStackProps extends StackProps {
  /** The name of the installation, which is the cluster's. */
  name: string;
  network: Network;
  /** Addresses of Services. It can not be changed later, nor can the cluster's creator be left out later. */
  serviceCidr: string;
  /** ARNs of IAM roles and users. */
  administrators: readonly string[];
  /** Without an endpoint that is reached from outside of the network. */
  isPrivate: boolean;
}

export class ClusterStack extends Stack {
  readonly cluster: eks.Cluster;

  constructor(scope: Construct, id: string, props: ClusterStackProps) {
    super(scope, id, props);
    const { name, network } = props;
    // EKS would make this group itself, and would then keep its contents for ever.
    const logGroup = new LogGroup(this, 'ControlPlaneLog', {
      logGroupName: `/aws/eks/${name}/cluster`,
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    accept(logGroup, logEncryption);
    this.cluster = new eks.Cluster(this, 'Cluster', {
      clusterName: name,
      version: eks.KubernetesVersion.V1_36,
      vpc: network.vpc,
      serviceIpv4Cidr: props.serviceCidr,
      vpcSubnets: [{ subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS }],
      defaultCapacityType: eks.DefaultCapacityType.AUTOMODE,
      // The pool for workloads is one of Berth's own, made with the cluster's other objects.
      compute: { nodePools: ['system'] },
      // Functions are in no network unless they have to be; every caller needs a token of IAM.
      endpointAccess: props.isPrivate ? eks.EndpointAccess.PRIVATE : eks.EndpointAccess.PUBLIC_AND_PRIVATE,
      // The creator is CloudFormation's role, which nobody may take: those who administer are named.
      bootstrapClusterCreatorAdminPermissions: false,
      outputConfigCommand: false,
      clusterLogging: [
        eks.ClusterLoggingTypes.API,
        eks.ClusterLoggingTypes.AUDIT,
        eks.ClusterLoggingTypes.AUTHENTICATOR,
        eks.ClusterLoggingTypes.CONTROLLER_MANAGER,
        eks.ClusterLoggingTypes.SCHEDULER,
      ],
    });
    this.cluster.node.addDependency(logGroup);
    // Functions of releases until November 2026 import both.
    this.exportValue(this.cluster.clusterEndpoint);
    this.exportValue(this.cluster.clusterCertificateAuthorityData);
    // Autoscaling and the usage figures in Berth need it. Without workloads it is what keeps a node running.
    new eks.Addon(this, 'MetricsServer', {
      // Under exactOptionalPropertyTypes the classes of aws-cdk-lib do not meet its own interfaces.
      cluster: this.cluster as eks.ICluster,
      addonName: 'metrics-server',
      preserveOnDelete: false,
      configurationValues: {
        replicas: 1,
        // It runs on the nodes of EKS's own pool for such add-ons, which exists before the pool for workloads.
        tolerations: [{ key: 'CriticalAddonsOnly', operator: 'Exists' }],
      },
    });
    // Inside the network the endpoint is private: nodes have their own group, functions come from these addresses.
    for (const range of network.sources)
      this.cluster.connections.allowFrom(ec2.Peer.ipv4(range), ec2.Port.tcp(443), 'Functions');
    const idOf = (arn: string): string => `Administrator${arn.replaceAll(/\W/g, '')}`;
    for (const principalArn of props.administrators) {
      // Named by whom it is for, so that a change of the list replaces no other's.
      const id = idOf(principalArn);
      const isAlone = props.administrators.filter((arn) => idOf(arn) === id).length === 1;
      new CfnAccessEntry(
        this,
        // A logical id has no punctuation, by which others may differ alone.
        isAlone ? id : id + createHash('sha256').update(principalArn).digest('hex').slice(0, 8),
        {
          clusterName: this.cluster.clusterName,
          principalArn,
          accessPolicies: [
            {
              policyArn: `arn:${this.partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy`,
              accessScope: { type: 'cluster' },
            },
          ],
        },
      );
    }
    const managed = 'EKS documents this managed policy as what its own role needs; it changes as EKS does.';
    const policies = ['AmazonEKSClusterPolicy', 'AmazonEKSComputePolicy', 'AmazonEKSBlockStoragePolicy']
      .concat(['AmazonEKSLoadBalancingPolicy', 'AmazonEKSNetworkingPolicy', 'AmazonEKSWorkerNodePolicy'])
      .concat(['AmazonEC2ContainerRegistryReadOnly'])
      .map((name) => `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${name}]`);
    accept(this.cluster, because(managed, ...policies));
    accept(this.cluster.node.findChild('Resource'), {
      CKV_AWS_58:
        'EKS encrypts all that its API keeps with a key of its own since Kubernetes 1.28; one of ours costs $1 a month.',
    });
  }
}
