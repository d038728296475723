/**
 * The way in to workloads: Traefik behind one network load balancer, and the Gateway that routes are attached to. TLS
 * ends at the load balancer, which has the certificate.
 */
import type { V1Container } from '@kubernetes/client-node';
import { gatewayMetrics, gatewayNamespace } from '../../functions/adapters/kubernetes/object-names.ts';
import { limits } from '../../functions/core/limits.ts';
import type { ClusterObject } from './cluster-objects.ts';
import { spreadPods } from './spread-pods.ts';

export interface GatewayObjectsOptions {
  /** The name of the installation. */
  name: string;
  image: string;
  /** ARN of the certificate of workloads; without it they have HTTP alone. */
  certificate?: string | undefined;
  /** Subnets of load balancers that have no tags by which they would be found. */
  publicSubnets?: readonly string[] | undefined;
  /** Groups that may read what the gateway's pods have counted. */
  readers: readonly string[];
  /** Addresses that the load balancer's connections come from: what it says of clients is believed. */
  trusted: readonly string[];
}

/** What routes find it by; another gateway of the same kind in the cluster is told apart by its class. */
const CONTROLLER = 'traefik.io/gateway-controller';
const HTTP = 8000;
const HTTPS = 8443;

/** A load balancer goes on sending for a while to what it was told to leave, seconds. */
const LEAVE = 120;
const DRAIN = 60;

function entryPoint(name: string, port: number, trusted: readonly string[]): string[] {
  const flag = (key: string, value: string | number) => `--entrypoints.${name}.${key}=${value}`;
  return [
    flag('address', `:${port}`),
    ...(trusted.length > 0 ? [flag('proxyprotocol.trustedips', trusted.join(','))] : []),
    flag('transport.lifecycle.requestacceptgracetimeout', `${LEAVE}s`),
    flag('transport.lifecycle.gracetimeout', `${DRAIN}s`),
    // For a whole request: a large body over a slow line has an hour.
    flag('transport.respondingtimeouts.readtimeout', '3600s'),
    flag('http.maxheaderbytes', limits.header.value),
    // `X_Forwarded_Proto` is read as `X-Forwarded-Proto` by some programs.
    flag('http.aliasheadersstrategy', 'delete'),
  ];
}

const argumentsOf = ({ name, trusted }: GatewayObjectsOptions): string[] => [
  '--providers.kubernetesgateway=true',
  `--providers.kubernetesgateway.gateways[0].name=${name}`,
  `--providers.kubernetesgateway.gateways[0].namespace=${gatewayNamespace(name)}`,
  `--providers.kubernetesgateway.statusaddress.service.name=${name}`,
  `--providers.kubernetesgateway.statusaddress.service.namespace=${gatewayNamespace(name)}`,
  // Of changes that come at once, one configuration is made.
  '--providers.providersthrottleduration=100ms',
  ...entryPoint('http', HTTP, trusted),
  ...entryPoint('https', HTTPS, trusted),
  `--entrypoints.metrics.address=:${gatewayMetrics.port}`,
  '--ping.entrypoint=metrics',
  '--metrics.prometheus.entrypoint=metrics',
  '--metrics.prometheus.addrouterslabels=true',
  // By Services versions are told apart that one route leads to.
  '--metrics.prometheus.addserviceslabels=true',
  '--metrics.prometheus.addentrypointslabels=false',
  // Few, since each route has all of them.
  '--metrics.prometheus.buckets=0.01,0.03,0.1,0.3,1,5',
  // Shorter than the five seconds after which servers of Node.js close an idle connection: a request that is sent on
  // one just then would be lost.
  '--serverstransport.forwardingtimeouts.idleconntimeout=4s',
  '--serverstransport.forwardingtimeouts.dialtimeout=5s',
  '--global.checknewversion=false',
  '--global.sendanonymoususage=false',
  '--log.format=json',
];

const probe = { httpGet: { path: '/ping', port: gatewayMetrics.port } };

const container = (options: GatewayObjectsOptions): V1Container => ({
  name: 'traefik',
  image: options.image,
  args: argumentsOf(options),
  ports: [HTTP, HTTPS, gatewayMetrics.port].map((containerPort) => ({ containerPort })),
  readinessProbe: { ...probe, periodSeconds: 2 },
  livenessProbe: { ...probe, periodSeconds: 10, failureThreshold: 30 },
  resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '1Gi' } },
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  },
});

const PREFIX = 'service.beta.kubernetes.io/aws-load-balancer';

