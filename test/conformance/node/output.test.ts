/**
 * Output that outlives its pod: the agent that the stacks install runs on a real node, as its own DaemonSet, and sends what
 * real pods print to moto's CloudWatch Logs.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogArchive } from '../../../functions/adapters/aws/logs/archive.ts';
import { createKubernetesLogs } from '../../../functions/adapters/kubernetes/logs/logs.ts';
import { createFileLogs } from '../../../functions/adapters/local/logs/logs.ts';
import { createSecretsFile } from '../../../functions/adapters/local/secrets/secrets.ts';
import { createEffects } from '../../../functions/adapters/system/effects.ts';
import { applyClusterObjects } from '../../../functions/hosts/aws/cluster-objects.ts';
import { createKeptMasks, type KeptMasks } from '../../../functions/hosts/aws/ports/kept-masks.ts';
import type { LogLine, Logs } from '../../../functions/ports/logs.ts';
import { logAgentConfig } from '../../../stacks/place/log-agent.ts';
import { logAgentObjects } from '../../../stacks/place/log-agent-objects.ts';
import {
  containerSpec,
  eventually,
  variable,
  workloadSpec,
} from '../../contracts/workloads/workloads-spec.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';
import { type Moto, startMoto, whyNoMoto } from '../support/aws/moto.ts';
import { pushProgram } from '../support/node/images.ts';
import { logAgent } from '../support/node/programs.ts';
import { REGISTRY, type RealPlace, startPlace, whyNoPlace } from './place.ts';
import { makeRealSubject, type RealSubject } from './subject.ts';

const why = (await whyNoPlace()) ?? (await whyNoMoto());
if (why) console.log(`Skipped: output that outlives its pod, since ${why}.`);

const makeDirectory = temporaryDirectories();
const GROUP = 'workloads';
const STREAM = 'demo/dev/web';
const SECRET = 'correct-horse-battery-staple';
const LINES = 200;
/** Beside its numbered lines: one that the runtime writes in parts, and one that asks to be put elsewhere. */
const printing = `
  import { createServer } from 'node:http';
  for (let at = 0; at < ${LINES}; at++) console.log('line ' + at + ' of ' + process.env.RUN);
  console.log('  blanks around  ');
  console.log('');
  console.log('long ' + 'x'.repeat(40_000) + ' end');
  console.log(JSON.stringify({ _aws: { LogGroupName: 'elsewhere', LogStreamName: 'other' }, log_group_name: 'elsewhere' }));
  console.log('it is ' + process.env.KEY);
  console.error('to standard error ü');
  createServer((_, response) => response.end('ok')).listen(process.env.PORT);
`;
const ALL = LINES + 6;

