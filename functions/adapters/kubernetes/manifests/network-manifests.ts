/** How a workload is reached within the cluster: Service, NetworkPolicy. */
import type { V1NetworkPolicyPeer } from '@kubernetes/client-node';
import type { InstanceRef } from '../../../core/model/index.ts';
import type { ServicePort, WorkloadSpec } from '../../../ports/workloads.ts';
import { deploymentName } from '../object-names.ts';
import { instanceLabels, selectorLabels, type Track } from './labels.ts';
import type { NetworkPolicyObject, ObjectMetadata, ServiceObject } from './objects.ts';
import type { RenderOptions } from './options.ts';

type Place = Pick<ObjectMetadata, 'namespace'>;

/** A Service port's name: at most 15 characters in some clients, and unique; the index is both. */
const portName = (index: number): string => `port-${index}`;

/**
 * A Service that leads to one track.
 * @param name of the Service: that others in the environment know, or that the gateway takes
 */
export function renderService(
  spec: InstanceRef & Pick<WorkloadSpec, 'ports'>,
  metadata: Place,
  name: string,
  track: Track,
): ServiceObject[] {
  if (spec.ports.length === 0) return [];
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...metadata, name, labels: instanceLabels(spec) },
      spec: {
        selector: selectorLabels(spec, track),
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

/** Where requests from outside come from. */
const outsidePeers = ({
  network: { gatewayNamespaces, gatewayCidrs },
  activator,
}: RenderOptions): V1NetworkPolicyPeer[] => [
  ...[...new Set([...gatewayNamespaces, ...(activator ? [activator.namespace] : [])])].map((name) => ({
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
  })),
  ...gatewayCidrs.map((cidr) => ({ ipBlock: { cidr } })),
];

/** Its service ports are open to the other workloads of the environment and to the gateway, no more. */
export function renderServicePolicy(
  spec: WorkloadSpec,
  metadata: Required<Place>,
  options: RenderOptions,
  track: Track,
): NetworkPolicyObject[] {
  if (spec.ports.length === 0) return [];
  const open = (ports: readonly ServicePort[]) =>
    ports.map(({ targetPort, protocol }) => ({ port: targetPort, protocol }));
  const tcp = spec.ports.filter(({ protocol }) => protocol === 'TCP');
  const outside = outsidePeers(options);
  return [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: {
        ...metadata,
        name: deploymentName(spec, metadata.namespace, track),
        labels: instanceLabels(spec),
      },
      spec: {
        podSelector: { matchLabels: selectorLabels(spec, track) },
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
