/**
 * The way of the guestbook from its project to an empty account, by the API as people call it, on the platform as
 * AWS has it. Every step of every workflow loses its answer once, after its effect: AWS then runs it again.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateLogStreamCommand, PutLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { DescribeRepositoriesCommand } from '@aws-sdk/client-ecr';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { ListSecretsCommand } from '@aws-sdk/client-secrets-manager';
import { ListExecutionsCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import type {
  V1Container,
  V1Deployment,
  V1DeploymentList,
  V1Namespace,
  V1Secret,
  V1Service,
} from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectPostgres } from '../../../functions/adapters/postgres/connections.ts';
import { SCORE_LABEL } from '../../../functions/ports/registry.ts';
import { stepsOf, workflowNames } from '../../../state-machines/load.ts';
import { type ApiClient, apiClient, type Json } from '../../support/client.ts';
import { helloFiles, sourceArchive } from '../../support/files/archive.ts';
import { whyNoDynamoDb } from '../support/aws/dynamodb.ts';
import { whyNoMoto } from '../support/aws/moto.ts';
import { whyNoCluster } from '../support/cluster.ts';
import { whyNoTls } from '../support/tls.ts';
import {
  BACKUP_BUCKET,
  BUCKET,
  OUTPUT_GROUP,
  type Platform,
  SERVER_SECRET,
  startPlatform,
  TABLE,
} from './platform.ts';

/** All secrets are sealed under one key, which is the only thing of them in Secrets Manager. */
const SECRETS_KEY = 'berth/-key';

// The functions run from their sources here: what bundling puts beside them is listed now.
vi.mock('../../../functions/hosts/aws/lazy-routes.ts', async (original) => {
  const module = await original<typeof import('../../../functions/hosts/aws/lazy-routes.ts')>();
  const entries = await module.listRoutes();
  return { ...module, lazyRoutes: () => module.lazyRoutes(entries) };
});

const guestbook = join(import.meta.dirname, '../../../examples/guestbook');
const environment = '/v1/projects/demo/environments/staging';
const service = '/v1/projects/demo/services/guestbook';
const deployments = `${environment}/services/guestbook/deployments`;
const NAMESPACE = 'berth-demo-staging';
const REGISTRY = '123456789012.dkr.ecr.us-east-1.amazonaws.com/berth/demo/guestbook';
const GREETING = 'Ahoy, all hands';

const reasons = await Promise.all([whyNoMoto(), whyNoDynamoDb(), whyNoCluster(), whyNoTls()]);
const reason = reasons.find((each) => each !== undefined) ?? (process.env.KUBECONFIG && 'KUBECONFIG is set');
if (reason) console.log(`Skipped, the guestbook on AWS: ${reason}`);

