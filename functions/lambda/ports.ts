/** Wires the adapters for AWS together. Clients are made at once, and import nothing that a request does not need. */
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { CodeBuildClient } from '@aws-sdk/client-codebuild';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECRClient } from '@aws-sdk/client-ecr';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { createAlbActivity } from '../adapters/aws/activity.ts';
import { createS3Anchors } from '../adapters/aws/anchors.ts';
import { createCodeBuilder } from '../adapters/aws/builder.ts';
import { createRdsDatabases } from '../adapters/aws/databases.ts';
import { createEksCluster } from '../adapters/aws/eks-cluster.ts';
import { createEksToken } from '../adapters/aws/eks-token.ts';
import { createCloudWatchLogs } from '../adapters/aws/logs.ts';
import { cloudWatchPricing, countRequests, s3Pricing, secretsManagerPricing } from '../adapters/aws/meter.ts';
import { createEcrRegistry } from '../adapters/aws/registry.ts';
import { sdkOptions } from '../adapters/aws/sdk-options.ts';
import { createSecretsManager } from '../adapters/aws/secrets.ts';
import { createDynamoStore, dynamoOptions } from '../adapters/aws/store.ts';
import { createStepFunctions } from '../adapters/aws/workflows.ts';
import { createFoundClient } from '../adapters/kubernetes/found-client.ts';
import { defaultRenderOptions } from '../adapters/kubernetes/manifests/index.ts';
import { createKubernetesWorkloads } from '../adapters/kubernetes/workloads.ts';
import { createEffects } from '../adapters/local/effects.ts';
import type { Ports } from '../ports/index.ts';
import type { RepositoryRef } from '../ports/registry.ts';
import type { AwsConfig } from './config.ts';
import { logFault } from './faults.ts';
import { createTargetGroups } from './target-groups.ts';

/** What the names of repositories, secrets and namespaces start with. */
const PREFIX = 'berth';

/** The platform team makes it, with the load balancer's certificate (see docs/how-to/install-on-aws.md). */
const INGRESS_CLASS = 'berth';

/** Once a container: all are kept between invocations. */
export function createAwsPorts(config: AwsConfig): {
  ports: Ports;
  flush(): Promise<void>;
  /** A secret of the installation itself, by its name or ARN. */
  readSecret(id: string): Promise<string>;
} {
  const { region, account, cluster, database } = config;
  const sdk = sdkOptions({ region });
  const effects = createEffects();
  const logsClient = new CloudWatchLogsClient(sdk);
  const secretsClient = countRequests(new SecretsManagerClient(sdk), secretsManagerPricing);
  const s3 = countRequests(new S3Client(sdk), s3Pricing);
  const logs = createCloudWatchLogs({ client: logsClient, group: config.logGroup });
  const host = `${account}.dkr.ecr.${region}.amazonaws.com`;
  const uri = ({ project, service }: RepositoryRef) => `${host}/${PREFIX}/${project}/${service}`;
  const registry = createEcrRegistry({
    client: new ECRClient(sdk),
    registryId: account,
    prefix: PREFIX,
    host,
  });
  const token = createEksToken({
    cluster: cluster.name,
    region,
    credentials: () => s3.config.credentials(),
    now: effects.now,
  });
  const describe = createEksCluster({
    name: cluster.name,
    client: async () => new (await import('@aws-sdk/client-eks')).EKSClient(sdk),
  });
  let { known } = cluster;
  const client = createFoundClient({
    now: effects.now,
    async find() {
      // What the stacks said counts once: what leads here again is that it is not so any more.
      const at = known ?? (await describe());
      known = undefined;
      return { ...at, token };
    },
  });
  const anchors = createS3Anchors({
    client: () => s3,
    bucket: config.auditBucket,
    onError: (error) => logFault('anchor', error),
  });
  const ports: Ports = {
    effects,
    logs,
    anchors,
    registry,
    store: createDynamoStore({ client: new DynamoDBClient(dynamoOptions({ region })), table: config.table }),
    secrets: createSecretsManager({ client: secretsClient, prefix: PREFIX }),
    workflows: createStepFunctions({
      client: new SFNClient(sdk),
      stateMachineArn: (workflow) => `${config.stateMachinePrefix}${workflow}`,
    }),
    databases: createRdsDatabases({
      host: database.host,
      port: database.port,
      secret: { client: secretsClient, id: database.secret },
    }),
    builder: createCodeBuilder({
      codebuild: new CodeBuildClient(sdk),
      project: config.builds.project,
      s3,
      bucket: config.builds.bucket,
      logs: { client: logsClient, group: config.builds.logGroup },
      repositoryUri: uri,
    }),
    workloads: createKubernetesWorkloads({
      client,
      registry,
      effects,
      imageReference: (repository, digest) => `${uri(repository)}@${digest}`,
      domain: config.appsDomain,
      render: {
        ingressClass: INGRESS_CLASS,
        // Straight to the pods: a Service of ours has no port on the nodes.
        ingressAnnotations: { 'alb.ingress.kubernetes.io/target-type': 'ip' },
        network: { ...defaultRenderOptions.network, ...config.network },
      },
    }),
    activity: createAlbActivity({
      client: countRequests(new CloudWatchClient(sdk), cloudWatchPricing),
      now: effects.now,
      targetGroups: createTargetGroups({
        cluster: client,
        balancing: new ElasticLoadBalancingV2Client(sdk),
        group: 'eks.amazonaws.com/v1',
        namespacePrefix: defaultRenderOptions.namespacePrefix,
      }),
    }),
  };
  const readSecret = async (id: string): Promise<string> => {
    const { SecretString } = await secretsClient.send(new GetSecretValueCommand({ SecretId: id }));
    if (SecretString === undefined) throw new Error(`The secret ${id} holds no text`);
    return SecretString;
  };
  const flush = async (): Promise<void> => {
    await Promise.all([logs.flush(), anchors.flush()]);
  };
  return { ports, flush, readSecret };
}
