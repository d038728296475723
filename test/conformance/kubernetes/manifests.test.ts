/** What Berth makes of Score files that are unusual and right, at the API server itself: it takes and keeps them as meant. */
import type { V1Container, V1Deployment, V1Pod } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseScore } from '../../../functions/core/score/file/parse.ts';
import { expandVariables } from '../../../functions/core/score/variable-expansion.ts';
import type { ScoreWorkload } from '../../../functions/core/score/workload.ts';
import type { Ports } from '../../../functions/ports/index.ts';
import type { WorkloadSpec } from '../../../functions/ports/workloads.ts';
import { workloadSpec } from '../../../functions/resources/score/workload-spec.ts';
import { startCluster, type TestCluster, whyNoCluster } from '../support/cluster.ts';
import { type KubernetesSubject, makeKubernetesSubject } from './subject.ts';

const why = (await whyNoCluster()) ?? (process.env.KUBECONFIG ? 'nodes have to be simulated' : undefined);
if (why) console.log(`Skipped: manifests at an API server, since ${why}.`);

const REF = { project: 'demo', environment: 'dev', service: 'web' };
const NAMESPACE = 'manifests-demo-dev';

const scoreOf = (container: object): ScoreWorkload =>
  parseScore(
    JSON.stringify({
      apiVersion: 'score.dev/v1b1',
      metadata: { name: 'web' },
      service: { ports: { web: { port: 80, targetPort: 8080 } } },
      containers: { main: { image: '.', ...container } },
    }),
  );

describe.skipIf(why)('Manifests at a Kubernetes API server', () => {
  let cluster: TestCluster;
  let subject: KubernetesSubject;
  let digest: string;
  let number = 0;
  beforeAll(async () => {
    cluster = await startCluster();
    subject = await makeKubernetesSubject(cluster, { render: { namespacePrefix: 'manifests' } });
    digest = subject.simulating('serve');
    await subject.workloads.ensureEnvironment(REF, { operation: 'op' });
  }, 2_400_000);
  afterAll(async () => {
    await subject?.close();
    await cluster?.stop();
  });

  /** What a deployment of a Score file with this container is resolved to. */
  async function specOf(container: object): Promise<WorkloadSpec> {
    const workload = scoreOf(container);
    const deployment = {
      ...REF,
      number: ++number,
      kind: 'deploy' as const,
      version: 'v',
      digest,
      status: 'running' as const,
      operation: `op-${number}`,
      createdAt: '2026-01-01T00:00:00.000Z',
      createdBy: 'test',
      outputs: {},
      workload,
    };
    // Without resources nothing is read.
    return workloadSpec({} as Ports, deployment, number);
  }

  /** The container as the API server keeps it. */
  async function kept(container: object): Promise<V1Container> {
    await subject.workloads.apply(await specOf(container));
    const { spec } =
      (await cluster.client.get<V1Deployment & { metadata: { name: string } }>(
        `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/web`,
      )) ?? {};
    const [main] = spec?.template.spec?.containers ?? [];
    if (!main) throw new Error('There is no container.');
    return main;
  }

  it('a value with dollars, quotes, lines or nothing in it is what the program gets', async () => {
    const values = [
      'a$$b',
      '$$$$',
      '$(PORT) and $$(PORT)',
      '$',
      '$(',
      '',
      ' ',
      'one\ntwo\r\n\ttabs',
      `"'\`\\ {{ }} %s $\${x}`,
      'ü 漢字 🚢',
    ];
    const variables = Object.fromEntries(values.map((value, at) => [`V${at}`, value]));
    const spec = await specOf({ variables });
    const meant = new Map(spec.containers[0]?.variables.map(({ name, value }) => [name, value]));
    expect(meant.size).toBe(values.length);
    const { env = [] } = await kept({ variables });
    // The kubelet expands what the API server keeps, by these rules.
    const got = new Map(env.map(({ name, value }) => [name, expandVariables(value ?? '', { PORT: '8080' })]));
    for (const [name, value] of meant) expect(got.get(name), name).toBe(value);
    expect(got.get('PORT')).toBe('8080');
  });

  it.each([
    [{ requests: { memory: '3Gi', cpu: '2' } }],
    [{ requests: { memory: '1500M' }, limits: { cpu: '1500m' } }],
    [{ requests: { cpu: '0.0001' }, limits: { memory: '16M' } }],
  ])(
    'resources %j, also above what the namespace gives by itself, are admitted and start',
    async (resources) => {
      const spec = await specOf({ resources });
      await subject.workloads.apply(spec);
      expect(await subject.workloads.awaitRollout(spec, spec.number, AbortSignal.timeout(50_000))).toEqual({
        state: 'ready',
      });
      const { items } = await cluster.client.list<V1Pod & { metadata: { name: string } }>(
        `/api/v1/namespaces/${NAMESPACE}/pods`,
      );
      expect(items.length).toBeGreaterThan(0);
    },
  );

  it.each([
    '/',
    'no-slash',
    '',
    '/ä ö/漢字?x=%zz&y=[1]|2',
    '/a//b/../c;d=1',
    '/"quoted"\\`back`',
    '/#fragment',
    '/$(PORT)/$$x',
    `/${'x'.repeat(2000)}`,
  ])('a probe of the path %j is taken, and names what the file names', async (path) => {
    const httpHeaders = [{ name: 'X-Probe-1', value: 'ü "q" ; \\ $$' }];
    const probe = { httpGet: { path, port: 8080, httpHeaders } };
    const spec = await specOf({ readinessProbe: probe, livenessProbe: probe });
    const meant = spec.containers[0]?.readinessProbe?.httpGet;
    const { readinessProbe, livenessProbe, startupProbe } = await kept({
      readinessProbe: probe,
      livenessProbe: probe,
    });
    for (const { httpGet } of [readinessProbe ?? {}, livenessProbe ?? {}, startupProbe ?? {}]) {
      expect(httpGet).toMatchObject({ path: meant?.path, port: 8080, httpHeaders: meant?.headers });
    }
  });

  it('a header that no cluster takes is refused in words, and told before by the plan', async () => {
    const readinessProbe = {
      httpGet: { path: '/', port: 8080, httpHeaders: [{ name: 'X_Probe', value: 'x' }] },
    };
    const spec = await specOf({ readinessProbe });
    const told = subject.workloads.warnings?.(scoreOf({ readinessProbe }), '/app');
    expect(told).toEqual([expect.stringContaining('X_Probe')]);
    await expect(subject.workloads.apply(spec)).rejects.toMatchObject({
      code: 'invalid_score',
      message: expect.stringContaining('X_Probe'),
    });
  });
});

// A file without a test is an error.
it.runIf(why)('is skipped where Go is absent', () => undefined);
