/** What a Berth beside a real node needs there so that requests reach it: the activator that stacks install, and an account of its own. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { V1PolicyRule } from '@kubernetes/client-node';
import { gatewayMetrics } from '../../../functions/adapters/kubernetes/object-names.ts';
import { applyClusterObjects } from '../../../functions/hosts/aws/cluster-objects.ts';
import { activatorObjects } from '../../../stacks/place/activator-objects.ts';
import { activatorProgram } from '../../../stacks/support/bundle.ts';
import { eventually } from '../../contracts/workloads/workloads-spec.ts';
import { makeIdentity } from '../kubernetes/subject.ts';
import { startResolver } from '../node/coredns.ts';
import { REGISTRY, type RealPlace } from '../node/place.ts';
import { startForward } from '../support/forward.ts';
import { pushProgram } from '../support/node/images.ts';
import type { InstalledGateway } from './install.ts';

interface Options {
  place: RealPlace;
  gateway: InstalledGateway;
  /** Of the namespaces that Berth makes. */
  prefix: string;
  directory: string;
  /** Where Berth is going to listen. */
  port: number;
  /** What its account may do beside Berth's ClusterRole. */
  rules?: V1PolicyRule[];
}

/** @returns the settings of that Berth, and when the activator takes requests */
export async function installBeside({ place, gateway, prefix, directory, port, rules }: Options) {
  const { client, node, kubeconfig } = place.cluster;
  const { namespace } = gateway;
  const resolver = await startResolver(kubeconfig, node.host);
  const forward = await startForward(node.host, port);
  const image = await pushProgram(place.registry, 'node', 'v1', {
    files: {},
    config: { Entrypoint: ['/usr/local/bin/node'] },
  });
  const objects = activatorObjects({
    name: prefix,
    namespace,
    image: `${REGISTRY}/node@${image}`,
    url: `http://${node.host}:${forward.port}`,
    program: activatorProgram(),
  });
  // What a kubelet that knows of a resolver writes into each pod.
  for (const object of objects)
    if (object.kind === 'Deployment')
      Object.assign(object.spec?.template.spec ?? {}, {
        dnsPolicy: 'None',
        dnsConfig: {
          nameservers: [node.host],
          searches: ['svc.cluster.local', 'cluster.local'],
          options: [{ name: 'ndots', value: '5' }],
        },
      });
  await applyClusterObjects(client, objects, [], { signal: AbortSignal.timeout(60_000), againMs: 200 });
  return {
    settings: {
      BERTH_KUBECONFIG: await leastPrivileged(place, directory, rules),
      BERTH_REGISTRY: `${place.registry.url}/berth`,
      BERTH_REGISTRY_IN_CLUSTER: `${REGISTRY}/berth`,
      BERTH_APPS_DOMAIN: 'apps.example.com',
      BERTH_NAMESPACE_PREFIX: prefix,
      BERTH_GATEWAY_METRICS: `${gatewayMetrics.selector}:${gatewayMetrics.port}`,
      BERTH_ACTIVATOR: `${namespace}/activator:80`,
    },
    async whenUp(): Promise<void> {
      const path = `/apis/apps/v1/namespaces/${namespace}/deployments/activator`;
      await eventually(
        () => client.get<{ status?: { readyReplicas?: number } }>(path),
        (found) => found?.status?.readyReplicas === 2,
        120_000,
      );
    },
    async stop(): Promise<void> {
      await forward.stop();
      await resolver.stop();
    },
  };
}

/** A kubeconfig of an account that may do what Berth's ClusterRole lists, and no more. */
async function leastPrivileged(
  { cluster }: RealPlace,
  directory: string,
  rules?: V1PolicyRule[],
): Promise<string> {
  const token = await makeIdentity(cluster, rules);
  const text = await readFile(cluster.kubeconfig, 'utf8');
  const path = join(directory, 'kubeconfig');
  await writeFile(
    path,
    text
      .replace(/^(\s*)client-certificate-data:.*$/m, `$1token: ${token}`)
      .replace(/^\s*client-key-data:.*\n/m, ''),
  );
  return path;
}
