/** All stacks of an installation, wired together. */
import { type App, type Stack, Tags, Validations } from 'aws-cdk-lib';
import { type IManagedPolicy, ManagedPolicy, PermissionsBoundary } from 'aws-cdk-lib/aws-iam';
import { AwsSolutionsChecks, NIST80053R5Checks } from 'cdk-nag';
import { AccessStack } from './place/access.ts';
import { isBeside, stacksBeside } from './place/beside.ts';
import { BuildsStack } from './place/builds.ts';
import { RegistryStack } from './place/registry.ts';
import { ApiStack } from './platform/api.ts';
import { AuditStack } from './platform/audit.ts';
import { BackupsStack } from './platform/backups.ts';
import { DataStack } from './platform/data.ts';
import { EdgeStack } from './platform/edge.ts';
import { IdentityStack } from './platform/identity.ts';
import { KeysStack } from './platform/keys.ts';
import { LogsStack } from './platform/logs.ts';
import { ObservabilityStack } from './platform/observability.ts';
import { SweepStack } from './platform/sweep.ts';
import { WorkflowsStack } from './platform/workflows.ts';
import { BoundaryStack } from './support/boundary.ts';
import { activatorProgram } from './support/bundle.ts';
import { outboundPorts } from './support/outbound-ports.ts';
import { actions, type KeyUsers, permissions } from './support/permissions.ts';
import type { Grant } from './support/role.ts';
import { readSettings, type Settings } from './support/settings.ts';
import { stackName } from './support/stack-name.ts';

export { isBeside };