describe.skipIf(why)('Output that outlives its pod', { timeout: 240_000 }, () => {
  let place: RealPlace;
  let subject: RealSubject;
  let moto: Moto;
  let client: CloudWatchLogsClient;
  let masks: KeptMasks;
  let agents: string;
  /** What the cluster alone has, what CloudWatch Logs alone has, and both. */
  let live: Logs;
  let kept: Logs;
  let both: Logs;
  const ref = { project: 'demo', environment: 'dev', service: 'web' };

  beforeAll(async () => {
    const program = logAgent();
    place = await startPlace();
    const { cluster, registry } = place;
    subject = await makeRealSubject(place);
    const name = /namespaces\/([^-]+)-/.exec(subject.namespace('dev'))?.[1] ?? '';
    moto = await startMoto({}, cluster.node.host);
    client = new CloudWatchLogsClient(moto.client);
    await client.send(new CreateLogGroupCommand({ logGroupName: GROUP }));
    const effects = createEffects();
    const directory = makeDirectory();
    const paths = { path: join(directory, 'secrets'), keyPath: join(directory, 'key') };
    masks = createKeptMasks(await createSecretsFile({ ...paths, effects }), effects);
    const rest = createFileLogs({ directory: makeDirectory() });
    const archive = { ...createLogArchive({ client, group: GROUP }), mask: masks.mask };
    const render = { namespacePrefix: name };
    live = createKubernetesLogs({ client: cluster.client, rest, render });
    both = createKubernetesLogs({ client: cluster.client, rest, render, archive });
    kept = createKubernetesLogs({
      client: cluster.client,
      rest,
      render: { namespacePrefix: 'none' },
      archive,
    });
    const digest = await pushProgram(registry, 'log-agent', 'v1', {
      files: { otelcol: await readFile(await program) },
      config: { Entrypoint: ['/otelcol'] },
      isStatic: true,
    });
    agents = `/api/v1/namespaces/${name}-logs/pods`;
    await startAgent(name, `${REGISTRY}/log-agent@${digest}`);
  }, 2_400_000);
  afterAll(async () => {
    client?.destroy();
    await subject?.close();
    await moto?.stop();
    await place?.stop();
  });

  /** As the stacks have it, but for where AWS, the API server and the node's files are. */
  async function startAgent(name: string, image: string): Promise<void> {
    const { node } = place.cluster;
    const options = { name, region: moto.client.region, logGroup: GROUP };
    const { server } = JSON.parse(
      JSON.stringify(
        /server: (?<server>\S+)/.exec(await readFile(join(node.directory, 'node.kubeconfig'), 'utf8'))
          ?.groups,
      ),
    ) as { server: string };
    const { hostname, port } = new URL(server);
    const objects = logAgentObjects({ ...options, image }).map((object) => {
      if (object.kind !== 'DaemonSet') return object;
      const pod = object.spec?.template.spec;
      const [container] = pod?.containers ?? [];
      for (const one of container?.env ?? [])
        if (one.name === 'CONFIGURATION')
          one.value = JSON.stringify(logAgentConfig({ ...options, endpoint: moto.url }));
      container?.env?.push(
        { name: 'AWS_ACCESS_KEY_ID', value: 'testing' },
        { name: 'AWS_SECRET_ACCESS_KEY', value: 'testing' },
        { name: 'KUBERNETES_SERVICE_HOST', value: hostname },
        { name: 'KUBERNETES_SERVICE_PORT', value: port },
      );
      const [output, state] = pod?.volumes ?? [];
      if (output?.hostPath) output.hostPath.path = join(node.directory, 'pod-logs');
      if (state?.hostPath) state.hostPath.path = join(node.directory, 'log-agent');
      return object;
    });
    const signal = AbortSignal.timeout(60_000);
    await applyClusterObjects(place.cluster.client, objects, [], { signal, againMs: 200 });
  }

  async function deploy(number: number): Promise<void> {
    const image = await subject.image(printing);
    const variables = [variable('RUN', `run ${number}`), variable('KEY', SECRET, true)];
    const spec = workloadSpec(ref, number, containerSpec(image, { variables }));
    await masks.keep(spec);
    await subject.workloads.apply(spec);
    const result = await subject.workloads.awaitRollout(ref, number, AbortSignal.timeout(120_000));
    expect(result).toEqual({ state: 'ready' });
  }
  const read = (logs: Logs): Promise<LogLine[]> => logs.read(STREAM, { tail: 5_000 });
  const counted = (logs: Logs, count: number): Promise<LogLine[]> =>
    eventually(
      () => read(logs),
      (lines) => lines.length >= count,
      90_000,
    );
  const numbered = (number: number): string[] =>
    Array.from({ length: LINES }, (_, at) => `line ${at} of run ${number}`);
  const isNumbered = (message: string): boolean => message.startsWith('line ');

  it('is kept line for line as the cluster has it, and read once where both have it', async () => {
    await subject.workloads.ensureEnvironment(ref, { operation: 'op' });
    await deploy(1);
    const printed = await counted(live, ALL);
    expect(printed).toHaveLength(ALL);
    expect(await counted(kept, ALL)).toEqual(printed);
    expect(await read(both)).toEqual(printed);
    const messages = printed.map(({ message }) => message);
    expect(messages.filter(isNumbered)).toEqual(numbered(1));
    expect(messages).toContain('  blanks around  ');
    expect(messages).toContain('it is ••••');
  });

  it('goes where its pod belongs, whatever a line says of itself', async () => {
    const { logGroups = [] } = await client.send(new DescribeLogGroupsCommand({}));
    expect(logGroups.map(({ logGroupName }) => logGroupName)).toEqual([GROUP]);
    const { logStreams = [] } = await client.send(new DescribeLogStreamsCommand({ logGroupName: GROUP }));
    expect(logStreams.map(({ logStreamName }) => logStreamName)).toEqual([STREAM]);
  });

  it('misses nothing and repeats nothing when the agent is started anew', async () => {
    const found = await place.cluster.client.list<{
      metadata: { name: string };
      spec: { nodeName?: string };
    }>(agents);
    const own = found.items.find(({ spec }) => spec.nodeName === place.cluster.node.name);
    await place.cluster.client.call('DELETE', `${agents}/${own?.metadata.name}`);
    await deploy(2);
    const lines = await counted(kept, 2 * ALL);
    expect(lines).toHaveLength(2 * ALL);
    expect(lines.map(({ message }) => message).filter(isNumbered)).toEqual([...numbered(1), ...numbered(2)]);
    expect(new Set(lines.map(({ deployment }) => deployment))).toEqual(new Set([1, 2]));
    expect(await read(both)).toEqual(lines);
  });

  it('is there in order, with its secrets hidden, when pods, deployments and the environment are gone', async () => {
    const before = await read(both);
    await subject.workloads.removeEnvironment(ref);
    await eventually(
      () => subject.workloads.inventory(ref),
      (left) => left.length === 0,
      120_000,
    );
    expect(await read(live)).toEqual([]);
    const after = await counted(both, before.length);
    expect(after).toEqual(before);
    expect(JSON.stringify(after)).not.toContain(SECRET);
    const page = await both.page(STREAM, { limit: 5_000, deployment: 1, search: '"LINE 7"' });
    expect(page.lines.map(({ message }) => message)).toEqual(
      numbered(1).filter((message) => message.startsWith('line 7')),
    );
  });
});

// A file without a test is an error.
it.runIf(why)('is skipped where there is no real node', () => undefined);
