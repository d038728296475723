/** Plain manifests at a bare API server: without Berth they give the pods that Berth gives. */
import type { V1Pod, V1PodSpec } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectionPath } from '../../../functions/adapters/kubernetes/api/object-paths.ts';
import {
  defaultRenderOptions,
  type KubernetesObject,
} from '../../../functions/adapters/kubernetes/manifests/index.ts';
import { createManifests } from '../../../functions/adapters/kubernetes/plain/manifests.ts';
import {
  containerSpec,
  eventually,
  variable,
  workloadSpec,
} from '../../contracts/workloads/workloads-spec.ts';
import { startCluster, type TestCluster, whyNoCluster } from '../support/cluster.ts';
import { type KubernetesSubject, makeKubernetesSubject, makeVolumes } from './subject.ts';

const why = (await whyNoCluster()) ?? (process.env.KUBECONFIG ? 'nodes have to be simulated' : undefined);
if (why) console.log(`Skipped: plain manifests at an API server, since ${why}.`);

/** Of the images that the simulated nodes take for servers. */
const CONFIG = { entrypoint: ['serve'], cmd: [], env: {}, workingDir: '/', labels: {} };
const REF = { project: 'demo', environment: 'dev' };

describe.skipIf(why)('Plain manifests at a Kubernetes API server', () => {
  let cluster: TestCluster;
  let subject: KubernetesSubject;
  const render = { ...defaultRenderOptions, namespacePrefix: 'plain', storageClass: 'simulated' };
  beforeAll(async () => {
    cluster = await startCluster();
    await makeVolumes(cluster, 4);
    subject = await makeKubernetesSubject(cluster, { render });
  }, 2_400_000);
  afterAll(async () => {
    await subject?.close();
    await cluster?.stop();
  });

  const podsIn = async (namespace: string): Promise<V1Pod[]> =>
    (await cluster.client.list<V1Pod>(`/api/v1/namespaces/${namespace}/pods`)).items;

  /** Which node a pod is on, and the labels that it is told apart by, may differ; nothing else does. */
  const likened = ({ nodeName: _, ...spec }: V1PodSpec): unknown => {
    const text = JSON.stringify(spec)
      .replaceAll('"app.kubernetes.io/managed-by":"berth",', '')
      .replaceAll('volume.berth.dev/', 'volume/');
    return JSON.parse(text);
  };

  it('Applied to it, they give the same pods as Berth does, and those become ready', async () => {
    const digest = subject.simulating('serve');
    await subject.workloads.ensureEnvironment(REF, { operation: 'op' });
    await subject.workloads.ensureVolume(REF, 'data', 2 ** 20);
    const spec = workloadSpec(
      REF,
      7,
      [
        containerSpec(digest, {
          variables: [variable('GREETING', 'a$$b'), variable('KEY', '${resources.env.KEY}', true)],
          files: [{ target: '/etc/shop.ini', content: Buffer.from('key = 1'), mode: 0o400 }],
          volumes: [{ source: 'data', target: '/data', readOnly: false }],
          readinessProbe: { httpGet: { path: '/', port: 8080, scheme: 'HTTP', headers: [] } },
          limits: { memoryBytes: 2 ** 28 },
        }),
        containerSpec(digest, { name: 'first', before: { main: 'complete' } }),
      ],
      { replicas: 2, maxReplicas: 4 },
    );
    const namespace = 'left-berth';
    const there = await createManifests({
      registry: { resolve: async () => ({ digest, size: 1, config: CONFIG }) },
      imageReference: ({ project, service }, at) => `registry.test/${project}/${service}@${at}`,
      render,
    }).open(REF, { namespace });
    await there.workloads.ensureVolume(REF, 'data', 2 ** 20);
    const { objects } = await there.workload(spec);
    // As `kubectl create -f` does: no field manager, no fence, nothing of Berth.
    for (const body of [...there.frame(), ...objects]) {
      const { kind } = body as { kind: KubernetesObject['kind'] };
      const path = collectionPath(kind, kind === 'Namespace' ? undefined : namespace);
      await cluster.client.call('POST', path, { body });
    }
    await subject.workloads.apply(spec);
    const isReady = (pods: V1Pod[]): boolean =>
      pods.length === 2 &&
      pods.every(({ status }) =>
        status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True'),
      );
    const own = await eventually(() => podsIn('plain-demo-dev'), isReady, 60_000);
    const plain = await eventually(() => podsIn(namespace), isReady, 60_000);
    expect(likened(plain[0]!.spec!)).toEqual(likened(own[0]!.spec!));
    expect(JSON.stringify(plain)).not.toContain('berth.dev');
  });
});
