/** The network of the cluster and the database; the control plane needs none. */
import { Fn, RemovalPolicy, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { accept, logEncryption } from '../support/accept.ts';
import { createRole } from '../support/role.ts';

export interface NetworkStackProps extends StackProps {
  /** A /16. */
  cidr: string;
}

/** A network as the stacks in it use it. */
export interface Network {
  vpc: ec2.IVpc;
  /** Ranges that nodes and functions come from. */
  sources: readonly string[];
  /** Subnets of load balancers, where the cluster does not find them by their tags. */
  publicSubnets?: readonly string[];
}

/** What the settings say of a VPC that is there already. */
export interface ExistingNetwork {
  vpc: string;
  vpcCidr: string;
  privateSubnets?: string | undefined;
  publicSubnets?: string | undefined;
  databaseSubnets?: string | undefined;
}

const idsOf = (text: string | undefined): string[] => text?.split(',') ?? [];

/** @param scope a stack; nothing is made in it */
export function existingNetwork(scope: Construct, given: ExistingNetwork): Network {
  const zones = idsOf(given.privateSubnets).map((_, index) => Fn.select(index, Fn.getAzs()));
  const subnets = {
    privateSubnetIds: idsOf(given.privateSubnets),
    publicSubnetIds: idsOf(given.publicSubnets),
    isolatedSubnetIds: idsOf(given.databaseSubnets),
  };
  const vpc = ec2.Vpc.fromVpcAttributes(scope, 'Vpc', {
    vpcId: given.vpc,
    vpcCidrBlock: given.vpcCidr,
    availabilityZones: zones,
    ...Object.fromEntries(Object.entries(subnets).filter(([, ids]) => ids.length > 0)),
  });
  const { publicSubnetIds: publicSubnets } = subnets;
  // Where none is named, the load balancer finds its subnets by their tags; a list of none would be no subnet.
  return { vpc, sources: [given.vpcCidr], ...(publicSubnets.length > 0 && { publicSubnets }) };
}

export class NetworkStack extends Stack implements Network {
  readonly vpc: ec2.IVpc;
  readonly sources: readonly string[];

  constructor(scope: Construct, id: string, props: NetworkStackProps) {
    super(scope, id, props);
    // Under exactOptionalPropertyTypes the classes of aws-cdk-lib do not meet its own interfaces.
    this.vpc = new ec2.Vpc(this, 'Vpc', {
      ipAddresses: ec2.IpAddresses.cidr(props.cidr),
      maxAzs: 2,
      natGateways: 1,
      // Closing the default group takes a custom resource; nothing is ever put into that group.
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        { name: 'Public', subnetType: ec2.SubnetType.PUBLIC, cidrMask: 22, mapPublicIpOnLaunch: false },
        { name: 'Nodes', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 18 },
        { name: 'Database', subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: 24 },
      ],
      // The endpoint is free, and keeps image layers and state off the NAT gateway.
      gatewayEndpoints: { S3: { service: ec2.GatewayVpcEndpointAwsService.S3 } },
    }) as ec2.IVpc;
    this.sources = this.vpc.privateSubnets.map(({ ipv4CidrBlock }) => ipv4CidrBlock);
    // The cluster finds the subnets of load balancers by these tags.
    for (const subnet of this.vpc.publicSubnets) Tags.of(subnet).add('kubernetes.io/role/elb', '1');
    for (const subnet of this.vpc.privateSubnets) Tags.of(subnet).add('kubernetes.io/role/internal-elb', '1');
    this.exportAll();
    this.flowLog();
    accept(this.vpc, {
      'NIST.800.53.R5-VPCNoUnrestrictedRouteToIGW':
        'The public subnets hold the NAT gateway and load balancers only; nodes and database are in private ones.',
      'NIST.800.53.R5-VPCDefaultSecurityGroupClosed':
        'Nothing is put into the default group; closing it takes a custom resource with rights on groups.',
    });
  }

  /** Also what nothing imports now: a stack that the settings no longer name stays, and goes on importing. */
  private exportAll(): void {
    const { vpc } = this;
    for (const { subnetId } of [...vpc.publicSubnets, ...vpc.privateSubnets, ...vpc.isolatedSubnets])
      this.exportValue(subnetId);
    this.exportValue(vpc.vpcId);
    this.exportValue(vpc.vpcCidrBlock);
  }

  private flowLog(): void {
    const logGroup = new LogGroup(this, 'FlowLog', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    accept(logGroup, logEncryption);
    const role = createRole(this, 'FlowLog', {
      takenBy: 'vpc-flow-logs.amazonaws.com',
      description: 'Writes the flow log of the network.',
      conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      statements: [
        {
          actions: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'],
          resources: [logGroup.logGroupArn],
        },
      ],
    });
    this.vpc.addFlowLog('Flows', {
      destination: ec2.FlowLogDestination.toCloudWatchLogs(logGroup, role),
      trafficType: ec2.FlowLogTrafficType.REJECT,
    });
  }
}
