/** The shared PostgreSQL server: Aurora Serverless v2, which pauses when nothing is connected. */
import { Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as rds from 'aws-cdk-lib/aws-rds';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { accept, logEncryption } from '../support/accept.ts';
import type { Network } from './network.ts';

/** Not the default port, which scanners try. Dedicated servers use it too. */
const PORT = 5433;

/** The group of subnets of dedicated servers, which stands in permissions. */
export const dedicatedSubnets = (name: string): string => `${name}-dedicated`;

export interface DatabaseStackProps extends StackProps {
  /** The name of the installation. */
  name: string;
  network: Network;
  /** Capacity units: it pauses at a least of 0. */
  acu: { min: number; max: number };
}

export class DatabaseStack extends Stack {
  /** The administrator's secret; RDS made it and changes its password each week. */
  readonly secret: ISecret;
  readonly cluster: rds.DatabaseCluster;
  /** Where dedicated servers are put: the same subnets, and the same group for those who may connect. */
  readonly dedicated: { subnetGroup: string; securityGroup: string };

  constructor(scope: Construct, id: string, props: DatabaseStackProps) {
    super(scope, id, props);
    const { name, acu } = props;
    const { vpc, sources } = props.network;
    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'PostgreSQL, from nodes and functions of the same network',
      allowAllOutbound: false,
    });
    for (const range of sources)
      securityGroup.addIngressRule(ec2.Peer.ipv4(range), ec2.Port.tcp(PORT), 'Private subnets');
    const engine = rds.DatabaseClusterEngine.auroraPostgres({
      version: rds.AuroraPostgresEngineVersion.VER_17_7,
    });
    // RDS would make this group itself, and would then keep its contents for ever.
    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: `/aws/rds/cluster/${name}/postgresql`,
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    accept(logGroup, logEncryption);
    this.cluster = new rds.DatabaseCluster(this, 'Cluster', {
      engine,
      clusterIdentifier: name,
      parameters: { 'rds.force_ssl': '1', log_statement: 'none' },
      writer: rds.ClusterInstance.serverlessV2('Writer', { autoMinorVersionUpgrade: true }),
      serverlessV2MinCapacity: acu.min,
      serverlessV2MaxCapacity: acu.max,
      ...(acu.min === 0 && { serverlessV2AutoPauseDuration: Duration.minutes(5) }),
      vpc,
      vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      securityGroups: [securityGroup],
      port: PORT,
      credentials: rds.Credentials.fromUsername('berth'),
      manageMasterUserPassword: true,
      iamAuthentication: true,
      storageEncrypted: true,
      deletionProtection: true,
      removalPolicy: RemovalPolicy.SNAPSHOT,
      backup: { retention: Duration.days(14) },
      copyTagsToSnapshot: true,
      cloudwatchLogsExports: ['postgresql'],
    });
    this.cluster.node.addDependency(logGroup);
    const unwatched =
      'It writes a record each minute, also while the server is paused; CloudWatch has CPU, memory and connections.';
    accept(this.cluster.node.findChild('Writer'), { CKV_AWS_118: unwatched });
    accept(this.cluster, {
      'NIST.800.53.R5-RDSEnhancedMonitoringEnabled': unwatched,
      'NIST.800.53.R5-RDSInBackupPlan':
        'Aurora keeps 14 days by itself; a backup plan beyond that is the choice of the account’s owner.',
    });
    this.secret = this.cluster.secret!;
    const subnets = new rds.SubnetGroup(this, 'Dedicated', {
      vpc,
      subnetGroupName: dedicatedSubnets(name),
      description: 'PostgreSQL servers of their own',
      vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.dedicated = {
      subnetGroup: subnets.subnetGroupName,
      securityGroup: securityGroup.securityGroupId,
    };
  }
}
