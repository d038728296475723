/**
 * Berth on AWS, whole: the Lambda functions as they are deployed, found through nothing but their environment
 * variables and the SDK's own, in front of implementations that others wrote. Moto has ECR, Secrets Manager, Step
 * Functions, Logs, CloudWatch, S3, CodeBuild and STS; DynamoDB Local the table; the cluster is a real API server with
 * its controllers; the database server a PostgreSQL.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { CloudWatchLogsClient, CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CodeBuildClient } from '@aws-sdk/client-codebuild';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECRClient } from '@aws-sdk/client-ecr';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import type { Context } from 'aws-lambda';
import { createTableInput } from '../../../functions/adapters/aws/store/table.ts';
import { loadKubeconfig } from '../../../functions/adapters/kubernetes/api/kubeconfig.ts';
import { declaredSteps, isStepName } from '../../../functions/core/operations/index.ts';
import { synthesize } from '../../../stacks/synthesize.ts';
import { loadStateMachine, stepsOf, workflowNames } from '../../../state-machines/load.ts';
import { makeIdentity } from '../kubernetes/subject.ts';
import { type ApiHandler, startApiGateway } from '../support/aws/api-gateway.ts';
import { createContainers, makeBuildProject } from '../support/aws/codebuild.ts';
import { startDynamoDb } from '../support/aws/dynamodb.ts';
import { createImageStore, type PushedImage } from '../support/aws/ecr.ts';
import { startEks } from '../support/aws/eks.ts';
import { functionArn, type Invocation, serveLambda } from '../support/aws/lambda.ts';
import { startMoto } from '../support/aws/moto.ts';
import { enforceRoles } from '../support/aws/roles.ts';
import { interpretStateMachines, makeStateMachine } from '../support/aws/step-functions.ts';
import { startCluster, type TestCluster } from '../support/cluster.ts';
import { startProxy } from '../support/faults.ts';
import { startIssuer } from '../support/issuer.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { makeCertificate } from '../support/tls.ts';
import { REGION } from './support.ts';

export const ACCOUNT = '123456789012';
export const TABLE = 'berth';
export const LOG_GROUP = 'berth/operations';
/** What the agent in the cluster sends goes there. */
export const OUTPUT_GROUP = 'berth/workloads';
export const BUCKET = 'berth-builds';
const AUDIT_BUCKET = 'berth-audit';
export const BACKUP_BUCKET = 'berth-backups';
export const ADMINISTRATOR = 'ada';
/** The database server's secret, which belongs to the platform team alone. */
export const SERVER_SECRET = 'rds/berth';
const AUDIENCE = 'berth';
const BUILD_GROUP = 'berth/builds';
const CLUSTER = 'berth';
const DATABASE_PASSWORD = 'administrators-password';
const STEP_MS = 15 * 60_000;

export interface Platform {
  /** Where the API is. */
  url: string;
  token: string;
  cluster: TestCluster;
  postgres: PostgresServer;
  clients: {
    ecr: ECRClient;
    secrets: SecretsManagerClient;
    dynamodb: DynamoDBClient;
    logs: CloudWatchLogsClient;
    s3: S3Client;
    sfn: SFNClient;
  };
  /** What CI does. @returns the digest */
  push(repository: string, image: PushedImage): Promise<string>;
  /** One pass of the sweep. */
  sweep(): Promise<void>;
  /** What functions asked for that their roles have no right to. */
  refused(): string[];
  /** Tokens for the cluster that were found good. */
  verifiedTokens(): number;
  stop(): Promise<void>;
}

/** What becomes of a step's answer, after the step has run. @throws what its caller gets instead */
export type Loses = (step: string, operation: string) => void;

/** The context that Lambda gives to a function. */
function contextOf(arn: string, ms: number): Context {
  const end = Date.now() + ms;
  const context: Partial<Context> = {
    awsRequestId: 'request',
    functionName: 'berth',
    invokedFunctionArn: arn,
    getRemainingTimeInMillis: () => end - Date.now(),
  };
  return context as Context;
}

