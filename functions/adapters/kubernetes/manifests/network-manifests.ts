/** How a workload is reached: Service, Ingress, NetworkPolicy. */
import type { V1HTTPIngressPath, V1NetworkPolicyPeer } from '@kubernetes/client-node';
import { Problem } from '../../../core/problem.ts';
import type { Route, ServicePort, WorkloadSpec } from '../../../ports/workloads.ts';
import { domainName, hostLabel, serviceName } from '../object-names.ts';
import { instanceLabels, selectorLabels } from './labels.ts';
import type { IngressObject, NetworkPolicyObject, ObjectMetadata, ServiceObject } from './objects.ts';
import type { NetworkOptions, RenderOptions } from './options.ts';

type Place = Pick<ObjectMetadata, 'namespace'>;

/** A Service port's name: at most 15 characters in some clients, and unique; the index is both. */
const portName = (index: number): string => `port-${index}`;

export function renderService(spec: WorkloadSpec, metadata: Place): ServiceObject[] {
  if (spec.ports.length === 0) return [];
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...metadata, name: serviceName(spec), labels: instanceLabels(spec) },
      spec: {
        selector: selectorLabels(spec),
        ports: spec.ports.map(({ port, targetPort, protocol }, index) => ({
          name: portName(index),
          port,
          targetPort,
          protocol,
        })),
      },
    },
  ];
}

const HOST = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/;
/** Only characters that no proxy, pattern or configuration file reads as anything but themselves. */
const PATH = /^\/(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*\/?)?$/;

/**
 * Checked again, whoever made the route: what stands in an Ingress becomes the configuration of a proxy that all
 * tenants share.
 */
function checkedRoute({ host, path, port }: Route, spec: WorkloadSpec, domain: string): Route {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  const fail = (why: string): never => {
    throw new Problem('invalid_resource', `A route of ${spec.service} can not be made: ${why}.`, {
      hint: 'Correct the route in the Score file.',
    });
  };
  if (!HOST.test(name)) return fail(`${JSON.stringify(host)} is not a host name`);
  if (name === domain) return fail(`${name} is Berth's own`);
  if (path.length > 255 || !PATH.test(path)) return fail(`${JSON.stringify(path)} is not a plain path`);
  if (!spec.ports.some((known) => known.port === port && known.protocol === 'TCP'))
    return fail(`the service has no TCP port ${port}`);
  return { host: name, path, port };
}

const firstPort = (ports: readonly ServicePort[]): ServicePort | undefined =>
  ports.find(({ protocol }) => protocol === 'TCP');

export function renderIngress(spec: WorkloadSpec, metadata: Place, options: RenderOptions): IngressObject[] {
  const domain = domainName(options.domain);
  const port = firstPort(spec.ports);
  if (!port) return [];
  const routes = [
    { host: `${hostLabel(spec)}.${domain}`, path: '/', port: port.port },
    ...spec.routes.map((route) => checkedRoute(route, spec, domain)),
  ];
  const paths = Map.groupBy(routes, ({ host }) => host);
  const backend = (route: Route): V1HTTPIngressPath => ({
    path: route.path,
    pathType: 'Prefix',
    backend: { service: { name: serviceName(spec), port: { number: route.port } } },
  });
  return [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: {
        ...metadata,
        name: serviceName(spec),
        labels: instanceLabels(spec),
        // Never a developer's: annotations steer the proxy of all tenants.
        ...(Object.keys(options.ingressAnnotations).length > 0 && {
          annotations: options.ingressAnnotations,
        }),
      },
      spec: {
        ...(options.ingressClass && { ingressClassName: options.ingressClass }),
        rules: [...paths].map(([host, ofHost]) => ({
          host,
          // One rule a path: of two the first counts, which for the default URL is the service itself.
          http: {
            paths: [...new Map(ofHost.toReversed().map((route) => [route.path, route])).values()].map(
              backend,
            ),
          },
        })),
      },
    },
  ];
}

/** Where requests from outside come from. */
export const ingressPeers = ({ ingressNamespaces, ingressCidrs }: NetworkOptions): V1NetworkPolicyPeer[] => [
  ...ingressNamespaces.map((name) => ({
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
  })),
  ...ingressCidrs.map((cidr) => ({ ipBlock: { cidr } })),
];

/** Its service ports are open to the other workloads of the environment and to the ingress controller, no more. */
export function renderServicePolicy(
  spec: WorkloadSpec,
  metadata: Place,
  options: RenderOptions,
): NetworkPolicyObject[] {
  if (spec.ports.length === 0) return [];
  const open = (ports: readonly ServicePort[]) =>
    ports.map(({ targetPort, protocol }) => ({ port: targetPort, protocol }));
  const tcp = spec.ports.filter(({ protocol }) => protocol === 'TCP');
  const outside = ingressPeers(options.network);
  return [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { ...metadata, name: serviceName(spec), labels: instanceLabels(spec) },
      spec: {
        podSelector: { matchLabels: selectorLabels(spec) },
        policyTypes: ['Ingress'],
        ingress: [
          { _from: [{ podSelector: {} }], ports: open(spec.ports) },
          // An empty list would mean anywhere.
          ...(outside.length > 0 && tcp.length > 0 ? [{ _from: outside, ports: open(tcp) }] : []),
        ],
      },
    },
  ];
}
