/** The gateway as `cdk deploy` installs it, in pods of the real node. */
import { readFile } from 'node:fs/promises';
import { loadKubeconfig } from '../../../functions/adapters/kubernetes/api/kubeconfig.ts';
import { gatewayNamespace } from '../../../functions/adapters/kubernetes/object-names.ts';
import { applyClusterObjects, applyDefinitions } from '../../../functions/hosts/aws/cluster-objects.ts';
import type { ClusterObject } from '../../../stacks/place/cluster-objects.ts';
import { gatewayObjects } from '../../../stacks/place/gateway-objects.ts';
import { REGISTRY, type RealPlace } from '../node/place.ts';
import { gatewayApi, gatewayWorks, traefik } from '../support/gateway.ts';
import { pushProgram } from '../support/node/images.ts';

const NAME = 'berth';
const CERTIFICATE = 'arn:aws:acm:eu-west-1:111122223333:certificate/0a1b2c3d-0000-4000-8000-000000000000';

/** Only the API server's address differs: there is no Service that leads to it here. */
function reachingApi(object: ClusterObject, server: URL, host: string): ClusterObject {
  const pod = object.kind === 'Deployment' ? object.spec?.template.spec : undefined;
  for (const container of pod?.containers ?? [])
    container.env = [
      { name: 'KUBERNETES_SERVICE_HOST', value: host },
      { name: 'KUBERNETES_SERVICE_PORT', value: server.port },
    ];
  return object;
}

export interface InstalledGateway {
  /** The address at which a load balancer would be: 80 and 443, without TLS. */
  address: string;
  namespace: string;
  objects: ClusterObject[];
}

/**
 * @param trusted networks whose word on clients' addresses is taken
 * @param change what of it is otherwise than on AWS
 */
export async function installGateway(
  { cluster, registry }: RealPlace,
  trusted: readonly string[],
  change: (object: ClusterObject) => ClusterObject = (object) => object,
): Promise<InstalledGateway> {
  const { client, node } = cluster;
  const digest = await pushProgram(registry, 'traefik', 'v3', {
    files: { traefik: await readFile(await traefik()) },
    config: { Entrypoint: ['/traefik'] },
    isStatic: true,
  });
  // Berth's identity in tests is a service account.
  const readers = ['system:serviceaccounts'];
  const server = new URL((await loadKubeconfig(cluster.kubeconfig)).server);
  const image = `${REGISTRY}/traefik@${digest}`;
  const objects = gatewayObjects({ name: NAME, image, certificate: CERTIFICATE, trusted, readers });
  const signal = AbortSignal.timeout(240_000);
  await applyDefinitions(client, await gatewayApi(), { signal, againMs: 200 });
  const applied = objects.map((object) => change(reachingApi(object, server, node.host)));
  await applyClusterObjects(client, applied, [], { signal, againMs: 200 });
  const namespace = gatewayNamespace(NAME);
  const path = `/api/v1/namespaces/${namespace}/services/${NAME}`;
  const service = await client.get<{ spec: { clusterIP: string } }>(path);
  const address = service?.spec.clusterIP ?? '';
  // What a cloud's controller does once the load balancer is there.
  await client.call('PATCH', `${path}/status`, {
    contentType: 'application/merge-patch+json',
    body: { status: { loadBalancer: { ingress: [{ ip: '198.51.100.7' }] } } },
  });
  await gatewayWorks(client);
  return { address, namespace, objects };
}