/** The function that runs a step, as the stacks name it. */
function roleOf(arn: string): string {
  const step = arn.split(':')[7] ?? '';
  if (!isStepName(step)) throw new Error(`There is no step "${step}"`);
  const { runsOn } = declaredSteps[step];
  return `${runsOn.charAt(0).toUpperCase()}${runsOn.slice(1)}`;
}

export async function startPlatform(loses: Loses): Promise<Platform> {
  const closing: (() => Promise<unknown> | unknown)[] = [];
  const directory = await mkdtemp(join(tmpdir(), 'berth-aws-'));
  closing.push(() => rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  const certificate = await makeCertificate(directory);
  const cluster = await startCluster();
  closing.push(cluster.stop);
  const postgres = await startPostgres(join(directory, 'postgres'), DATABASE_PASSWORD);
  closing.push(() => postgres.databases.close());
  const dynamo = await startDynamoDb();
  closing.push(dynamo.stop);
  const issuer = await startIssuer(AUDIENCE);
  closing.push(issuer.stop);

  type StepHandler = (input: Record<string, unknown>, context: Context) => Promise<unknown>;
  const handlers: { steps?: StepHandler; sweep?: StepHandler; api?: ApiHandler } = {};
  const roles = enforceRoles(synthesize().templates);
  closing.push(roles.close);
  const lambda = await serveLambda(async ({ functionArn: arn, input }: Invocation) => {
    const answer = await roles.as(roleOf(arn), async () => handlers.steps?.(input, contextOf(arn, STEP_MS)));
    loses(arn.split(':')[7] ?? '', String(input.operation));
    return answer;
  });
  closing.push(lambda.close);
  const moto = await startMoto({ MOTO_PORT: String(lambda.port) });
  closing.push(moto.stop);
  await interpretStateMachines(moto.url);

  // Past the proxy: what the account's owner has made, and what the suite looks at.
  const direct = { endpoint: moto.url, region: REGION, credentials: moto.client.credentials };
  const clients = {
    ecr: new ECRClient(direct),
    secrets: new SecretsManagerClient(direct),
    logs: new CloudWatchLogsClient(direct),
    s3: new S3Client({ ...direct, forcePathStyle: true }),
    sfn: new SFNClient(direct),
    dynamodb: new DynamoDBClient({ ...direct, endpoint: dynamo.url }),
  };
  closing.push(() => Object.values(clients).forEach((client) => void client.destroy()));

  const images = createImageStore();
  const containers = await createContainers({
    directory,
    logs: { client: clients.logs, group: BUILD_GROUP },
    // A build in CodeBuild puts the program on an operating system, and pushes that.
    push: ({ detected }) =>
      images.push(clients.ecr, 'berth/demo/guestbook', {
        config: { Entrypoint: ['node', 'server.js'] },
        content: `built as ${detected}`,
        tags: [],
      }),
  });
  const proxy = await startProxy(
    () => moto.url,
    async (request) => images.answer(request, proxy.url) ?? (await containers.answer(request)) ?? 'forward',
  );
  closing.push(proxy.stop);

  const { server, ca } = await loadKubeconfig(cluster.kubeconfig);
  const eks = await startEks({
    cluster: CLUSTER,
    region: REGION,
    sts: moto.url,
    server,
    ca: ca ?? '',
    token: await makeIdentity(cluster),
    certificate,
  });
  closing.push(eks.stop);

  await clients.dynamodb.send(new CreateTableCommand(createTableInput(TABLE)));
  for (const Bucket of [BUCKET, AUDIT_BUCKET, BACKUP_BUCKET])
    await clients.s3.send(new CreateBucketCommand({ Bucket }));
  for (const logGroupName of [LOG_GROUP, OUTPUT_GROUP, BUILD_GROUP])
    await clients.logs.send(new CreateLogGroupCommand({ logGroupName }));
  const codebuild = new CodeBuildClient(direct);
  await makeBuildProject(codebuild, 'berth');
  codebuild.destroy();
  const SecretString = JSON.stringify({ username: 'administrator', password: DATABASE_PASSWORD });
  await clients.secrets.send(new CreateSecretCommand({ Name: SERVER_SECRET, SecretString }));
  for (const name of workflowNames()) {
    const arns = stepsOf(name).map((step) => [step, functionArn(`berth-steps:${step}`)]);
    const { definition } = loadStateMachine(name, Object.fromEntries(arns));
    await makeStateMachine(clients.sfn, `berth-${name}`, definition);
  }

  // On Lambda by NODE_EXTRA_CA_CERTS, which Node reads when it starts.
  const authorities = getCACertificates('default');
  setDefaultCACertificates([...authorities, postgres.ca]);
  closing.push(() => setDefaultCACertificates(authorities));
  const before = { ...process.env };
  closing.push(() => {
    process.env = before;
  });
  Object.assign(process.env, {
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'not-a-secret',
    AWS_ENDPOINT_URL: proxy.url,
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.url,
    AWS_ENDPOINT_URL_LAMBDA: `http://localhost:${lambda.port}`,
    BERTH_NAME: 'berth',
    BERTH_DNS_SUFFIX: 'amazonaws.com',
    BERTH_ARCHITECTURES: 'arm64',
    BERTH_QUOTA: '16,32,60,100',
    BERTH_BUILDS_AT_ONCE: '5',
    BERTH_CLUSTER_RESOLVER: '172.20.0.10',
    NODE_EXTRA_CA_CERTS: certificate.certificate,
    BERTH_ACCOUNT: ACCOUNT,
    BERTH_TABLE: TABLE,
    BERTH_STATE_MACHINE_PREFIX: `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:berth-`,
    BERTH_STEP_FUNCTIONS: Array.from({ length: 3 }, () => functionArn('berth-steps')).join(','),
    BERTH_LOG_GROUP: LOG_GROUP,
    BERTH_OUTPUT_LOG_GROUP: OUTPUT_GROUP,
    BERTH_AUDIT_BUCKET: AUDIT_BUCKET,
    BERTH_BACKUP_BUCKET: BACKUP_BUCKET,
    BERTH_BUILD_PROJECT: 'berth',
    BERTH_BUILD_BUCKET: BUCKET,
    BERTH_BUILD_LOG_GROUP: BUILD_GROUP,
    BERTH_CLUSTER: CLUSTER,
    BERTH_CLUSTER_ENDPOINT: eks.url,
    BERTH_CLUSTER_CA: Buffer.from(await readFile(certificate.certificate)).toString('base64'),
    BERTH_DATABASE_HOST: 'localhost',
    BERTH_DATABASE_PORT: String(postgres.port),
    BERTH_DATABASE_SECRET: SERVER_SECRET,
    BERTH_DEDICATED_SUBNETS: 'berth',
    BERTH_DEDICATED_SECURITY_GROUP: 'sg-1',
    BERTH_APPS_DOMAIN: 'apps.example.com',
    BERTH_APPS_SCHEME: 'https',
    BERTH_EGRESS_CIDRS: '10.0.1.0/24',
    BERTH_ISSUER: issuer.url,
    BERTH_AUDIENCE: AUDIENCE,
    BERTH_EDGE_KEY: 'e'.repeat(48),
    BERTH_ADMINISTRATOR: ADMINISTRATOR,
  });
  handlers.api = (await import('../../../functions/hosts/aws/entries/api.lambda.ts'))
    .handler as unknown as ApiHandler;
  handlers.steps = (await import('../../../functions/hosts/aws/entries/steps.lambda.ts'))
    .handler as unknown as StepHandler;
  handlers.sweep = (await import('../../../functions/hosts/aws/entries/sweep.lambda.ts'))
    .handler as unknown as StepHandler;
  const { api } = handlers;
  const asRequests: ApiHandler = (event, context) => roles.as('Requests', async () => api(event, context));
  const gateway = await startApiGateway(asRequests, (ms) => contextOf(functionArn('berth-api'), ms));
  closing.push(gateway.stop);

  return {
    url: gateway.url,
    token: await issuer.token(ADMINISTRATOR),
    cluster,
    postgres,
    clients,
    push: (repository, image) => images.push(clients.ecr, repository, image),
    async sweep() {
      await roles.as('Sweep', async () =>
        handlers.sweep?.({}, contextOf(functionArn('berth-sweep'), 60_000)),
      );
    },
    refused: roles.refused,
    verifiedTokens: () => eks.verified,
    async stop() {
      await containers.settled();
      for (const close of closing.reverse()) await close();
    },
  };
}
