/** The network of the cluster and the database; the control plane needs none. */
import { RemovalPolicy, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { accept, logEncryption } from '../support/accept.ts';
import { createRole } from '../support/role.ts';

export class NetworkStack extends Stack {
  readonly vpc: ec2.IVpc;

  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    // Under exactOptionalPropertyTypes the classes of aws-cdk-lib do not meet its own interfaces.
    this.vpc = new ec2.Vpc(this, 'Vpc', {
      ipAddresses: ec2.IpAddresses.cidr('10.64.0.0/16'),
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
    // The cluster finds the subnets of load balancers by these tags.
    for (const subnet of this.vpc.publicSubnets) Tags.of(subnet).add('kubernetes.io/role/elb', '1');
    for (const subnet of this.vpc.privateSubnets) Tags.of(subnet).add('kubernetes.io/role/internal-elb', '1');
    this.flowLog();
    accept(this.vpc, {
      'NIST.800.53.R5-VPCNoUnrestrictedRouteToIGW':
        'The public subnets hold the NAT gateway and load balancers only; nodes and database are in private ones.',
      'NIST.800.53.R5-VPCDefaultSecurityGroupClosed':
        'Nothing is put into the default group; closing it takes a custom resource with rights on groups.',
    });
  }

  private flowLog(): void {
    const logGroup = new LogGroup(this, 'FlowLog', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    accept(logGroup, logEncryption);
    const role = createRole(this, 'FlowLog', {
      service: 'vpc-flow-logs.amazonaws.com',
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
