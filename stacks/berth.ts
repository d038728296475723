/** All stacks of an installation, wired together. */
import { type App, Tags, Token, Validations } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import { AwsSolutionsChecks, NIST80053R5Checks } from 'cdk-nag';
import { AccessStack } from './place/access.ts';
import { BuildsStack } from './place/builds.ts';
import { ClusterStack } from './place/cluster.ts';
import { DatabaseStack } from './place/database.ts';
import { NetworkStack } from './place/network.ts';
import { RegistryStack } from './place/registry.ts';
import { ApiStack } from './platform/api.ts';
import { AuditStack } from './platform/audit.ts';
import { DataStack } from './platform/data.ts';
import { EdgeStack } from './platform/edge.ts';
import { IdentityStack } from './platform/identity.ts';
import { LogsStack } from './platform/logs.ts';
import { ObservabilityStack } from './platform/observability.ts';
import { StepsStack } from './platform/steps.ts';
import { SweepStack } from './platform/sweep.ts';
import { WorkflowsStack } from './platform/workflows.ts';
import { BoundaryStack } from './support/boundary.ts';
import { actions, permissions } from './support/permissions.ts';
import type { Grant } from './support/role.ts';
import { readSettings, type Settings } from './support/settings.ts';

/** Stacks that the control plane runs on or beside: they cost money while idle, and may exist already. */
export const STACKS_BESIDE = ['Berth-Network', 'Berth-Cluster', 'Berth-Database'];

/** @throws SettingsError */
export function createStacks(app: App): void {
  const settings = readSettings(app.node);
  const beside = stacksBeside(app, settings);
  const stateful = statefulStacks(app, settings);
  const environment = { ...beside.environment, ...stateful.environment };
  const may = permissions(stateful.data, {
    tableArn: stateful.data.table.tableArn,
    logGroupArn: stateful.logs.logGroup.logGroupArn,
    buildLogGroupArn: stateful.builds.logGroup.logGroupArn,
    buildProjectArn: stateful.builds.project.projectArn,
    buildBucketArn: stateful.builds.bucketArn,
    databaseSecretArn: beside.databaseSecret,
    auditBucketArn: stateful.audit.bucketArn,
    clusterName: beside.environment.BERTH_CLUSTER,
  });
  const { policy: boundary } = new BoundaryStack(app, 'Berth-Boundary', {
    description: 'Berth: bounds of roles',
  });
  const records = [...may.readTable, ...may.writeTable, ...may.keepAnchors];

  const steps = new StepsStack(app, 'Berth-Steps', {
    description: 'Berth: steps of workflows',
    environment,
    permissions: may,
    boundary,
    ...(beside.databaseVpc && { vpc: beside.databaseVpc }),
  });
  const workflows = new WorkflowsStack(app, 'Berth-Workflows', {
    description: 'Berth: workflows',
    functionOf: (step) => steps.functionOf(step),
  });
  const api = new ApiStack(app, 'Berth-Api', {
    description: 'Berth: API',
    environment,
    boundary,
    data: stateful.data,
    statements: [
      ...records,
      ...may.startWorkflows,
      ...may.writeSecrets,
      ...may.readSecrets,
      ...clientSecretOf(settings),
      ...may.readLogs,
      ...may.readImages,
      ...may.makeRepositories,
      ...may.keepSources,
      ...may.listAnchors,
      ...may.readMetrics,
      ...may.findCluster,
    ],
    streamStatements: [...may.readTable, ...may.readLogs, ...may.readMetrics, ...may.findCluster],
  });
  const { sweep } = new SweepStack(app, 'Berth-Sweep', {
    description: 'Berth: sweep',
    environment,
    boundary,
    statements: [
      ...records,
      ...may.startWorkflows,
      ...may.watchWorkflows,
      // When it ends an operation that nothing else ended, the sweep puts back what served before.
      ...may.readSecrets,
      ...may.listSecrets,
      ...may.readImages,
      ...may.keepSources,
      ...may.readMetrics,
      ...may.findCluster,
      ...may.writeLogs,
    ],
  });
  new AccessStack(app, 'Berth-Access', {
    description: 'Berth: access to the cluster',
    clusterName: beside.environment.BERTH_CLUSTER,
    writers: { Workloads: steps.workloads, Resources: steps.resources, Sweep: sweep },
    readers: { Requests: api.requests, Streams: api.streams },
  });
  new EdgeStack(app, 'Berth-Edge', {
    description: 'Berth: console and one origin for all',
    api: api.api,
    streamUrl: api.streamUrl,
    edgeKey: api.edgeKey,
    ...(settings.domain !== undefined && { domain: settings.domain, certificate: settings.certificate! }),
  });
  new ObservabilityStack(app, 'Berth-Observability', {
    description: 'Berth: alarms and saved queries',
    functions: {
      requests: api.requests,
      streams: api.streams,
      workloads: steps.workloads,
      resources: steps.resources,
      builds: steps.builds,
      sweep,
    },
    executions: workflows.logGroup,
    sweep,
    dashboard: settings.dashboard === 'yes',
  });
  Tags.of(app).add('berth', 'platform');
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new NIST80053R5Checks(app));
}

