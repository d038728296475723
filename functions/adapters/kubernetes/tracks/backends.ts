/** Which Services the routes of a workload lead to, by which deployment is where. Pure. */
import type { InstanceRef } from '../../../core/model/index.ts';
import type { Route, ServicePort } from '../../../ports/workloads.ts';
import type { Stored } from '../api/apply.ts';
import { isResolved, type StoredRoute } from '../http-routes.ts';
import type { BackendRef } from '../manifests/gateway-api.ts';
import type { Backends, WhenServing } from '../manifests/index.ts';
import { SERVING_ANNOTATION } from '../manifests/labels.ts';
import type { AutoscalerObject, ServiceObject } from '../manifests/objects.ts';
import type { GatewayOptions } from '../manifests/options.ts';
import { hostLabel, serviceName, trackServiceName } from '../object-names.ts';
import { type Declared, numberOf, type StoredDeployment } from '../shared-reads.ts';
import type { Beside } from './track-state.ts';

/** What there is once a Deployment serves; undefined of one from before that was kept there. */
export function whenServing(deployment: StoredDeployment | undefined): WhenServing | undefined {
  const text = deployment?.metadata.annotations?.[SERVING_ANNOTATION];
  return text === undefined ? undefined : (JSON.parse(text) as WhenServing);
}

/** The same of what there is in the cluster. */
export function asStored(
  ref: InstanceRef,
  service: Pick<ServiceObject, 'spec'> | undefined,
  routes: readonly StoredRoute[],
  scaler: StoredScaler | undefined,
  scaled: number,
): WhenServing {
  const ports = (service?.spec?.ports ?? []).map(
    ({ name = '', port, targetPort, protocol }): ServicePort => ({
      name,
      port,
      targetPort: Number(targetPort ?? port),
      protocol: protocol === 'UDP' ? 'UDP' : 'TCP',
    }),
  );
  const found = routes.flatMap(({ spec: { hostnames, rules } }) =>
    hostnames.flatMap((host) =>
      rules.flatMap(({ matches, backendRefs: [first] }) =>
        matches.map(({ path }): Route => ({ host, path: path.value, port: first?.port ?? 0 })),
      ),
    ),
  );
  // The default URL has a route without being asked.
  const own = `${hostLabel(ref)}.`;
  const { minReplicas = scaled, maxReplicas } = scaler?.spec ?? {};
  return {
    ports,
    replicas: minReplicas,
    ...(maxReplicas !== undefined && { maxReplicas }),
    routes: found.filter(({ host, path }) => !host.startsWith(own) || path !== '/'),
  };
}

export type StoredScaler = Stored & Pick<AutoscalerObject, 'spec'>;

/** What is on the other track, once its Deployment is that of the state. */
export const besideOf = ({ state, beside }: Declared): Beside | undefined =>
  beside && numberOf(beside) === state.beside?.number ? state.beside : undefined;

const leadsTo = ({ spec }: StoredRoute, name: string): boolean =>
  spec.rules.some(({ backendRefs }) => backendRefs.some((each) => each.name === name));

/**
 * Each track has a Service of its own, and what serves has what the candidate has not. Until the gateway has seen the
 * Service of what serves, the one that led there before stands in: a route from before there were tracks loses no request.
 */
export function backendsOf(
  ref: InstanceRef,
  namespace: string,
  declared: Declared,
  routes: readonly StoredRoute[],
  gateway: GatewayOptions,
): Backends {
  const { state, beside } = declared;
  const plain = serviceName(ref);
  const serving = trackServiceName(ref, namespace, state.serving.since);
  const other = besideOf(declared);
  const otherPorts = other ? (whenServing(beside)?.ports ?? []) : [];
  const asked = other?.role === 'candidate' ? other.percent : 0;
  return (name, port) => {
    const before = routes.find(({ metadata }) => metadata.name === name);
    const isKnown = before && leadsTo(before, serving) && isResolved(before, gateway);
    const standsIn = before !== undefined && leadsTo(before, plain) && !isKnown;
    const takes = otherPorts.some((each) => each.port === port);
    const percent = takes ? asked : 0;
    const to = (service: string, weight: number): BackendRef => ({
      group: '',
      kind: 'Service',
      name: service,
      port,
      weight,
    });
    return [
      ...(standsIn ? [to(plain, 100 - percent), to(serving, 0)] : [to(serving, 100 - percent)]),
      ...(other && takes ? [to(trackServiceName(ref, namespace, other.since), percent)] : []),
    ];
  };
}
