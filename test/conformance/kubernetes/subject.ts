/** The Workloads port over a real API server; images are names of what the simulated nodes do. */
import { createHash } from 'node:crypto';
import { createKubernetesClient } from '../../../functions/adapters/kubernetes/client.ts';
import { loadKubeconfig } from '../../../functions/adapters/kubernetes/kubeconfig.ts';
import {
  createKubernetesWorkloads,
  type KubernetesWorkloadsOptions,
} from '../../../functions/adapters/kubernetes/workloads.ts';
import { Problem } from '../../../functions/core/problem.ts';
import type { ImageConfig } from '../../../functions/ports/registry.ts';
import { programs } from '../../contracts/workload-programs.ts';
import type { WorkloadsSubject } from '../../contracts/workloads.ts';
import type { TestCluster } from '../support/cluster.ts';

/** The word of the command by which a node knows what a program would do. */
const behaviours: Record<string, string> = {
  [programs.deaf]: 'deaf',
  [programs.crash]: 'crash',
  'console.log("done")': 'exit-0',
};

export interface KubernetesSubject extends WorkloadsSubject {
  /** An image that the nodes treat in this way. */
  simulating(behaviour: string): string;
}

let counter = 0;

export async function makeKubernetesSubject(
  cluster: TestCluster,
  options: Partial<KubernetesWorkloadsOptions> = {},
): Promise<KubernetesSubject> {
  const images = new Map<string, ImageConfig>();
  const simulating = (behaviour: string): string => {
    const digest = `sha256:${createHash('sha256').update(behaviour).digest('hex')}`;
    images.set(digest, { entrypoint: [behaviour], cmd: [], env: {}, workingDir: '/', labels: {} });
    return digest;
  };
  const workloads = createKubernetesWorkloads({
    client: createKubernetesClient(await loadKubeconfig(cluster.kubeconfig)),
    registry: {
      async resolve(_, reference) {
        const config = images.get(reference);
        if (config) return { digest: reference, config, size: 1 };
        throw new Problem('image_unavailable', 'It is not there.', { hint: 'Push it.' });
      },
    },
    imageReference: ({ project, service }, digest) => `registry.test/${project}/${service}@${digest}`,
    domain: 'apps.example.com',
    effects: { now: () => Date.now() },
    ...options,
    // Suites on one cluster at the same time keep to themselves.
    render: {
      namespacePrefix: `t${process.pid}-${++counter}`,
      storageClass: 'simulated',
      ...options.render,
    },
  });
  return {
    workloads,
    simulating,
    image: async (source) => simulating(behaviours[source] ?? 'serve'),
    logs: () => [],
    close: () => workloads.close(),
  };
}

/** Volumes that claims can be bound to, where nothing makes them on demand. */
export async function makeVolumes({ client }: TestCluster, count = 20): Promise<void> {
  await client.call('POST', '/apis/storage.k8s.io/v1/storageclasses', {
    body: {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'simulated' },
      provisioner: 'kubernetes.io/no-provisioner',
      volumeBindingMode: 'Immediate',
    },
  });
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      client.call('POST', '/api/v1/persistentvolumes', {
        body: {
          apiVersion: 'v1',
          kind: 'PersistentVolume',
          metadata: { name: `simulated-${index}` },
          spec: {
            capacity: { storage: '1Gi' },
            accessModes: ['ReadWriteOnce'],
            storageClassName: 'simulated',
            hostPath: { path: '/tmp/simulated' },
          },
        },
      }),
    ),
  );
}
