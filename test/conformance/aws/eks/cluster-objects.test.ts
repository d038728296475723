/**
 * The cluster's own objects in a real API server: the node pool by Karpenter's own definition of it, from its published
 * module, those of the gateway by Gateway API's own.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createKubernetesClient } from '../../../../functions/adapters/kubernetes/api/client.ts';
import { loadKubeconfig } from '../../../../functions/adapters/kubernetes/api/kubeconfig.ts';
import {
  applyClusterObjects,
  applyDefinitions,
  removeClusterObjects,
} from '../../../../functions/hosts/aws/cluster-objects.ts';
import { checkObjects } from '../../../../scripts/doctor/aws-cluster.ts';
import { settingsOf } from '../../../../scripts/doctor/index.ts';
import { clusterObjects } from '../../../../stacks/place/cluster-objects.ts';
import { eventually } from '../../../contracts/workloads/workloads-spec.ts';
import { startCluster, type TestCluster, whyNoCluster } from '../../support/cluster.ts';
import { gatewayApi } from '../../support/gateway.ts';
import { run } from '../../support/process.ts';

const why = (await whyNoCluster()) ?? (process.env.KUBECONFIG ? 'kinds are added to it' : undefined);
if (why) console.log(`Skipped: the cluster's own objects, since ${why}.`);

const KARPENTER = 'sigs.k8s.io/karpenter@v1.8.0';
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

describe.skipIf(why)('The cluster’s own objects', () => {
  let cluster: TestCluster;
  let nodePools: unknown;
  const signal = AbortSignal.timeout(2_400_000);
  const settings = settingsOf([]);
  const given = {
    name: 'berth',
    isNew: true,
    architectures: ['arm64', 'amd64'],
    nodesCpu: 64,
    gateway: {
      image: settings.gatewayImage,
      certificate: 'arn:aws:acm:eu-west-1:111122223333:certificate/0a1b2c3d-0000-4000-8000-000000000000',
      publicSubnets: ['subnet-0a0a0a0a', 'subnet-0b0b0b0b'],
      trusted: ['10.64.0.0/22'],
    },
    activator: { image: settings.activatorImage, url: 'https://berth.example.com', program: '' },
    logAgent: { image: settings.logAgentImage, region: 'eu-west-1', logGroup: 'workloads' },
  };
  const states = async () =>
    Object.fromEntries(
      (await checkObjects(cluster.client, settings)).map(({ what, state }) => [what, state]),
    );

  beforeAll(async () => {
    const module = JSON.parse(await run('go', ['mod', 'download', '-json', KARPENTER], '/')) as {
      Dir: string;
    };
    nodePools = parse(await readFile(join(module.Dir, 'pkg/apis/crds/karpenter.sh_nodepools.yaml'), 'utf8'));
    cluster = await startCluster({ isBare: true });
  }, 2_400_000);
  afterAll(() => cluster?.stop());

  it('are missed by the doctor before they are there', async () => {
    expect(new Set(Object.values(await states()))).toEqual(new Set(['wrong']));
  });

  it('are accepted, also when their kinds come a moment later, and twice', async () => {
    const applied = applyClusterObjects(cluster.client, clusterObjects(given), [], { signal, againMs: 200 });
    await cluster.client.call('POST', CRDS, { body: nodePools });
    await applyDefinitions(cluster.client, await gatewayApi(), { signal });
    await applied;
    await applyClusterObjects(cluster.client, clusterObjects(given), clusterObjects(given), { signal });
    // The agent is on a node a moment after the node is told.
    const all = async () => [...new Set(Object.values(await states()))];
    expect(await eventually(all, (found) => found.join() === 'ok')).toEqual(['ok']);
    const pool = await cluster.client.get<{ spec: { template: { spec: { requirements: unknown[] } } } }>(
      '/apis/karpenter.sh/v1/nodepools/berth',
    );
    // Nothing that was said is unknown to Karpenter, which would have dropped it.
    expect(pool?.spec.template.spec.requirements).toContainEqual({
      key: 'kubernetes.io/arch',
      operator: 'In',
      values: ['arm64', 'amd64'],
    });
  });

  it('give the group of those who only read no right to write, and the group of writers theirs', async () => {
    const connection = await loadKubeconfig(cluster.kubeconfig);
    const may = async (group: string, verb: string, resource: string, at = '') => {
      const client = createKubernetesClient(connection);
      const answer = await client.call<{ status: { allowed: boolean } }>(
        'POST',
        '/apis/authorization.k8s.io/v1/subjectaccessreviews',
        {
          body: {
            apiVersion: 'authorization.k8s.io/v1',
            kind: 'SubjectAccessReview',
            spec: {
              user: 'somebody',
              groups: [group],
              resourceAttributes: { verb, resource, group: at, namespace: 'berth-demo-dev' },
            },
          },
        },
      );
      client.close();
      return answer.status.allowed;
    };
    const [writers, readers] = ['berth:berth:writers', 'berth:berth:readers'];
    expect(await may(writers, 'patch', 'deployments', 'apps')).toBe(true);
    expect(await may(writers, 'patch', 'httproutes', 'gateway.networking.k8s.io')).toBe(true);
    expect(await may(writers, 'patch', 'gateways', 'gateway.networking.k8s.io')).toBe(false);
    expect(await may(writers, 'list', 'nodes')).toBe(false);
    expect(await may(writers, 'create', 'clusterroles', 'rbac.authorization.k8s.io')).toBe(false);
    expect(await may(readers, 'list', 'pods')).toBe(true);
    expect(await may(readers, 'patch', 'deployments', 'apps')).toBe(false);
    expect(await may(readers, 'delete', 'secrets')).toBe(false);
  });

  it('go when the installation does, but for the switch that others may rely on', async () => {
    await removeClusterObjects(cluster.client, clusterObjects(given), { signal });
    const left = Object.entries(await states()).filter(([, state]) => state === 'ok');
    expect(left).toEqual([['ConfigMap amazon-vpc-cni', 'ok']]);
  });
});

// A file without a test is an error.
it.runIf(why)('is skipped where Go is absent', () => undefined);