describe.skipIf(reason)('The guestbook on AWS', { timeout: 180_000 }, () => {
  let platform: Platform;
  let client: ApiClient;
  let score: string;
  const versions: Json[] = [];
  /** Operations and steps whose answer was lost, and steps that ran again after that. */
  const lost = new Set<string>();
  const again = new Set<string>();
  /** What the functions have logged as a fault of Berth. */
  const faults: unknown[] = [];

  /** The first answer of each step in each operation is lost on its way. */
  function loses(step: string, operation: string): void {
    const key = `${operation} ${step}`;
    if (lost.has(key)) return void again.add(step);
    lost.add(key);
    throw Object.assign(new Error('The answer was lost'), { name: 'Lambda.SdkClientException' });
  }

  beforeAll(async () => {
    vi.spyOn(console, 'error').mockImplementation((...values) => void faults.push(values));
    platform = await startPlatform(loses);
    const { url, token } = platform;
    client = apiClient(() => ({ url, token }));
    // With the secret that the comments in the file speak of.
    const text = await readFile(join(guestbook, 'score.yaml'), 'utf8');
    score = text.replaceAll(/^( *)# (GREETING:|env:| {2}type: environment)/gm, '$1$2');
  });
  afterAll(async () => {
    await platform?.stop();
    vi.restoreAllMocks();
  });

  const created = async (method: string, path: string, body: unknown): Promise<Json> => {
    const answer = await client.api(method, path, body);
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(203);
    return answer.body;
  };
  /** An operation that has ended. */
  const ended = async (method: string, path: string, body?: unknown): Promise<Json> => {
    const accepted = await created(method, path, body);
    const id: string = accepted.operation?.id ?? accepted.id;
    return vi.waitFor(
      async () => {
        const { body: now } = await client.api('GET', `/v1/operations/${id}`);
        if (['queued', 'running'].includes(now.status)) throw new Error(`Goes on: ${JSON.stringify(now)}`);
        return now;
      },
      { timeout: 170_000, interval: 100 },
    );
  };
  /** An operation that has ended well. */
  const done = async (method: string, path: string, body?: unknown): Promise<Json> => {
    const operation = await ended(method, path, body);
    expect(operation, JSON.stringify(operation.error)).toMatchObject({ status: 'succeeded' });
    return operation;
  };
  const get = <T>(path: string): Promise<T | undefined> => platform.cluster.client.get<T>(path);
  /** What serves: a version may run beside it, without requests. */
  const deployment = async (): Promise<V1Deployment | undefined> => {
    const service = await get<V1Service>(`/api/v1/namespaces/${NAMESPACE}/services/guestbook`);
    const wanted = Object.entries(service?.spec?.selector ?? { none: 'none' });
    const path = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`;
    const all = await get<V1DeploymentList>(path);
    return all?.items.find(({ spec }) =>
      wanted.every(([label, value]) => spec?.template.metadata?.labels?.[label] === value),
    );
  };
  const container = async (): Promise<V1Container> => {
    const [first] = (await deployment())?.spec?.template.spec?.containers ?? [];
    if (!first) throw new Error('There is no container');
    return first;
  };

  const secretData = async (name: string | undefined): Promise<Record<string, string>> => {
    const secret = await get<V1Secret>(`/api/v1/namespaces/${NAMESPACE}/secrets/${name}`);
    const entries = Object.entries(secret?.data ?? {});
    return Object.fromEntries(entries.map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]));
  };
  /** Names of secrets of the account, without the server's own. */
  const secretNames = async (): Promise<string[]> => {
    const { SecretList = [] } = await platform.clients.secrets.send(
      new ListSecretsCommand({ MaxResults: 100, IncludePlannedDeletion: true }),
    );
    return SecretList.map(({ Name = '' }) => Name).filter((name) => name !== SERVER_SECRET);
  };
  /** Keys of all records, `pk sk`. */
  const records = async (): Promise<string[]> => {
    const { Items = [] } = await platform.clients.dynamodb.send(new ScanCommand({ TableName: TABLE }));
    return Items.map(({ pk, sk }) => `${pk?.S} ${sk?.S}`).sort();
  };
  /** Databases and roles that are not the server's own. */
  const databases = async (): Promise<string[]> => {
    const sql = await platform.postgres.databases.connect();
    const found = await sql.query<{ name: string }>(
      `SELECT datname AS name FROM pg_database WHERE datname LIKE 'berth%'
       UNION ALL SELECT rolname FROM pg_roles WHERE rolname LIKE 'berth%'`,
    );
    await sql.end();
    return found.map(({ name }) => name);
  };
  /** Logs in with what the workload was given, over TLS. */
  async function logIn(text: string): Promise<string> {
    const url = new URL(text);
    expect(url.searchParams.get('sslmode')).toBe('verify-full');
    const sql = await connectPostgres({
      host: url.hostname,
      port: Number(url.port),
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      database: url.pathname.slice(1),
      tls: { ca: platform.postgres.ca },
    });
    const [row] = await sql.query<{ role: string }>('SELECT current_user AS role');
    await sql.end();
    return row?.role ?? '';
  }
  const push = (tag: string, entrypoint: string[]): Promise<string> =>
    platform.push('berth/demo/guestbook', {
      config: { Entrypoint: entrypoint, Labels: { [SCORE_LABEL]: score } },
      content: tag,
      tags: [tag],
    });
  /** What serves in the cluster is of this deployment, with this image, and all is there of it. */
  async function serves(number: number, digest: string, fence = number): Promise<void> {
    expect((await container()).image).toBe(`${REGISTRY}@${digest}`);
    expect(await deployment()).toMatchObject({
      metadata: {
        labels: {
          'app.kubernetes.io/managed-by': 'berth',
          'app.kubernetes.io/name': 'guestbook',
          'app.kubernetes.io/part-of': 'demo',
          'berth.dev/environment': 'staging',
        },
        annotations: { 'berth.dev/number': String(number), 'berth.dev/fence': String(fence) },
      },
      spec: { template: { metadata: { labels: { 'berth.dev/deployment': String(number) } } } },
      status: { readyReplicas: 1 },
    });
    expect(await get(`/api/v1/namespaces/${NAMESPACE}/configmaps/guestbook-fence`)).toMatchObject({
      metadata: { annotations: { 'berth.dev/fence': String(fence) } },
    });
    const { body } = await client.api('GET', `${environment}/services/guestbook`);
    expect(body).toMatchObject({ current: { number } });
  }

  it('has a repository whose tags can not move', async () => {
    await created('POST', '/v1/projects', { name: 'demo' });
    await created('POST', '/v1/projects/demo/services', { name: 'guestbook' });
    const { repositories } = await platform.clients.ecr.send(new DescribeRepositoriesCommand({}));
    expect(repositories).toMatchObject([
      { repositoryName: 'berth/demo/guestbook', imageTagMutability: 'IMMUTABLE' },
    ]);
    expect(platform.verifiedTokens()).toBe(0);
    // The first look for alerts asks which environments were there before; those that come are watched.
    await platform.sweep();
  });

  it('gets an environment: a namespace that only takes what is safe', async () => {
    await done('POST', '/v1/projects/demo/environments', { name: 'staging' });
    expect(await get<V1Namespace>(`/api/v1/namespaces/${NAMESPACE}`)).toMatchObject({
      metadata: {
        labels: {
          'app.kubernetes.io/managed-by': 'berth',
          'berth.dev/project': 'demo',
          'pod-security.kubernetes.io/enforce': 'restricted',
        },
      },
    });
    // Who calls the cluster is known by a request that AWS's STS answered.
    expect(platform.verifiedTokens()).toBeGreaterThan(0);
    const secret = await created('PUT', `${environment}/secrets/GREETING`, { value: GREETING });
    expect(JSON.stringify(secret)).not.toContain(GREETING);
    expect(await secretNames()).toEqual([SECRETS_KEY]);
  });

  it('is deployed from an image that CI has pushed, with a database and a secret', async () => {
    const digest = await push('v1', ['node', 'server.js']);
    const version = await created('POST', `${service}/versions`, { image: 'v1', tags: ['v1'] });
    expect(version).toMatchObject({ digest });
    versions.push(version);
    expect(await done('POST', deployments, { version: version.id })).toMatchObject({
      result: { number: 1, url: 'https://guestbook-staging-demo.apps.example.com' },
    });
    await serves(1, digest);
  });

  it('has its secrets by reference, and they open the database', async () => {
    const variables = (await container()).env ?? [];
    const data: Record<string, string> = {};
    for (const name of ['DATABASE_URL', 'GREETING']) {
      const variable = variables.find((each) => each.name === name);
      expect(variable?.value).toBeUndefined();
      const { name: secret, key = '' } = variable?.valueFrom?.secretKeyRef ?? {};
      data[name] = (await secretData(secret))[key] ?? '';
    }
    expect(data.GREETING).toBe(GREETING);
    const role = await logIn(data.DATABASE_URL ?? '');
    expect(await databases()).toEqual([role, role]);
    expect(await secretNames()).toEqual([SECRETS_KEY]);
    const { body } = await client.api('GET', `${environment}/resources`);
    expect(body.items).toMatchObject([{ type: 'postgres', state: 'ready' }]);
    const all = JSON.stringify(await platform.clients.dynamodb.send(new ScanCommand({ TableName: TABLE })));
    expect(all).not.toContain(GREETING);
    expect(all).not.toContain(new URL(data.DATABASE_URL ?? '').password);
  });

  it('gets a second version by a build, and serves that', async () => {
    const archive = await sourceArchive({ ...helloFiles, 'score.yaml': score });
    const built = await done('POST', `${service}/builds`, archive);
    const { body } = await client.api('GET', `${service}/versions/${built.result.version}`);
    expect(body).toMatchObject({ source: { kind: 'upload' }, workload: { metadata: { name: 'guestbook' } } });
    versions.push(body);
    const log = await client.api('GET', `/v1/operations/${built.id}/logs`);
    expect(JSON.stringify(log.body)).toContain('is ready to deploy');
    await done('POST', deployments, { version: built.result.version });
    await serves(2, body.digest);
    // The source is gone; what tells of the build goes by the rule of the bucket.
    const { Contents = [] } = await platform.clients.s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
    expect(Contents.map(({ Key }) => Key).filter((key) => key?.startsWith('sources/'))).toEqual([]);
  });

  it('runs a command once beside what serves, which leaves no Job', async () => {
    const { result } = await done('POST', `${environment}/services/guestbook/runs`, {
      command: ['node', 'migrate.js'],
    });
    expect(result).toEqual({ exitCode: 0 });
  });

  it('goes on serving when a deployment fails', async () => {
    await push('v3', ['crash']);
    const version = await created('POST', `${service}/versions`, { image: 'v3' });
    const failed = await ended('POST', deployments, { version: version.id });
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'workload_crashed' } });
    await vi.waitFor(() => serves(2, versions[1]?.digest, 3), { timeout: 10_000, interval: 200 });
    expect((await client.api('GET', `${deployments}/3`)).body).toMatchObject({ status: 'failed' });
  });

  it('rolls back to the first version', async () => {
    expect(await done('POST', deployments, { rollbackTo: 1 })).toMatchObject({ kind: 'rollback' });
    await serves(4, versions[0]?.digest);
  });

  it('hibernates without replicas, and wakes with what it had', async () => {
    await done('POST', `${environment}/hibernate`);
    expect((await deployment())?.spec?.replicas).toBe(0);
    expect((await client.api('GET', environment)).body).toMatchObject({ state: 'hibernated' });
    expect(await databases()).toHaveLength(2);
    await done('POST', `${environment}/wake`);
    expect((await deployment())?.spec?.replicas).toBe(1);
    await serves(4, versions[0]?.digest);
    expect((await client.api('GET', environment)).body).toMatchObject({ state: 'ready' });
  });

  it("rotates the database's credentials", async () => {
    const { body } = await client.api('GET', `${environment}/resources`);
    await done('POST', `${environment}/resources/rotate`, { uid: body.items[0].uid });
  });

  it('has its database backed up in a bucket, handed out by an address, and restored', async () => {
    const [{ uid }] = (await client.api('GET', `${environment}/resources`)).body.items;
    const database = `${environment}/resources/${uid.replace('#', ':')}`;
    await done('POST', `${database}/backups`);
    const [backup] = (await client.api('GET', `${database}/backups`)).body.items;
    expect(backup).toMatchObject({ state: 'checked' });
    const headers = { authorization: `Bearer ${platform.token}` };
    const path = `${platform.url}${database}/backups/${backup.id}/content`;
    const answer = await fetch(path, { headers, redirect: 'manual' });
    expect(answer.status).toBe(303);
    const content = await fetch(answer.headers.get('location') ?? '');
    expect((await content.arrayBuffer()).byteLength).toBe(backup.bytes);
    await done('POST', `${database}/restore`, { backup: backup.id });
  });

  it('has a backup whose execution somebody stopped put back by the sweep, in its database as well', async () => {
    const [{ uid }] = (await client.api('GET', `${environment}/resources`)).body.items;
    const before = await databases();
    const { id } = await created('POST', `${environment}/resources/${uid.replace('#', ':')}/backups`, {});
    const executionArn = `arn:aws:states:us-east-1:123456789012:execution:berth-backup:${id}`;
    await platform.clients.sfn.send(new StopExecutionCommand({ executionArn }));
    // The sweep asks for it once a minute, whatever answer is lost.
    lost.add(`${id} recoverBackup`);
    await vi.waitFor(
      async () => {
        await platform.sweep();
        const { body } = await client.api('GET', `/v1/operations/${id}`);
        expect(body).toMatchObject({ status: 'failed', error: { hint: expect.stringMatching(/\w/) } });
      },
      { timeout: 60_000, interval: 2_000 },
    );
    expect(await databases()).toEqual(before);
  });

  it('begins another environment with its data, masked before anyone can reach them', async () => {
    const [{ uid }] = (await client.api('GET', `${environment}/resources`)).body.items;
    const before = await databases();
    const sql = "CREATE TABLE told (word text); INSERT INTO told VALUES ('masked');";
    await created('PUT', '/v1/projects/demo/masking', { rules: [{ resource: uid, sql }] });
    await done('POST', `${environment}/clone`, { name: 'copy', withData: true });
    const copy = '/v1/projects/demo/environments/copy';
    const begun = async (): Promise<void> => {
      await platform.sweep();
      const { body } = await client.api('GET', `${copy}/origin`);
      expect(body).toMatchObject({ state: 'succeeded', services: [{ service: 'guestbook' }] });
    };
    await vi.waitFor(begun, { timeout: 60_000, interval: 2_000 });
    // The empty one that the copy took the place of stays beside it, closed.
    const [name = ''] = (await databases()).filter((each) => !before.includes(each) && !/_old_/.test(each));
    const database = await platform.postgres.databases.connect(name);
    expect(await database.query('SELECT word FROM public.told')).toEqual([{ word: 'masked' }]);
    await database.end();
    await done('DELETE', copy);
    expect(await databases()).toEqual(before);
  });

  it('shows what its pods print, which an agent in the cluster sends', async () => {
    const stream = { logGroupName: OUTPUT_GROUP, logStreamName: 'demo/staging/guestbook' };
    const timestamp = Date.now();
    const message = JSON.stringify({
      ...{ t: `${timestamp}000000`, p: 'guestbook-1', c: 'web', d: '1' },
      m: 'Ready on port 8080',
    });
    const logEvents = [{ timestamp, message }];
    await platform.clients.logs.send(new CreateLogStreamCommand(stream));
    await platform.clients.logs.send(new PutLogEventsCommand({ ...stream, logEvents }));
    const { body } = await client.api('GET', `${environment}/services/guestbook/logs`);
    // Lines of the nodes, which only seem to run pods, stand beside it.
    expect(body.items).toContainEqual(expect.objectContaining({ message: 'Ready on port 8080' }));
  });

  it('is stopped, started, and removed from its environment', async () => {
    const instance = `${environment}/services/guestbook`;
    await done('POST', `${instance}/stop`, {});
    expect((await deployment())?.spec?.replicas).toBe(0);
    await done('POST', `${instance}/start`, {});
    expect((await deployment())?.spec?.replicas).toBe(1);
    await done('DELETE', instance);
    expect(await deployment()).toBeUndefined();
    expect((await client.api('GET', `${instance}/deployments`)).status).toBe(200);
  });

  it('is destroyed, and nothing is left of the environment', async () => {
    const before = await records();
    expect(before.filter((key) => key.includes('staging')).length).toBeGreaterThan(5);
    const { id } = (await client.api('GET', environment)).body;
    await done('DELETE', environment);
    expect((await client.api('GET', environment)).status).toBe(404);
    // It is watched for alerts until the sweep finds it gone.
    await platform.sweep();
    expect(await get(`/api/v1/namespaces/${NAMESPACE}`)).toBeUndefined();
    expect(await databases()).toEqual([]);
    const { Contents = [] } = await platform.clients.s3.send(
      new ListObjectsV2Command({ Bucket: BACKUP_BUCKET }),
    );
    expect(Contents).toEqual([]);
    expect(await secretNames()).toEqual([SECRETS_KEY]);
    const left = JSON.stringify(await platform.clients.dynamodb.send(new ScanCommand({ TableName: TABLE })));
    expect(left).not.toContain('secret-values#demo/staging');
    const { Items = [] } = await platform.clients.dynamodb.send(new ScanCommand({ TableName: TABLE }));
    // Operations are kept for their time, and the audit for good; all other records are of the project.
    const kinds = new Set(Items.map(({ pk }) => pk?.S?.split('#')[0]));
    expect([...kinds].sort()).toEqual(KEPT);
    // What hides secrets in output that is kept.
    const masks = /^secret-(heads|values)#-masks/;
    const kept = (await records()).filter((key) => key.includes('staging') && !masks.test(key));
    expect(kept).toEqual([]);
    const output = await client.api('GET', `${environment}/services/guestbook/logs?environmentId=${id}`);
    expect(output.body.items).toContainEqual(expect.objectContaining({ message: 'Ready on port 8080' }));
    const operations = Items.filter(({ pk }) => pk?.S?.startsWith('operation#'));
    for (const operation of operations) expect(operation.dueQueue?.S).toMatch(/retention/);
  });

  it('ran each step of each workflow twice, and Berth had no fault', async () => {
    // A game day kills replicas, and here pods only seem to run. Clusters serve no two versions side by side.
    const elsewhere = ['game-day', 'deploy-in-steps'];
    const named = workflowNames().filter((name) => !elsewhere.includes(name));
    const steps = new Set(named.flatMap(stepsOf));
    const run = async (): Promise<void> => {
      expect([...again]).toEqual(expect.arrayContaining([...steps].filter(isOnTheWay)));
      for (const name of workflowNames()) {
        const stateMachineArn = `arn:aws:states:us-east-1:123456789012:stateMachine:berth-${name}`;
        const command = new ListExecutionsCommand({ stateMachineArn });
        const { executions = [] } = await platform.clients.sfn.send(command);
        const failed = executions.filter(({ status }) => status !== 'SUCCEEDED');
        expect(failed.map(({ status }) => status).join(), name).toMatch(ENDED_BADLY[name] ?? /^$/);
      }
    };
    // An answer that was lost is asked for again a moment later, also behind the end of the operation.
    await vi.waitFor(run, { timeout: 20_000, interval: 200 });
    await platform.sweep();
    expect(faults).toEqual([]);
  });

  it('asked for nothing that the roles of the stacks do not give', () => {
    expect(platform.refused()).toEqual([]);
  });
});

/** That of the program which crashes, and the one that was stopped: Moto calls it failed if its step fails after that. */
const ENDED_BADLY: Record<string, RegExp> = { deploy: /^FAILED$/, backup: /^(ABORTED|FAILED)$/ };

/** What records are of that stay when an environment is gone. */
const KEPT = [
  'administrators',
  'alert-watches',
  'audit',
  'builds',
  'destroyed-environments',
  'health',
  'masking',
  'members',
  'memberships',
  'operation',
  'operations',
  'person',
  'project',
  'projects',
  'runs',
  'secret-heads',
  'secret-values',
  'secrets-key',
  'versions',
];

/** Compensations run where something fails: one has here, that of a deployment. */
const isOnTheWay = (step: string): boolean => !step.startsWith('recover') || step === 'recoverDeployment';