/** @throws SettingsError */
export function createStacks(app: App): void {
  const settings = readSettings(app.node);
  const { name } = settings;
  const id = (part: string) => stackName(name, part);
  const stateful = statefulStacks(app, settings);
  const beside = stacksBeside(app, stateful.data, settings);
  const keyUsers =
    settings.bucketsAndQueues === 'yes'
      ? new KeysStack(app, id('Keys'), { description: 'Berth: bounds of the keys of programs', name })
      : undefined;
  const environment = {
    ...beside.environment,
    ...stateful.environment,
    BERTH_KEY_BOUNDARY: keyUsers?.boundary ?? '',
  };
  const may = permissions(stateful.data, {
    name,
    tableArn: stateful.data.tableArn,
    logGroupArn: stateful.logs.logGroup.logGroupArn,
    outputLogGroupArn: stateful.logs.workloads.logGroupArn,
    buildLogGroupArn: stateful.builds.logGroup.logGroupArn,
    buildProjectArn: stateful.builds.project.projectArn,
    buildBucketArn: stateful.builds.bucketArn,
    databaseSecretArn: beside.databaseSecret,
    auditBucketArn: stateful.audit.bucketArn,
    backupBucketArn: stateful.backups.bucketArn,
    clusterName: beside.environment.BERTH_CLUSTER,
    secretSources: secretSourcesOf(settings),
    mailFrom: settings.mailFrom,
    keyUsers,
  });
  const boundary = boundaryOf(app, stateful.data, settings, keyUsers);
  const { clusterVpc, databaseVpc } = beside;
  /** What functions have that reach the cluster. */
  const ports = outboundPorts(settings);
  const inPlace = { ...(boundary && { boundary }), ...(clusterVpc && { vpc: clusterVpc, ports }) };
  const join = clusterVpc ? may.joinNetwork : [];
  const reserved = settings.reservedConcurrency;
  const records = [...may.readTable, ...may.writeTable, ...may.keepAnchors];

  const workflows = new WorkflowsStack(app, id('Workflows'), {
    description: 'Berth: workflows and their steps',
    name,
    environment,
    permissions: may,
    ...(boundary && { boundary }),
    ...(databaseVpc && { databaseVpc }),
    ...(clusterVpc && { clusterVpc }),
    ports,
  });
  const { steps } = workflows;
  const api = new ApiStack(app, id('Api'), {
    description: 'Berth: API',
    environment,
    ...inPlace,
    ...(reserved > 0 && { reserved }),
    data: stateful.data,
    statements: [
      ...join,
      ...records,
      ...may.startWorkflows,
      ...may.writeSecrets,
      ...may.readSecrets,
      ...clientSecretOf(settings),
      ...may.readLogs,
      ...may.readImages,
      ...may.makeRepositories,
      ...may.keepImages,
      ...may.keepSources,
      ...may.listAnchors,
      ...may.keepBackups,
      ...may.findCluster,
      ...may.sendMail,
    ],
    // Streams hide secrets in what they show, and note the use of a token and who somebody is, as every request does.
    streamStatements: [
      ...join,
      ...may.readTable,
      ...may.writeTable,
      ...may.readLogs,
      ...may.readSealingKey,
      ...may.findCluster,
    ],
  });
  const { sweep } = new SweepStack(app, id('Sweep'), {
    description: 'Berth: sweep',
    name,
    environment: { ...environment, ...steps.addresses() },
    ...inPlace,
    ...(reserved > 0 && { reserved: SWEEP_RESERVED }),
    statements: [
      ...join,
      ...records,
      ...may.startWorkflows,
      ...may.watchWorkflows,
      // An operation that nothing else ended is put back by who could carry it out.
      steps.recoveries(),
      ...may.readSecrets,
      // A preview begins with the secrets of its base.
      ...may.writeSecrets,
      ...may.listSecrets,
      ...may.readImages,
      ...may.removeImages,
      ...may.keepSources,
      ...may.endBuilds,
      ...may.findCluster,
      ...may.writeLogs,
      ...may.sendMail,
    ],
  });
  const { url } = new EdgeStack(app, id('Edge'), {
    description: 'Berth: console and one origin for all',
    api: api.api,
    streamUrl: api.streamUrl,
    edgeKey: api.edgeKey,
    uploadHost: stateful.builds.bucketHost,
    ...(settings.domain !== undefined && { domain: settings.domain, certificate: settings.certificate! }),
  });
  new AccessStack(app, id('Access'), {
    description: 'Berth: access to the cluster',
    clusterName: beside.environment.BERTH_CLUSTER,
    serviceCidr: settings.serviceCidr,
    objects: {
      name,
      isNew: settings.cluster === 'new',
      architectures: architecturesOf(settings),
      nodesCpu: settings.nodesCpu,
      gateway: {
        image: settings.gatewayImage,
        certificate: settings.appsCertificate,
        publicSubnets: beside.network?.publicSubnets,
        trusted: beside.balancers,
      },
      activator: { image: settings.activatorImage, url, program: activatorProgram() },
      logAgent: {
        image: settings.logAgentImage,
        region: stateful.logs.region,
        logGroup: stateful.logs.workloads.logGroupName,
      },
    },
    gatewayApi: settings.gatewayApi,
    ...(settings.appsZone !== undefined && { zone: { id: settings.appsZone, apps: settings.apps } }),
    ...inPlace,
    statements: [...join, ...may.findCluster],
    agentStatements: may.sendOutput,
    outputSenders: settings.outputSenders?.split(',') ?? [],
    writers: { Workloads: steps.workloads, Resources: steps.resources, Sweep: sweep },
    readers: { Requests: api.requests, Streams: api.streams },
  });
  new ObservabilityStack(app, id('Observability'), {
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
    email: settings.alarmsEmail,
    name,
  });
  Tags.of(app).add('berth', 'platform');
  for (const [key, value] of tagsOf(settings)) Tags.of(app).add(key, value);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new NIST80053R5Checks(app));
}

/** Runs of the sweep that nothing takes from it: the next may begin before the former has ended. */
const SWEEP_RESERVED = 2;

/** A company's boundary bounds every role; without one, the roles of functions have one of Berth's own. */
function boundaryOf(
  app: App,
  scope: Stack,
  { name, permissionsBoundary }: Settings,
  keyUsers: KeyUsers | undefined,
): IManagedPolicy | undefined {
  if (permissionsBoundary === undefined) {
    const own = new BoundaryStack(app, stackName(name, 'Boundary'), {
      description: 'Berth: bounds of roles',
      keyUsers,
    });
    return own.policy;
  }
  const policy = ManagedPolicy.fromManagedPolicyArn(scope, 'PermissionsBoundary', permissionsBoundary);
  PermissionsBoundary.of(app).apply(policy);
  return undefined;
}

const architecturesOf = ({ architecture }: Settings): ('arm64' | 'amd64')[] =>
  architecture === 'both' ? ['arm64', 'amd64'] : [architecture];

const tagsOf = ({ tags }: Settings): [key: string, value: string][] =>
  (tags?.split(',') ?? []).map((tag) => {
    const at = tag.indexOf('=');
    return [tag.slice(0, at), tag.slice(at + 1)];
  });

