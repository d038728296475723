/**
 * The cluster's own objects in a real API server: the node pool by Karpenter's own definition of it, from its published
 * module, and that of the load balancer's class, which EKS does not publish, by its documentation.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createKubernetesClient } from '../../../../functions/adapters/kubernetes/api/client.ts';
import { loadKubeconfig } from '../../../../functions/adapters/kubernetes/api/kubeconfig.ts';
import {
  applyClusterObjects,
  removeClusterObjects,
} from '../../../../functions/hosts/aws/cluster-objects.ts';
import { checkObjects } from '../../../../scripts/doctor/aws-cluster.ts';
import { settingsOf } from '../../../../scripts/doctor/index.ts';
import { clusterObjects } from '../../../../stacks/place/cluster-objects.ts';
import { startCluster, type TestCluster, whyNoCluster } from '../../support/cluster.ts';
import { run } from '../../support/process.ts';

const why = (await whyNoCluster()) ?? (process.env.KUBECONFIG ? 'kinds are added to it' : undefined);
if (why) console.log(`Skipped: the cluster's own objects, since ${why}.`);

const KARPENTER = 'sigs.k8s.io/karpenter@v1.8.0';
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** The resource with the fields that the documentation of EKS Auto Mode has. */
const ingressClassParams = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'ingressclassparams.eks.amazonaws.com' },
  spec: {
    group: 'eks.amazonaws.com',
    scope: 'Cluster',
    names: { plural: 'ingressclassparams', singular: 'ingressclassparams', kind: 'IngressClassParams' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  scheme: { type: 'string', enum: ['internal', 'internet-facing'] },
                  group: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
                  certificateARNs: { type: 'array', items: { type: 'string' } },
                  subnets: {
                    type: 'object',
                    properties: { ids: { type: 'array', minItems: 1, items: { type: 'string' } } },
                  },
                  tags: {
                    type: 'array',
                    items: {
                      type: 'object',
                      required: ['key', 'value'],
                      properties: { key: { type: 'string' }, value: { type: 'string' } },
                    },
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
};

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
    certificate: 'arn:aws:acm:eu-west-1:111122223333:certificate/0a1b2c3d-0000-4000-8000-000000000000',
    publicSubnets: ['subnet-0a0a0a0a', 'subnet-0b0b0b0b'],
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
    cluster = await startCluster();
  }, 2_400_000);
  afterAll(() => cluster?.stop());

  it('are missed by the doctor before they are there', async () => {
    expect(new Set(Object.values(await states()))).toEqual(new Set(['wrong']));
  });

  it('are accepted, also when their kinds come a moment later, and twice', async () => {
    const applied = applyClusterObjects(cluster.client, clusterObjects(given), [], { signal, againMs: 200 });
    await cluster.client.call('POST', CRDS, { body: nodePools });
    await cluster.client.call('POST', CRDS, { body: ingressClassParams });
    await applied;
    await applyClusterObjects(cluster.client, clusterObjects(given), clusterObjects(given), { signal });
    expect(new Set(Object.values(await states()))).toEqual(new Set(['ok']));
    const pool = await cluster.client.get<{ spec: { template: { spec: { requirements: unknown[] } } } }>(
      '/apis/karpenter.sh/v1/nodepools/berth',
    );
    // Nothing that was said is unknown to Karpenter, which would have dropped it.
    expect(pool?.spec.template.spec.requirements).toContainEqual({
      key: 'kubernetes.io/arch',
      operator: 'In',
      values: ['arm64', 'amd64'],
    });
    const params = await cluster.client.get<{ spec: object }>(
      '/apis/eks.amazonaws.com/v1/ingressclassparams/berth',
    );
    expect(params?.spec).toMatchObject({
      certificateARNs: [given.certificate],
      subnets: { ids: given.publicSubnets },
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
    expect(await may(writers, 'list', 'targetgroupbindings', 'eks.amazonaws.com')).toBe(true);
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
