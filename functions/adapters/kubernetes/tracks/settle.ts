/** Makes what is around the Deployments of a workload follow which deployment is where. */
import type { InstanceRef } from '../../../core/model/index.ts';
import { TransientError } from '../../../core/problem.ts';
import { asTheyLead } from '../activator/switch-routes.ts';
import { isConflict } from '../api/api-errors.ts';
import { after, apply, create, ownAsApplied, remove, type Stored } from '../api/apply.ts';
import { isAsDeclared } from '../api/as-declared.ts';
import { type Collection, collectionPath, objectPath } from '../api/object-paths.ts';
import { listRoutes, type StoredGateway } from '../http-routes.ts';
import { renderDomainRoutes } from '../manifests/domain-manifests.ts';
import { renderGatewayService, renderServing } from '../manifests/index.ts';
import { otherTrack } from '../manifests/labels.ts';
import type { KubernetesObject, ServiceObject } from '../manifests/objects.ts';
import { deploymentName, serviceName, trackServiceName } from '../object-names.ts';
import { type Cluster, namespaceOf, ofService, readDeclared } from '../shared-reads.ts';
import { asStored, backendsOf, besideOf, type StoredScaler, whenServing } from './backends.ts';

const TRIES = 10;

type StoredService = Stored & Pick<ServiceObject, 'spec'>;

/**
 * Leads requests to what serves and to a candidate, has what serves scaled by load, and ends what is on the other track by mistake or no longer. All of it
 * is read before the state, and what is not as it shall be is written only as a successor of what was read: of several at
 * once, the one with the newest state has the last word. A rollout looks often, and finds nothing to write.
 */
export async function settle(cluster: Cluster, ref: InstanceRef): Promise<void> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    try {
      if (await settled(cluster, ref)) return;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
  throw new TransientError(`The way in to ${ref.service} is written by many at once.`);
}

/** @returns false where it has to be looked at again */
async function settled(cluster: Cluster, ref: InstanceRef): Promise<boolean> {
  const { client, render } = cluster;
  const namespace = namespaceOf(cluster, ref);
  const list = async <T extends Stored>(kind: Collection): Promise<T[]> =>
    (await client.list<T>(collectionPath(kind, namespace), ofService(ref))).items;
  const [routes, services, scalers, budgets, gateways] = await Promise.all([
    listRoutes(cluster, ref, ofService(ref)).then(({ items }) => items),
    list<StoredService>('Service'),
    list<StoredScaler>('HorizontalPodAutoscaler'),
    list('PodDisruptionBudget'),
    render.hasDomains ? list<StoredGateway>('Gateway') : [],
  ]);
  const declared = await readDeclared(cluster, ref);
  const { state, serving, beside } = declared;
  if (!serving) return true;
  const drop = ({ metadata: { name, uid } }: Stored, kind: Collection): Promise<void> =>
    remove(client, objectPath(kind, name, namespace), { uid });

  const plain = services.find(({ metadata }) => metadata.name === serviceName(ref));
  const way = whenServing(serving) ?? asStored(ref, plain, routes, scalers[0], serving.spec?.replicas ?? 1);
  const backends = backendsOf(ref, namespace, declared, routes, render.gateway);
  const other = besideOf(declared);
  const ports = whenServing(beside)?.ports ?? [];
  const wanted = [
    ...(other ? renderGatewayService({ ...ref, ports }, render, other) : []),
    ...renderServing({ ...ref, ...way }, render, state.serving, backends),
    ...renderDomainRoutes({ ...ref, ports: way.ports }, render, gateways, backends),
  ];
  const lead = asTheyLead(cluster, ref, routes);
  const isSettled = async (rendered: KubernetesObject): Promise<boolean> => {
    const object = rendered.kind === 'HTTPRoute' ? lead(rendered) : rendered;
    const found: readonly Stored[] =
      object.kind === 'HTTPRoute' ? routes : object.kind === 'Service' ? services : scalers;
    const present = found.find(({ metadata }) => metadata.name === object.metadata.name);
    if (present && (await ownAsApplied(client, object, present))) return false;
    if (present && !isAsDeclared(object, present)) await apply(client, after(object, present));
    return present !== undefined || (await create(client, object)) !== undefined;
  };
  if (!(await Promise.all(wanted.map(isSettled))).every(Boolean)) return false;
  const isWanted = ({ metadata: { name } }: Stored, of: KubernetesObject['kind']): boolean =>
    wanted.some(({ kind, metadata }) => kind === of && metadata.name === name);
  for (const route of routes) if (!isWanted(route, 'HTTPRoute')) await drop(route, 'HTTPRoute');
  for (const scaler of scalers)
    if (!isWanted(scaler, 'HorizontalPodAutoscaler')) await drop(scaler, 'HorizontalPodAutoscaler');

  const places = [state.serving, ...(state.beside ? [state.beside] : [])];
  const led = places.map(({ since }) => trackServiceName(ref, namespace, since));
  for (const service of services)
    if (!isWanted(service, 'Service') && (way.ports.length === 0 || !led.includes(service.metadata.name)))
      await drop(service, 'Service');
  if (state.beside) return true;
  const name = deploymentName(ref, namespace, otherTrack(state.serving.track));
  const left = budgets.filter(({ metadata }) => metadata.name === name);
  for (const budget of left) await drop(budget, 'PodDisruptionBudget');
  if (beside) await drop(beside, 'Deployment');
  return true;
}