/** The stacks that hold data, and that know people. */
function statefulStacks(app: App, settings: Settings) {
  const { name } = settings;
  const id = (part: string) => stackName(name, part);
  const data = new DataStack(app, id('Data'), {
    description: 'Berth: what it remembers',
    restored: settings.restoredTable,
  });
  const audit = new AuditStack(app, id('Audit'), {
    description: 'Berth: heads of audit chains',
    restored: settings.restoredAnchors,
  });
  const backups = new BackupsStack(app, id('Backups'), {
    description: 'Berth: backups of databases',
    restored: settings.restoredBackups,
  });
  const logs = new LogsStack(app, id('Logs'), { description: 'Berth: output of workloads and operations' });
  const { repositories } = new RegistryStack(app, id('Registry'), {
    description: 'Berth: images',
    name,
  });
  const builds = new BuildsStack(app, id('Builds'), {
    description: 'Berth: builds',
    name,
    repositories,
    architecture: architecturesOf(settings)[0]!,
    packBuilder: settings.packBuilder,
    imageMirror: settings.imageMirror,
    dockerHubSecret: settings.dockerHubSecret,
  });
  const identity = identityOf(app, settings);
  return {
    data,
    audit,
    backups,
    logs,
    builds,
    environment: {
      BERTH_NAME: name,
      BERTH_ACCOUNT: data.account,
      BERTH_DNS_SUFFIX: data.urlSuffix,
      BERTH_ARCHITECTURES: architecturesOf(settings).join(','),
      BERTH_QUOTA: quotaOf(settings),
      BERTH_BUILDS_AT_ONCE: String(settings.buildsAtOnce),
      BERTH_REDIS_IMAGE: settings.redisImage ?? '',
      BERTH_MAIL_FROM: settings.mailFrom ?? '',
      BERTH_MAIL_DOMAINS: settings.mailDomains ?? '',
      BERTH_GITHUB_APP_ID: settings.githubApp ?? '',
      BERTH_GITHUB_APP_SECRET: settings.githubAppSecret ?? '',
      BERTH_GITHUB_APP_API: settings.githubAppApi ?? '',
      BERTH_SECRET_SOURCES: settings.secretSources === undefined ? '' : 'yes',
      BERTH_VAULT: settings.vault ?? '',
      BERTH_VAULT_NAMESPACE: settings.vaultNamespace ?? '',
      BERTH_VAULT_LOGIN: settings.vaultToken ?? '',
      BERTH_VAULT_ROLE: settings.vaultRole ?? '',
      BERTH_VAULT_AUTH: settings.vaultAuth ?? '',
      BERTH_TABLE: data.tableName,
      BERTH_STATE_MACHINE_PREFIX: `arn:${data.partition}:states:${data.region}:${data.account}:stateMachine:${name}-`,
      BERTH_AUDIT_BUCKET: audit.bucketName,
      BERTH_BACKUP_BUCKET: backups.bucketName,
      BERTH_LOG_GROUP: logs.logGroup.logGroupName,
      BERTH_OUTPUT_LOG_GROUP: logs.workloads.logGroupName,
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

/** What functions read for projects, and by which they sign in to Vault and to GitHub. */
const secretSourcesOf = ({ secretSources, vaultToken, githubAppSecret }: Settings): string[] => [
  ...(secretSources?.split(',') ?? []),
  ...(vaultToken === undefined ? [] : [vaultToken]),
  ...(githubAppSecret === undefined ? [] : [githubAppSecret]),
];

/** What one environment may ask for: CPUs, GiB of memory, pods, GiB of volumes. */
const quotaOf = (settings: Settings): string =>
  [
    settings.environmentCpu,
    settings.environmentMemoryGib,
    settings.environmentPods,
    settings.environmentStorageGib,
  ].join(',');

/** The console's secret at the issuer is read when somebody signs in. */
const clientSecretOf = ({ clientSecret }: Settings): Grant[] =>
  clientSecret === undefined ? [] : [{ actions: [...actions.readSecrets], resources: [clientSecret] }];

/** How the functions know people: by the issuer that the settings name, or else by a user pool. */
function identityOf(app: App, settings: Settings): Record<string, string> {
  const { issuer, audience, administrator = '', domain, name } = settings;
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
  const pool = new IdentityStack(app, stackName(name, 'Identity'), {
    name,
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
