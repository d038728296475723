/** What an environment is in the cluster: a namespace with its limits. */

import type { V1NetworkPolicyEgressRule } from '@kubernetes/client-node';
import { limits } from '../../../core/limits.ts';
import type { EnvironmentRef } from '../../../core/model/index.ts';
import { namespaceName } from '../object-names.ts';
import { ENVIRONMENT_ID_ANNOTATION, environmentLabels, OPERATION_ANNOTATION } from './labels.ts';
import type { KubernetesObject, NamespaceObject } from './objects.ts';
import { DEFAULT_MEMORY_LIMIT, type NetworkOptions, type RenderOptions } from './options.ts';

/** Addresses that are not of the public internet; where clouds keep their metadata among them. */
const PRIVATE_NETWORKS = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

export function renderNamespace(
  environment: EnvironmentRef,
  operation: string,
  options: RenderOptions,
  name = namespaceName(options.namespacePrefix, environment),
): NamespaceObject {
  const level = Object.fromEntries(
    ['enforce', 'audit', 'warn'].flatMap((mode) => [
      [`pod-security.kubernetes.io/${mode}`, 'restricted'],
      [`pod-security.kubernetes.io/${mode}-version`, 'latest'],
    ]),
  );
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      labels: { ...environmentLabels(environment), ...level },
      annotations: {
        [OPERATION_ANNOTATION]: operation,
        ...(environment.environmentId !== undefined && {
          [ENVIRONMENT_ID_ANNOTATION]: environment.environmentId,
        }),
      },
    },
  };
}

/** Names resolved, neighbours reached, the internet and the named networks; nothing else. */
function egress({ internet, resolverCidrs, egressCidrs }: NetworkOptions): V1NetworkPolicyEgressRule[] {
  return [
    {
      to: [
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
          podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
        },
        // Where each node has its own cache of names.
        { ipBlock: { cidr: '169.254.20.10/32' } },
        ...resolverCidrs.map((cidr) => ({ ipBlock: { cidr } })),
      ],
      ports: [
        { protocol: 'UDP', port: 53 },
        { protocol: 'TCP', port: 53 },
      ],
    },
    { to: [{ podSelector: {} }] },
    ...(egressCidrs.length > 0 ? [{ to: egressCidrs.map((cidr) => ({ ipBlock: { cidr } })) }] : []),
    ...(internet
      ? [
          {
            // IPv6 stays shut: the addresses of a cloud's own networks are global there, and nothing tells them from the
            // internet. Who knows theirs opens the rest by `egressCidrs`.
            to: [{ ipBlock: { cidr: '0.0.0.0/0', except: PRIVATE_NETWORKS } }],
          },
        ]
      : []),
  ];
}

/**
 * The namespace with Pod Security `restricted` enforced, a quota, limits for what names none, and a network that
 * denies what is not allowed. In the order in which they are to be made.
 * @param name of the namespace, where it is not the environment's own
 */
export function renderEnvironment(
  environment: EnvironmentRef,
  operation: string,
  options: RenderOptions,
  name?: string,
): KubernetesObject[] {
  const namespace = renderNamespace(environment, operation, options, name);
  const metadata = { namespace: namespace.metadata.name, labels: environmentLabels(environment) };
  const { cpu, memoryBytes, pods, storageBytes, ephemeralBytes } = options.quota;
  return [
    namespace,
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { ...metadata, name: 'default-deny' },
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { ...metadata, name: 'allow-egress' },
      spec: { podSelector: {}, policyTypes: ['Egress'], egress: egress(options.network) },
    },
    {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { ...metadata, name: 'environment' },
      spec: {
        hard: {
          'requests.cpu': `${Math.round(cpu * 1000)}m`,
          'requests.memory': String(memoryBytes),
          'limits.memory': String(memoryBytes),
          'requests.storage': String(storageBytes),
          'requests.ephemeral-storage': String(ephemeralBytes),
          'limits.ephemeral-storage': String(ephemeralBytes),
          pods: String(pods),
          // Both would make a way in that no policy of ours knows of.
          'services.loadbalancers': '0',
          'services.nodeports': '0',
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: { ...metadata, name: 'environment' },
      spec: {
        limits: [
          {
            type: 'Container',
            defaultRequest: { cpu: '50m', memory: '128Mi', 'ephemeral-storage': '64Mi' },
            _default: {
              memory: String(DEFAULT_MEMORY_LIMIT),
              'ephemeral-storage': String(limits.ephemeralStorage.value),
            },
          },
        ],
      },
    },
  ];
}