/** Cluster and database: new ones, or those that the settings name. */
function stacksBeside(app: App, settings: Settings) {
  const isNew = { cluster: settings.cluster === 'new', database: settings.database === 'new' };
  const vpc =
    isNew.cluster || isNew.database
      ? new NetworkStack(app, 'Berth-Network', { description: 'Berth: network of workloads' }).vpc
      : undefined;
  const cluster =
    isNew.cluster && vpc
      ? new ClusterStack(app, 'Berth-Cluster', { description: 'Berth: cluster of workloads', vpc })
      : undefined;
  const database =
    isNew.database && vpc
      ? new DatabaseStack(app, 'Berth-Database', { description: 'Berth: databases of workloads', vpc })
      : undefined;
  const [host = '', port = ''] = settings.database.split(':');
  /** The networks of new parts follow from the VPC; the settings name those of existing parts. */
  const blocks = (subnets: IVpc['publicSubnets'] | undefined, others: string | undefined) =>
    [...(subnets ?? []).map((subnet) => subnet.ipv4CidrBlock), ...(others ? [others] : [])].join(',');
  const secret = database?.secret.secretArn ?? settings.databaseSecret ?? '';
  return {
    databaseSecret: secret,
    databaseVpc: database && vpc,
    environment: {
      BERTH_CLUSTER: cluster?.cluster.clusterName ?? settings.cluster,
      BERTH_CLUSTER_ENDPOINT: cluster?.cluster.clusterEndpoint ?? settings.clusterEndpoint ?? '',
      BERTH_CLUSTER_CA: cluster?.cluster.clusterCertificateAuthorityData ?? settings.clusterCertificate ?? '',
      BERTH_INGRESS_CIDRS: blocks(cluster && vpc?.publicSubnets, settings.ingressCidrs),
      BERTH_EGRESS_CIDRS: blocks(database && vpc?.isolatedSubnets, settings.egressCidrs),
      BERTH_DATABASE_HOST: database?.cluster.clusterEndpoint.hostname ?? host,
      BERTH_DATABASE_PORT: database ? Token.asString(database.cluster.clusterEndpoint.port) : port,
      BERTH_DATABASE_SECRET: secret,
      BERTH_DEDICATED_SUBNETS: database?.dedicated.subnetGroup ?? '',
      BERTH_DEDICATED_SECURITY_GROUP: database?.dedicated.securityGroup ?? '',
      BERTH_APPS_DOMAIN: settings.apps,
      // Lambda keeps the authorities of RDS in a file that Node reads only when told to.
      NODE_EXTRA_CA_CERTS: '/var/runtime/ca-cert.pem',
    },
  };
}

/** The stacks that hold data, and that know people. */
function statefulStacks(app: App, settings: Settings) {
  const data = new DataStack(app, 'Berth-Data', { description: 'Berth: what it remembers' });
  const audit = new AuditStack(app, 'Berth-Audit', { description: 'Berth: heads of audit chains' });
  const logs = new LogsStack(app, 'Berth-Logs', { description: 'Berth: output of workloads and operations' });
  const { repositories } = new RegistryStack(app, 'Berth-Registry', { description: 'Berth: images' });
  const builds = new BuildsStack(app, 'Berth-Builds', { description: 'Berth: builds', repositories });
  const identity = identityOf(app, settings);
  return {
    data,
    audit,
    logs,
    builds,
    environment: {
      BERTH_ACCOUNT: data.account,
      BERTH_TABLE: data.table.tableName,
      BERTH_STATE_MACHINE_PREFIX: `arn:${data.partition}:states:${data.region}:${data.account}:stateMachine:berth-`,
      BERTH_AUDIT_BUCKET: audit.bucket.bucketName,
      BERTH_LOG_GROUP: logs.logGroup.logGroupName,
      BERTH_BUILD_PROJECT: builds.project.projectName,
      BERTH_BUILD_BUCKET: builds.bucket.bucketName,
      BERTH_BUILD_LOG_GROUP: builds.logGroup.logGroupName,
      ...identity,
      BERTH_URL: settings.domain === undefined ? '' : `https://${settings.domain}`,
      BERTH_ADMINISTRATOR: settings.administrator ?? '',
      BERTH_ADMINISTRATOR_GROUP: settings.administratorGroup ?? '',
    },
  };
}

/** The console's secret at the issuer is read when somebody signs in. */
const clientSecretOf = ({ clientSecret }: Settings): Grant[] =>
  clientSecret === undefined ? [] : [{ actions: [...actions.readSecrets], resources: [clientSecret] }];

/** How the functions know people: by the issuer that the settings name, or else by a user pool. */
function identityOf(app: App, settings: Settings): Record<string, string> {
  const { issuer, audience, administrator = '', domain } = settings;
  if (issuer !== undefined && audience !== undefined) {
    return {
      BERTH_ISSUER: issuer,
      BERTH_AUDIENCE: audience,
      BERTH_CLIENT_ID: settings.clientId ?? audience,
      BERTH_CLIENT_SECRET: settings.clientSecret ?? '',
      BERTH_TERMINAL_CLIENT_ID: settings.terminalClientId ?? '',
      BERTH_GROUPS_CLAIM: settings.groupsClaim ?? '',
    };
  }
  const pool = new IdentityStack(app, 'Berth-Identity', {
    description: 'Berth: people',
    administrator,
    ...(domain !== undefined && { domain }),
  });
  return {
    BERTH_ISSUER: pool.issuer,
    BERTH_AUDIENCE: pool.audience,
    BERTH_CLIENT_ID: pool.clientId ?? '',
    BERTH_CLIENT_SECRET: '',
    BERTH_TERMINAL_CLIENT_ID: pool.audience,
    BERTH_GROUPS_CLAIM: 'cognito:groups',
  };
}
