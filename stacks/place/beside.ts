/** Cluster, database and their network: new ones, or those that the settings name. */
import type { App, Stack } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { Settings } from '../support/settings.ts';
import { resolverOf } from '../support/settings-rules.ts';
import { stackName } from '../support/stack-name.ts';
import { ClusterStack } from './cluster.ts';
import { DatabaseStack } from './database.ts';
import { existingNetwork, type Network, NetworkStack } from './network.ts';

/** Stacks that the control plane runs on or beside: they cost money while idle, and may exist already. */
export const isBeside = (stack: string): boolean => /-(Network|Cluster|Database)$/.test(stack);

/** @param scope a stack that an existing network can be named in */
export function stacksBeside(app: App, scope: Stack, settings: Settings) {
  const { name } = settings;
  const network = networkOf(app, scope, settings);
  const cluster =
    settings.cluster === 'new' && network
      ? new ClusterStack(app, stackName(name, 'Cluster'), {
          description: 'Berth: cluster of workloads',
          name,
          network,
          serviceCidr: settings.serviceCidr,
          administrators: settings.clusterAdministrators?.split(',') ?? [],
          isPrivate: settings.privateCluster === 'yes',
        })
      : undefined;
  const database =
    settings.database === 'new' && network
      ? new DatabaseStack(app, stackName(name, 'Database'), {
          description: 'Berth: databases of workloads',
          name,
          network,
          restored: settings.restoredDatabase,
          acu: { min: settings.databaseMinAcu, max: settings.databaseMaxAcu },
        })
      : undefined;
  const [host = '', port = ''] = settings.database.split(':');
  const isNew = settings.vpc === 'new';
  /** The ranges of new networks follow from the VPC; the settings name those of existing ones. */
  const ranges = (subnets: IVpc['publicSubnets'] | undefined, others: string | undefined) => [
    ...(isNew ? (subnets ?? []) : []).map((subnet) => subnet.ipv4CidrBlock),
    ...(others?.split(',') ?? []),
  ];
  const secret = database?.secretArn ?? settings.databaseSecret ?? '';
  return {
    network,
    /** Addresses of the load balancer of workloads. */
    balancers: ranges(cluster && network?.vpc.publicSubnets, settings.ingressCidrs),
    databaseSecret: secret,
    /** The network that functions are in which reach the database, or the cluster. */
    databaseVpc: database && network?.vpc,
    clusterVpc: settings.privateCluster === 'yes' ? network?.vpc : undefined,
    environment: {
      BERTH_CLUSTER: cluster?.cluster.clusterName ?? settings.cluster,
      // EKS is asked where a new one is: its authority alone would take a third of the variables that Lambda allows.
      BERTH_CLUSTER_ENDPOINT: settings.clusterEndpoint ?? '',
      BERTH_CLUSTER_CA: settings.clusterCertificate ?? '',
      BERTH_CLUSTER_RESOLVER: resolverOf(settings.serviceCidr),
      BERTH_EGRESS_CIDRS: ranges(database && network?.vpc.isolatedSubnets, settings.egressCidrs).join(','),
      BERTH_DATABASE_HOST: database?.host ?? host,
      BERTH_DATABASE_PORT: database?.port ?? port,
      BERTH_DATABASE_SECRET: secret,
      BERTH_DEDICATED_SUBNETS: database?.dedicated.subnetGroup ?? '',
      BERTH_DEDICATED_SECURITY_GROUP: database?.dedicated.securityGroup ?? '',
      BERTH_APPS_DOMAIN: settings.apps,
      BERTH_APPS_SCHEME: (settings.appsCertificate ?? settings.appsZone) === undefined ? 'http' : 'https',
      // Lambda keeps the authorities of RDS in a file that Node reads only when told to.
      NODE_EXTRA_CA_CERTS: '/var/runtime/ca-cert.pem',
    },
  };
}

function networkOf(app: App, scope: Stack, settings: Settings): Network | undefined {
  const isPrivate = settings.privateCluster === 'yes';
  // Nothing is put into a network then, of whichever VPC.
  if (settings.cluster !== 'new' && settings.database !== 'new' && !isPrivate) return undefined;
  if (settings.vpc !== 'new') return existingNetwork(scope, settings);
  return new NetworkStack(app, stackName(settings.name, 'Network'), {
    description: 'Berth: network of workloads',
    cidr: settings.vpcCidr,
  });
}
