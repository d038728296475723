/** The shared PostgreSQL server: Aurora Serverless v2, which pauses when nothing is connected. */
import { createHash } from 'node:crypto';
import { Duration, RemovalPolicy, Stack, type StackProps, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as rds from 'aws-cdk-lib/aws-rds';
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
  /** A snapshot that a server is made of, which is used in the place of the empty one. */
  restored?: string | undefined;
  /** Capacity units: it pauses at a least of 0. */
  acu: { min: number; max: number };
}

export class DatabaseStack extends Stack {
  /** Of the server that is in use. RDS made the administrator's secret and changes its password each week. */
  readonly host: string;
  readonly port: string;
  readonly secretArn: string;
  /** Where dedicated servers are put: the same subnets, and the same group for those who may connect. */
  readonly dedicated: { subnetGroup: string; securityGroup: string };

  constructor(scope: Construct, id: string, props: DatabaseStackProps) {
    super(scope, id, props);
    const { name, restored } = props;
    const { vpc, sources } = props.network;
    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'PostgreSQL, from nodes and functions of the same network',
      allowAllOutbound: false,
    });
    for (const range of sources)
      securityGroup.addIngressRule(ec2.Peer.ipv4(range), ec2.Port.tcp(PORT), 'Private subnets');
    const made = this.serverOf(
      new rds.DatabaseCluster(this, 'Cluster', {
        ...this.common(name, 'Log', securityGroup, props),
        credentials: rds.Credentials.fromUsername('berth'),
        manageMasterUserPassword: true,
      }),
    );
    // The one that was made first stays, paused, until its owner removes it: nothing is lost by a restore.
    const id8 = createHash('sha256')
      .update(restored ?? '')
      .digest('hex')
      .slice(0, 8);
    const used =
      restored === undefined
        ? made
        : this.serverOf(
            new rds.DatabaseClusterFromSnapshot(this, `Restored${id8}`, {
              ...this.common(`${name}-${id8}`, `Log${id8}`, securityGroup, props),
              snapshotIdentifier: restored,
              manageMasterUserPassword: true,
            }),
          );
    this.host = used.host;
    this.port = used.port;
    this.secretArn = used.secretArn;
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
  private common(
    name: string,
    logId: string,
    securityGroup: ec2.SecurityGroup,
    { network: { vpc }, acu }: DatabaseStackProps,
  ) {
    // RDS would make this group itself, and would then keep its contents for ever.
    const logGroup = new LogGroup(this, logId, {
      logGroupName: `/aws/rds/cluster/${name}/postgresql`,
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    accept(logGroup, logEncryption);
    return {
      engine: rds.DatabaseClusterEngine.auroraPostgres({
        version: rds.AuroraPostgresEngineVersion.VER_17_7,
      }),
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
      iamAuthentication: true,
      storageEncrypted: true,
      deletionProtection: true,
      removalPolicy: RemovalPolicy.SNAPSHOT,
      backup: { retention: Duration.days(14) },
      copyTagsToSnapshot: true,
      cloudwatchLogsExports: ['postgresql'],
    };
  }

  /** What others are told of a server. They import it also while they use another one. */
  private serverOf(cluster: rds.DatabaseCluster | rds.DatabaseClusterFromSnapshot) {
    for (const log of this.node.children) if (log instanceof LogGroup) cluster.node.addDependency(log);
    const unwatched =
      'It writes a record each minute, also while the server is paused; CloudWatch has CPU, memory and connections.';
    accept(cluster.node.findChild('Writer'), { CKV_AWS_118: unwatched });
    accept(cluster, {
      'NIST.800.53.R5-RDSEnhancedMonitoringEnabled': unwatched,
      'NIST.800.53.R5-RDSInBackupPlan':
        'Aurora keeps 14 days by itself; a backup plan beyond that is the choice of the account’s owner.',
    });
    const { secret } = cluster;
    if (!secret) throw new Error('RDS keeps the administrator’s password, and CDK names no secret of it');
    return {
      host: this.exportValue(cluster.clusterEndpoint.hostname),
      port: this.exportValue(Token.asString(cluster.clusterEndpoint.port)),
      secretArn: this.exportValue(secret.secretArn),
    };
  }
}
