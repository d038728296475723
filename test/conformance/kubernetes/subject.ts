/** The Workloads port over a real API server; images are names of what the simulated nodes do. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1PolicyRule } from '@kubernetes/client-node';
import {
  createKubernetesClient,
  type KubernetesClient,
} from '../../../functions/adapters/kubernetes/api/client.ts';
import { clusterRoleRules, shellRules } from '../../../functions/adapters/kubernetes/api/cluster-role.ts';
import { loadKubeconfig } from '../../../functions/adapters/kubernetes/api/kubeconfig.ts';
import {
  createKubernetesWorkloads,
  type KubernetesWorkloadsOptions,
} from '../../../functions/adapters/kubernetes/workloads.ts';
import { Problem } from '../../../functions/core/problem.ts';
import type { ImageConfig } from '../../../functions/ports/registry.ts';
import { programs } from '../../contracts/workloads/workload-programs.ts';
import type { WorkloadsSubject } from '../../contracts/workloads/workloads-bench.ts';
import type { TestCluster } from '../support/cluster.ts';

/** The word of the command that tells a node what the program would do. */
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
    client: await leastPrivileged(cluster),
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

/** A client that may do what Berth's ClusterRole allows, where shells are opened, and nothing else. */
export async function leastPrivileged(cluster: TestCluster): Promise<KubernetesClient> {
  const token = await makeIdentity(cluster, shellRules);
  const { server, ca } = await loadKubeconfig(cluster.kubeconfig);
  const limited = createKubernetesClient({ server, ...(ca && { ca }), token: async () => token });
  await untilAllowed(limited);
  return limited;
}

/** @returns the token of an account with Berth's ClusterRole, and with more rules where they are given */
export async function makeIdentity(
  { client }: TestCluster,
  more: readonly V1PolicyRule[] = [],
): Promise<string> {
  const name = `berth-${process.pid}-${++counter}`;
  const create = (path: string, body: object) => client.call<{ status?: unknown }>('POST', path, { body });
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const accounts = '/api/v1/namespaces/default/serviceaccounts';
  await create(accounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } });
  await create(`${rbac}/clusterroles`, {
    apiVersion,
    kind: 'ClusterRole',
    metadata: { name },
    rules: [...clusterRoleRules, ...more],
  });
  await create(`${rbac}/clusterrolebindings`, {
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace: 'default' }],
  });
  const { status } = await create(`${accounts}/${name}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 3600 },
  });
  return (status as { token: string }).token;
}

/** The API server learns of a new binding a moment after it has answered for it. */
async function untilAllowed(limited: KubernetesClient): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await limited.get('/api/v1/namespaces/default');
      return;
    } catch (error) {
      if (tries === 100) throw error;
      await sleep(50);
    }
  }
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