/** As EKS Auto Mode documents them. */
const annotationsOf = ({
  certificate,
  publicSubnets,
  trusted,
}: GatewayObjectsOptions): Record<string, string> => ({
  [`${PREFIX}-scheme`]: 'internet-facing',
  [`${PREFIX}-nlb-target-type`]: 'ip',
  [`${PREFIX}-healthcheck-protocol`]: 'HTTP',
  [`${PREFIX}-healthcheck-path`]: '/ping',
  [`${PREFIX}-healthcheck-port`]: String(gatewayMetrics.port),
  [`${PREFIX}-attributes`]: 'load_balancing.cross_zone.enabled=true',
  // Clients' addresses come in front of each connection, where the gateway believes them.
  [`${PREFIX}-target-group-attributes`]: `proxy_protocol_v2.enabled=${trusted.length > 0},preserve_client_ip.enabled=false`,
  ...(certificate !== undefined && {
    [`${PREFIX}-ssl-cert`]: certificate,
    [`${PREFIX}-ssl-ports`]: '443',
  }),
  ...(publicSubnets !== undefined && { [`${PREFIX}-subnets`]: publicSubnets.join(',') }),
});

const API = 'gateway.networking.k8s.io';
const READ = ['list', 'watch'];

/** In the order in which they are made. */
export function gatewayObjects(options: GatewayObjectsOptions): ClusterObject[] {
  const { name, certificate } = options;
  const namespace = gatewayNamespace(name);
  const labels = { 'app.kubernetes.io/name': 'gateway', 'app.kubernetes.io/managed-by': 'berth' };
  const placed = { name, namespace };
  const isSecure = certificate !== undefined;
  const listener = (protocol: string, port: number, from: 'All' | 'Same') => ({
    name: protocol,
    port,
    protocol: 'HTTP' as const,
    allowedRoutes: { namespaces: { from } },
  });
  return [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: placed },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: namespace },
      rules: [
        // It waits until it has seen all of these, though it uses no Secret and no ConfigMap of workloads.
        { apiGroups: [''], resources: ['namespaces', 'services', 'secrets', 'configmaps'], verbs: READ },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: READ },
        {
          apiGroups: [API],
          resources: ['gatewayclasses', 'gateways', 'httproutes', 'grpcroutes', 'tlsroutes'].concat(
            'referencegrants',
            'backendtlspolicies',
          ),
          verbs: READ,
        },
        {
          apiGroups: [API],
          resources: ['gatewayclasses/status', 'gateways/status', 'httproutes/status'],
          verbs: ['update'],
        },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: namespace },
      subjects: [{ kind: 'ServiceAccount', ...placed }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: placed,
      rules: [{ apiGroups: [''], resources: ['pods/proxy'], verbs: ['get'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: placed,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: options.readers.map((reader) => ({
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'Group',
        name: reader,
      })),
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { ...placed, labels },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        template: {
          metadata: { labels },
          spec: {
            serviceAccountName: name,
            terminationGracePeriodSeconds: LEAVE + DRAIN + 10,
            ...spreadPods(labels),
            containers: [container(options)],
          },
        },
      },
    },
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: placed,
      spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...placed, annotations: annotationsOf(options) },
      spec: {
        type: 'LoadBalancer',
        loadBalancerClass: 'eks.amazonaws.com/nlb',
        // The load balancer sends to the pods themselves.
        allocateLoadBalancerNodePorts: false,
        selector: labels,
        ports: [
          { name: 'http', port: 80, targetPort: HTTP },
          ...(isSecure ? [{ name: 'https', port: 443, targetPort: HTTPS }] : []),
        ],
      },
    },
    {
      apiVersion: `${API}/v1`,
      kind: 'GatewayClass',
      metadata: { name },
      spec: { controllerName: CONTROLLER },
    },
    {
      apiVersion: `${API}/v1`,
      kind: 'Gateway',
      metadata: placed,
      spec: {
        gatewayClassName: name,
        // Where there is a certificate, port 80 is for the one route that leads to 443.
        listeners: isSecure
          ? [listener('http', HTTP, 'Same'), listener('https', HTTPS, 'All')]
          : [listener('http', HTTP, 'All')],
      },
    },
    ...(isSecure ? [redirect(name, namespace)] : []),
  ];
}

const redirect = (name: string, namespace: string): ClusterObject => ({
  apiVersion: `${API}/v1`,
  kind: 'HTTPRoute',
  metadata: { name: `${name}-https`, namespace },
  spec: {
    parentRefs: [{ name, sectionName: 'http' }],
    rules: [
      {
        filters: [
          {
            type: 'RequestRedirect',
            requestRedirect: { scheme: 'https', port: 443, statusCode: 301 },
          },
        ],
      },
    ],
  },
});
