/** A cluster with a real node, and the registry that it pulls from. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RealCluster, startRealCluster, whyNoCluster } from '../support/cluster.ts';
import { pushPause, whyNoImages } from '../support/node/images.ts';
import { nodePrograms, whyNoNode } from '../support/node/programs.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

/** The name by which the node pulls; the registry itself has an address of each run. */
export const REGISTRY = 'registry.test';
export const STORAGE_CLASS = 'local';
const VOLUMES = 30;

export interface RealPlace {
  cluster: RealCluster;
  registry: TestRegistry;
  stop(): Promise<void>;
}

/** Why there is none here; undefined when there is. */
export async function whyNoPlace(): Promise<string | undefined> {
  if (process.env.KUBECONFIG) return 'the cluster of KUBECONFIG pulls from no registry of ours';
  return (await whyNoCluster()) ?? (await whyNoNode()) ?? (await whyNoImages());
}

/** @param policies kube-router, where network policies are to be in force */
export async function startPlace(policies?: string): Promise<RealPlace> {
  const cluster = await startRealCluster(policies);
  try {
    const registry = await startRegistry(undefined, cluster.node.host);
    await pullFrom(cluster, registry.url);
    await pushPause(registry, await nodePrograms());
    await makeVolumes(cluster);
    const stop = async (): Promise<void> => {
      await registry.stop();
      await cluster.stop();
    };
    return { cluster, registry, stop };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** Tells the node where the images of that name are. */
export async function pullFrom({ node }: RealCluster, url: string): Promise<void> {
  const directory = join(node.directory, 'registries', REGISTRY);
  await mkdir(directory, { recursive: true });
  const text = `server = "${url}"\n[host."${url}"]\ncapabilities = ["pull", "resolve"]\n`;
  await writeFile(join(directory, 'hosts.toml'), text);
}

/** Directories of the node, for claims: nothing makes them on demand here. */
async function makeVolumes({ client, node }: RealCluster): Promise<void> {
  await client.call('POST', '/apis/storage.k8s.io/v1/storageclasses', {
    body: {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: STORAGE_CLASS },
      provisioner: 'kubernetes.io/no-provisioner',
      volumeBindingMode: 'WaitForFirstConsumer',
    },
  });
  const hostname = { key: 'kubernetes.io/hostname', operator: 'In', values: [node.name] };
  await Promise.all(
    Array.from({ length: VOLUMES }, async (_, index) => {
      const path = join(node.directory, 'volumes', String(index));
      await mkdir(path, { recursive: true });
      await client.call('POST', '/api/v1/persistentvolumes', {
        body: {
          apiVersion: 'v1',
          kind: 'PersistentVolume',
          metadata: { name: `local-${index}` },
          spec: {
            capacity: { storage: '1Gi' },
            accessModes: ['ReadWriteOnce'],
            storageClassName: STORAGE_CLASS,
            local: { path },
            nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [hostname] }] } },
          },
        },
      });
    }),
  );
}
