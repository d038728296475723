/** The objects that an installation has in its cluster, beside those of environments: applied and removed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { KubernetesError } from '../../adapters/kubernetes/api/api-errors.ts';
import { remove, type Stored } from '../../adapters/kubernetes/api/apply.ts';
import type { KubernetesClient } from '../../adapters/kubernetes/api/client.ts';
import { FIELD_MANAGER } from '../../adapters/kubernetes/object-names.ts';
import { Problem, TransientError } from '../../core/problem.ts';

/** An object as it is sent. Only the kinds below are known. */
export interface ClusterObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
}

const plurals: Readonly<Record<string, string>> = {
  ClusterRole: 'clusterroles',
  ClusterRoleBinding: 'clusterrolebindings',
  ConfigMap: 'configmaps',
  CustomResourceDefinition: 'customresourcedefinitions',
  DaemonSet: 'daemonsets',
  Deployment: 'deployments',
  Gateway: 'gateways',
  GatewayClass: 'gatewayclasses',
  HTTPRoute: 'httproutes',
  IngressClass: 'ingressclasses',
  IngressClassParams: 'ingressclassparams',
  Namespace: 'namespaces',
  NetworkPolicy: 'networkpolicies',
  NodePool: 'nodepools',
  PodDisruptionBudget: 'poddisruptionbudgets',
  Role: 'roles',
  RoleBinding: 'rolebindings',
  Service: 'services',
  ServiceAccount: 'serviceaccounts',
  StorageClass: 'storageclasses',
};

/**
 * Switches and kinds of the whole cluster stay, since others may have come to rely on them; so does the class of the
 * Ingresses that an earlier version made, without which no controller would take away their load balancer.
 */
const KEPT: readonly string[] = [
  'ConfigMap',
  'CustomResourceDefinition',
  'IngressClass',
  'IngressClassParams',
];
/** What is gone only once a controller has taken away what belongs to it: a load balancer, all that is within. */
const SLOW: readonly string[] = ['Namespace', 'Service'];

/** @throws RangeError for a kind that is not known */
export function clusterObjectPath({ apiVersion, kind, metadata }: ClusterObject): string {
  const plural = Object.hasOwn(plurals, kind) ? plurals[kind] : undefined;
  if (plural === undefined) throw new RangeError(`Objects of the kind ${kind} are not known`);
  const place = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  const root = apiVersion.includes('/') ? 'apis' : 'api';
  return `/${root}/${apiVersion}${place}/${plural}/${metadata.name}`;
}

/** Access entries take a moment until the API server knows them, and so do kinds that a controller brings. */
const isNotYet = (error: unknown): boolean =>
  error instanceof TransientError ||
  error instanceof Problem ||
  (error instanceof KubernetesError && [403, 404, 409].includes(error.status));

const AGAIN_MS = 5_000;

/** Repeats what may work in a moment, until the signal aborts. @throws what the last try threw */
async function patiently<T>(signal: AbortSignal, work: () => Promise<T>, againMs: number): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !isNotYet(error)) throw error;
      await sleep(againMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** The time for it all, and how long to wait between two tries, milliseconds. */
export interface Patience {
  signal: AbortSignal;
  againMs?: number;
}

/**
 * Makes the cluster have these objects by server-side apply, then takes away those of a former list that are no
 * longer in it.
 * @throws KubernetesError | TransientError | Problem unavailable
 */
export async function applyClusterObjects(
  client: KubernetesClient,
  objects: readonly ClusterObject[],
  former: readonly ClusterObject[],
  { signal, againMs = AGAIN_MS }: Patience,
): Promise<void> {
  for (const object of objects) {
    const options = {
      query: { fieldManager: FIELD_MANAGER, force: true },
      contentType: 'application/apply-patch+yaml',
      body: object,
    };
    await patiently(signal, () => client.call('PATCH', clusterObjectPath(object), options), againMs);
  }
  const wanted = new Set(objects.map(clusterObjectPath));
  const left = former.filter((object) => !wanted.has(clusterObjectPath(object)));
  await removeClusterObjects(client, left, { signal, againMs });
}

/** Takes them away, the last first. What is not there is fine, and a switch of the whole cluster stays. */
export async function removeClusterObjects(
  client: KubernetesClient,
  objects: readonly ClusterObject[],
  { signal, againMs = AGAIN_MS }: Patience,
): Promise<void> {
  for (const object of objects.toReversed()) {
    if (KEPT.includes(object.kind)) continue;
    const path = clusterObjectPath(object);
    await patiently(signal, () => remove(client, path), againMs);
    if (!SLOW.includes(object.kind)) continue;
    const isThere = async (): Promise<void> => {
      if (await client.get(path)) throw new TransientError(`The ${object.kind} ${path} is still there.`);
    };
    await patiently(signal, isThere, againMs);
  }
}

/** Makes kinds that the cluster does not have. Those that somebody else has brought are theirs to change. */
export async function applyDefinitions(
  client: KubernetesClient,
  definitions: readonly ClusterObject[],
  patience: Patience,
): Promise<void> {
  const isOthers = async (object: ClusterObject): Promise<boolean> => {
    const found = await client.get<Stored>(clusterObjectPath(object));
    return (
      found !== undefined && !found.metadata.managedFields?.some(({ manager }) => manager === FIELD_MANAGER)
    );
  };
  const { signal, againMs = AGAIN_MS } = patience;
  for (const object of definitions) {
    if (await patiently(signal, () => isOthers(object), againMs)) continue;
    await applyClusterObjects(client, [object], [], patience);
  }
}
