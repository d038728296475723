/** Makes of a workload's objects what they were before there were two tracks. */
import type { KubernetesClient } from '../../../functions/adapters/kubernetes/api/client.ts';

interface Found {
  metadata: { name: string; uid: string; generation: number };
  spec: { rules: { backendRefs: { name: string; port: number }[] }[] };
}

/** @param core path of the namespace in the core API */
export async function makeLegacy(
  client: KubernetesClient,
  core: string,
  service: string,
): Promise<{ uid: string; generation: number }> {
  const within = core.slice('/api/v1'.length);
  const patch = (path: string, body: object) =>
    client.call<Found>('PATCH', path, {
      contentType: 'application/merge-patch+json',
      body,
    });
  const query = { labelSelector: `app.kubernetes.io/name=${service}` };
  const deployment = `/apis/apps/v1${within}/deployments/${service}`;
  const none = { 'berth.dev/when-serving': null, 'berth.dev/content': null };
  const { metadata } = await patch(deployment, { metadata: { annotations: none } });
  await patch(`${core}/configmaps/${service}-fence`, { data: null });
  const routes = `/apis/gateway.networking.k8s.io/v1${within}/httproutes`;
  for (const { metadata: of, spec } of (await client.list<Found>(routes, query)).items) {
    const rules = spec.rules.map((rule) => ({
      ...rule,
      backendRefs: rule.backendRefs.slice(0, 1).map(({ port }) => ({ kind: 'Service', name: service, port })),
    }));
    await patch(`${routes}/${of.name}`, { spec: { rules } });
  }
  // The gateway has heard of it before what it led to goes.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  for (const { metadata: of } of (await client.list<Found>(`${core}/services`, query)).items)
    if (of.name !== service) await client.call('DELETE', `${core}/services/${of.name}`);
  return metadata;
}
